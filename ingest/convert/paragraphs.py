"""The lines of PDF pages joined to paragraphs again, and the title among them."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise, takewhile

from ingest.convert.converted import WIDE
from rag.text import CJK
from rag.types import Removal, Span

HYPHEN = "\x02"  # at the end of a line: of a word that the layout broke, or its own
SHORT_LINE = 2.5  # letter heights that a line may end before the column does and still go on
GAP, RESIZED, MOVED = 1.5, 0.3, 4  # a gap of so many usual ones, another height, another left end a paragraph
# The letters of a title are so many times the usual ones, of one height but for such a part, and the largest of the
# page is no more than so many times theirs; it stands within the first lines, and has so many lines and code points.
LARGER, ALIKE, NEXT, TITLE_WITHIN, MOST_TITLE_LINES, LONGEST_TITLE = 1.15, 0.08, 1.3, 6, 3, 60
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


def title_lines(pages: Sequence[Sequence[Line]], furniture: Collection[tuple[int, int]]) -> list[Line]:
    """The lines of large letters at the top of the first page; none where they are no larger than most.

    They may be what later pages repeat in smaller letters.
    """
    usual = _usual_height(pages)
    repeated = {line.text: line.height for page in pages[1:] for line in page}
    page = [
        line
        for place, line in enumerate(pages[0])
        if any(char.isalpha() for char in line.text)
        and ((0, place) not in furniture or line.height >= LARGER * repeated.get(line.text, line.height))
    ]
    largest = max((line.height for line in page), default=0)
    start = next((at for at, line in enumerate(page) if line.height * NEXT >= largest), 0)
    title = list(takewhile(lambda line: abs(line.height - page[start].height) <= ALIKE * line.height, page[start:]))
    if not title or title[0].height < LARGER * usual or start >= TITLE_WITHIN or len(title) > MOST_TITLE_LINES:
        return []
    told = any(_TERMINAL.search(line.text) for line in page[:start]) or any(_ITEM.match(line.text) for line in title)
    return [] if told or sum(len(line.text) for line in title) > LONGEST_TITLE else title


def _usual_height(pages: Sequence[Sequence[Line]]) -> float:
    """The median height of the letters."""
    lines = sorted((line for page in pages for line in page), key=lambda line: line.height)
    middle = sum(len(line.text) for line in lines) / 2
    ends = accumulate(len(line.text) for line in lines)
    return next((line.height for line, end in zip(lines, ends, strict=True) if end >= middle), 0.0)


def join_lines(
    pages: Sequence[Sequence[Line]], furniture: dict[tuple[int, int], str], title: Sequence[Line] = ()
) -> tuple[str, tuple[Removal, ...], Span | None]:
    """The text, a paragraph a line, and where the title stands in it.

    The furniture of a page stands after the paragraph that runs across it.
    """
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
    span: Span | None = None
    titled = False
    for number, page in enumerate(pages):
        body = [line for place, line in enumerate(page) if (number, place) not in furniture]
        edges, gap = _right_edges(body), _usual_gap(body)
        for place, line in enumerate(page):
            if rule := furniture.get((number, place)):
                waiting.append((line.text.replace(HYPHEN, "-"), rule))
        for at, line in enumerate(body):
            titled, was_titled = number == 0 and line in title, titled
            if before is not None:
                within = titled or _goes_on(before, line, edge, gap if at else None)
                if titled == was_titled and within:
                    emit(_glue(before.text, line.text))
                else:
                    emit("\n")
                    emit_waiting()
            elif waiting:
                emit_waiting()
            start = length
            emit(line.text.rstrip(HYPHEN))
            if titled:
                span = (span[0] if span else start, length)
            before, edge = line, edges[at]
    emit("\n")
    emit_waiting()
    return "".join(parts), tuple(removed), span


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
