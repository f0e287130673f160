"""Generations of the index: immutable folders that are published whole, and read whole.

.index/CURRENT            manifest of the published generation (JSON)
.index/LOCK               held by the one writer
.index/cache.sqlite       embedding cache
.index/history.jsonl      what every publish changed
.index/failures.json      files that could not be indexed
.index/gen-000012-XXXX/   library.sqlite, manifest.json, changes.json, SHA256SUMS, IN_USE (lock of readers), and
                          chroma/, unless its vectors are a collection in Milvus
.index/build-XXXX/        what a writer is working on; stale ones are removed by the next writer
.index/open-XXXX/         a reader's copy of chroma/; stale ones are removed by the next reader, under the lock OPENING

XXXX is random: Chroma shares within a process what it opened under a path, so no path may ever come back.
"""

import fcntl
import json
import logging
import os
import threading
import weakref
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rag.embed import Embedder
from rag.embedded import EMBEDDED
from rag.errors import DAMAGED, IndexDamaged, IndexMismatch, IndexMissing, IndexNewer, RagError
from rag.library import Library
from rag.seal import check_seal
from rag.store import Backend

log = logging.getLogger(__name__)

CURRENT = "CURRENT"
FORMAT = 3  # of a generation and its manifest; 3 is sealed, 2 was not
SELF_QUERIES = 20
MOST_LOST = 0.2  # of the self-queries: among thousands of equal vectors an approximate search may miss another one
OPEN_TRIES = 5


@dataclass(frozen=True)
class Manifest:
    """What a generation holds and what it was built with."""

    generation: int
    directory: str
    articles: int
    chunks: int
    deleted: int
    model: str
    fingerprint: str
    dimensions: int
    chunker: str
    created: str
    format: int = FORMAT
    backend: str = EMBEDDED.name


def read_manifest(index: Path) -> Manifest:
    """The manifest of the published generation. Raises IndexMissing, IndexMismatch or IndexDamaged."""
    path = index / CURRENT
    try:
        return manifest_of(path)
    except FileNotFoundError:
        raise IndexMissing(
            f"there is no index in {index}: run python -m ingest first",
            f"{index} 里还没有索引：请先运行 python -m ingest",
        ) from None
    except (OSError, ValueError, TypeError) as error:
        raise IndexDamaged(
            f"{path} cannot be read ({error}): run python -m ingest repair",
            f"{path} 读不出来（{error}）：请运行 python -m ingest repair",
        ) from error


def manifest_of(path: Path) -> Manifest:
    """The manifest in a file. Raises IndexMismatch for one of another format, OSError, ValueError or TypeError."""
    fields = {"format": 2, **json.loads(path.read_text(encoding="utf-8"))}  # before formats had numbers
    if fields["format"] > FORMAT:
        raise IndexNewer(
            f"{path} has format {fields['format']}, this program reads format {FORMAT}: update the program",
            f"索引是用更新的程序建的（格式 {fields['format']}，本程序只认格式 {FORMAT}）：请升级程序",
        )
    manifest = Manifest(**fields)
    if manifest.format < FORMAT:
        raise IndexMismatch(
            f"{path} has format {manifest.format}, this program reads format {FORMAT}: run python -m ingest to "
            "rebuild it; vectors are taken from the cache",
            f"索引是用旧版程序建的（格式 {manifest.format}，本程序用格式 {FORMAT}）：请运行 python -m ingest 重建，"
            "向量从缓存取，不必重算",
        )
    return manifest


def open_library(index: Path) -> Library:
    """The articles of the published generation, without its vectors. Raises IndexMissing or IndexDamaged."""
    return Library.open(index / read_manifest(index).directory / "library.sqlite")


class Generation:
    """One generation, opened for reading; closed when nothing refers to it any more, so never under a question."""

    def __init__(self, folder: Path, manifest: Manifest, backend: Backend = EMBEDDED) -> None:
        """Raises IndexDamaged where a part is missing or cannot be read; IndexMismatch; BackendUnavailable."""
        if manifest.backend != backend.name:
            raise IndexMismatch(
                f"the index in {folder.parent} is searched with {manifest.backend}, the settings say "
                f"{backend.name}: run python -m ingest again, or set YINJU_MILVUS_URI back",
                f"索引建在 {manifest.backend} 里，现在的设置是 {backend.name}："
                "请重新运行 python -m ingest，或把 YINJU_MILVUS_URI 改回去",
            )
        self.manifest = manifest
        self.folder = folder
        try:
            self._in_use = os.open(folder / "IN_USE", os.O_RDWR)
        except OSError as error:
            raise IndexDamaged(
                f"the generation {folder} is gone or unreadable: run python -m ingest again",
                f"这一代索引 {folder} 不见了或读不出来：请重新运行 python -m ingest",
            ) from error
        with ExitStack() as opening:
            opening.callback(os.close, self._in_use)
            fcntl.flock(self._in_use, fcntl.LOCK_SH)
            self.library = Library.open(folder / "library.sqlite")
            self.store = backend.open(folder, self.library)
            opening.callback(self.store.close)
            self.store.count()
            self._let_go = weakref.finalize(self, opening.pop_all().close)

    def close(self) -> None:
        """Let go of the folder at once, so that it may be removed."""
        self.library.close()
        self._let_go()


class IndexReader:
    """The published generation, followed as it changes. Safe to use from several threads."""

    def __init__(self, path: Path, embedder: Embedder, backend: Backend = EMBEDDED) -> None:
        self.path = path
        self.embedder = embedder
        self.backend = backend
        self.problem: RagError | None = None
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._open: list[Generation] = []

    def current(self) -> Generation:
        """The generation to answer from: one stat when nothing changed.

        When a new generation cannot be opened the one before stays, and `problem` says why.
        Raises IndexMissing, IndexMismatch, IndexDamaged or BackendUnavailable when there is none at all.
        """
        with self._lock:
            stamp = self._stamp()
            if self._open and stamp == self._seen:
                return self._open[-1]
            try:
                generation = self._open_published()
            except RagError as error:
                if not self._open:
                    raise
                if str(self.problem) != str(error):
                    log.warning("keeping generation %d: %s", self._open[-1].manifest.generation, error)
                self.problem = error
                return self._open[-1]
            self.problem = None
            self._seen = stamp
            self._open.append(generation)
            del self._open[:-2]  # one that a question still reads is closed when that has its answer
            return generation

    def _stamp(self) -> tuple[int, int] | None:
        try:
            status = (self.path / CURRENT).stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino

    def _open_published(self) -> Generation:
        for attempt in range(OPEN_TRIES):
            manifest = read_manifest(self.path)
            if manifest.fingerprint != self.embedder.fingerprint:
                raise IndexMismatch(
                    f"the index in {self.path} was built with {manifest.model}, the settings say "
                    f"{self.embedder.name}: run python -m ingest again, or set YINJU_EMBEDDING_MODEL back",
                    f"索引是用向量模型 {manifest.model} 建的，现在的设置是 {self.embedder.name}："
                    "请重新运行 python -m ingest，或把 YINJU_EMBEDDING_MODEL 改回去",
                )
            try:
                return self._warm(Generation(self.path / manifest.directory, manifest, self.backend))
            except IndexDamaged:
                # It may have been replaced and removed between reading CURRENT and opening it.
                if attempt == OPEN_TRIES - 1 or read_manifest(self.path) == manifest:
                    raise
        raise AssertionError("unreachable")

    def _warm(self, generation: Generation) -> Generation:
        try:
            generation.store.nearest(self.embedder.embed_query("warm-up"), 1)
            generation.store.matching(["预热"], 1)
        except BaseException:
            generation.close()
            raise
        return generation

    def close(self) -> None:
        """Close every open generation."""
        with self._lock:
            while self._open:
                self._open.pop().close()


def verify(folder: Path, manifest: Manifest, backend: Backend = EMBEDDED) -> None:
    """Check that a generation is as it was sealed, holds what its manifest says, and that its chunks find themselves.

    Raises IndexDamaged or BackendUnavailable.
    """
    check_seal(folder)
    generation = Generation(folder, manifest, backend)
    try:
        library, store = generation.library, generation.store
        counts = (*library.counts(), store.count())
        if counts != (manifest.articles, manifest.chunks, manifest.chunks, manifest.chunks):
            raise IndexDamaged(
                f"{folder} holds {counts} articles, chunks, texts, vectors, not {manifest}: run python -m ingest again",
                DAMAGED,
            )
        ids = library.chunk_ids()
        sample = ids[:: max(1, len(ids) // SELF_QUERIES)]
        stored = store.vectors(sample)
        found = [store.nearest(vector, 1) for vector in stored.values()]
        lost = sum(not hits or hits[0].score < 0.999 for hits in found)
        if len(stored) < len(sample) or lost > MOST_LOST * len(sample):
            raise IndexDamaged(
                f"{len(sample) - len(found) + lost} of {len(sample)} chunks do not find themselves in {folder}: "
                "run python -m ingest again",
                DAMAGED,
            )
    finally:
        generation.close()
