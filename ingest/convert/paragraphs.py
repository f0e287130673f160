"""The lines of PDF pages joined to paragraphs again."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest.convert.converted import WIDE
from rag.text import CJK
from rag.types import Removal

HYPHEN = "\x02"  # at the end of a line: of a word that the layout broke, or its own
SHORT_LINE = 2.5  # letter heights that a line may end before the column does and still go on
GAP, RESIZED, MOVED = 1.5, 0.3, 4  # a gap of so many usual ones, another height, another left end a paragraph
_TERMINAL = re.compile(r"(?:[。！？!?…]|(?<!\d)\.)[”’」』）)】》\"']*$")
_WIDE = re.compile(WIDE)
_CLOSING = "）)】》」』”’。，；：、！？"  # what begins with one goes on
_IDEOGRAPH = re.compile(f"[{CJK}]")
_LABEL = re.compile(f"[{CJK}]{{1,8}}[:：]")
_PAUSE = re.compile("[，。；：、！？,;:!?]")
_NUMERAL = "一二三四五六七八九十"
_ITEM = re.compile(  # 一、 （一） 第一条 1. at the start of an item, but not 一、二等奖 or （一）项
    rf"[{_NUMERAL}]{{1,3}}、(?![{_NUMERAL}]+[、等])|第[{_NUMERAL}百零\d]{{1,5}}[条章节篇]\s+(?![的、和至])"
    rf"|[（(](?:[{_NUMERAL}]{{1,3}}|\d{{1,2}})[)）](?![项款条目所式中可的、，。；和至])"
    rf"|\d{{1,2}}(?:[.．](?=\s|[{CJK}])|[、)）])(?!\s*\d)"
)
_BROKEN_NUMBER = re.compile(  # 12, above 500元; 12. above 5元; 2024- above 2025年; 15 above %
    rf"[{CJK}]\d[\d,]*(?:,\n\d{{3}}(?!\d)|\.\n\d)|[^\W_]-\n[^\W_]|\d\n[%‰℃°]"
)
_REST_OF_NUMBER = re.compile(r"\d+(?![.、．)）\d])")  # but no number of an item


@dataclass(frozen=True)
class Line:
    """A line of a page; distances in points from the left and the bottom of the page, height that of its letters."""

    text: str
    left: float
    right: float
    bottom: float
    height: float


def join_lines(
    pages: Sequence[Sequence[Line]], furniture: dict[tuple[int, int], str]
) -> tuple[str, tuple[Removal, ...]]:
    """The text, a paragraph a line; the furniture of a page stands after the paragraph that runs across it."""
    parts: list[str] = []
    removed: list[Removal] = []
    waiting: list[tuple[str, str]] = []
    length = 0

    def emit(text: str) -> None:
        nonlocal length
        parts.append(text)
        length += len(text)

    def emit_waiting() -> None:
        for text, rule in waiting:
            start = length
            emit(text + "\n")
            removed.append(Removal(start, length, "page furniture", rule))
        waiting.clear()

    before: Line | None = None
    edge = 0.0
    for number, page in enumerate(pages):
        body = [line for place, line in enumerate(page) if (number, place) not in furniture]
        edges, gap = _right_edges(body), _usual_gap(body)
        for place, line in enumerate(page):
            if rule := furniture.get((number, place)):
                waiting.append((line.text.replace(HYPHEN, "-"), rule))
        for at, line in enumerate(body):
            if before is not None:
                if _goes_on(before, line, edge, gap if at else None):
                    emit(_glue(before.text, line.text))
                else:
                    emit("\n")
                    emit_waiting()
            elif waiting:
                emit_waiting()
            emit(line.text.rstrip(HYPHEN))
            before, edge = line, edges[at]
    emit("\n")
    emit_waiting()
    return "".join(parts), tuple(removed)


def _right_edges(lines: Sequence[Line]) -> list[float]:
    """For each line, how far right its column reaches, by the lines that begin near its left and the next one."""
    edges = []
    for at, line in enumerate(lines):
        near = [other for other in lines[max(0, at - 6) : at + 7] if abs(other.left - line.left) < 4 * line.height]
        below = [other for other in lines[at + 1 : at + 2] if other.left < line.right and other.bottom < line.bottom]
        edges.append(max(other.right for other in [*near, *below]))
    return edges


def _usual_gap(lines: Sequence[Line]) -> float:
    """The median distance from line to line."""
    gaps = sorted(gap for a, b in pairwise(lines) if (gap := a.bottom - b.bottom) > 0)
    return gaps[len(gaps) // 2] if gaps else 0.0


def _goes_on(line: Line, following: Line, edge: float, gap: float | None) -> bool:
    """Whether a line ends inside a paragraph; `gap` is None where the following line is on another page."""
    if line.text.endswith(HYPHEN) or following.text[0] in _CLOSING:
        return True
    if line.text[-1].isascii() and following.text[0].islower() and (gap is None or line.bottom - following.bottom > 0):
        return True
    if _TERMINAL.search(line.text) or following.text.startswith("　　"):
        return False
    if _ITEM.match(following.text) or (_LABEL.match(line.text) and _LABEL.match(following.text)):
        return False
    if 1 < _columns(line.text) == _columns(following.text):
        return False
    if gap is not None and abs(line.left - following.left) > MOVED * line.height:
        return False
    if abs(line.height - following.height) > RESIZED * line.height:
        return False
    if gap is not None and line.bottom - following.bottom > GAP * gap:
        return False
    return line.right > edge - SHORT_LINE * line.height


def _columns(text: str) -> int:
    """How many cells a line has, if it is a row of a table; 0 for what may be a sentence."""
    return 0 if _PAUSE.search(text) or not _IDEOGRAPH.search(text) else len(text.split())


def _glue(before: str, after: str) -> str:
    """What stands between two lines that are joined: a blank but beside Chinese and within a number or a word."""
    if before.endswith(HYPHEN):
        return "" if before[-2:-1].islower() and after[0].islower() else "-"
    word = before.split()[-1]  # 0571-5556, but no column of figures
    number = word[-1].isdigit() and word.strip("0123456789.,%") and _IDEOGRAPH.search(before)
    within = (number and _REST_OF_NUMBER.match(after)) or _BROKEN_NUMBER.search(f"{before}\n{after}")
    return "" if within or _WIDE.match(before[-1]) or _WIDE.match(after[0]) else " "
