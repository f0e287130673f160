"""Which paragraphs of a library repeat each other."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from itertools import islice

from rag.library_file import LibraryFile
from rag.types import Span

MOST_LINKS = 5  # copies that a new paragraph is linked to
MOST_CANDIDATES = 50  # that are looked at for it


class Copies(LibraryFile):
    """The paragraphs of the articles, and the links between copies."""

    def put_paragraphs(
        self,
        article_id: str,
        paragraphs: Iterable[tuple[Span, Sequence[int]]],
        is_copy: Callable[[Span, str, Span], bool],
    ) -> None:
        """Add the paragraphs of an article, each with the keys of its MinHash bands.

        Those of other articles that share a key are candidates; `is_copy` (own span, other article's id, its span)
        tells which of them are linked as copies, at most MOST_LINKS: through them it is linked to the others too.
        """
        bands = []
        with self._writing() as connection:
            for span, keys in paragraphs:
                marks = ",".join("?" * len(keys))
                near = f"SELECT DISTINCT paragraph FROM bands WHERE key IN ({marks}) LIMIT {MOST_CANDIDATES}"
                candidates = connection.execute(
                    f"SELECT id, article_id, start, end FROM paragraphs WHERE id IN ({near}) ORDER BY id", keys
                ).fetchall()
                number = connection.execute(
                    "INSERT INTO paragraphs (article_id, start, end) VALUES (?, ?, ?)", (article_id, *span)
                ).lastrowid
                bands += [(key, number) for key in keys]
                copies = (other for other, id_, start, end in candidates if is_copy(span, id_, (start, end)))
                for other in islice(copies, MOST_LINKS):
                    links = [(number, other), (other, number)]
                    connection.executemany("INSERT OR IGNORE INTO copies VALUES (?, ?)", links)
            # Last, so that an article's own paragraphs are no candidates.
            connection.executemany("INSERT OR IGNORE INTO bands VALUES (?, ?)", bands)

    def origin(self, article_id: str, start: int, end: int) -> int | None:
        """A number that is the same for every copy of the paragraph that holds a span; None for one too short to tell.

        Copies of copies count as copies.
        """
        ((origin,),) = self._rows(
            "WITH RECURSIVE same (id) AS ("
            "SELECT id FROM paragraphs WHERE article_id = ? AND start <= ? AND end >= ? "
            "UNION SELECT other FROM copies JOIN same ON paragraph = same.id) SELECT min(id) FROM same",
            (article_id, start, end),
        )
        return None if origin is None else int(origin)

    def _repeated(self, article_id: str, start: int, end: int) -> frozenset[int]:
        if article_id not in self._repeated_articles:
            return frozenset()
        rows = self._rows(
            "SELECT DISTINCT start, end FROM paragraphs JOIN copies ON paragraph = id "
            "WHERE article_id = ? AND start < ? AND end > ?",
            (article_id, end, start),
        )
        return frozenset(filter(None, (self.origin(article_id, *paragraph) for paragraph in rows)))

    @cached_property
    def _repeated_articles(self) -> frozenset[str]:
        rows = self._rows("SELECT DISTINCT article_id FROM paragraphs WHERE id IN (SELECT paragraph FROM copies)")
        return frozenset(id_ for (id_,) in rows)
