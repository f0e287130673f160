"""One ingest: what changed in the corpus, and the generation that holds it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from ingest.bulk import RayCluster
from ingest.chunk import VERSION, chunk_article, sentence_texts
from ingest.convert import SUFFIXES
from ingest.copies import link_copies
from ingest.failures import Failure, first_failure, read_failures, stamp_with_sidecars, write_failures
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
from rag.embed import Embedder
from rag.embedded import EMBEDDED
from rag.errors import CorpusError
from rag.index import read_manifest
from rag.library import IndexedFile
from rag.settings import CHUNK_TOKENS
from rag.store import Backend
from rag.types import Article, Chunk
from rag.writer import IndexWriter, published_files, usable_base

BATCH_CHUNKS = 64  # chunks embedded and written together
READING, EMBEDDING = "读取文章", "计算向量"

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
        counts = {name: len(ids) for name, ids in lists.items()}
        rest = {name: value for name, value in asdict(self).items() if name not in (*lists, "failures")}
        return {
            **counts,
            "failed": len(self.failures),
            **rest,
            "seconds": round(self.seconds, 2),
            "articles_by_change": lists,
            "failures": self.failed,
        }


@dataclass(frozen=True)
class Job:
    """A file to write into the next generation; `learned` has the keys of its lines that its source repeats."""

    path: Path
    file: IndexedFile
    size: int
    learned: frozenset[str] = frozenset()


def chunker_version(chunk_tokens: int) -> str:
    """Changes whenever the same article would be chunked otherwise."""
    return f"{VERSION}-{chunk_tokens}"


def plan(
    corpus: Path,
    index: Path,
    embedder: Embedder,
    *,
    backend: Backend = EMBEDDED,
    chunk_tokens: int = CHUNK_TOKENS,
    allow_shrink: bool = False,
    progress: Progress = lambda *_: None,
) -> Summary:
    """What ingest() would do. Writes nothing. Raises what ingest() would."""
    base = usable_base(index, embedder, chunker_version(chunk_tokens), backend)
    run = _Run(corpus, index, published_files(index, base), progress, patient=False)
    run.compare(allow_shrink)
    summary = replace(run.summary, dry_run=True)
    if base:
        summary.generation, summary.articles, summary.chunks = base.generation, base.articles, base.chunks
    return summary


def ingest(
    corpus: Path,
    index: Path,
    embedder: Embedder,
    *,
    backend: Backend = EMBEDDED,
    chunk_tokens: int = CHUNK_TOKENS,
    allow_shrink: bool = False,
    patient: bool = False,
    anew: bool = False,
    cluster: RayCluster | None = None,
    progress: Progress = lambda *_: None,
) -> Summary:
    """Bring the index up to date with a corpus folder; publishes nothing when nothing changed.

    A file that cannot be read keeps the version indexed before, if any, and is reported; `patient` tries a file
    that failed before only when its time has come. With `anew`, nothing of what is published is used.
    A `cluster` embeds, and this process writes.
    Raises CorpusError where nothing would be left, or more than half of the indexed articles would be lost (unless
    `allow_shrink`), but for what was removed on the page; IndexLocked while another process indexes.
    """
    started = time.monotonic()
    files = article_files(corpus)  # a missing folder is told before an index folder is made
    with IndexWriter.locked(index, embedder, chunker_version(chunk_tokens), backend, anew=anew) as writer:
        known = published_files(index, writer.base)
        run = _Run(corpus, index, known, progress, patient=patient, files=files)
        try:
            run.compare(allow_shrink)
            if run.jobs or run.summary.removed:
                if cluster:
                    run.embed_ahead(cluster, writer, chunk_tokens)
                run.write(writer, chunk_tokens)
                run.refuse_loss(allow_shrink)  # once more: files may have failed since they were compared
                manifest = writer.publish(run.changes(started))
            else:
                manifest = read_manifest(index)
        finally:
            if run.summary.failures != run.before:
                write_failures(index, run.summary.failures)
    summary = run.summary
    summary.generation, summary.articles, summary.chunks = manifest.generation, manifest.articles, manifest.chunks
    summary.seconds = time.monotonic() - started
    return summary


class _OtherFile(CorpusError):
    """What is wrong with a file is mended by a change of another one."""


class _Run:
    """The corpus compared with what is published, and the writing of the difference."""

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
        summary = self.summary
        published = self.published.paths
        summary.removed = sorted(id_ for id_ in published if id_ not in self.owners and not self._is_unseen(id_))
        if self.jobs or summary.removed:
            self._learn()
        summary.unchanged = len(self.unchanged)
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
        failure, stamp, now = self.before.get(name), stamp_with_sidecars(path), time.time()
        if isinstance(error, _OtherFile):  # so this one never waits
            self.summary.failures[name] = Failure(str(error), error.chinese, stamp, failure.since if failure else now)
        elif self.patient and failure and failure.waits(stamp, now):
            self.summary.failures[name] = failure
        else:
            self.summary.failures[name] = (
                failure.again(error, stamp, now) if failure else first_failure(error, stamp, now)
            )

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

    def embed_ahead(self, cluster: RayCluster, writer: IndexWriter, chunk_tokens: int) -> None:
        """Let a cluster embed into the cache what write() is going to need."""
        total, done = sum(job.size for job in self.jobs.values()), 0

        def count(characters: int) -> None:
            nonlocal done
            done += characters
            self.progress(EMBEDDING, min(done, total), total)

        self.summary.embedded = cluster.fill(writer, self._texts(writer.embedder, chunk_tokens), count)

    def _texts(self, embedder: Embedder, chunk_tokens: int) -> Iterator[list[str]]:
        """What write() is going to embed, BATCH_CHUNKS chunks at a time, if no file changes meanwhile."""
        chunks = self._chunks(embedder, chunk_tokens)
        while some := list(islice(chunks, BATCH_CHUNKS)):
            yield [text for item in some for text in sentence_texts(*item)]

    def _chunks(self, embedder: Embedder, chunk_tokens: int) -> Iterator[tuple[Article, Chunk]]:
        for job in self.jobs.values():
            with suppress(CorpusError):
                article = self._load_again(job)
                for chunk in chunk_article(article, embedder.count_tokens, chunk_tokens):
                    yield article, chunk

    def write(self, writer: IndexWriter, chunk_tokens: int) -> None:
        """Build the next generation: the published one without what is gone, and with what is new."""
        writer.begin()
        for id_ in self.known.keys() & set(self.summary.removed):  # of an index that is built anew nothing is taken out
            writer.remove(id_)
        batch = _Batch(writer)
        total, done = sum(job.size for job in self.jobs.values()), 0
        self.progress(EMBEDDING, 0, total)
        for id_, job in list(self.jobs.items()):
            try:
                article = self._load_again(job)
            except CorpusError as error:
                self._drop(id_, job, error)
                continue
            if id_ in self.known:
                writer.remove(id_)
            writer.put(article, job.file)
            link_copies(writer.library, article)
            for chunk in chunk_article(article, writer.embedder.count_tokens, chunk_tokens):
                batch.add(article, chunk)
            done += job.size
            self.progress(EMBEDDING, done - batch.waiting, total)
        batch.flush()
        self.summary.embedded += batch.embedded
        self.progress(EMBEDDING, total, total)

    def _load_again(self, job: Job) -> Article:
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

    def _drop(self, id_: str, job: Job, error: CorpusError) -> None:
        """Leave a file out that cannot be read any more; what was indexed of it before stays."""
        self._fail(job.path, error)
        del self.jobs[id_]
        for ids in (self.summary.added, self.summary.changed):
            if id_ in ids:
                ids.remove(id_)

    def changes(self, started: float) -> dict[str, Any]:
        """What the history keeps of this run."""
        summary = replace(self.summary, seconds=time.monotonic() - started).to_json()
        names = ("added", "changed", "removed", "unchanged", "failed", "embedded", "seconds", "articles_by_change")
        return {name: summary[name] for name in names}


@dataclass
class _Batch:
    """Chunks on their way into the index, embedded and written BATCH_CHUNKS at a time."""

    writer: IndexWriter
    chunks: list[tuple[Article, Chunk]] = field(default_factory=list)
    embedded: int = 0

    @property
    def waiting(self) -> int:
        """Characters that are not written yet."""
        return sum(len(chunk.text) for _, chunk in self.chunks)

    def add(self, article: Article, chunk: Chunk) -> None:
        self.chunks.append((article, chunk))
        if len(self.chunks) >= BATCH_CHUNKS:
            self.flush()

    def flush(self) -> None:
        texts = [sentence_texts(article, chunk) for article, chunk in self.chunks]
        vectors, embedded = self.writer.embed([text for of_chunk in texts for text in of_chunk])
        self.embedded += embedded
        rows = (np.array([vectors[text] for text in of_chunk]) for of_chunk in texts)
        self.writer.put_chunks([(*item, of_chunk) for item, of_chunk in zip(self.chunks, rows, strict=True)])
        self.chunks.clear()


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
