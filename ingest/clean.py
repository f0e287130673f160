"""Cleaning: what of a raw file is furniture or mark-up, by rules that are data (ingest/rules/*.toml)."""

import hashlib
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rag.text import normalize
from rag.types import Removal, Span

RULES = Path(__file__).with_name("rules")
ORDER = ("common", "markup")  # run after the rules of the sites, in this order
SHORTEST_REPEATED_LEAD = 20  # code points
LEAD_WITHIN = 30  # lines of the head of an article in which a lead may be repeated


@dataclass(frozen=True)
class Rule:
    """A pattern and the kind of what it finds; what its group `keep` matches stays."""

    name: str
    kind: str
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class RuleSet:
    """The rules of one file; `match` says which raw files they are for (None: all)."""

    name: str
    match: re.Pattern[str] | None
    rules: tuple[Rule, ...]
    metadata: tuple[tuple[str, re.Pattern[str]], ...]


@cache
def rule_sets() -> tuple[RuleSet, ...]:
    """All rule sets, those of the sites first."""
    paths = sorted(
        RULES.glob("*.toml"), key=lambda path: (ORDER.index(path.stem) + 1 if path.stem in ORDER else 0, path.stem)
    )
    return tuple(_read_rules(path) for path in paths)


def rules_version() -> str:
    """Changes whenever any rule does."""
    content = b"".join(path.read_bytes() for path in sorted(RULES.glob("*.toml")))
    return hashlib.sha256(content).hexdigest()[:12]


def _read_rules(path: Path) -> RuleSet:
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    rules = [Rule(r["name"], r["kind"], re.compile(r["pattern"], re.MULTILINE)) for r in table.get("rule", [])]
    metadata = [(m["field"], re.compile(m["pattern"], re.MULTILINE)) for m in table.get("metadata", [])]
    match = re.compile(table["match"]) if "match" in table else None
    return RuleSet(path.stem, match, tuple(rules), tuple(metadata))


def rules_for(raw: str) -> list[RuleSet]:
    """The rule sets that apply to a raw file, in the order they run."""
    return [rules for rules in rule_sets() if rules.match is None or rules.match.search(raw)]


def find_removals(raw: str) -> tuple[Removal, ...]:
    """What is to be taken out of a raw file, in order and without overlaps; the first rule to claim a span has it."""
    removals: list[Removal] = []
    for rules in rules_for(raw):
        if rules.name == ORDER[-1]:  # the lead is compared before its mark-up goes
            removals = _merge(removals, _repeated_lead(raw, removals))
        for rule in rules.rules:
            removals = _merge(
                removals, [Removal(a, b, rule.kind, f"{rules.name}/{rule.name}") for a, b in _matches(rule, raw)]
            )
    return tuple(removals)


def _matches(rule: Rule, raw: str) -> Iterable[Span]:
    for match in rule.pattern.finditer(raw):
        keep = match.span("keep") if "keep" in rule.pattern.groupindex else (match.end(), match.end())
        yield from [span for span in [(match.start(), keep[0]), (keep[1], match.end())] if span[0] < span[1]]


def _merge(taken: list[Removal], found: Iterable[Removal]) -> list[Removal]:
    """`taken` with those parts of `found` that it does not cover yet."""
    parts = list(taken)
    for removal in found:
        at = removal.start
        for other in taken:
            if other.end <= at or other.start >= removal.end:
                continue
            if at < other.start:
                parts.append(Removal(at, other.start, removal.kind, removal.rule))
            at = max(at, other.end)
        if at < removal.end:
            parts.append(Removal(at, removal.end, removal.kind, removal.rule))
    return sorted(parts, key=lambda part: part.start)


def _repeated_lead(raw: str, removals: list[Removal]) -> list[Removal]:
    """Lines of an article's head that repeat an earlier line of it word for word."""
    seen: set[str] = set()
    repeated = []
    lines = 0
    for match in re.finditer(r"[^\n]+", raw):
        start, end = match.span()
        if any(r.start <= start and end <= r.end for r in removals):
            continue
        lines += 1
        if lines > LEAD_WITHIN:
            break
        words = "".join(
            char for char in normalize(re.sub(r"^\s*>?\s*(?:[^\s:：]{2,4}[:：])?", "", match[0])) if char.isalnum()
        )
        if len(words) >= SHORTEST_REPEATED_LEAD and words in seen:
            repeated.append(Removal(start, end, "repeated lead", "repeated-lead"))
        seen.add(words)
    return repeated


def read_metadata(raw: str) -> dict[str, str]:
    """The metadata that a raw file states, by field; a field that no rule finds is absent. The first rule wins."""
    found: dict[str, str] = {}
    for rules in rules_for(raw):
        for field, pattern in rules.metadata:
            if field not in found and (match := pattern.search(raw)):
                found[field] = match["value"].strip()
    return found
