"""The rules of the cleaning, which are data: ingest/rules/*.toml.

A rule is a regular expression (Python, MULTILINE) with a name, a kind and a reason. What its group `keep` matches
stays. Conditions of structure narrow it:
  `first_lines = N`   only lines with fewer than N other lines of words above them that stay
  `last_lines = N`    only lines with fewer than N other lines of words below them that stay
  `repeats`           only lines that say the "title" again, or a "lead" that stands among the first lines already;
                      one of the two is marked as such (a quotation, a heading, 摘要：)
  `site`              only files of these sites, named like the rule files
  `unless`            only files where this pattern finds nothing
A rule with one of the first three sees one line at a time. `removes` and `keeps` are its examples, tested.

A [[metadata]] is what a file says of a `field`: the group `value` of its `pattern`, or of that of a `rule` beside it.
"""

import re
import tomllib
from collections.abc import Iterable, Set
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

RULES = Path(__file__).with_name("rules")
ORDER = ("common", "markup")  # run after the rules of the sites, in this order

CODE_REASONS = {
    "first-line": "文件的第一行用作标题",
    "front-matter": "文件开头的元数据块",
    "html/not-main-text": "网页里正文以外的部分",
    "pdf/page-number": "PDF 的页码",
    "pdf/running-head": "PDF 每页重复的页眉或页脚",
    "learned/repeated-line": "同一来源的许多文章里都有这一行，只留一处",
    "markup/line-wrap": "按固定宽度断开的行，接成整句",
    "markup/footnote": "脚注的编号；脚注的文字保留",
    "markup/reference": "链接的编号和地址；链接的文字保留",
    "markup/knot": "层层嵌套、无法解读的标记符号",
}
_REQUIRED = {"name", "kind", "reason", "pattern"}
_OPTIONAL = {"first_lines", "last_lines", "repeats", "site", "unless", "removes", "keeps"}


@dataclass(frozen=True)
class Rule:
    """A rule; `name` is "file/name". What the group `keep` of its pattern matches stays."""

    name: str
    kind: str
    reason: str
    pattern: re.Pattern[str]
    first_lines: int | None = None
    last_lines: int | None = None
    repeats: str | None = None
    site: tuple[str, ...] = ()
    unless: re.Pattern[str] | None = None
    removes: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()

    @property
    def by_line(self) -> bool:
        """Whether it depends on where a line stands."""
        return bool(self.first_lines or self.last_lines or self.repeats)

    def is_for(self, raw: str) -> bool:
        """Whether nothing stands in a raw file that the rule must not be used beside."""
        return self.unless is None or not self.unless.search(raw)


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
    return tuple(read_rules(path) for path in paths)


def read_rules(path: Path) -> RuleSet:
    """The rules of a file. Raises ValueError, naming file and rule, where one lacks a key or has an unknown one."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    if unknown := table.keys() - {"match", "rule", "metadata"}:
        raise ValueError(f"{path.name}: unknown keys {sorted(unknown)}")
    rules = tuple(_rule(entry, path) for entry in table.get("rule", []))
    removed = {entry["name"]: rule.pattern for entry, rule in zip(table.get("rule", []), rules, strict=True)}
    metadata = tuple(
        (m["field"], removed[m["rule"]] if "rule" in m else re.compile(m["pattern"], re.MULTILINE))
        for m in table.get("metadata", [])
    )
    match = re.compile(table["match"]) if "match" in table else None
    return RuleSet(path.stem, match, rules, metadata)


def _rule(entry: dict[str, Any], path: Path) -> Rule:
    where = f"{path.name}, rule {entry.get('name', '?')!r}"
    if missing := [key for key in sorted(_REQUIRED) if not entry.get(key)]:
        raise ValueError(f"{where}: it lacks {', '.join(missing)}")
    if unknown := entry.keys() - _REQUIRED - _OPTIONAL:
        raise ValueError(f"{where}: unknown keys {sorted(unknown)}")
    if entry.get("repeats", "lead") not in ("lead", "title"):
        raise ValueError(f'{where}: repeats is "lead" or "title", not {entry["repeats"]!r}')
    try:
        pattern = re.compile(entry["pattern"], re.MULTILINE)
        unless = re.compile(entry["unless"], re.MULTILINE) if "unless" in entry else None
    except re.error as error:
        raise ValueError(f"{where}: its pattern is no regular expression ({error})") from error
    site, removes, keeps = (tuple(entry.get(key, ())) for key in ("site", "removes", "keeps"))
    first, last, repeats = (entry.get(key) for key in ("first_lines", "last_lines", "repeats"))
    name, kind, reason = f"{path.stem}/{entry['name']}", entry["kind"], entry["reason"]
    return Rule(name, kind, reason, pattern, first, last, repeats, site, unless, removes, keeps)


@cache
def rule_named(name: str) -> Rule:
    """The rule of a name, as "file/name". Raises KeyError where there is none."""
    return {rule.name: rule for rules in rule_sets() for rule in rules.rules}[name]


def reason_of(rule_name: str) -> str:
    """Why a rule removes what it does, in Chinese; "" for a rule that no longer exists."""
    rules = chain.from_iterable(rules.rules for rules in rule_sets())
    return next((rule.reason for rule in rules if rule.name == rule_name), CODE_REASONS.get(rule_name, ""))


def rules_for(raw: str) -> list[RuleSet]:
    """The rule sets that apply to a raw file, in the order they run."""
    return [rules for rules in rule_sets() if rules.match is None or rules.match.search(raw)]


def active_rules(sets: Iterable[RuleSet], names: Set[str], raw: str) -> list[Rule]:
    """The rules of the named sets, but those for other sites, or not for this raw file."""
    rules = (rule for rules in sets if rules.name in names for rule in rules.rules)
    return [rule for rule in rules if (not rule.site or not names.isdisjoint(rule.site)) and rule.is_for(raw)]
