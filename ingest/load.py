"""From a file to a cleaned article."""

import re
from datetime import date
from pathlib import Path

from ingest.clean import find_removals, read_metadata
from rag.errors import CorpusError
from rag.types import Article, Removal

SUFFIXES = {".md", ".markdown", ".txt"}
NOT_ARTICLES = {"sources.md", "readme.md"}
LONGEST_TITLE = 40  # code points of a first line that is taken for a title
_TITLE_MARKS = re.compile(r"^\s*#{1,6}\s+|\*\*|`")
_TITLE_LINE = re.compile(r"\A\s*([^\n]+)\n[ \t\u00a0\u3000]*\n")


def article_files(corpus: Path) -> list[Path]:
    """The files of a corpus folder that should be articles, sorted. Raises CorpusError without such a folder.

    Hidden files, README.md and SOURCES.md are none; a link to nothing is one, so that reading it is reported.
    """
    if not corpus.is_dir():
        raise CorpusError(f"there is no folder {corpus}: create it and put articles (.md, .txt) into it")
    files = (path for path in corpus.rglob("*") if path.is_file() or (path.is_symlink() and not path.exists()))
    return sorted(
        path
        for path in files
        if path.name.lower() not in NOT_ARTICLES
        and not any(part.startswith(".") for part in path.relative_to(corpus).parts)
    )


def article_id(path: Path, corpus: Path) -> str:
    """Path inside the corpus without its suffix, with / between folders."""
    return path.relative_to(corpus).with_suffix("").as_posix()


def read_bytes(path: Path) -> bytes:
    """The bytes of an article file. Raises CorpusError where it cannot be one."""
    if path.suffix.lower() not in SUFFIXES:
        raise CorpusError(f"{path.name}: {path.suffix or 'a file without suffix'} is not read; save it as .md or .txt")
    try:
        return path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path.name} cannot be read ({error.strerror}): check its permissions") from error


def decode(content: bytes, name: str) -> str:
    """The text of a file, every line end a line feed. Raises CorpusError where it is not UTF-8 text or is empty."""
    try:
        raw = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(f"{name} is not UTF-8 text (byte {error.start}): convert it to UTF-8") from error
    if "\0" in raw:
        raise CorpusError(f"{name} is not text: it holds zero bytes")
    if not any(char.isalnum() for char in raw):
        raise CorpusError(f"{name} is empty: there is nothing to index")
    return raw.replace("\r\n", "\n").replace("\r", "\n")


def load_article(path: Path, corpus: Path, content: bytes) -> Article:
    """The article of a file with the given bytes, cleaned. Raises CorpusError where nothing is left to index."""
    raw = decode(content, path.name)
    metadata = read_metadata(raw)
    removals = find_removals(raw)
    if "title" not in metadata and (title := _first_line_title(raw)):
        metadata["title"] = _TITLE_MARKS.sub("", title.group(1)).strip()
        removals = _remove_title(removals, title)
    article = Article(
        id=article_id(path, corpus),
        source_path=path.relative_to(corpus).as_posix(),
        raw=raw,
        removed=removals,
        title=metadata.get("title") or path.stem,
        author=metadata.get("author"),
        publisher=metadata.get("publisher"),
        published=_real_date(metadata.get("published")),
        url=metadata.get("url"),
        tags=_tags(metadata.get("tags", "")),
    )
    if not any(char.isalnum() for char in article.text):
        raise CorpusError(f"{path.name} holds nothing but furniture: there is nothing to index")
    return article


def _first_line_title(raw: str) -> re.Match[str] | None:
    """A short first line without a full stop, followed by an empty line."""
    match = _TITLE_LINE.match(raw)
    if (
        match
        and len(match[1].strip()) <= LONGEST_TITLE
        and not match[1].rstrip().endswith(("。", "；", "，", ",", "：", ":"))
    ):
        return match
    return None


def _remove_title(removals: tuple[Removal, ...], title: re.Match[str]) -> tuple[Removal, ...]:
    start, end = title.span(1)
    others = [r for r in removals if r.end <= start or r.start >= end]
    return tuple(sorted([*others, Removal(start, end, "title", "first-line")], key=lambda r: r.start))


def _real_date(value: str | None) -> str | None:
    try:
        return date.fromisoformat(value).isoformat() if value else None
    except ValueError:
        return None


def _tags(value: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag for tag in re.split(r"[`,，、\s]+", value) if tag))
