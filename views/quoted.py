"""A quote with the words around it as HTML, where rows of a table are drawn as one."""

from collections.abc import Sequence
from html import escape
from itertools import groupby

from rag.tables import cells_of, is_row, is_rule
from rag.types import Span


def quoted_html(text: str, quote: Span = (0, 0), id_: str = "") -> str:
    """A text with the quote, a span of it, marked; `id_` becomes the id of the mark, or of the row that is marked."""
    drawn = []
    for in_table, group in groupby(_lines(text), key=lambda line: _is_of_table(text[slice(*line)])):
        lines = list(group)
        if in_table:
            drawn.append(_table_html(text, lines, quote, id_))
        else:
            drawn.append(_marked(text, (lines[0][0], lines[-1][1]), quote, f' id="{id_}"'))
    return "".join(drawn)


def _lines(text: str) -> list[Span]:
    lines, at = [], 0
    for line in text.split("\n"):
        lines.append((at, at + len(line)))
        at += len(line) + 1
    return lines


def _is_of_table(line: str) -> bool:
    return is_row(line) or is_rule(line)


def _table_html(text: str, lines: Sequence[Span], quote: Span, id_: str) -> str:
    """The rows of a table without the rule below its head."""
    rules = [is_rule(text[start:end]) for start, end in lines]
    rows = []
    for (start, end), is_one, is_next in zip(lines, rules, [*rules[1:], False], strict=True):
        if is_one:
            continue
        cell = "th" if is_next else "td"
        spans = [(start + first, start + last) for first, last in cells_of(text[start:end])]
        cells = "".join(f"<{cell}>{_marked(text, span, quote)}</{cell}>" for span in spans)
        rows.append(f'<tr id="{id_}">{cells}</tr>' if start <= quote[0] < min(end, quote[1]) else f"<tr>{cells}</tr>")
    return f'<table class="yj-table">{"".join(rows)}</table>' if rows else ""


def _marked(text: str, part: Span, quote: Span, attribute: str = "") -> str:
    """A part of a text, in a mark what the quote has of it."""
    start, end = (min(max(border, part[0]), part[1]) for border in quote)
    if start == end:
        return escape(text[slice(*part)])
    return (
        f"{escape(text[part[0] : start])}<mark{attribute}>{escape(text[start:end])}</mark>{escape(text[end : part[1]])}"
    )


def words_before(text: str, most: int) -> str:
    """The end of a text, of at most so many code points; no part of a row."""
    if len(text) <= most:
        return text
    line, newline, lines = text[-most:].partition("\n")
    cut = is_row(text[:-most].rpartition("\n")[2] + line)
    return f"…{newline}{lines}" if cut else f"…{line}{newline}{lines}"


def words_after(text: str, most: int) -> str:
    """The beginning of a text, of at most so many code points; no part of a row."""
    if len(text) <= most:
        return text
    lines, newline, line = text[:most].rpartition("\n")
    cut = is_row(line + text[most:].partition("\n")[0])
    return f"{lines}{newline}…" if cut else f"{lines}{newline}{line}…"
