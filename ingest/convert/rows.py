"""Rows of a table with a head, as those of Markdown: a cell in each column, so that the head says what each is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

MOST_COLUMNS = 100  # of a table that is taken for one; a cell says itself how many columns it spans


@dataclass(frozen=True)
class Cell:
    """The words of a cell, and how many columns and rows it spans."""

    text: str
    columns: int = 1
    rows: int = 1


def markdown_rows(head: Sequence[Sequence[Cell]], body: Sequence[Sequence[Cell]]) -> list[str]:
    """The head as one row, its rule, and the rows of the body; none where a row has more than MOST_COLUMNS cells.

    A cell over several rows is said in each of them; one over several columns in the first, in the head in each.
    """
    grid = list(_grid([*head, *body], len(head)))
    width = max(map(len, grid), default=0)
    if not 0 < width <= MOST_COLUMNS:
        return []
    columns = [[row[at] for row in grid[: len(head)] if at < len(row)] for at in range(width)]
    named = [" ".join(name for name, _ in groupby(filter(None, column))) for column in columns]
    return [_row(named, width), "|" + "---|" * width, *(_row(row, width) for row in grid[len(head) :])]


def _grid(rows: Sequence[Sequence[Cell]], heads: int) -> Iterator[list[str]]:
    """The words of each row, column by column, up to the first row that is too wide; the first `heads` are the head."""
    above: dict[int, tuple[str, int]] = {}  # column: words, and how many more rows they are said in
    for number, cells in enumerate(rows):
        line: list[str] = []
        placed = ((cell, at) for cell in cells for at in range(cell.columns))
        while len(line) <= MOST_COLUMNS:
            if len(line) in above:
                text, more = above.pop(len(line))
            elif part := next(placed, None):
                cell, at = part
                text, more = cell.text if at == 0 or number < heads else "", cell.rows - 1
            else:
                break
            if more:
                above[len(line)] = text, more - 1
            line.append(text)
        yield line
        if len(line) > MOST_COLUMNS:
            return


def _row(words: Sequence[str], width: int) -> str:
    cells = [*(word.replace("|", "\\|") for word in words), *[""] * (width - len(words))]
    return "| " + " | ".join(cells) + " |"
