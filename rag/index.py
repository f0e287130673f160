"""Generations of the index: immutable folders that are published whole, and read whole.

.index/CURRENT            manifest of the published generation (JSON)
.index/LOCK               held by the one writer
.index/cache.sqlite       embedding cache
.index/gen-000012-XXXX/   library.sqlite, chroma/, manifest.json, IN_USE and OPENING (locks of readers)
.index/build-XXXX/        what a writer is working on; stale ones are removed by the next writer

XXXX is random: Chroma shares within a process what it opened under a path, so no path may ever come back.
"""

import fcntl
import json
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from rag.embed import Embedder, Vector, unit_rows
from rag.errors import IndexDamaged, IndexLocked, IndexMismatch, IndexMissing, RagError
from rag.library import EmbeddingCache, Library
from rag.types import Article, Chunk
from rag.vectors import VectorStore

log = logging.getLogger(__name__)

CURRENT = "CURRENT"
GENERATIONS_KEPT = 2
REBUILD_ABOVE = 0.3  # share of deleted vectors: Chroma never frees their space
SELF_QUERIES = 20
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


def read_manifest(index: Path) -> Manifest:
    """The manifest of the published generation. Raises IndexMissing or IndexDamaged."""
    path = index / CURRENT
    try:
        return Manifest(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise IndexMissing(f"there is no index in {index}: run python -m ingest first") from None
    except (OSError, ValueError, TypeError) as error:
        raise IndexDamaged(f"{path} cannot be read ({error}): delete {index} and run python -m ingest") from error


@contextmanager
def _locked(path: Path, kind: int) -> Iterator[None]:
    """Hold a lock on a file; the kernel frees it however the process ends. Raises BlockingIOError with LOCK_NB."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, kind)
        yield
    finally:
        os.close(descriptor)


class Generation:
    """One generation, opened for reading."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        """Raises IndexDamaged where a part is missing or cannot be read."""
        self.manifest = manifest
        self.folder = folder
        try:
            self._in_use = os.open(folder / "IN_USE", os.O_RDWR)
        except OSError as error:
            raise IndexDamaged(f"the generation {folder} is gone or unreadable: run python -m ingest again") from error
        try:
            fcntl.flock(self._in_use, fcntl.LOCK_SH)
            self.library = Library.open(folder / "library.sqlite")
            # Opening writes a row into Chroma's own SQLite file: one process at a time, and never while it is copied.
            with _locked(folder / "OPENING", fcntl.LOCK_EX):
                self.vectors = VectorStore(folder / "chroma")
                self.vectors.count()
        except BaseException:
            os.close(self._in_use)
            raise

    def close(self) -> None:
        """Let go of the folder, so that it may be removed."""
        self.library.close()
        self.vectors.close()
        os.close(self._in_use)


class IndexReader:
    """The published generation, followed as it changes. Safe to use from several threads."""

    def __init__(self, path: Path, embedder: Embedder) -> None:
        self.path = path
        self.embedder = embedder
        self.problem: RagError | None = None
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._open: list[Generation] = []

    def current(self) -> Generation:
        """The generation to answer from: one stat when nothing changed.

        When a new generation cannot be opened the one before stays, and `problem` says why.
        Raises IndexMissing, IndexMismatch or IndexDamaged when there is none at all.
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
            if len(self._open) > 2:  # a question may still be reading the one before
                self._open.pop(0).close()
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
                    f"{self.embedder.name}: run python -m ingest again, or set YINJU_EMBEDDING_MODEL back"
                )
            try:
                return self._warm(Generation(self.path / manifest.directory, manifest))
            except IndexDamaged:
                # It may have been replaced and removed between reading CURRENT and opening it.
                if attempt == OPEN_TRIES - 1 or read_manifest(self.path) == manifest:
                    raise
        raise AssertionError("unreachable")

    def _warm(self, generation: Generation) -> Generation:
        try:
            generation.vectors.search(self.embedder.embed_query("warm-up"), 1)
        except BaseException:
            generation.close()
            raise
        return generation

    def close(self) -> None:
        """Close every open generation."""
        with self._lock:
            while self._open:
                self._open.pop().close()


class IndexWriter:
    """Builds the next generation beside the published one. Use as `with IndexWriter.locked(…) as writer`."""

    def __init__(self, path: Path, embedder: Embedder, chunker: str) -> None:
        self.path = path
        self.embedder = embedder
        self.chunker = chunker
        self.cache = EmbeddingCache(path / "cache.sqlite")
        self.base = self._usable_base()
        self._build: Path | None = None

    @classmethod
    @contextmanager
    def locked(cls, path: Path, embedder: Embedder, chunker: str) -> Iterator["IndexWriter"]:
        """The writer of an index, while no other process writes it. Raises IndexLocked when one does."""
        path.mkdir(parents=True, exist_ok=True)
        try:
            with _locked(path / "LOCK", fcntl.LOCK_EX | fcntl.LOCK_NB):
                for stale in path.glob("build-*"):
                    shutil.rmtree(stale)
                writer = cls(path, embedder, chunker)
                try:
                    yield writer
                finally:
                    writer.cache.close()
                    if writer._build:
                        shutil.rmtree(writer._build, ignore_errors=True)
        except BlockingIOError as error:
            raise IndexLocked(f"another process is indexing into {path}: wait until it has finished") from error

    def _usable_base(self) -> Manifest | None:
        """The published generation, when it was built with the same model and chunker and is whole."""
        try:
            manifest = read_manifest(self.path)
            if (manifest.fingerprint, manifest.chunker) != (self.embedder.fingerprint, self.chunker):
                return None
            verify(self.path / manifest.directory, manifest)
        except IndexMissing:
            return None
        except IndexDamaged as error:
            log.warning("starting from an empty index: %s", error)
            return None
        return manifest

    def published_digests(self) -> dict[str, str]:
        """Digest of every article in the published generation by its id; empty when it cannot be built upon."""
        if self.base is None:
            return {}
        library = Library.open(self.path / self.base.directory / "library.sqlite")
        try:
            return library.digests()
        finally:
            library.close()

    def begin(self, removing: Sequence[str]) -> None:
        """Start a build: a copy of the published generation without the articles to remove."""
        self._build = Path(tempfile.mkdtemp(prefix="build-", dir=self.path))
        self._deleted = self.base.deleted if self.base else 0
        if self.base:
            published = self.path / self.base.directory
            with _locked(published / "OPENING", fcntl.LOCK_EX):
                shutil.copytree(published, self._build, dirs_exist_ok=True)
            self._library = Library.edit(self._build / "library.sqlite")
            self._vectors = VectorStore(self._build / "chroma")
            for article_id in removing:
                gone = self._library.delete(article_id)
                self._vectors.delete(gone)
                self._deleted += len(gone)
        else:
            (self._build / "IN_USE").touch()
            self._library = Library.create(self._build / "library.sqlite")
            self._vectors = VectorStore(self._build / "chroma", create=True)

    def embed(self, texts: Sequence[str]) -> tuple[dict[str, Vector], int]:
        """Vectors of texts, from the cache where it has them; and how many had to be embedded."""
        fingerprint = self.embedder.fingerprint
        known = self.cache.get(fingerprint, texts)
        missing = list(dict.fromkeys(text for text in texts if text not in known))
        if missing:
            self.cache.put(fingerprint, dict(zip(missing, self.embedder.embed_texts(missing), strict=True)))
            known |= self.cache.get(fingerprint, missing)  # as the next run will read them
        return known, len(missing)

    def put(self, article: Article, digest: str, chunks: Sequence[Chunk], vectors: Sequence[Vector]) -> None:
        """Add an article to the build, with the sentence vectors of each chunk; a chunk's own vector is their mean."""
        self._library.put(article, digest, chunks, vectors)
        means = unit_rows(np.array([rows.mean(axis=0) for rows in vectors]))
        self._vectors.put([chunk.id for chunk in chunks], means)

    def publish(self) -> Manifest:
        """Verify the build and make it the published generation. Raises IndexDamaged and publishes nothing."""
        assert self._build is not None
        articles, chunks, _ = self._library.counts()
        if chunks and self._deleted / (self._deleted + chunks) > REBUILD_ABOVE:
            self._rebuild_vectors()
        self._library.close()
        self._vectors.close()
        number = self._last_generation() + 1
        manifest = Manifest(
            generation=number,
            directory=self._build.name.replace("build", f"gen-{number:06d}", 1),
            articles=articles,
            chunks=chunks,
            deleted=self._deleted,
            model=self.embedder.name,
            fingerprint=self.embedder.fingerprint,
            dimensions=self.embedder.dimensions,
            chunker=self.chunker,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        _write_durably(self._build / "manifest.json", _manifest_json(manifest))
        verify(self._build, manifest)
        _sync_tree(self._build)
        self._build.replace(self.path / manifest.directory)
        self._build = None
        _sync(self.path)
        _write_durably(self.path / CURRENT, _manifest_json(manifest))
        self._remove_old(number)
        return manifest

    def _rebuild_vectors(self) -> None:
        """Write the vectors into a new store, which has no dead entries."""
        assert self._build is not None
        ids = self._library.chunk_ids()
        fresh = VectorStore(self._build / "chroma-new", create=True)
        for at in range(0, len(ids), 1000):
            batch = ids[at : at + 1000]
            found = self._vectors.vectors(batch)
            fresh.put(list(found), list(found.values()))
        fresh.close()
        self._vectors.close()
        shutil.rmtree(self._build / "chroma")
        (self._build / "chroma-new").rename(self._build / "chroma")
        self._vectors = VectorStore(self._build / "chroma")
        self._deleted = 0

    def _last_generation(self) -> int:
        return max((_number(folder) for folder in self.path.glob("gen-[0-9]*")), default=0)

    def _remove_old(self, newest: int) -> None:
        """Remove generations before the last two, unless a reader still holds them."""
        for folder in self.path.glob("gen-[0-9]*"):
            if _number(folder) > newest - GENERATIONS_KEPT:
                continue
            try:
                with _locked(folder / "IN_USE", fcntl.LOCK_EX | fcntl.LOCK_NB):
                    shutil.rmtree(folder)
            except BlockingIOError:
                log.info("%s is still being read; a later run removes it", folder.name)


def verify(folder: Path, manifest: Manifest) -> None:
    """Check that a generation holds what its manifest says: counts, and chunks that find themselves.

    Raises IndexDamaged.
    """
    generation = Generation(folder, manifest)
    try:
        library, vectors = generation.library, generation.vectors
        counts = (*library.counts(), vectors.count())
        if counts != (manifest.articles, manifest.chunks, manifest.chunks, manifest.chunks):
            raise IndexDamaged(
                f"{folder} holds {counts} articles, chunks, texts, vectors, not {manifest}: run python -m ingest again"
            )
        ids = library.chunk_ids()
        for chunk_id in ids[:: max(1, len(ids) // SELF_QUERIES)]:
            stored = vectors.vectors([chunk_id]).get(chunk_id)
            nearest = vectors.search(stored, 1) if stored is not None else []
            if not nearest or nearest[0].score < 0.999:
                raise IndexDamaged(f"the chunk {chunk_id} does not find itself in {folder}: run python -m ingest again")
    finally:
        generation.close()


def _number(folder: Path) -> int:
    """The number of a generation: gen-000012-k3j2 is 12."""
    return int(folder.name.split("-")[1])


def _manifest_json(manifest: Manifest) -> str:
    return json.dumps(asdict(manifest), ensure_ascii=False, indent=1)


def _write_durably(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_tree(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        _sync(path)
