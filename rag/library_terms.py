"""The full-text index of a library: SQLite's FTS5 over the index terms of every chunk."""

import json
from collections.abc import Iterable, Sequence

from rag.library_file import LISTED, LibraryFile
from rag.text import index_terms
from rag.types import Hit

TIES = 50  # matches beyond the asked ones that are put in the order of ids


class Terms(LibraryFile):
    """What is asked of the full-text index."""

    def indexed_terms(self, ids: Sequence[str]) -> dict[str, str]:
        """For each chunk the index terms of its title, section and text, joined by blanks."""
        return dict(
            self._rows(
                "SELECT chunks.id, terms.body FROM chunks JOIN terms ON terms.rowid = chunks.row "
                f"WHERE chunks.id IN {LISTED}",
                (json.dumps(ids),),
            )
        )

    def search(self, terms: Iterable[str], count: int | None = None) -> list[Hit]:
        """The chunks that have any of the terms, with their BM25 scores, best first; ties in the order of ids.

        A term may be a phrase: several, joined by blanks. At most `count` chunks, where it is given; all otherwise.
        Source: SQLite's bm25(), k1 = 1.2, b = 0.75, https://sqlite.org/fts5.html#the_bm25_function.
        """
        quoted = " OR ".join(f'"{term}"' for term in dict.fromkeys(terms))
        if not quoted:
            return []
        # Only the best are looked up in `chunks`, and some more for a tie at the border.
        rows = self._rows(
            "SELECT chunks.id, score FROM "
            "(SELECT rowid AS row, -bm25(terms) AS score FROM terms WHERE terms MATCH ? ORDER BY rank LIMIT ?) "
            "JOIN chunks USING (row) ORDER BY score DESC, chunks.id",
            (quoted, -1 if count is None else count + TIES),
        )
        return [Hit(chunk_id, score) for chunk_id, score in rows[:count]]

    def document_frequencies(self, terms: Iterable[str]) -> dict[str, int]:
        """Number of chunks that have each term."""
        wanted = list(dict.fromkeys(terms))
        marks = ",".join("?" * len(wanted))
        found = dict(self._rows(f"SELECT term, doc FROM vocabulary WHERE term IN ({marks})", wanted))
        return {term: found.get(term, 0) for term in wanted}

    def frequent_terms(self) -> dict[str, int]:
        """Number of chunks that have each index term, of those that at least one in 10,000 has, and two chunks."""
        (chunks,) = self._rows("SELECT count(*) FROM chunks")[0]
        return dict(self._rows("SELECT term, doc FROM vocabulary WHERE doc >= ?", (max(2, chunks // 10_000),)))

    def phrase_frequency(self, phrase: str, most: int) -> int:
        """Number of chunks that have the index terms of a phrase beside each other, counted up to `most`."""
        terms = " ".join(index_terms(phrase))
        if not terms:
            return 0
        query = "SELECT count(*) FROM (SELECT 1 FROM terms WHERE terms MATCH ? LIMIT ?)"
        return int(self._rows(query, (f'"{terms}"', most))[0][0])

    def articles_with(self, phrase: str) -> set[str]:
        """Ids of the articles that have the index terms of a phrase beside each other, in their title or text."""
        terms = " ".join(index_terms(phrase))
        if not terms:
            return set()
        query = "SELECT DISTINCT article_id FROM chunks WHERE row IN (SELECT rowid FROM terms WHERE terms MATCH ?)"
        return {id_ for (id_,) in self._rows(query, (f'"{terms}"',))}
