"""What a generation is searched by, and what makes it: the two interfaces that each backend has."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from rag.embed import Vector
from rag.library import Library
from rag.types import ALL, Hit, Scope


class Store(Protocol):
    """The chunks of one generation, searched by their vectors and by their terms.

    It holds ids and vectors; what a chunk says and which article it is of, it has from the library beside it.
    Raises IndexDamaged, IndexUnwritable or BackendUnavailable.
    """

    def count(self) -> int:
        """Number of chunks."""

    def put(self, ids: Sequence[str], vectors: Sequence[Vector] | Vector) -> None:
        """Add or replace chunks that are in the library, each with its unit vector."""

    def delete(self, ids: Sequence[str]) -> None:
        """Remove chunks; unknown ids are passed over."""

    def nearest(self, query: Vector, count: int, scope: Scope = ALL) -> list[Hit]:
        """The nearest chunks that a scope allows with their cosine, best first; ties in the order of ids."""

    def matching(self, terms: Iterable[str], count: int, scope: Scope = ALL) -> list[Hit]:
        """The chunks that a scope allows and that have any of the terms, by BM25, best first; a term may be a phrase.

        Ties come in the order of ids. The scores of two backends are not comparable.
        """

    def vectors(self, ids: Sequence[str]) -> dict[str, Vector]:
        """The vector of each id; unknown ids are left out."""

    def close(self) -> None:
        """Make searchable what was put, and let go of the store."""


class Backend(Protocol):
    """Makes, opens and removes the stores of generations; a store belongs to the folder of its generation.

    A folder is called build-XXXX while it is built and gen-000012-XXXX when it is published; XXXX is never used again.
    """

    @property
    def name(self) -> str:
        """As it is in the manifest."""

    def create(self, folder: Path, library: Library, dimensions: int) -> Store:
        """A new, empty store."""

    def copy(self, published: Path, folder: Path, library: Library, dimensions: int) -> Store:
        """The store of a published generation again, to be changed; the files of its folder are copied already."""

    def compact(self, folder: Path, library: Library, store: Store) -> Store:
        """The store without what deleted chunks leave behind, where they leave something."""

    def open(self, folder: Path, library: Library) -> Store:
        """The store of a generation, to be searched. Raises IndexDamaged where it is gone."""

    def switch(self, folder: Path) -> None:
        """Name a generation as the published one, to whatever does not read the index folder."""

    def remove(self, folder: Path) -> None:
        """Remove what a folder's store has outside of the folder, if it is there."""
