"""From a file to a cleaned article."""

import hashlib
import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

from ingest.bylines import find_publisher, states_metadata
from ingest.chunk import DOCUMENT_NUMBER, find_headings, quotable_sentences
from ingest.clean import find_removals, read_metadata
from ingest.convert import SUFFIXES, convert, refuse_large, refuse_suffix
from ingest.damage import find_damage
from ingest.datelines import PRESS
from ingest.metadata import gather
from ingest.sidecar import is_sidecar, read_sidecar, sidecar_bytes
from rag.article import kept_stretches
from rag.errors import CorpusError, unreadable
from rag.text import CJK
from rag.types import Article, Removal, Span

NOT_ARTICLES = {"sources.md", "readme.md", "aliases.toml"}
LONGEST_TITLE = 40  # code points of a first line that is taken for a title
LINES_ABOVE = 3  # of date, author and source that may stand above a title
STEADY_TRIES = 3  # readings of a file that is being written
_TITLE_LABEL = re.compile(r"^\s*标题\s?[:：]\s*(?=\S)")
_UNDERLINE = re.compile(r"\s{0,3}(?:={3,}|-{3,})\s*")
_TITLE_LINE = re.compile(r"\s*(?P<title>[^\n]+)(?:\n(?P<next>[^\n]*)(?=\n))?")
_HEADING_MARK = re.compile(r"[ \t]*#{1,6}[ \t]")
_SENTENCE = re.compile(  # a whole one, also where it ends within quotes; one that cries out is, when it says a day
    rf".*(?:[。；，,：:]|(?<=[{CJK}])[.．｡]|\d[日号]\D.*[！!])[”’」』\"'）)]*"
)
_NO_TITLE = re.compile(  # of the largest letters: a sentence, a letterhead, the head of a newspaper, a page number
    rf"{_SENTENCE.pattern}|.*文\s?件|.{{0,8}}(?:{PRESS.pattern})|[\W\d_]*"
)
_NOTICE_TITLE = re.compile(  # the line that names an official notice, below its letterhead and number
    rf"\s*(?:[^\n。]{{0,40}}(?:[局委办厅部院府处室司会团心校学社]\s?文\s?件|{DOCUMENT_NUMBER})"
    r"|(?P<listed>(?:[^\n。]{0,60}\s)?(?:[A-Z]股|证券|股票)?(?:代码|公告编号)\s?[:：][^\n。]{1,60}))[^\S\n]*\n(?:[^\n]*\n){0,6}?"
    r"[^\S\n]*(?P<title>[^\n。，；]{0,30}关于[^\n。]{2,80}的(?:通知|意见|办法|公告|决定|通报|函|批复|方案|通告)"
    r"(?:[(（][^\n()（）]{1,8}[)）])?|(?(listed)(?!特此)[^\n。，；：:]{2,38}公告|(?!)))[^\S\n]*(?=\n)"
)
_NUMBERED = re.compile(r"\s*(?:第?[一二三四五六七八九十\d]{1,3}[、.．)）章节部])")
_NAMES_ITSELF = re.compile(r"[^。，；：:！？]{2,}(?:公告|通知|报告|办法|方案)")
_PAIRS = re.compile(  # 证券代码：688000　公告编号：2025-031
    rf"(?:[{CJK}]{{2,8}}\s?[:：]\s*[^\s:：]+(?:\s+|\Z)){{2,}}|[{CJK}]{{0,6}}(?:代码|编号|文号)\s?[:：]\s*[^\s:：]+"
)


def article_files(corpus: Path) -> list[Path]:
    """The files of a corpus folder that should be articles, sorted. Raises CorpusError without such a folder.

    Hidden files, sidecars, README.md and SOURCES.md are none; a link to nothing and a folder that cannot be listed
    are among them, so that reading them is reported. Linked folders are followed, each folder once.
    """
    with suppress(PermissionError):  # below a closed folder, which walk() tells too
        if not corpus.is_dir():
            raise CorpusError(
                f"there is no folder {corpus}: create it and put articles into it",
                f"没有文件夹 {corpus}：请先建好，再把文章放进去",
            )
    files = sorted(path for path in walk(corpus) if path.name.lower() not in NOT_ARTICLES and not is_sidecar(path))
    if corpus in files:
        raise CorpusError(
            f"the folder {corpus} cannot be listed: check its permissions", f"文件夹 {corpus} 打不开：请检查权限"
        )
    return files


def walk(corpus: Path) -> Iterator[Path]:
    """Every file that is not hidden, and every folder that cannot be listed; a loop of links is walked once."""
    seen = set()
    closed: list[OSError] = []
    for folder, folders, names in os.walk(corpus, followlinks=True, onerror=closed.append):
        try:
            status = Path(folder).stat()
        except OSError as error:
            closed.append(error)
            folders.clear()
            continue
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in names if not name.startswith(".") and _is_file(Path(folder, name)))
    # A folder that went meanwhile is gone, like a file.
    yield from (Path(error.filename) for error in closed if not isinstance(error, FileNotFoundError))


def _is_file(path: Path) -> bool:
    """Whether an entry of a folder is a file, a link to nothing, or what cannot be told: reading it says why."""
    try:
        return path.is_file() or is_link_to_nothing(path)
    except OSError:
        return True


def is_link_to_nothing(path: Path) -> bool:
    """Whether a path is such a link; False of what may not be looked at."""
    try:
        return path.is_symlink() and not path.exists()
    except OSError:
        return False


def article_id(path: Path, corpus: Path) -> str:
    """Path inside the corpus without its suffix, with / between folders."""
    return path.relative_to(corpus).with_suffix("").as_posix()


def owners(files: Iterable[Path], corpus: Path, indexed: Mapping[str, str]) -> dict[str, Path]:
    """The file that each id belongs to: of several, the one whose path is `indexed` under the id, else the first."""
    found: dict[str, Path] = {}
    for path in files:
        id_ = article_id(path, corpus)
        if path.suffix.lower() in SUFFIXES and (
            id_ not in found or path.relative_to(corpus).as_posix() == indexed.get(id_)
        ):
            found[id_] = path
    return found


def read_bytes(path: Path) -> bytes:
    """The bytes of an article file. Raises CorpusError where it cannot be one, or is being written."""
    refuse_undecoded(Path(path.name))
    refuse_unseen(path)
    refuse_suffix(path)
    try:
        for _ in range(STEADY_TRIES):
            before = path.stat()
            refuse_large(path, before.st_size)
            content = path.read_bytes()
            after = path.stat()
            unchanged = (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)
            if unchanged and after.st_size == len(content):
                return content
    except OSError as error:
        raise unreadable(path, error) from error
    raise CorpusError(
        f"{path.name} changes while it is read: run again when it is finished",
        f"{path.name} 正在被写入：写完后请再运行一次",
    )


def readable(name: str) -> str:
    """A name or a path in characters that can be printed; bytes that are no UTF-8 become question marks."""
    return name.encode(errors="replace").decode()


def refuse_name(path: Path) -> None:
    """Raises CorpusError for a name that article_files() leaves out, or that is not UTF-8."""
    refuse_undecoded(Path(path.name))
    if path.name.lower() in NOT_ARTICLES:
        raise CorpusError(
            f"{path.name} is the name of a list, not of an article: rename it", f"{path.name} 不能作文章名：请改名"
        )
    if path.name.startswith("."):
        raise CorpusError(
            f"{path.name} is hidden and never read: rename it", f"{path.name} 是隐藏文件，不会被读取：请改名"
        )


def refuse_undecoded(path: Path) -> None:
    """Raises CorpusError for a path inside the corpus that is not UTF-8."""
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        name = readable(path.as_posix())
        raise CorpusError(f"{name}: the name is not UTF-8: rename it", f"{name}：名称不是 UTF-8，请改名") from error


def refuse_unseen(path: Path) -> None:
    """Raises CorpusError for what is not there, cannot be looked at, or is a folder."""
    try:
        folder = stat.S_ISDIR(path.stat().st_mode)
    except FileNotFoundError as error:
        raise CorpusError(*_absent_messages(path)) from error
    except OSError as error:
        raise unreadable(path, error) from error
    if folder:
        raise CorpusError(
            f"{path.name} is a folder that cannot be listed: check its permissions",
            f"{path.name} 是打不开的文件夹：请检查权限",
        )


def _absent_messages(path: Path) -> tuple[str, str]:
    if path.is_symlink():
        return f"{path.name} is a link to nothing: mend or remove it", f"{path.name} 是断开的链接：请改正或删除"
    return f"{path.name} does not exist: check the name", f"{path.name} 不存在：请检查文件名"


@cache
def cleaner_version() -> str:
    """Changes whenever the same file might be read or cleaned otherwise: with any rule or line of this package."""
    package = Path(__file__).parent
    parts = sorted([*package.rglob("*.py"), *package.rglob("*.toml")])
    return hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()[:12]


def digest_of(path: Path, content: bytes) -> str:
    """Changes whenever the article of a file might: with its bytes, its suffix, its sidecar and the cleaner."""
    beside = sidecar_bytes(path) or b""
    parts = (cleaner_version().encode(), path.suffix.encode(), hashlib.sha256(content).digest(), beside)
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def load_article(
    path: Path, corpus: Path, content: bytes, learned: Collection[str] = (), sidecar: Mapping[str, str] | None = None
) -> Article:
    """The article of a file with the given bytes, cleaned, without the lines whose keys are in `learned`.

    `sidecar` is what it says, {} for none; None where it is to be read beside the file. Raises CorpusError where
    nothing is left to index.
    """
    converted = convert(path, content)
    raw = converted.text
    stated = read_metadata(raw)
    removals = find_removals(raw, converted.removed, learned)
    known = converted.metadata | stated
    title = converted.title
    if "title" not in known:
        title = _title_span(raw, removals, title, names_itself=path.suffix.lower() == ".pdf")
    elif title and _title_words(raw, removals, title) != known["title"]:
        title = None
    first_line = _title_words(raw, removals, title) if title else None
    if title:
        removals = _remove_title(removals, title)
    if sidecar is None:
        sidecar = read_sidecar(path)
    fields, provenance = gather(
        raw, path, sidecar=sidecar, converted=converted.metadata, rules=stated, first_line=first_line
    )
    article = Article(
        id=article_id(path, corpus),
        source_path=path.relative_to(corpus).as_posix(),
        raw=raw,
        removed=removals,
        **fields,
        provenance=provenance,
        converted=converted.converted,
    )
    sentences = quotable_sentences(article, find_headings(article))
    empty = not any(char.isalnum() for char in article.text)
    if empty and not first_line:
        raise CorpusError(
            f"{path.name} holds nothing but furniture: there is nothing to index",
            f"{path.name} 只有广告、导航之类，没有可索引的正文",
        )
    if empty or not sentences:
        raise CorpusError(
            f"{path.name} holds nothing but headings: there is no sentence to index",
            f"{path.name} 只有标题，没有可索引的句子",
        )
    return replace(article, flags=find_damage(article.text, sentences))


def _title_span(raw: str, removals: tuple[Removal, ...], largest: Span | None, *, names_itself: bool) -> Span | None:
    """The line that names an official notice, else the `largest` letters at the top, else a short first line.

    None is a whole sentence. The first line is a heading: without the mark of one or the label 标题：, it stands above
    an empty line or what is said of the article: a date, an author, a source.
    Labels with their values are none. Where a line may name itself (a PDF has no empty lines), its last word is enough.
    """
    start = 0
    for removal in removals:
        if removal.start > start:
            break
        start = removal.end
    if notice := _NOTICE_TITLE.match(raw, start):
        return notice.span("title")
    if largest and not _NO_TITLE.fullmatch(_title_words(raw, removals, largest)):
        return largest
    return _title_line(raw, removals, start, names_itself=names_itself)


def _title_line(raw: str, removals: tuple[Removal, ...], start: int, *, names_itself: bool) -> Span | None:
    """The first line that is a title, below at most LINES_ABOVE lines that state metadata; no numbered line there.

    The name of the publisher, as the file states it elsewhere, above a dateline is one only where no other follows.
    """
    publisher: Span | None = None
    for above in range(LINES_ABOVE + 1):
        match = _TITLE_LINE.match(raw, start)
        words = _title_words(raw, removals, match.span("title")) if match else ""
        if not match or not words or len(words) > LONGEST_TITLE or _SENTENCE.fullmatch(words):
            break
        below = match["next"]
        headed = below is not None and states_metadata(below)
        marked = _TITLE_LABEL.match(match["title"]) or _HEADING_MARK.match(
            raw, raw.rfind("\n", 0, match.start("title")) + 1
        )
        if not marked and not above and headed and words == find_publisher(raw):
            publisher = match.span("title")
        elif marked or not states_metadata(words):
            alone = headed or (below is not None and (not below.strip() or _UNDERLINE.fullmatch(below)))
            named = names_itself and _NAMES_ITSELF.fullmatch(words)
            other = _PAIRS.fullmatch(words) and not marked
            if other or (above and _NUMBERED.match(words)) or not (marked or alone or named):
                break
            return match.span("title")
        start = match.end("title")
    return publisher


def _title_words(raw: str, removals: tuple[Removal, ...], title: Span) -> str:
    """A title without its mark-up and the label 标题：."""
    start, end = title
    kept = kept_stretches(end, [r for r in removals if r.end <= end])
    words = "".join(raw[max(at, start) : at + length] for _, at, length in kept)
    return re.sub(r"\s*\n\s*", " ", _TITLE_LABEL.sub("", words).strip())


def _remove_title(removals: tuple[Removal, ...], title: Span) -> tuple[Removal, ...]:
    start, end = title
    others = [r for r in removals if r.end <= start or r.start >= end]
    return tuple(sorted([*others, Removal(start, end, "title", "first-line")], key=lambda r: r.start))
