"""PDF: the lines of its pages, as PDFium finds them.

pypdfium2 (PDFium, the parser of Chromium) and not pypdf: it knows where each character stands, and it reads Chinese
fonts that are not embedded.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ingest.convert.converted import Converted, broken, raised, sift
from ingest.convert.page_furniture import page_furniture
from ingest.convert.paragraphs import HYPHEN, Line, join_lines, title_lines
from rag.errors import CorpusError

MOST_PAGES = 5_000
FEWEST_LETTERS = 5  # on a page that is not taken for a picture
PRIVATE_SHARE = 0.3  # of private-use characters: the font does not say what its glyphs mean
SMALLER, HIGHER = 0.8, 0.25  # heights of the letter before it, of a superscript and of how far it is above the line

Box = tuple[float, float, float, float]  # left, bottom, right and top of a letter

_LOCK = threading.Lock()  # PDFium is not safe to use from two threads
_HYPHENS = (HYPHEN, "\ufffe")  # how PDFium gives a hyphen at the end of a line


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
    furniture = page_furniture([[line.text for line in page] for page in pages])
    large = title_lines(pages, furniture)
    furniture = {
        (page, place): rule for (page, place), rule in furniture.items() if page or pages[0][place] not in large
    }
    text, removed, title = join_lines(pages, furniture, large)
    fields = (("title", stated.get("Title")), ("author", stated.get("Author")), ("tags", stated.get("Keywords")))
    return Converted(text, removed, sift(fields), converted=True, title=title)


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
        if char in _HYPHENS:
            chars.append(HYPHEN)
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
