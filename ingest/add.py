"""Adding articles to a corpus: files, folders and web pages are copied into it, and nothing in it is overwritten."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from ingest.convert import SUFFIXES, convert, refuse_large, refuse_suffix
from ingest.fetch import Fetched, fetch
from ingest.load import NOT_ARTICLES, article_files, readable, refuse_name, refuse_unseen
from ingest.sidecar import sidecar_bytes, sidecar_of, sidecars_of
from rag.durable import write_new
from rag.errors import CorpusError

Outcome = Literal["added", "already there", "refused"]
MOST_ARTICLES = 100_000  # that a corpus folder takes
LONGEST_NAME = 60  # code points of the name of a saved page
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]+')


@dataclass(frozen=True)
class Added:
    """What became of one file or page: where it is in the corpus, or why it is not there (in Chinese)."""

    source: str
    outcome: Outcome
    path: Path | None = None
    reason: str = ""

    @property
    def failed(self) -> bool:
        """Whether it is not in the corpus."""
        return self.outcome == "refused"

    @property
    def message(self) -> str:
        """One line for the user."""
        match self.outcome:
            case "added":
                return f"已加入 {self.path}（来自 {self.source}）"
            case "already there":
                return f"已经在文章文件夹里：{self.path}（{self.source}）"
            case _:
                return f"没有加入 {self.source}：{self.reason}"

    def to_json(self) -> dict[str, Any]:
        """The fields, ready for json.dumps."""
        return asdict(self) | {"path": str(self.path) if self.path else None}


def add(sources: Sequence[str], corpus: Path, *, allow_urls: bool, most: int = MOST_ARTICLES) -> list[Added]:
    """Copy files, the files of folders, and pages at URLs into the corpus folder, which is made if it is missing.

    One outcome for each file, in order; what cannot be added is refused with a reason and the rest goes on.
    A folder keeps its name and its inner folders. README.md, SOURCES.md and hidden files are refused; those of a
    folder are left out.
    All are refused where the corpus has as many articles as it takes.
    """
    if corpus.is_dir() and len(article_files(corpus)) >= most:
        return [Added(source, "refused", reason=f"文章文件夹已有 {most:,} 篇文章，不再接收") for source in sources]
    return [outcome for source in sources for outcome in _add_source(source, corpus, allow_urls)]


def _add_source(source: str, corpus: Path, allow_urls: bool) -> Iterator[Added]:
    path = Path(source)
    if _URL.match(source):
        yield _outcome(source, partial(_add_url, source, corpus, allow_urls))
    elif not path.is_dir():
        yield _outcome(source, partial(_add_file, path, corpus, corpus))
    elif corpus.resolve().is_relative_to(path.resolve()):
        yield Added(source, "refused", reason="文章文件夹就在它里面，不能把它加进自己")
    else:
        yield from _add_folder(path, corpus)


def _add_folder(path: Path, corpus: Path) -> Iterator[Added]:
    try:
        files = article_files(path)
    except CorpusError as error:
        yield Added(str(path), "refused", reason=error.chinese)
        return
    for file in files:
        folder = corpus / path.resolve().name / file.parent.relative_to(path)
        yield _outcome(str(file), partial(_add_file, file, folder, corpus))
    if not files:
        yield Added(str(path), "refused", reason=f"这个文件夹里没有文章（可用的有 {'、'.join(sorted(SUFFIXES))}）")


def _outcome(source: str, work: Callable[[], tuple[Outcome, Path]]) -> Added:
    source = readable(source)
    try:
        outcome, path = work()
    except CorpusError as error:
        return Added(source, "refused", reason=error.chinese)
    except PermissionError:
        return Added(source, "refused", reason="没有读写权限，请检查权限")
    except OSError as error:
        return Added(source, "refused", reason=f"读写失败（{error.strerror}），请检查文件名和磁盘空间")
    return Added(source, outcome, path)


def _add_file(path: Path, folder: Path, corpus: Path) -> tuple[Outcome, Path]:
    refuse_name(path)
    refuse_unseen(path)
    refuse_suffix(path)
    if not path.is_file():
        raise CorpusError(f"{path} is no file: give an article file", f"{path.name} 不是普通文件")
    if path.resolve().is_relative_to(corpus.resolve()):
        return "already there", path
    refuse_large(path, path.stat().st_size)
    return _put(path.read_bytes(), path.name, folder, sidecar_bytes(path))


def _add_url(url: str, corpus: Path, allow_urls: bool) -> tuple[Outcome, Path]:
    if not allow_urls:
        raise CorpusError(
            f"{url} is not fetched: set YINJU_ALLOW_URLS=1 to allow it",
            "默认不联网抓取。确实要抓，请先设置 YINJU_ALLOW_URLS=1",
        )
    page = fetch(url)
    # Reading it now refuses what would only fail at the next ingest: mojibake, a scan, a page made by a script.
    title = convert(Path(page.name + page.suffix), page.content).metadata.get("title")
    return _put(page.content, page_name(page, title), corpus, _sidecar(page))


def page_name(page: Fetched, title: str | None) -> str:
    """The file name for a fetched page: its title, or the last part of its address."""
    for name in (title, page.name, "网页"):
        stem = " ".join(NOT_IN_NAMES.sub(" ", name or "").split())[:LONGEST_NAME].strip(". ")
        if stem and f"{stem}.md".lower() not in NOT_ARTICLES:
            return stem + page.suffix
    raise AssertionError("unreachable")


def _sidecar(page: Fetched) -> bytes:
    # A URL that passed fetch holds ASCII without quotes, backslashes or control characters: a TOML string as it is.
    return f'url = "{page.url}"\n'.encode()


def _put(content: bytes, name: str, folder: Path, sidecar: bytes | None) -> tuple[Outcome, Path]:
    """Write an article under the first name that is free, unless the same bytes stand under an earlier one."""
    folder.mkdir(parents=True, exist_ok=True)
    stem, suffix = Path(name).stem, Path(name).suffix
    number = 1
    while True:
        target = folder / (f"{stem}-{number}{suffix}" if number > 1 else name)
        # Articles are known by their name without its suffix: 文.md and 文.html would be the same one.
        rivals = named_alike(target)
        if target.exists() and target.is_file() and target.read_bytes() == content:
            return "already there", target
        if not rivals and not target.exists() and not sidecar_of(target) and write_new(target, content):
            if sidecar is not None:
                write_new(sidecars_of(target)[0], sidecar)
            return "added", target
        number += 1


def named_alike(target: Path) -> list[Path]:
    """The article files that have a name but for the suffix, also where that is written 报告.TXT or 报告.Txt."""
    spelled = [form for suffix in SUFFIXES for form in (suffix, suffix.upper(), f".{suffix[1:].title()}")]
    return [rival for suffix in spelled if (rival := target.with_suffix(suffix)).exists()]
