"""What changed in the corpus since the published generation, and what of it cannot be indexed."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from ingest.convert import SUFFIXES
from ingest.failures import Failure, failed, read_failures, stamp_with_sidecars
from ingest.furniture import learned_of, line_numbers, repeated_lines, source_of
from ingest.load import (
    article_files,
    article_id,
    digest_of,
    load_article,
    owners,
    read_bytes,
    readable,
    refuse_undecoded,
    walk,
)
from ingest.loss import may_be_empty, published_articles, refuse_loss
from ingest.sidecar import SIDECAR, is_sidecar, strays
from rag.errors import CorpusError
from rag.library import IndexedFile
from rag.types import Article

READING = "读取文章"

Progress = Callable[[str, int, int], None]  # stage, done, of how many: files read, characters embedded


@dataclass
class Summary:
    """What one ingest did, or in a dry run would do. `embedded` counts sentences.

    `articles`, `chunks` and `generation` are those of the index; in a dry run of the one that is there.
    """

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: int = 0
    failures: dict[str, Failure] = field(default_factory=dict)
    articles: int = 0
    chunks: int = 0
    embedded: int = 0
    generation: int = 0
    seconds: float = 0.0
    dry_run: bool = False

    @property
    def failed(self) -> dict[str, str]:
        """The reason of every file that failed, by its path in the corpus."""
        return {path: failure.reason for path, failure in self.failures.items()}

    def to_json(self) -> dict[str, Any]:
        """The summary with counts instead of lists, and the lists beside them."""
        lists = {"added": self.added, "changed": self.changed, "removed": self.removed}
        counts = {**{name: len(ids) for name, ids in lists.items()}, "failed": len(self.failures)}
        rest = {name: value for name, value in asdict(self).items() if name not in (*lists, "failures")}
        rest["seconds"] = round(self.seconds, 2)
        return {**counts, **rest, "articles_by_change": lists, "failures": self.failed}

    def to_history(self) -> dict[str, Any]:
        """What the history of the index keeps of it."""
        names = ("added", "changed", "removed", "unchanged", "failed", "embedded", "seconds", "articles_by_change")
        return {name: value for name, value in self.to_json().items() if name in names}


@dataclass(frozen=True)
class Job:
    """A file to write into the next generation; `size` counts the characters that are to be embedded."""

    path: Path
    file: IndexedFile
    size: int


class _OtherFile(CorpusError):
    """What is wrong with a file is mended by a change of another one."""


class Comparison:
    """The corpus compared with what is published: `jobs` are to be written, by their ids."""

    def __init__(
        self,
        corpus: Path,
        index: Path,
        known: dict[str, IndexedFile],
        progress: Progress,
        *,
        patient: bool,
        files: list[Path] | None = None,
    ) -> None:
        self.corpus = corpus
        self.known = known
        self.before = read_failures(index)
        self.published = published_articles(index)
        self.progress = progress
        self.patient = patient
        self.files = article_files(corpus) if files is None else files
        self.owners = owners(self.files, corpus, self.published.paths)
        self.summary = Summary()
        self.jobs: dict[str, Job] = {}
        self.unchanged: dict[str, Path] = {}

    def compare(self, allow_shrink: bool) -> None:
        """Find what is added, changed and removed. Raises CorpusError where that must not be indexed."""
        for number, path in enumerate(self.files, 1):
            self.progress(READING, number, len(self.files))
            try:
                self._compare_file(path, article_id(path, self.corpus))
            except CorpusError as error:
                self._fail(path, error)
        for sidecar in strays(sorted(filter(is_sidecar, walk(self.corpus))), self.files):
            self._fail(sidecar, _OtherFile(*_stray_messages(sidecar)))
        gone = self.published.paths.keys() - self.owners.keys()
        self.summary.removed = sorted(id_ for id_ in gone if not self._is_unseen(id_))
        if self.jobs or self.summary.removed:
            self._learn()
        self.summary.unchanged = len(self.unchanged)
        self.refuse_loss(allow_shrink)

    def _is_unseen(self, id_: str) -> bool:
        """Whether a folder above the file of a published article failed, so that the file may still be there."""
        return any(
            folder.as_posix() in self.summary.failures for folder in PurePosixPath(self.published.paths[id_]).parents
        )

    def _compare_file(self, path: Path, id_: str) -> None:
        if path.suffix.lower() in SUFFIXES and (owner := self.owners[id_]) != path:
            raise _OtherFile(
                f"{path.name} and {owner.name} would have the same id {id_}: rename one",
                f"{path.name} 和 {owner.name} 去掉后缀后同名：请给其中一个改名",
            )
        failure = self.before.get(self._name(path))
        if self.patient and failure and failure.waits(stamp_with_sidecars(path), time.time()):
            raise CorpusError(failure.reason, failure.chinese)
        refuse_undecoded(path.relative_to(self.corpus).parent)
        content = read_bytes(path)
        digest = digest_of(path, content)
        known = self.known.get(id_)
        if known and known.digest == digest:
            self.unchanged[id_] = path
            return
        article = load_article(path, self.corpus, content)
        lines = frozenset(line_numbers(article.text))
        self.jobs[id_] = Job(path, IndexedFile(digest, source_of(article), lines), len(article.text))
        (self.summary.changed if known else self.summary.added).append(id_)

    def _fail(self, path: Path, error: CorpusError) -> None:
        name = self._name(path)
        before, stamp, now = self.before.get(name), stamp_with_sidecars(path), time.time()
        if isinstance(error, _OtherFile):  # so this one never waits
            failure = Failure(str(error), error.chinese, stamp, before.since if before else now)
        elif self.patient and before and before.waits(stamp, now):
            failure = before
        else:
            failure = failed(error, stamp, now, before)
        self.summary.failures[name] = failure

    def _name(self, path: Path) -> str:
        """Path in the corpus, in characters that can be written."""
        return readable(path.relative_to(self.corpus).as_posix())

    def _learn(self) -> None:
        """Find the lines that the sources repeat; write an unchanged article again when its lines are concerned."""
        files = {id_: self.known[id_] for id_ in self._kept()} | {id_: job.file for id_, job in self.jobs.items()}
        repeated = repeated_lines(files)
        for id_, file in files.items():
            learned = learned_of(id_, file, repeated)
            if id_ in self.jobs:
                self.jobs[id_] = replace(self.jobs[id_], file=replace(file, learned=learned))
            elif learned != file.learned and id_ in self.unchanged:
                self.jobs[id_] = Job(self.unchanged.pop(id_), replace(file, learned=learned), 0)
                self.summary.changed.append(id_)

    def _kept(self) -> list[str]:
        """Ids of what the next generation has of the one that it is built on, in this or a new version."""
        removed = set(self.summary.removed)
        return [id_ for id_ in self.known if id_ not in removed]

    def refuse_loss(self, allow_shrink: bool) -> None:
        """Raises CorpusError where nothing would be left, or less than half of what is published, unasked."""
        failures = list(self.summary.failures.values())
        left = {*self._kept(), *self.jobs}
        if not left and not may_be_empty(self.published, self.corpus):
            raise CorpusError(*_empty_messages(self.corpus, failures))
        if not allow_shrink:
            refuse_loss(left, self.published, self.corpus, [] if self.known else failures)

    @property
    def size(self) -> int:
        """Characters that are to be embedded."""
        return sum(job.size for job in self.jobs.values())

    def load_again(self, job: Job) -> Article:
        """The article of a job, without the lines that its source repeats. Raises CorpusError when its file changed."""
        content = read_bytes(job.path)
        if digest_of(job.path, content) != job.file.digest:
            raise CorpusError(
                f"{job.path.name} changed while it was being indexed: run again",
                f"{job.path.name} 在索引途中被改动：请再运行一次",
            )
        article = load_article(job.path, self.corpus, content)
        if not job.file.learned:
            return article
        keys = line_numbers(article.text)
        return load_article(job.path, self.corpus, content, {keys[n] for n in job.file.learned if n in keys})

    def drop(self, id_: str, error: CorpusError) -> None:
        """Leave a file out that cannot be read any more; what was indexed of it before stays."""
        self._fail(self.jobs.pop(id_).path, error)
        for ids in (self.summary.added, self.summary.changed):
            if id_ in ids:
                ids.remove(id_)


def _empty_messages(corpus: Path, failures: Sequence[Failure]) -> tuple[str, str]:
    if failures:
        return (
            f"no file in {corpus} can be indexed: {'; '.join(f.reason for f in failures)}",
            f"{corpus} 里没有可以索引的文件：{'；'.join(f.chinese for f in failures)}",
        )
    return f"there is no article in {corpus}: put articles into it", f"{corpus} 里没有文章：请把文章放进去"


def _stray_messages(sidecar: Path) -> tuple[str, str]:
    article = sidecar.name[: -len(SIDECAR)]
    return (
        f"{sidecar.name} describes no article: there is no {article} beside it; give it the name of one, or remove it",
        f"{sidecar.name} 没有对应的文章（{article}）：请改成与文章相同的文件名，或删除它",
    )
