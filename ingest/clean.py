"""Cleaning: what of a raw file is furniture or mark-up, by rules that are data (ingest/rule_sets.py)."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from ingest.rule_sets import ORDER, Rule, active_rules, rule_sets, rules_for
from rag.article import kept_stretches
from rag.text import letters
from rag.types import Removal, Span

SHORTEST_REPEATED_LEAD = 20  # letters and digits
LONGEST_LEAD = 2000  # code points
LEAD_WITHIN = 12  # lines: below them no line is a lead; two answers of a list may be the same
SHORTEST_KEY = 4  # letters and digits
FENCE = "markup/code-fence"
OPERATORS = ("markup/bold", "markup/italic", "markup/highlight", "markup/wiki-link")  # and what their marks are in code
MOST_TURNS = 8  # after these, mark-up within mark-up is a knot, and all its characters go

_LEAD_NAME = "(?:摘要|导读|导语|编辑导[语读]|编者按|核心提示|内容提要)[:：]"
_LABEL = re.compile(rf"^[\s>*#]*(?:{_LEAD_NAME})?")
_LEAD = re.compile(rf"[\s*]*(?:[>#]|{_LEAD_NAME})")
_ADDRESS = re.compile(r"!\[[^\[\]\n]*\]\([^()\n]*\)|\]\([^()\n]*\)")
_HEADING = re.compile(
    r"[ \t]*#{1,6}[ \t]|[\s>*]*(?:第?[一二三四五六七八九十]{1,3}[、.．章节]|0?\d{1,2}[、.．)）](?!\d))"
)
_COUNTED = (  # what the counters of a page count
    r"(?:阅读|浏览|点击|评论|点赞|赞|收藏|转发|分享|在看)(?:量|数|次数)?|views?|reads?|comments?|likes?|shares?|collects?"
)
_RUNNING = re.compile(  # numbers, without signs between, that change from page to page and say nothing of it
    rf"\d+[万wk]?[次人条个]?(?:{_COUNTED})\d*|(?:{_COUNTED})\d+|第\d+[页期版]|共\d+[页期条]|page\d+(?:of\d+)?"
    r"|(?:发布|发表|更新|修改|published|updated)(?:时间|日期|于|on)?\d+(?:年\d+月\d+日?\d*)?"
)
_STATES = re.compile(r"[。！？；：!?;:|\d]|\.\s*$")  # the end of a sentence, a label, a cell, a figure
_ESCAPED = re.compile(r"\\([-.#*_+!()\[\]{}~>|`\\])")
_KNOT = re.compile(r"[][()!*_`#>+\\-]+")


def read_metadata(raw: str) -> dict[str, str]:
    """What a raw file states of title, author, publisher, published, url and tags; absent fields are not stated."""
    found: dict[str, str] = {}
    for rules in rules_for(raw):
        for field, pattern in rules.metadata:
            if field not in found and (match := pattern.search(raw)) and (value := match["value"].strip()):
                found[field] = _ESCAPED.sub(r"\1", value)
    return found


def line_key(line: str) -> str:
    """What two lines must share to be the same furniture: letters and digits; "" for too few.

    Each number is 0 where all of them are counters, numbers of pages or days of publication; another figure
    (售价：1299元) is what the line says.
    """
    key = letters(_ADDRESS.sub("", line))
    if _only_counts(key):
        key = re.sub(r"\d+", "0", key)
    return key if len(key) >= SHORTEST_KEY else ""


def is_statement(line: str) -> bool:
    """Whether a line says something by itself, so that it is no furniture however many articles have it.

    A sentence, a label with its value (保修期：十二个月), a row of a table, a figure that counts no readers or pages.
    """
    words = _ADDRESS.sub("", line)
    return bool(_STATES.search(words)) and not _only_counts(letters(words))


def _only_counts(key: str) -> bool:
    """Whether a key has numbers, all of which are counters, numbers of pages or days of publication."""
    return bool(re.search(r"\d", key)) and not re.search(r"\d", _RUNNING.sub("", key))


def find_removals(raw: str, already: Sequence[Removal] = (), learned: Collection[str] = ()) -> tuple[Removal, ...]:
    """What is to be taken out of a raw file, in order and without overlaps; the first rule to claim a span has it.

    `already`: what a converter took out; it is kept as it is. `learned`: keys of lines that are furniture of this
    source; a heading and a statement are never one. The clean text cleaned again loses nothing: the rules run until
    none finds more.
    """
    removals = sorted(already, key=lambda removal: removal.start)
    title = _words(read_metadata(raw).get("title", ""))
    names: set[str] = set()
    turn, before = 0, ""
    while True:
        kept = kept_stretches(len(raw), removals)
        text = "".join(raw[at : at + length] for _, at, length in kept)
        names |= {rules.name for rules in rules_for(text)}
        found = _find(text, active_rules(rule_sets(), names, raw), title, learned if turn == 0 else ())
        if turn >= MOST_TURNS:
            found = _merge(found, _knots(text, before))
        if not found:
            return tuple(removals)
        removals = _merge(removals, _to_raw(found, kept))
        turn, before = turn + 1, text


def _find(text: str, rules: Sequence[Rule], title: str, learned: Collection[str]) -> list[Removal]:
    """What the rules find in a text in one turn."""
    found: list[Removal] = []
    for rule in (r for r in rules if not r.by_line and not r.name.startswith(ORDER[-1])):
        found = _merge(found, _matches(rule, text))
    if learned:
        found = _merge(found, _learned_lines(text, learned))
    found = _merge(found, _lines_from_above(text, [r for r in rules if r.first_lines or r.repeats], title, found))
    found = _merge(found, _lines_from_below(text, [r for r in rules if r.last_lines], found))
    for rule in (r for r in rules if r.name.startswith(ORDER[-1])):
        found = _merge(found, _matches(rule, text))
    return _without_code(found)


def _without_code(found: Iterable[Removal]) -> list[Removal]:
    """What was found but the marks of bold text and their like in a block of code, where ** is an operator.

    Such a block keeps its fences: without them the next cleaning would take the marks for what they are not.
    """
    kept: list[Removal] = []
    block: list[Removal] = []  # from its first fence on
    for removal in found:
        if removal.rule == FENCE and block:
            marked = any(inside.rule.startswith(OPERATORS) for inside in block)
            kept += (r for r in (*block, removal) if not marked or not r.rule.startswith((FENCE, *OPERATORS)))
            block = []
        elif removal.rule == FENCE or block:
            block.append(removal)
        else:
            kept.append(removal)
    return kept + block


def _matches(rule: Rule, text: str, start: int = 0) -> Iterator[Removal]:
    for match in rule.pattern.finditer(text):
        keep = match.span("keep") if "keep" in rule.pattern.groupindex and match["keep"] else (match.end(),) * 2
        for a, b in ((match.start(), keep[0]), (keep[1], match.end())):
            if a < b:
                yield Removal(start + a, start + b, rule.kind, rule.name)


def _first_match(rules: Iterable[Rule], line: str, start: int) -> list[Removal]:
    """What the first rule that finds something in a line finds."""
    return next(filter(None, (list(_matches(rule, line, start)) for rule in rules)), [])


def _learned_lines(text: str, learned: Collection[str]) -> Iterator[Removal]:
    for line in re.finditer(r"[^\n]*\S[^\n]*", text):
        if line_key(line[0]) in learned and not (_HEADING.match(line[0]) or is_statement(line[0])):
            yield Removal(line.start(), line.end(), "repeated line", "learned/repeated-line")


def _lines_from_above(text: str, rules: Sequence[Rule], title: str, taken: Sequence[Removal]) -> list[Removal]:
    """What rules for the first lines, and for lines that repeat, find; only lines that stay are counted."""
    found: list[Removal] = []
    leads: dict[str, bool] = {}  # what the first lines say, and whether the line is marked as a lead
    kept = 0
    last = max((rule.first_lines or 0 for rule in rules), default=0)
    for start, end in _untaken_lines(text, taken):
        if kept >= last:
            break
        line = text[start:end]
        words, marked = _words(line), bool(_LEAD.match(line))
        again = {"title": words == title != "", "lead": words in leads and (marked or leads[words]), None: True}
        matched = _first_match((r for r in rules if kept < (r.first_lines or last) and again[r.repeats]), line, start)
        found += matched
        kept += not matched
        stays = not matched or matched[-1].end < end  # 摘要： goes and what is behind it stays
        if stays and len(words) >= SHORTEST_REPEATED_LEAD and kept <= LEAD_WITHIN:
            leads.setdefault(words, marked)
    return found


def _lines_from_below(text: str, rules: Sequence[Rule], taken: Sequence[Removal]) -> list[Removal]:
    """What rules for the last lines find; only lines that stay are counted."""
    found: list[Removal] = []
    kept = 0
    last = max((rule.last_lines or 0 for rule in rules), default=0)
    for start, end in reversed(list(_untaken_lines(text, taken))):
        if kept >= last:
            break
        matched = _first_match((rule for rule in rules if kept < (rule.last_lines or 0)), text[start:end], start)
        found += matched
        kept += not matched
    return sorted(found, key=lambda removal: removal.start)


def _untaken_lines(text: str, taken: Sequence[Removal]) -> Iterator[Span]:
    """Lines with words, images not counted, of which nothing is taken yet."""
    at = 0
    for line in re.finditer(r"[^\n]+", text):
        while at < len(taken) and taken[at].end <= line.start():
            at += 1
        free = at == len(taken) or taken[at].start >= line.end()
        if free and any(char.isalnum() for char in _ADDRESS.sub("", line[0])):
            yield line.span()


def _words(line: str) -> str:
    """Letters and digits of a line without its mark-up and the label of a lead; "" for a very long line."""
    return letters(_LABEL.sub("", _ADDRESS.sub("", line))) if len(line) <= LONGEST_LEAD else ""


def _knots(text: str, before: str) -> Iterator[Removal]:
    """Mark-up characters of the lines that the last turn changed."""
    unchanged = set(before.split("\n"))
    for line in re.finditer(r"[^\n]+", text):
        if line[0] not in unchanged:
            for knot in _KNOT.finditer(line[0]):
                yield Removal(line.start() + knot.start(), line.start() + knot.end(), "markup", "markup/knot")


def _to_raw(found: Iterable[Removal], kept: Sequence[tuple[int, int, int]]) -> Iterator[Removal]:
    """Removals of the text as removals of the raw file, cut where something was taken out between."""
    at = 0
    for removal in found:
        while kept[at][0] + kept[at][2] <= removal.start:
            at += 1
        here = at
        while here < len(kept) and kept[here][0] < removal.end:
            text_at, raw_at, length = kept[here]
            start, end = max(removal.start, text_at), min(removal.end, text_at + length)
            yield Removal(raw_at + start - text_at, raw_at + end - text_at, removal.kind, removal.rule)
            here += 1


def _merge(taken: list[Removal], found: Iterable[Removal]) -> list[Removal]:
    """`taken` with those parts of `found` that it does not cover yet; both are in order without overlaps."""
    parts: list[Removal] = []
    at = 0
    for removal in found:
        while at < len(taken) and taken[at].end <= removal.start:
            parts.append(taken[at])
            at += 1
        start = removal.start
        while at < len(taken) and taken[at].start < removal.end:
            if start < taken[at].start:
                parts.append(Removal(start, taken[at].start, removal.kind, removal.rule))
            start = taken[at].end
            if start >= removal.end:
                break
            parts.append(taken[at])
            at += 1
        if start < removal.end:
            parts.append(Removal(start, removal.end, removal.kind, removal.rule))
    return parts + taken[at:]
