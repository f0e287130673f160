"""python -m eval report DIR: a run as one HTML page that opens from disk, with every failed question and why it failed.

DIR is a folder that `python -m eval run --out DIR` wrote. The page needs no network and runs no script.
"""

import argparse
import re
import sys
import tomllib
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from eval import changes
from eval.gates import GatesError, load_gates
from eval.highlight import Stretch, quote_spans, spans_of, stretches
from eval.reasons import CARRIED
from eval.records import Line, RunError
from eval.report_data import Report, read_report
from rag.text import visible

TEMPLATES = Path(__file__).with_name("templates")
LANGUAGES = ("zh", "en")
CARDS = ("joint accuracy", CARRIED, "evidence hit@5", "citation hit", "over-refusal")
HEADLINE = (
    "joint accuracy",
    CARRIED,
    "evidence hit@1",
    "evidence hit@5",
    "citation hit",
    "gold containment",
    "gold figures",
    "unsupported figures",
    "citations exact",
    "over-refusal",
    "brevity",
    "p50 ms",
    "p95 ms",
)
BY_TYPE = ("joint accuracy", CARRIED, "evidence hit@5")  # the first that the run has
TIMES = frozenset({"p50 ms", "p95 ms", "milliseconds"})
NO_SHARES = changes.NO_SHARES | TIMES
LOWER_IS_BETTER = changes.LOWER_IS_BETTER | NO_SHARES
_EMPTY_LINES = re.compile(r"\s*\n\s*")
EPILOG = (
    "exit codes: 0 the page is written, whatever the gates say; 1 the folder is no run, the gates cannot be read, or "
    "the page cannot be written; 2 wrong arguments"
)


def figure(value: float, name: str = "") -> str:
    """A metric's value as it is read: 68.7%, 24 ms, 14.7×, 2,150."""
    if name in TIMES:
        return time(value)
    if name == "brevity":
        return f"{value:.1f}×"
    return f"{value:,.0f}" if name in NO_SHARES else f"{100 * value:.1f}%"


def time(milliseconds: float) -> str:
    """A time as it is read: 24 ms, 1.8 s."""
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def at(share: float) -> str:
    """A share as a length of a style sheet."""
    return f"{100 * share:.2f}%"


def gold_in(line: Line, text: str) -> list[Stretch]:
    """A statement with the alternatives of the gold that stand in it."""
    return stretches(text, gold=spans_of(text, [alternative for group in line["gold"] for alternative in group]))


def passage_pieces(line: Line, passage: dict[str, Any]) -> list[Stretch]:
    """A passage with the evidence and the cited sentences in it."""
    quotes = [evidence["quote"] for evidence in line["evidence"] if evidence["article"] == passage["article"]]
    cited = [
        (citation["start"] - passage["start"], citation["end"] - passage["start"])
        for citation in (line["answer"] or {"citations": []})["citations"]
        if citation["article"] == passage["article"] and citation["start"] >= passage["start"]
    ]
    pieces = stretches(passage["text"], gold=quote_spans(passage["text"], quotes), cited=cited)
    return [(_EMPTY_LINES.sub("\n", words), kinds) for words, kinds in pieces]


def sources(line: Line) -> list[tuple[int, str, str]]:
    """Number, title and quote of each citation whose quote is more than its statement."""
    said = {statement["text"] for statement in line["answer"]["statements"]}
    cited = line["answer"]["citations"]
    return [(c["marker"], c["title"], "" if c["quote"] in said else f"：{c['quote']}") for c in cited]


@cache
def environment() -> Environment:
    """The templates, which escape every value; only the style sheet is put in as it is."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (figure, time, at, gold_in, passage_pieces, sources)
    made.filters |= {filter_.__name__: filter_ for filter_ in filters}
    made.filters["slots"] = lambda sentence, **values: sentence.format(**values)
    made.globals |= {"cards": CARDS, "headline": HEADLINE, "by_type": BY_TYPE, "lower_is_better": LOWER_IS_BETTER}
    made.globals["carried"] = CARRIED
    return made


@cache
def words(language: str) -> dict[str, Any]:
    """Every sentence in a language, and under "metrics" and "reasons" the names of those."""
    found: dict[str, Any] = tomllib.loads((TEMPLATES / "words.toml").read_text(encoding="utf-8"))[language]
    return found


def style() -> Markup:
    """The style sheet of the report."""
    return Markup((TEMPLATES / "report.css").read_text(encoding="utf-8"))


def render(report: Report, *, language: str = "zh", template: str = "page.html") -> str:
    """The report as HTML: a whole page, or with body.html what stands in one, which wants the style beside it."""
    t = words(language)
    metrics, types = defaultdict(str, t["metrics"]), defaultdict(str, t["types"])  # others have their own names
    shares = {name for of in report.summary.values() for name in of["all"] if name not in NO_SHARES}
    of_page = {"metrics": metrics, "types": types, "reasons": t["reasons"], "shares": shares, "css": style()}
    page = environment().get_template(template).render(report=report, t=t, language=language, **of_page)
    return visible(page)  # a question or an article may hold what HTML cannot


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval report", description=__doc__, epilog=EPILOG)
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder written by python -m eval run")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the page (default: DIR/report.html)")
    parser.add_argument("--gates", type=Path, metavar="FILE", help="gates to hold the run to, as eval gate does")
    parser.add_argument("--language", choices=LANGUAGES, default=LANGUAGES[0], help="of the page's own words (zh)")
    options = parser.parse_args(arguments)
    out = options.out or options.folder / "report.html"
    try:
        report = read_report(options.folder, load_gates(options.gates) if options.gates else None)
        out.write_text(render(report, language=options.language), encoding="utf-8")
    except (RunError, GatesError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    left = f", {report.left} not asked yet" if report.left else ""
    print(f"{out}: {len(report.lines)} questions, {len(report.reasons)} failed{left}")
    return 0
