"""DOCX: paragraphs, headings as "# " lines, list items as "- " lines, each row of a table as a line.

The rows of a table that has a head are those of Markdown.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.convert.converted import Converted, broken, sift
from ingest.convert.formula import MATH, formula_text
from ingest.convert.rows import Cell, markdown_rows
from rag.errors import CorpusError

LARGEST_UNPACKED = 256 * 2**20  # bytes of all parts together
LARGEST_PART = 64 * 2**20  # bytes of one part of text: its tree takes about ten times as much
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_BOX = _WORD + "txbxContent"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"  # says a text box again
_WRAPPERS = {_WORD + name for name in ("sdt", "sdtContent", "customXml", "ins")}
_UNSEEN = {*(_WORD + name for name in ("del", "moveFrom", "pPr", "rPr")), _FALLBACK}
_SPACES = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_HEADING = re.compile(r"(?i)(?:heading|标题)\s*([1-9])")
_OLE = b"\xd0\xcf\x11\xe0"  # how .doc files and DOCX files with a password begin


def convert_docx(path: Path, content: bytes) -> Converted:
    """The text of a DOCX file. Raises CorpusError where it cannot be read."""
    import docx

    if content.startswith(_OLE):
        raise CorpusError(
            f"{path.name} has a password or is an old .doc file: save it as .docx without a password",
            f"{path.name} 加了密码，或者是旧的 .doc 格式：请去掉密码，另存为 .docx",
        )
    _refuse_bomb(path, content)
    try:
        document = docx.Document(io.BytesIO(content))
        lines = list(_lines(document.element.body, document))
        properties = document.core_properties
        stated = [("title", properties.title), ("author", properties.author), ("tags", properties.keywords)]
    except CorpusError:
        raise
    except Exception as error:  # python-docx raises whatever a damaged part makes it stumble over
        raise broken(path, "DOCX", error) from error
    return Converted("\n".join(lines) + "\n", (), sift(stated), converted=True)


def _refuse_bomb(path: Path, content: bytes) -> None:
    """Raises CorpusError for what is no zip archive or would unpack to too much; zipfile reads no more than stated."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise broken(path, "DOCX", error) from error
    texts = [part.file_size for part in parts if part.filename.lower().endswith((".xml", ".rels"))]
    if sum(part.file_size for part in parts) > LARGEST_UNPACKED or max(texts, default=0) > LARGEST_PART:
        raise CorpusError(
            f"{path.name} unpacks to more than {LARGEST_UNPACKED:,} bytes: split it into several files",
            f"{path.name} 解压后太大：请拆成几个文件",
        )


def _lines(body: Any, document: Any) -> Iterator[str]:
    """The lines of a body or a text box, in order; what a table holds is one line a row."""
    for element in _children(body, "p", "tbl"):
        yield from _paragraph(element, document) if element.tag == _WORD + "p" else _table(element)


def _children(element: Any, *names: str) -> Iterator[Any]:
    """The children with one of the names, also those that a content control or the like wraps."""
    stack = list(reversed(element))
    while stack:
        child = stack.pop()
        if child.tag in _WRAPPERS:
            stack.extend(reversed(child))
        elif child.tag in {_WORD + name for name in names}:
            yield child


def _table(table: Any) -> Iterator[str]:
    """The rows of a table, as those of Markdown where its first rows are its head."""
    rows = list(_rows(table))
    marked = [row.find(f"{_WORD}trPr/{_WORD}tblHeader") is not None for row in _children(table, "tr")]
    heads = marked.index(False) if False in marked else 0
    if not heads and _sets_first_row_apart(table) and _names_columns(rows):
        heads = 1
    with_head = markdown_rows(rows[:heads], rows[heads:]) if heads else []
    yield from with_head or [" | ".join(cell.text for cell in row) for row in rows]


def _rows(table: Any) -> Iterator[list[Cell]]:
    """The rows of a table; a cell that goes on with the one above says its words again."""
    above: dict[int, str] = {}
    for row in _children(table, "tr"):
        cells: list[Cell] = []
        at = 0
        for cell in _children(row, "tc"):
            text = " ".join(_cell_text(cell).split())
            merged, span = (cell.find(f"{_WORD}tcPr/{_WORD}{name}") for name in ("vMerge", "gridSpan"))
            if merged is not None and merged.get(_WORD + "val", "continue") == "continue":
                text = above.get(at, "")
            above[at] = text
            cells.append(Cell(text, max(1, int(span.get(_WORD + "val", "1"))) if span is not None else 1))
            at += cells[-1].columns
        yield cells


def _cell_text(cell: Any) -> str:
    return " ".join(["".join(_texts(cell)), *map(_cell_text, _boxes(cell))])


def _sets_first_row_apart(table: Any) -> bool:
    look = table.find(f"{_WORD}tblPr/{_WORD}tblLook")
    if look is None:
        return False
    stated = look.get(_WORD + "firstRow")
    return stated in ("1", "true", "on") if stated else bool(int(look.get(_WORD + "val", "0"), 16) & 0x20)


def _names_columns(rows: list[list[Cell]]) -> bool:
    """Whether the first row names what others say in figures: Word sets that of nearly every table apart."""
    figures = [any(char.isdigit() for cell in row for char in cell.text) for row in rows]
    named = len(rows[0]) > 1 and all(cell.text for cell in rows[0]) if rows else False
    return named and not figures[0] and any(figures)


def _paragraph(element: Any, document: Any) -> Iterator[str]:
    """The lines of a paragraph, then those of the text boxes that hang on it."""
    from docx.text.paragraph import Paragraph

    style = Paragraph(element, document._body).style
    names = f"{style.name or ''} {style.style_id or ''}" if style is not None else ""
    prefix = ""
    if match := _HEADING.search(names):
        prefix = "#" * min(int(match[1]), 6) + " "
    elif names.split()[:1] == ["Title"]:
        prefix = "# "
    elif "List" in names or element.find(f"{_WORD}pPr/{_WORD}numPr") is not None:
        prefix = "- "
    text = "".join(_texts(element))
    if prefix and text.strip():
        text = prefix + " ".join(text.split())
    yield text
    for box in _boxes(element):
        yield from _lines(box, document)


def _texts(element: Any) -> Iterator[str]:
    """The visible text of an element without that of its text boxes."""
    for part in _visible(element):
        if part.tag == _WORD + "t":
            yield part.text or ""
        elif part.tag == MATH + "oMath":
            yield formula_text(part)
        elif part.tag == _WORD + "p":
            yield " "
        elif isinstance(part.tag, str):
            yield _SPACES.get(part.tag.removeprefix(_WORD), "")


def _boxes(element: Any) -> Iterator[Any]:
    """The text boxes that hang on an element, but not on another text box."""
    return (part for part in _visible(element) if part.tag == _BOX)


def _visible(element: Any) -> Iterator[Any]:
    """The parts of an element in order, without those of its text boxes and formulas and without what is deleted."""
    stack = list(reversed(element))
    while stack:
        part = stack.pop()
        if part.tag not in _UNSEEN:
            yield part
            if part.tag not in (_BOX, MATH + "oMath"):
                stack.extend(reversed(part))
