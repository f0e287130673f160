"""Rows of a Markdown table, and the row at its head that says what their cells are."""

import re
from itertools import pairwise

from rag.types import Answer, Span, Statement

MOST_DASHES = 20  # rows whose first cell begins with a dash, among which the rule is looked for
_RULE = re.compile(r"\|(?:[ \t]*:?-+:?[ \t]*\|)*(?:[ \t]*:?-+:?)?[ \t]*")  # |---|:--:|
_RULE_BEGINS = ("|-", "| -", "|:", "| :")  # found fast, in tables of thousands of rows


def is_row(sentence: str) -> bool:
    """Whether a sentence is a row of a table: | 家居收纳 | 6.0% |."""
    return sentence.startswith("|") and sentence.count("|") > 1


def is_rule(line: str) -> bool:
    """Whether a line is the rule below the head of a table: |---|---|."""
    return bool(_RULE.fullmatch(line))


def head_of(text: str, start: int) -> Span | None:
    """The head of the table in whose body a row begins, a span of the text; None where there is none above it."""
    rule = start
    for _ in range(MOST_DASHES):
        rule = max(text.rfind(f"\n{begins}", 0, rule) for begins in _RULE_BEGINS)
        end = text.find("\n", rule + 1)
        if rule < 0 or end < 0 or text.find("\n\n", end, start) >= 0:  # the table ended before
            return None
        if _RULE.fullmatch(text, rule + 1, end):
            first = text.rfind("\n", 0, rule) + 1
            head = text[first:rule].rstrip()
            return (first, first + len(head)) if is_row(head) else None
    return None


def is_head(text: str, end: int) -> bool:
    """Whether the line on which a row ends is the head of a table."""
    first = text.find("\n", end) + 1
    last = text.find("\n", first)
    return first > 0 and is_rule(text[first : last if last >= 0 else len(text)])


def tells_head(answer: Answer, statement: Statement) -> bool:
    """Whether a statement, a row, is the head of its table in the article that it cites first."""
    first = answer.citations[statement.citations[0] - 1] if statement.citations else None
    return first is not None and is_head(first.article.text, first.end)


def cells_of(row: str) -> list[Span]:
    """The cells of a row as spans of it, without the blanks around their words."""
    bars = [at for at, char in enumerate(row) if char == "|" and row[at - 1 : at] != "\\"]
    edges = bars if row.rstrip().endswith("|") else [*bars, len(row)]
    cells = []
    for bar, end in pairwise(edges):
        words = row[bar + 1 : end]
        start = bar + 1 + len(words) - len(words.lstrip())
        cells.append((start, start + len(words.strip())))
    return cells
