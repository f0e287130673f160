"""Verdicts for people and for CI: a GitHub-style Markdown summary and JUnit XML."""

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from eval.gates import BASELINE, Verdict
from eval.summary import shown_ids

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_markdown(verdicts: Sequence[Verdict]) -> str:
    """How it ended, what failed with its questions, what changed since the baselines, and a table of every gate."""
    failed = [verdict for verdict in verdicts if not verdict.passed]
    title = f"❌ {len(failed)} of {len(verdicts)} gates fail" if failed else f"✅ all {len(verdicts)} gates hold"
    lines = [f"# {title}", ""]
    for verdict in failed:
        lines += [f"- **{_cell(verdict.set)}, {_cell(verdict.gate)}**: {_cell(verdict.told)}{_named(verdict)}"]
    lines += [f"\n{_cell(v.set)}, {_cell(v.told)}" for v in verdicts if v.gate == BASELINE and v.passed]
    lines += ["", "| | set | gate | measured |", "|---|---|---|---|"]
    for verdict in verdicts:
        cells = ("✅" if verdict.passed else "❌", verdict.set, verdict.gate, verdict.told)
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """Text that stays within its line and its cell, and is no mark-up."""
    return re.sub(r"([|<>`*_\[\]\\])", r"\\\1", " ".join(text.split()))


def _named(verdict: Verdict) -> str:
    """The first questions of a verdict."""
    return f" ({shown_ids([*map(_cell, verdict.questions)])})" if verdict.questions else ""


def to_junit(verdicts: Sequence[Verdict]) -> str:
    """A test suite for each set, a test case for each gate."""
    root = ET.Element("testsuites", name="yinju")
    for name in dict.fromkeys(verdict.set for verdict in verdicts):
        own = [verdict for verdict in verdicts if verdict.set == name]
        failures = sum(not verdict.passed for verdict in own)
        suite = ET.SubElement(root, "testsuite", name=_xml(name), tests=str(len(own)), failures=str(failures))
        for verdict in own:
            case = ET.SubElement(suite, "testcase", classname=_xml(name), name=_xml(verdict.gate))
            if verdict.passed:
                ET.SubElement(case, "system-out").text = _xml(verdict.told)
            else:
                failure = ET.SubElement(case, "failure", message=_xml(verdict.told))
                failure.text = _xml("\n".join(verdict.questions))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _xml(text: str) -> str:
    """Text without what XML 1.0 cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
