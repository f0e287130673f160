"""From the bytes of a file of any form to its text, with what is not main text marked and what the file says of itself.

The libraries that read a form are imported only where a file of that form is met.
"""

from pathlib import Path

from ingest.convert.converted import Converted
from ingest.decode import decode, refuse_unreadable
from rag.errors import CorpusError

__all__ = ["LARGEST_FILE", "SUFFIXES", "Converted", "convert", "refuse_large", "refuse_suffix"]

LARGEST_FILE = 64 * 2**20  # bytes; pictures make a PDF or a page large
LONGEST_TEXT = 5_000_000  # code points, several books: embedding them takes about twenty minutes
SUFFIXES = {".md", ".markdown", ".txt", ".html", ".htm", ".pdf", ".docx"}


def convert(path: Path, content: bytes) -> Converted:
    """The text of a file with the given bytes; only the name of `path` is looked at.

    Raises CorpusError where the form is not read, the file is damaged, too large or empty, or its text is mojibake.
    """
    refuse_large(path, len(content))
    refuse_suffix(path)
    match path.suffix.lower():
        case ".md" | ".markdown" | ".txt":
            from ingest.convert.markdown import convert_markdown

            converted = convert_markdown(decode(content, path.name))
            _refuse_long(path, converted.text)
            return converted
        case ".html" | ".htm":
            from ingest.convert.html import convert_html

            converted = convert_html(path, content)
        case ".pdf":
            from ingest.convert.pdf import convert_pdf

            converted = convert_pdf(path, content)
        case _:  # .docx
            from ingest.convert.docx import convert_docx

            converted = convert_docx(path, content)
    _refuse_long(path, converted.text)
    refuse_unreadable(converted.text, path.name)
    return converted


def _refuse_long(path: Path, text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise CorpusError(
            f"{path.name} has {len(text):,} characters, more than {LONGEST_TEXT:,}: split it into several files",
            f"{path.name} 有 {len(text):,} 个字，超过一篇文章的上限 {LONGEST_TEXT:,}：请拆成几个文件",
        )


def refuse_suffix(path: Path) -> None:
    """Raises CorpusError for a file of a form that is not read."""
    suffix = path.suffix
    if suffix.lower() not in SUFFIXES:
        raise CorpusError(
            f"{path.name}: {suffix or 'a file without suffix'} is not read; save it as .docx, .md or .txt",
            f"{path.name}：不支持{f' {suffix} 文件' if suffix else '没有后缀的文件'}，请另存为 .docx、.md 或 .txt",
        )


def refuse_large(path: Path, size: int) -> None:
    """Raises CorpusError where a file has too many bytes."""
    if size > LARGEST_FILE:
        raise CorpusError(
            f"{path.name} has {size:,} bytes, more than {LARGEST_FILE:,}: split it into several files",
            f"{path.name} 太大（{size / 2**20:.0f} MB，最多 {LARGEST_FILE >> 20} MB）：请拆成几个文件",
        )
