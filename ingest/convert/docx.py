"""DOCX: paragraphs, headings as "# " lines, list items numbered or as "- " lines, each row of a table as a line.

The rows of a table that has a head are those of Markdown.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.convert.converted import Converted, broken, sift
from ingest.convert.docx_numbers import Numbers
from ingest.convert.docx_words import WORD, boxes, children, visible, words
from ingest.convert.rows import Cell, markdown_rows
from rag.errors import CorpusError

LARGEST_UNPACKED = 256 * 2**20  # bytes of all parts together
LARGEST_PART = 64 * 2**20  # bytes of one part of text: its tree takes about ten times as much
_NOTES = {WORD + f"{name}Reference": name for name in ("footnote", "endnote")}
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
        lines = list(_lines(document.element.body, document, _notes(document), Numbers.of(document)))
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
    sizes = [part.file_size for part in parts if part.filename.lower().endswith((".xml", ".rels"))]
    if sum(part.file_size for part in parts) > LARGEST_UNPACKED or max(sizes, default=0) > LARGEST_PART:
        raise CorpusError(
            f"{path.name} unpacks to more than {LARGEST_UNPACKED:,} bytes: split it into several files",
            f"{path.name} 解压后太大：请拆成几个文件",
        )


def _notes(document: Any) -> dict[tuple[str, str], str]:
    """The footnotes and endnotes, by their kind and number."""
    from docx.oxml import parse_xml

    notes = {}
    for part in (relation.target_part for relation in document.part.rels.values() if not relation.is_external):
        if str(part.partname) in ("/word/footnotes.xml", "/word/endnotes.xml"):
            for note in children(parse_xml(part.blob), *_NOTES.values()):
                kind = note.tag.removeprefix(WORD)
                notes[kind, note.get(WORD + "id", "")] = " ".join(words(note).split())
    return notes


def _lines(body: Any, document: Any, notes: dict[tuple[str, str], str], numbers: Numbers) -> Iterator[str]:
    """The lines of a body or a text box, in order; what a table holds is one line a row.

    A note is a line below what it is a note to. It is taken from `notes`: a hostile file refers to one a million times.
    """
    for element in children(body, "p", "tbl"):
        if element.tag == WORD + "p":
            yield _paragraph(element, document, numbers)
            for box in boxes(element):
                yield from _lines(box, document, notes, numbers)
        else:
            yield from _table(element)
        for part in visible(element):
            if (kind := _NOTES.get(part.tag)) and (note := notes.pop((kind, part.get(WORD + "id", "")), "")):
                yield note


def _table(table: Any) -> Iterator[str]:
    """The rows of a table, as those of Markdown where its first rows are its head."""
    rows = list(_rows(table))
    marked = [row.find(f"{WORD}trPr/{WORD}tblHeader") is not None for row in children(table, "tr")]
    heads = marked.index(False) if False in marked else 0
    if not heads and _sets_first_row_apart(table) and _names_columns(rows):
        heads = 1
    with_head = markdown_rows(rows[:heads], rows[heads:]) if heads else []
    yield from with_head or [" | ".join(cell.text for cell in row) for row in rows]


def _rows(table: Any) -> Iterator[list[Cell]]:
    """The rows of a table; a cell that goes on with the one above says its words again."""
    above: dict[int, str] = {}
    for row in children(table, "tr"):
        before = row.find(f"{WORD}trPr/{WORD}gridBefore")
        at = int(before.get(WORD + "val", "0")) if before is not None else 0
        cells = [Cell("", at)] if at > 0 else []
        for cell in children(row, "tc"):
            text = " ".join(_cell_text(cell).split())
            merged, span = (cell.find(f"{WORD}tcPr/{WORD}{name}") for name in ("vMerge", "gridSpan"))
            if merged is not None and merged.get(WORD + "val", "continue") == "continue":
                text = above.get(at, "")
            above[at] = text
            cells.append(Cell(text, max(1, int(span.get(WORD + "val", "1"))) if span is not None else 1))
            at += cells[-1].columns
        yield cells


def _cell_text(cell: Any) -> str:
    return " ".join([words(cell), *map(_cell_text, boxes(cell))])


def _sets_first_row_apart(table: Any) -> bool:
    look = table.find(f"{WORD}tblPr/{WORD}tblLook")
    if look is None:
        return False
    stated = look.get(WORD + "firstRow")
    return stated in ("1", "true", "on") if stated else bool(int(look.get(WORD + "val", "0"), 16) & 0x20)


def _names_columns(rows: list[list[Cell]]) -> bool:
    """Whether the first row names what others say in figures: Word sets that of nearly every table apart."""
    figures = [any(char.isdigit() for cell in row for char in cell.text) for row in rows]
    named = len(rows[0]) > 1 and all(cell.text for cell in rows[0]) if rows else False
    return named and not figures[0] and any(figures)


def _paragraph(element: Any, document: Any, numbers: Numbers) -> str:
    """The words of a paragraph with its number, without those of the text boxes that hang on it."""
    from docx.text.paragraph import Paragraph

    style = Paragraph(element, document._body).style
    names = f"{style.name or ''} {style.style_id or ''}" if style is not None else ""
    text = words(element)
    number = numbers.next(element, style) if text.strip() else ""
    prefix = ""
    if match := _HEADING.search(names):
        prefix = "#" * min(int(match[1]), 6) + " "
    elif names.split()[:1] == ["Title"]:
        prefix = "# "
    elif not number and ("List" in names or element.find(f"{WORD}pPr/{WORD}numPr") is not None):
        prefix = "- "
    if (prefix or number) and text.strip():
        text = prefix + number + " ".join(text.split())
    return text
