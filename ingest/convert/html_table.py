"""Tables of data in a web page whose head says what their columns are."""

from collections.abc import Callable, Iterator
from typing import Any

from ingest.convert.rows import Cell, markdown_rows

LONGEST_CELL = 200  # code points of a cell of a table of data; longer ones are the layout of an old page


def is_data_row(row: Any) -> bool:
    """Whether a row is one of data and not of a layout made of tables."""
    if row.find(".//table") is not None:
        return False
    return all(len("".join(cell.itertext())) <= LONGEST_CELL for cell in row.iterchildren("td", "th"))


def rows_of(table: Any, words: Callable[[Any], str]) -> list[str]:
    """The rows of a table of data as those of Markdown, given what is seen of a cell; none where it has no head."""
    rows = [(row, cells) for row in _rows(table) if (cells := list(row.iterchildren("td", "th")))]
    if not all(is_data_row(row) for row, _ in rows):
        return []
    heads = 0
    while heads < len(rows) and _is_head(*rows[heads]):
        heads += 1
    if not 0 < heads < len(rows):
        return []
    made = [[Cell(words(cell), _span(cell, "colspan"), _span(cell, "rowspan")) for cell in cells] for _, cells in rows]
    return markdown_rows(made[:heads], made[heads:])


def _rows(table: Any) -> Iterator[Any]:
    for part in table.iterchildren("tr", "thead", "tbody", "tfoot"):
        yield from [part] if part.tag == "tr" else part.iterchildren("tr")


def _is_head(row: Any, cells: list[Any]) -> bool:
    """Whether a row stands in the head, or all its cells are marked as heads or are bold throughout."""
    if row.getparent().tag == "thead":
        return True
    return len(cells) > 1 and all(cell.tag == "th" or _is_bold(cell) for cell in cells)


def _is_bold(cell: Any) -> bool:
    bold = "".join("".join(part.itertext()) for part in cell.iter("b", "strong"))
    return bool(bold.strip()) and bold.strip() == "".join(cell.itertext()).strip()


def _span(cell: Any, name: str) -> int:
    stated = cell.get(name, "").strip()
    return max(1, int(stated)) if stated.isdecimal() and len(stated) < 6 else 1
