"""PDF: the lines of the pages joined to paragraphs again, page numbers and running heads marked as furniture.

pypdfium2 (PDFium, the parser of Chromium) and not pypdf: it knows where each character stands, and it reads Chinese
fonts that are not embedded.
"""

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from ingest.convert.converted import Converted, broken, raised, sift
from ingest.convert.page_furniture import page_furniture
from rag.errors import CorpusError
from rag.text import CJK
from rag.types import Removal

MOST_PAGES = 5_000
FEWEST_LETTERS = 5  # on a page that is not taken for a picture
PRIVATE_SHARE = 0.3  # of private-use characters: the font does not say what its glyphs mean
SHORT_LINE = 2.5  # letter heights that a line may end before the column does and still go on
SMALLER, HIGHER = 0.8, 0.25  # heights of the letter before it, of a superscript and of how far it is above the line
GAP, RESIZED, MOVED = 1.5, 0.3, 4  # a gap of so many usual ones, another height, another left end a paragraph

Box = tuple[float, float, float, float]  # left, bottom, right and top of a letter

_LOCK = threading.Lock()  # PDFium is not safe to use from two threads
_TERMINAL = re.compile(r"(?:[。！？!?…]|(?<!\d)\.)[”’」』）)】》\"']*$")
_CJK = re.compile(r"[　-〿㐀-鿿豈-﫿！-｠“”‘’—…]")
_CLOSING = "）)】》」』”’。，；：、！？"  # what begins with one goes on
_IDEOGRAPH = re.compile(f"[{CJK}]")
_LABEL = re.compile(f"[{CJK}]{{1,8}}[:：]")
_REST_OF_NUMBER = re.compile(r"\d+(?![.、．)）\d])")  # but no number of an item
_HYPHEN = ("\x02", "\ufffe")  # how PDFium gives a hyphen at the end of a line


@dataclass(frozen=True)
class Line:
    """A line of a page; distances in points from the left and the bottom of the page, height that of its letters."""

    text: str
    left: float
    right: float
    bottom: float
    height: float


def convert_pdf(path: Path, content: bytes) -> Converted:
    """The text of a PDF file. Raises CorpusError where it has none, needs a password or is damaged."""
    import pypdfium2

    with _LOCK:
        try:
            document = pypdfium2.PdfDocument(content)
        except pypdfium2.PdfiumError as error:
            if "password" in str(error).lower():
                raise CorpusError(
                    f"{path.name} needs a password: save it without one",
                    f"{path.name} 有密码，打不开：请去掉密码再放进来",
                ) from error
            raise broken(path, "PDF", error) from error
        try:
            if len(document) > MOST_PAGES:
                raise CorpusError(
                    f"{path.name} has {len(document)} pages, more than {MOST_PAGES}: split it into several files",
                    f"{path.name} 有 {len(document)} 页，最多 {MOST_PAGES} 页：请拆成几个文件",
                )
            pages = [_lines(page) for page in document]
            stated = document.get_metadata_dict()
        except pypdfium2.PdfiumError as error:
            raise broken(path, "PDF", error) from error
        finally:
            document.close()
    _refuse_pictures(path, pages)
    text, removed = _compose(pages, page_furniture([[line.text for line in page] for page in pages]))
    fields = (("title", stated.get("Title")), ("author", stated.get("Author")), ("tags", stated.get("Keywords")))
    return Converted(text, removed, sift(fields), converted=True)


def _lines(page: Any) -> list[Line]:
    """The lines of a page in reading order, as PDFium finds them."""
    from pypdfium2.raw import FPDFText_GetUnicode

    text_page = page.get_textpage()
    lines: list[Line] = []
    chars: list[str] = []
    boxes: list[Box] = []
    beside: Box | None = None  # the last letter that stands on the line

    def close_line() -> None:
        nonlocal beside
        beside = None
        text = "".join(chars).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if text.strip() and boxes:
            lefts, bottoms, rights, tops = zip(*boxes, strict=True)
            lines.append(Line(text.strip(" \t"), min(lefts), max(rights), min(bottoms), max(tops) - min(bottoms)))
        chars.clear()
        boxes.clear()

    for index in range(text_page.count_chars()):
        char = chr(FPDFText_GetUnicode(text_page, index))
        if char in _HYPHEN:
            chars.append(_HYPHEN[0])
            close_line()
        elif char in "\r\n":
            close_line()
        elif char != "\0":
            box = text_page.get_charbox(index, loose=True)
            is_raised = beside is not None and _stands_above(box, beside)
            chars.append(raised(char) if is_raised else " " if char in "\t\xa0" else char)
            if box[2] > box[0]:
                boxes.append(box)
            if char.isalnum() and not is_raised:
                beside = box
    close_line()
    text_page.close()
    page.close()
    return lines


def _stands_above(box: Box, beside: Box) -> bool:
    height = beside[3] - beside[1]
    return box[3] - box[1] < SMALLER * height and box[1] - beside[1] > HIGHER * height


def _refuse_pictures(path: Path, pages: Sequence[Sequence[Line]]) -> None:
    texts = ["".join(line.text for line in page) for page in pages]
    letters = [sum(char.isalnum() for char in text) for text in texts]
    empty = sum(count < FEWEST_LETTERS for count in letters)
    if not any(letters) or 2 * empty > len(pages):
        raise CorpusError(
            f"{path.name} is scanned: {empty} of its {len(pages)} pages have no text; run it through text recognition",
            f"{path.name} 是扫描件，没有文字层（{len(pages)} 页中有 {empty} 页没有文字）：请先做文字识别（OCR）",
        )
    text = "".join(texts)
    if sum("\ue000" <= char <= "\uf8ff" for char in text) > PRIVATE_SHARE * len(text):
        raise CorpusError(
            f"{path.name} does not say which characters its glyphs are: save it again from its source",
            f"{path.name} 的字体没有文字编码，取出来是乱码：请从原处重新保存，或者先做文字识别（OCR）",
        )


def _compose(pages: Sequence[Sequence[Line]], furniture: dict[tuple[int, int], str]) -> tuple[str, tuple[Removal, ...]]:
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
                waiting.append((line.text.replace("\x02", "-"), rule))
        for at, line in enumerate(body):
            if before is not None:
                if _goes_on(before, line, edge, gap if at else None):
                    if not before.text.endswith("\x02"):
                        emit(_glue(before.text, line.text))
                else:
                    emit("\n")
                    emit_waiting()
            elif waiting:
                emit_waiting()
            emit(line.text.rstrip("\x02"))
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
    if line.text.endswith("\x02") or following.text[0] in _CLOSING:
        return True
    if line.text[-1].isascii() and following.text[0].islower() and (gap is None or line.bottom - following.bottom > 0):
        return True
    if _TERMINAL.search(line.text) or following.text.startswith("　　"):
        return False
    if _LABEL.match(line.text) and _LABEL.match(following.text):  # 价格：120元 above 重量：1.2公斤
        return False
    if gap is not None and abs(line.left - following.left) > MOVED * line.height:
        return False
    if abs(line.height - following.height) > RESIZED * line.height:
        return False
    if gap is not None and line.bottom - following.bottom > GAP * gap:
        return False
    return line.right > edge - SHORT_LINE * line.height


def _glue(before: str, after: str) -> str:
    """What stands between two lines that are joined: a blank but beside Chinese and within a number."""
    word = before.split()[-1]  # 0571-5556, but no column of figures
    number = word[-1].isdigit() and word.strip("0123456789.,%") and _IDEOGRAPH.search(before)
    within = number and _REST_OF_NUMBER.match(after)
    return "" if within or _CJK.match(before[-1]) or _CJK.match(after[0]) else " "
