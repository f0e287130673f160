"""SQLite: articles, chunks with their sentence vectors, the full-text index, and the embedding cache.

The only file that knows SQLite.
"""

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from rag.embed import Vector
from rag.errors import IndexDamaged
from rag.text import index_terms
from rag.types import Article, Chunk, Hit, Removal

_SCHEMA = """
CREATE TABLE articles (
    id TEXT PRIMARY KEY, source_path TEXT NOT NULL, digest TEXT NOT NULL, raw TEXT NOT NULL, removed TEXT NOT NULL,
    title TEXT NOT NULL, author TEXT, publisher TEXT, published TEXT, url TEXT, tags TEXT NOT NULL
);
CREATE TABLE chunks (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, article_id TEXT NOT NULL REFERENCES articles (id),
    start INTEGER NOT NULL, end INTEGER NOT NULL, section TEXT NOT NULL, sentences TEXT NOT NULL, vectors BLOB NOT NULL
);
CREATE INDEX chunks_of_article ON chunks (article_id);
CREATE VIRTUAL TABLE terms USING fts5 (body, tokenize = "unicode61 remove_diacritics 0 tokenchars '.%'");
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (terms, row);
"""
_CACHE_SCHEMA = """
CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID
"""


class Library:
    """The articles and chunks of one generation. Safe to read from several threads.

    `article(id)`, `chunk(id)` and `sentence_vectors(chunk id)`, (sentences, d) float32 with unit rows, remember
    the last ones asked for; they raise KeyError for an unknown id.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self.article = lru_cache(maxsize=512)(self._article)
        self.chunk = lru_cache(maxsize=4096)(self._chunk)
        self.sentence_vectors = lru_cache(maxsize=4096)(self._sentence_vectors)

    @classmethod
    def create(cls, path: Path) -> "Library":
        """A new, empty library in a file that does not exist yet."""
        library = cls(sqlite3.connect(path))
        library._connection.executescript(_SCHEMA)
        return library

    @classmethod
    def edit(cls, path: Path) -> "Library":
        """An existing library, to be changed by this thread."""
        return cls(sqlite3.connect(path))

    @classmethod
    def open(cls, path: Path) -> "Library":
        """An existing library, read-only; the file must not change any more.

        Raises IndexDamaged where it is missing or no library.
        """
        try:
            connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            connection.execute("SELECT count(*) FROM articles").fetchone()
        except sqlite3.Error as error:
            raise IndexDamaged(
                f"{path} cannot be read ({error}): delete the index folder and run python -m ingest"
            ) from error
        return cls(connection)

    def close(self) -> None:
        """Commit what was written and let go of the file."""
        with self._lock:
            self._connection.commit()
            self._connection.close()

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        try:
            with self._lock:
                return self._connection.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise IndexDamaged(f"the library of the index cannot be read ({error}): run python -m ingest") from error

    def put(self, article: Article, digest: str, chunks: Sequence[Chunk], vectors: Sequence[Vector]) -> None:
        """Add an article with its chunks, and for each chunk the vectors of its sentences."""
        removed = json.dumps([[r.start, r.end, r.kind, r.rule] for r in article.removed], ensure_ascii=False)
        metadata = (article.title, article.author, article.publisher, article.published, article.url)
        tags = json.dumps(article.tags, ensure_ascii=False)
        with self._lock, self._connection:
            self._connection.execute(
                "INSERT INTO articles VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (article.id, article.source_path, digest, article.raw, removed, *metadata, tags),
            )
            for chunk, rows in zip(chunks, vectors, strict=True):
                values = (chunk.id, article.id, chunk.start, chunk.end, chunk.section, json.dumps(chunk.sentences))
                row = self._connection.execute(
                    "INSERT INTO chunks (id, article_id, start, end, section, sentences, vectors) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (*values, rows.astype(np.float16).tobytes()),
                ).lastrowid
                body = " ".join(index_terms(f"{article.title}\n{chunk.section}\n{chunk.text}"))
                self._connection.execute("INSERT INTO terms (rowid, body) VALUES (?, ?)", (row, body))

    def delete(self, article_id: str) -> list[str]:
        """Remove an article; gives the ids of its chunks."""
        with self._lock, self._connection:
            rows = self._connection.execute("SELECT row, id FROM chunks WHERE article_id = ?", (article_id,)).fetchall()
            self._connection.executemany("DELETE FROM terms WHERE rowid = ?", [(row,) for row, _ in rows])
            self._connection.execute("DELETE FROM chunks WHERE article_id = ?", (article_id,))
            self._connection.execute("DELETE FROM articles WHERE id = ?", (article_id,))
        return [chunk_id for _, chunk_id in rows]

    def digests(self) -> dict[str, str]:
        """Digest of every article by its id."""
        return dict(self._rows("SELECT id, digest FROM articles"))

    def article_ids(self) -> list[str]:
        """Ids of all articles, in order."""
        return [article_id for (article_id,) in self._rows("SELECT id FROM articles ORDER BY id")]

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
        rows = self._rows("SELECT * FROM articles WHERE id = ?", (article_id,))
        if not rows:
            raise KeyError(article_id)
        (id_, source_path, _, raw, removed, title, author, publisher, published, url, tags) = rows[0]
        removals = tuple(Removal(*removal) for removal in json.loads(removed))
        return Article(
            id_, source_path, raw, removals, title, author, publisher, published, url, tuple(json.loads(tags))
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

    def search(self, terms: Iterable[str]) -> list[Hit]:
        """Every chunk that has any of the terms, with its BM25 score, best first; ties in the order of ids.

        Source: SQLite's bm25(), k1 = 1.2, b = 0.75, https://sqlite.org/fts5.html#the_bm25_function.
        """
        quoted = " OR ".join(f'"{term}"' for term in dict.fromkeys(terms))
        if not quoted:
            return []
        rows = self._rows(
            "SELECT chunks.id, -bm25(terms) AS score FROM terms JOIN chunks ON chunks.row = terms.rowid "
            "WHERE terms MATCH ? ORDER BY score DESC, chunks.id",
            (quoted,),
        )
        return [Hit(chunk_id, score) for chunk_id, score in rows]

    def document_frequencies(self, terms: Iterable[str]) -> dict[str, int]:
        """Number of chunks that have each term."""
        wanted = list(dict.fromkeys(terms))
        marks = ",".join("?" * len(wanted))
        found = dict(self._rows(f"SELECT term, doc FROM vocabulary WHERE term IN ({marks})", wanted))
        return {term: found.get(term, 0) for term in wanted}


class EmbeddingCache:
    """Vectors by model fingerprint and text, kept across generations; every `put` is durable at once."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute(_CACHE_SCHEMA)

    def get(self, fingerprint: str, texts: Iterable[str]) -> dict[str, Vector]:
        """The vectors, (d,) float32, of those texts that were embedded before with a model."""
        found = {}
        for text in texts:
            row = self._connection.execute(
                "SELECT vector FROM vectors WHERE key = ?", (_key(fingerprint, text),)
            ).fetchone()
            if row:
                found[text] = np.frombuffer(row[0], np.float16).astype(np.float32)
        return found

    def put(self, fingerprint: str, vectors: Mapping[str, Vector]) -> None:
        """Keep the vectors of texts under a model, as float16."""
        rows = [(_key(fingerprint, text), vector.astype(np.float16).tobytes()) for text, vector in vectors.items()]
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def _key(fingerprint: str, text: str) -> bytes:
    return hashlib.sha256(f"{fingerprint}\0{text}".encode()).digest()
