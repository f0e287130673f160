"""Chroma: the vectors of one generation. The only file that knows Chroma.

Chroma embedded is for one process at a time and writes into a folder when it only opens it. So the writer alone opens
the folder of a build, and whoever reads opens a copy of its own.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import cast

import chromadb
import numpy as np
from chromadb.api.client import Client
from chromadb.api.collection_configuration import CreateHNSWConfiguration
from chromadb.config import Settings as ChromaSettings
from chromadb.errors import ChromaError

from rag.embed import Vector
from rag.errors import DAMAGED, IndexDamaged, IndexUnwritable, unwritable
from rag.locks import locked
from rag.types import Hit

COLLECTION = "chunks"
COPY = "open-"  # what the folder of a copy is called, with something random
LOCK_OF_COPIES = "OPENING"
WRITE_BATCH = 1000  # Chroma takes 5,461 at most
READ_BATCH = 5000  # SQLite's limit on variables is 32,766
_HNSW: CreateHNSWConfiguration = {"space": "cosine", "ef_construction": 200, "max_neighbors": 24, "ef_search": 800}


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except ChromaError as error:
        raise _unreadable("the vectors of the index cannot be read", error) from error


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except ChromaError as error:
        raise IndexUnwritable(*unwritable(error)) from error


def _unreadable(problem: str, error: Exception) -> IndexDamaged | IndexUnwritable:
    if "disk is full" in str(error):  # Chroma writes when it only opens; nothing is damaged then
        return IndexUnwritable(*unwritable(error))
    return IndexDamaged(f"{problem} ({error}): run python -m ingest again", DAMAGED)


class VectorStore:
    """Unit vectors by chunk id, searched by cosine."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        """Open the vectors in a folder, or start new ones.

        Raises IndexDamaged where they cannot be opened, and IndexUnwritable on a full disk.
        """
        settings = ChromaSettings(anonymized_telemetry=False)
        try:
            self._client = cast(Client, chromadb.PersistentClient(str(folder), settings=settings))
            if create:
                self._chunks = self._client.create_collection(
                    COLLECTION, configuration={"hnsw": _HNSW}, embedding_function=None
                )
            else:
                self._chunks = self._client.get_collection(COLLECTION, embedding_function=None)
        except (ChromaError, ValueError, OSError, AttributeError) as error:
            # An AttributeError is what Chroma raises the second time a process opens a folder that failed before.
            raise _unreadable(f"the vectors in {folder} cannot be opened", error) from error

    def close(self) -> None:
        """Let go of the folder."""
        self._client.close()

    def count(self) -> int:
        """Number of vectors."""
        with _reading():
            return self._chunks.count()

    def put(self, ids: Sequence[str], vectors: Sequence[Vector] | Vector) -> None:
        """Add or replace vectors."""
        for at in range(0, len(ids), WRITE_BATCH):
            batch = np.array(vectors[at : at + WRITE_BATCH], np.float32)
            with _writing():
                self._chunks.upsert(ids=list(ids[at : at + WRITE_BATCH]), embeddings=batch)

    def delete(self, ids: Sequence[str]) -> None:
        """Remove vectors; unknown ids are passed over."""
        for at in range(0, len(ids), WRITE_BATCH):
            with _writing():
                self._chunks.delete(ids=list(ids[at : at + WRITE_BATCH]))

    def search(self, query: Vector, count: int) -> list[Hit]:
        """The nearest chunks with their cosine, best first; ties in the order of ids."""
        if not (available := self.count()):
            return []
        with _reading():
            found = self._chunks.query(query_embeddings=query, n_results=min(count, available), include=["distances"])
        distances = (found["distances"] or [[]])[0]
        hits = [Hit(chunk_id, 1 - distance) for chunk_id, distance in zip(found["ids"][0], distances, strict=True)]
        return sorted(hits, key=lambda hit: (-hit.score, hit.chunk_id))

    def vectors(self, ids: Sequence[str]) -> dict[str, Vector]:
        """The vector of each id; unknown ids are left out."""
        found: dict[str, Vector] = {}
        for at in range(0, len(ids), READ_BATCH):
            with _reading():
                got = self._chunks.get(ids=list(ids[at : at + READ_BATCH]), include=["embeddings"])
            found.update(zip(got["ids"], np.asarray(got["embeddings"], np.float32), strict=True))
        return found


@contextmanager
def copied(folder: Path, beside: Path) -> Iterator[Path]:
    """The copy of a folder of vectors that must not change; it is removed in the end.

    The copy is made in the folder `beside`, or where temporary files go if that may not be written.
    Raises IndexDamaged, and IndexUnwritable where there is no room for the copy.
    """
    where = beside if os.access(beside, os.W_OK) else Path(tempfile.gettempdir())
    with ExitStack() as opened:
        try:
            own = opened.enter_context(_own_folder(where))
            shutil.copytree(folder, own / "chroma")
        except OSError as error:
            if folder.exists():
                raise IndexUnwritable(*unwritable(error)) from error
            raise IndexDamaged(f"there are no vectors in {folder}: run python -m ingest again", DAMAGED) from error
        yield own / "chroma"


@contextmanager
def _own_folder(where: Path) -> Iterator[Path]:
    """A new folder that is removed in the end; with it go those that killed processes left there."""
    with locked(where / LOCK_OF_COPIES, fcntl.LOCK_EX):
        for left in where.glob(f"{COPY}*"):
            with suppress(OSError), locked(left, fcntl.LOCK_EX | fcntl.LOCK_NB, os.O_RDONLY):
                shutil.rmtree(left)
        own = Path(tempfile.mkdtemp(prefix=COPY, dir=where))
        descriptor = os.open(own, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)
        os.close(descriptor)
