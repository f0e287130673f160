"""Rows of a Markdown table, and the row at its head that says what their cells are."""

import re
from itertools import pairwise

from rag.types import Span

_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)*\|?[ \t]*")


def is_row(sentence: str) -> bool:
    """Whether a sentence is a row of a table: | 家居收纳 | 6.0% |."""
    return sentence.startswith("|") and sentence.count("|") > 1


def head_of(text: str, start: int) -> Span | None:
    """The head of the table in whose body a row begins, a span of the text; None for any other line."""
    end = text.rfind("\n", 0, start)
    ruled = False
    while end > 0:
        first = text.rfind("\n", 0, end) + 1
        line = text[first:end].strip()
        if ruled:
            return (
                (first + text[first:end].index(line), first + text[first:end].index(line) + len(line)) if line else None
            )
        if not line.startswith("|"):
            return None
        ruled = bool(_RULE.fullmatch(line))
        end = first - 1
    return None


def is_head(text: str, end: int) -> bool:
    """Whether the line on which a row ends is the head of a table."""
    first = text.find("\n", end) + 1
    last = text.find("\n", first)
    return first > 0 and bool(_RULE.fullmatch(text[first : last if last >= 0 else len(text)]))


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
