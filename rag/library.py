"""A library: the articles of one generation, and their chunks with the vectors of their sentences."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from rag.embed import Vector
from rag.library_copies import Copies
from rag.library_file import LISTED, Connection
from rag.library_terms import Terms
from rag.scope import meets
from rag.text import index_terms
from rag.types import ALL, Article, Chunk, Flag, Metadata, Removal, Scope


@dataclass(frozen=True)
class IndexedFile:
    """What an indexed article was made from: the digest of its file, its source, and numbers of its lines.

    `learned` are the lines that were taken out because many articles of the source repeat them.
    """

    digest: str
    source: str = ""
    lines: frozenset[int] = frozenset()
    learned: frozenset[int] = frozenset()


class Library(Terms, Copies):
    """The articles and chunks of one generation. Safe to read from several threads."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        # Each remembers the last ones asked for. Of an id, KeyError for an unknown one; the vectors are (sentences, d)
        # float32 with unit rows.
        self.article = lru_cache(maxsize=512)(self._article)
        self.chunk = lru_cache(maxsize=4096)(self._chunk)
        self.sentence_vectors = lru_cache(maxsize=4096)(self._sentence_vectors)
        # Of an article's span: the origins of its paragraphs that other articles repeat.
        self.repeated = lru_cache(maxsize=4096)(self._repeated)
        # Ids that a scope allows; None where it is empty.
        self.articles_within = lru_cache(maxsize=16)(self._articles_within)
        self.chunks_within = lru_cache(maxsize=4)(self._chunks_within)  # some 10 MB each in an index of 100,000 chunks

    def put(self, article: Article, file: IndexedFile) -> None:
        """Add an article, without its chunks."""
        removed = json.dumps([[r.start, r.end, r.kind, r.rule] for r in article.removed], ensure_ascii=False)
        metadata = (article.title, article.author, article.publisher, article.published, article.url)
        tags = json.dumps(article.tags, ensure_ascii=False)
        flags = json.dumps([[f.start, f.end, f.kind] for f in article.flags])
        noticed = (json.dumps(dict(article.provenance)), flags, article.converted)
        made_from = (file.digest, file.source, _key_bytes(file.lines), _key_bytes(file.learned))
        values = (article.id, article.source_path, article.raw, removed, *metadata, tags, *noticed, *made_from)
        with self._writing() as connection:
            connection.execute(f"INSERT INTO articles VALUES ({','.join('?' * len(values))})", values)

    def put_chunks(self, chunks: Sequence[tuple[Article, Chunk, Vector]]) -> None:
        """Add chunks of articles that are there, each with the vectors of its sentences."""
        with self._writing() as connection:
            for article, chunk, vectors in chunks:
                values = (chunk.id, article.id, chunk.start, chunk.end, chunk.section, json.dumps(chunk.sentences))
                row = connection.execute(
                    "INSERT INTO chunks (id, article_id, start, end, section, sentences, vectors) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (*values, vectors.astype(np.float16).tobytes()),
                ).lastrowid
                body = " ".join(index_terms(f"{article.title}\n{chunk.section}\n{chunk.text}"))
                connection.execute("INSERT INTO terms (rowid, body) VALUES (?, ?)", (row, body))

    def delete(self, article_id: str) -> list[str]:
        """Remove an article; gives the ids of its chunks."""
        of_article = "(SELECT id FROM paragraphs WHERE article_id = ?)"
        with self._writing() as connection:
            rows = connection.execute("SELECT row, id FROM chunks WHERE article_id = ?", (article_id,)).fetchall()
            connection.executemany("DELETE FROM terms WHERE rowid = ?", [(row,) for row, _ in rows])
            connection.execute("DELETE FROM chunks WHERE article_id = ?", (article_id,))
            connection.execute(
                f"DELETE FROM copies WHERE paragraph IN {of_article} OR other IN {of_article}", (article_id,) * 2
            )
            connection.execute(f"DELETE FROM bands WHERE paragraph IN {of_article}", (article_id,))
            connection.execute("DELETE FROM paragraphs WHERE article_id = ?", (article_id,))
            connection.execute("DELETE FROM articles WHERE id = ?", (article_id,))
        self.article.cache_clear()
        return [chunk_id for _, chunk_id in rows]

    def files(self) -> dict[str, IndexedFile]:
        """What every article was made from, by its id."""
        rows = self._rows("SELECT id, digest, source, lines, learned FROM articles")
        return {
            id_: IndexedFile(digest, source, _keys(lines), _keys(learned))
            for id_, digest, source, lines, learned in rows
        }

    @cached_property
    def paths(self) -> dict[str, str]:
        """The path in the corpus of the file that every article was made from, by its id."""
        return dict(self._rows("SELECT id, source_path FROM articles"))

    def article_ids(self) -> list[str]:
        """Ids of all articles, in order."""
        return [article_id for (article_id,) in self._rows("SELECT id FROM articles ORDER BY id")]

    @cached_property
    def title_terms(self) -> dict[str, frozenset[str]]:
        """The index terms of every title, by article id."""
        return {id_: frozenset(index_terms(title)) for id_, title in self._rows("SELECT id, title FROM articles")}

    @cached_property
    def metadata(self) -> dict[str, Metadata]:
        """What every article states of itself, by its id."""
        rows = self._rows("SELECT id, title, author, publisher, published, tags FROM articles ORDER BY id")
        return {
            id_: Metadata(title, author, publisher, published, tuple(json.loads(tags)))
            for id_, title, author, publisher, published, tags in rows
        }

    @cached_property
    def sizes(self) -> dict[str, tuple[int, int]]:
        """For each article its number of chunks and the length of its text in code points, by its id."""
        rows = self._rows("SELECT article_id, count(*), max(end) FROM chunks GROUP BY article_id")
        return {id_: (chunks, length) for id_, chunks, length in rows}

    def sentence_counts(self) -> dict[str, int]:
        """The number of sentences of every article, by its id."""
        counted = "SELECT article_id, sum(json_array_length(sentences)) FROM chunks GROUP BY article_id"
        return dict(self._rows(counted))

    def _articles_within(self, scope: Scope) -> frozenset[str] | None:
        if scope == ALL:
            return None
        return frozenset(id_ for id_, article in self.metadata.items() if meets(scope, id_, article))

    def _chunks_within(self, scope: Scope) -> frozenset[str] | None:
        articles = self.articles_within(scope)
        if articles is None:
            return None
        # By the index on article_id: a scope costs what it allows, not a reading of every chunk.
        rows = self._rows(f"SELECT id FROM chunks WHERE article_id IN {LISTED}", (json.dumps(sorted(articles)),))
        return frozenset(id_ for (id_,) in rows)

    def first_chunk(self, article_id: str) -> Chunk:
        """The first chunk of an article. Raises KeyError for an unknown article."""
        if not (ids := self.chunk_ids_of(article_id)):
            raise KeyError(article_id)
        return self.chunk(ids[0])

    def chunk_ids_of(self, article_id: str) -> list[str]:
        """Ids of an article's chunks, in its order; [] for an unknown article."""
        rows = self._rows("SELECT id FROM chunks WHERE article_id = ? ORDER BY start", (article_id,))
        return [chunk_id for (chunk_id,) in rows]

    def chunk_ids(self) -> list[str]:
        """Ids of all chunks, in the order they were added."""
        return [chunk_id for (chunk_id,) in self._rows("SELECT id FROM chunks ORDER BY row")]

    def counts(self) -> tuple[int, int, int]:
        """Number of articles, of chunks, and of chunks in the full-text index."""
        (counts,) = self._rows(
            "SELECT (SELECT count(*) FROM articles), (SELECT count(*) FROM chunks), (SELECT count(*) FROM terms)"
        )
        return tuple(counts)

    def _article(self, article_id: str) -> Article:
        rows = self._rows(
            "SELECT id, source_path, raw, removed, title, author, publisher, published, url, tags, provenance, flags, "
            "converted FROM articles WHERE id = ?",
            (article_id,),
        )
        if not rows:
            raise KeyError(article_id)
        (id_, source_path, raw, removed, title, author, publisher, published, url, *rest) = rows[0]
        tags, provenance, flags, converted = rest
        return Article(
            id=id_,
            source_path=source_path,
            raw=raw,
            removed=tuple(Removal(*removal) for removal in json.loads(removed)),
            title=title,
            author=author,
            publisher=publisher,
            published=published,
            url=url,
            tags=tuple(json.loads(tags)),
            provenance=json.loads(provenance),
            flags=tuple(Flag(*flag) for flag in json.loads(flags)),
            converted=bool(converted),
        )

    def _chunk(self, chunk_id: str) -> Chunk:
        rows = self._rows("SELECT article_id, start, end, section, sentences FROM chunks WHERE id = ?", (chunk_id,))
        if not rows:
            raise KeyError(chunk_id)
        article_id, start, end, section, sentences = rows[0]
        text = self.article(article_id).text[start:end]
        spans = tuple((a, b) for a, b in json.loads(sentences))
        return Chunk(chunk_id, article_id, start, end, text, section, spans)

    def _sentence_vectors(self, chunk_id: str) -> Vector:
        rows = self._rows("SELECT vectors, sentences FROM chunks WHERE id = ?", (chunk_id,))
        if not rows:
            raise KeyError(chunk_id)
        blob, sentences = rows[0]
        return np.frombuffer(blob, np.float16).reshape(len(json.loads(sentences)), -1).astype(np.float32)

    def nearest_sentences(self, ids: Sequence[str], vector: Vector) -> dict[str, float]:
        """For each chunk the cosine of a unit vector with its nearest sentence, to six decimals."""
        rows = self._rows(f"SELECT id, vectors FROM chunks WHERE id IN {LISTED}", (json.dumps(ids),))
        if not rows:
            return {}
        cosines = np.frombuffer(b"".join(blob for _, blob in rows), np.float16).astype(np.float32)
        lengths = [len(blob) // (2 * len(vector)) for _, blob in rows]
        starts = np.cumsum([0, *lengths[:-1]])
        nearest = np.maximum.reduceat(cosines.reshape(-1, len(vector)) @ vector, starts)
        # Rounded: the last bits depend on where a row stands in the matrix, and equal sentences must tie.
        return {id_: round(float(score), 6) for (id_, _), score in zip(rows, nearest, strict=True)}

    def articles_of(self, ids: Sequence[str]) -> dict[str, str]:
        """For each chunk the id of its article."""
        return dict(self._rows(f"SELECT id, article_id FROM chunks WHERE id IN {LISTED}", (json.dumps(ids),)))


def _key_bytes(keys: frozenset[int]) -> bytes:
    return np.array(sorted(keys), np.int64).tobytes()


def _keys(blob: bytes) -> frozenset[int]:
    return frozenset(np.frombuffer(blob, np.int64).tolist())
