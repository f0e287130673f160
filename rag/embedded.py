"""The embedded backend: Chroma for the vectors and the library's full-text index for the terms, in one folder."""

import shutil
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from rag.embed import Vector
from rag.library import Library
from rag.store import Store
from rag.types import ALL, Hit, Scope
from rag.vectors import VectorStore, copied

CHROMA = "chroma"  # folder of the vectors, in that of the generation


class EmbeddedStore(VectorStore):
    """A Store; terms are put into the library with their chunk, so only vectors are put here."""

    def __init__(self, folder: Path, library: Library, *, create: bool = False) -> None:
        super().__init__(folder, create=create)
        self.library = library
        self.held = ExitStack()  # what is let go of with the folder

    def close(self) -> None:
        """Let go of the folder; a reader's copy is removed."""
        super().close()
        self.held.close()

    def nearest(self, query: Vector, count: int, scope: Scope = ALL) -> list[Hit]:
        """The nearest chunks that a scope allows with their cosine, best first; ties in the order of ids.

        Chroma cannot filter quickly: more is asked of it, as much as it should take to find enough, then twice that.
        """
        allowed = self.library.chunks_within(scope)
        if allowed is None:
            return self.search(query, count)
        if not allowed:
            return []
        chunks = self.count()
        asked = count * chunks // len(allowed)
        while True:
            found = [hit for hit in self.search(query, asked) if hit.chunk_id in allowed]
            if len(found) >= count or asked >= chunks:
                return found[:count]
            asked *= 2

    def matching(self, terms: Iterable[str], count: int, scope: Scope = ALL) -> list[Hit]:
        """The best matches among the chunks that a scope allows."""
        allowed = self.library.chunks_within(scope)
        if allowed is None:
            return self.library.search(terms, count)
        return [hit for hit in self.library.search(terms) if hit.chunk_id in allowed][:count]


class EmbeddedBackend:
    """A generation's store is in its folder and nowhere else."""

    name = "chroma"

    def create(self, folder: Path, library: Library, dimensions: int) -> EmbeddedStore:  # noqa: ARG002  # Chroma sees it
        """A new, empty store."""
        return EmbeddedStore(folder / CHROMA, library, create=True)

    def copy(self, published: Path, folder: Path, library: Library, dimensions: int) -> EmbeddedStore:  # noqa: ARG002
        """The copied files, opened."""
        return EmbeddedStore(folder / CHROMA, library)

    def compact(self, folder: Path, library: Library, store: Store) -> EmbeddedStore:
        """The vectors in a new store, since Chroma never frees the space of deleted ones."""
        ids = library.chunk_ids()
        fresh = VectorStore(folder / "chroma-new", create=True)
        for at in range(0, len(ids), 1000):
            found = store.vectors(ids[at : at + 1000])
            fresh.put(list(found), list(found.values()))
        fresh.close()
        store.close()
        shutil.rmtree(folder / CHROMA)
        (folder / "chroma-new").rename(folder / CHROMA)
        return EmbeddedStore(folder / CHROMA, library)

    def open(self, folder: Path, library: Library) -> EmbeddedStore:
        """A private copy of the store in a folder, since Chroma writes into what it only opens."""
        with ExitStack() as opening:
            store = EmbeddedStore(opening.enter_context(copied(folder / CHROMA, folder.parent)), library)
            store.held = opening.pop_all()
            return store

    def switch(self, folder: Path) -> None:
        """Nothing: all that read it read the index folder."""

    def remove(self, folder: Path) -> None:
        """Nothing: the store goes with the folder."""


EMBEDDED = EmbeddedBackend()
