"""SQLite: articles, chunks with their sentence vectors, the full-text index, and the embedding cache.

The only file that knows SQLite.
"""

import hashlib
import json
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from rag.embed import Vector
from rag.errors import DAMAGED, IndexDamaged, IndexMismatch, IndexNewer, IndexUnwritable, unwritable
from rag.scope import meets
from rag.text import index_terms
from rag.types import ALL, Article, Chunk, Flag, Hit, Metadata, Removal, Scope, Span

SCHEMA_VERSION = 2
MOST_LINKS = 5  # copies that a new paragraph is linked to
MOST_CANDIDATES = 50  # that are looked at for it
TIES = 50  # matches beyond the asked ones that are put in the order of ids
_LISTED = "(SELECT value FROM json_each(?))"
_SCHEMA = f"""
PRAGMA user_version = {SCHEMA_VERSION};
CREATE TABLE articles (
    id TEXT PRIMARY KEY, source_path TEXT NOT NULL, raw TEXT NOT NULL, removed TEXT NOT NULL,
    title TEXT NOT NULL, author TEXT, publisher TEXT, published TEXT, url TEXT, tags TEXT NOT NULL,
    provenance TEXT NOT NULL, flags TEXT NOT NULL, converted INTEGER NOT NULL,
    digest TEXT NOT NULL, source TEXT NOT NULL, lines BLOB NOT NULL, learned BLOB NOT NULL
);
CREATE TABLE chunks (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, article_id TEXT NOT NULL REFERENCES articles (id),
    start INTEGER NOT NULL, end INTEGER NOT NULL, section TEXT NOT NULL, sentences TEXT NOT NULL, vectors BLOB NOT NULL
);
CREATE INDEX chunks_of_article ON chunks (article_id);
CREATE VIRTUAL TABLE terms USING fts5 (body, tokenize = "unicode61 remove_diacritics 0 tokenchars '.%'");
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (terms, row);
CREATE TABLE paragraphs (
    id INTEGER PRIMARY KEY, article_id TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL
);
CREATE INDEX paragraphs_of_article ON paragraphs (article_id, start);
CREATE TABLE bands (key INTEGER NOT NULL, paragraph INTEGER NOT NULL, PRIMARY KEY (key, paragraph)) WITHOUT ROWID;
CREATE INDEX bands_of_paragraph ON bands (paragraph);
CREATE TABLE copies (
    paragraph INTEGER NOT NULL, other INTEGER NOT NULL, PRIMARY KEY (paragraph, other)
) WITHOUT ROWID;
"""
CACHE_VERSION = 1  # 1 has a checksum before each vector, 0 had none
_CACHE_SCHEMA = """
CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID
"""


@dataclass(frozen=True)
class IndexedFile:
    """What an indexed article was made from: the digest of its file, its source, and numbers of its lines.

    `learned` are the lines that were taken out because many articles of the source repeat them.
    """

    digest: str
    source: str = ""
    lines: frozenset[int] = frozenset()
    learned: frozenset[int] = frozenset()


class Library:
    """The articles and chunks of one generation. Safe to read from several threads.

    `article(id)`, `chunk(id)` and `sentence_vectors(chunk id)`, (sentences, d) float32 with unit rows, remember
    the last ones asked for; they raise KeyError for an unknown id. `repeated(article id, start, end)` gives the origins
    of the paragraphs of a span that other articles repeat; `articles_within(scope)` and `chunks_within(scope)` the ids
    that a scope allows, or None where it is empty. They remember too.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.RLock()  # is_copy reads while put_paragraphs writes
        self.article = lru_cache(maxsize=512)(self._article)
        self.chunk = lru_cache(maxsize=4096)(self._chunk)
        self.sentence_vectors = lru_cache(maxsize=4096)(self._sentence_vectors)
        self.repeated = lru_cache(maxsize=4096)(self._repeated)
        self.articles_within = lru_cache(maxsize=16)(self._articles_within)
        self.chunks_within = lru_cache(maxsize=4)(self._chunks_within)  # some 10 MB each in an index of 100,000 chunks

    @classmethod
    def create(cls, path: Path) -> "Library":
        """A new, empty library in a file that does not exist yet."""
        library = cls.edit(path)
        library._connection.executescript(_SCHEMA)
        return library

    @classmethod
    def edit(cls, path: Path) -> "Library":
        """A library in a build, to be changed by this thread; nothing is durable before the build is published."""
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA synchronous = OFF")
        return cls(connection)

    @classmethod
    def open(cls, path: Path) -> "Library":
        """An existing library, read-only; the file must not change any more.

        Raises IndexDamaged where it is missing or no library.
        """
        try:
            connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            connection.execute("SELECT count(*) FROM articles").fetchone()
        except sqlite3.Error as error:
            raise IndexDamaged(f"{path} cannot be read ({error}): run python -m ingest again", DAMAGED) from error
        if version != SCHEMA_VERSION:
            connection.close()
            raise IndexMismatch(
                f"{path} has the form {version}, this program reads form {SCHEMA_VERSION}: run python -m ingest again",
                "索引是用另一个版本的程序建的：请重新运行 python -m ingest",
            )
        return cls(connection)

    def close(self) -> None:
        """Commit what was written and let go of the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction. Raises IndexUnwritable where the disk takes no more."""
        with self._lock:
            try:
                with self._connection:
                    yield self._connection
            except sqlite3.OperationalError as error:
                raise IndexUnwritable(*unwritable(error)) from error

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        try:
            with self._lock:
                return self._connection.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise IndexDamaged(
                f"the library of the index cannot be read ({error}): run python -m ingest", DAMAGED
            ) from error

    def put(
        self, article: Article, file: IndexedFile, chunks: Sequence[Chunk] = (), vectors: Sequence[Vector] = ()
    ) -> None:
        """Add an article with its first chunks, and for each chunk the vectors of its sentences."""
        removed = json.dumps([[r.start, r.end, r.kind, r.rule] for r in article.removed], ensure_ascii=False)
        metadata = (article.title, article.author, article.publisher, article.published, article.url)
        tags = json.dumps(article.tags, ensure_ascii=False)
        flags = json.dumps([[f.start, f.end, f.kind] for f in article.flags])
        noticed = (json.dumps(dict(article.provenance)), flags, article.converted)
        made_from = (file.digest, file.source, _key_bytes(file.lines), _key_bytes(file.learned))
        values = (article.id, article.source_path, article.raw, removed, *metadata, tags, *noticed, *made_from)
        with self._writing() as connection:
            connection.execute(f"INSERT INTO articles VALUES ({','.join('?' * len(values))})", values)
        self.put_chunks([(article, chunk, rows) for chunk, rows in zip(chunks, vectors, strict=True)])

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

    def copies(self) -> list[tuple[str, str, int]]:
        """Pairs of articles that share paragraphs, with the number of paragraphs, most first."""
        return self._rows(
            "SELECT a.article_id, b.article_id, count(*) AS shared FROM copies JOIN paragraphs a ON a.id = paragraph "
            "JOIN paragraphs b ON b.id = other WHERE a.article_id < b.article_id "
            "GROUP BY 1, 2 ORDER BY shared DESC, 1, 2"
        )

    def files(self) -> dict[str, IndexedFile]:
        """What every article was made from, by its id."""
        rows = self._rows("SELECT id, digest, source, lines, learned FROM articles")
        return {
            id_: IndexedFile(digest, source, _keys(lines), _keys(learned))
            for id_, digest, source, lines, learned in rows
        }

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

    def _articles_within(self, scope: Scope) -> frozenset[str] | None:
        if scope == ALL:
            return None
        return frozenset(id_ for id_, article in self.metadata.items() if meets(scope, id_, article))

    def _chunks_within(self, scope: Scope) -> frozenset[str] | None:
        articles = self.articles_within(scope)
        if articles is None:
            return None
        return frozenset(id_ for id_, of in self._rows("SELECT id, article_id FROM chunks") if of in articles)

    def first_chunk(self, article_id: str) -> Chunk:
        """The first chunk of an article. Raises KeyError for an unknown article."""
        rows = self._rows("SELECT id FROM chunks WHERE article_id = ? ORDER BY start LIMIT 1", (article_id,))
        if not rows:
            raise KeyError(article_id)
        return self.chunk(rows[0][0])

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
        rows = self._rows(f"SELECT id, vectors FROM chunks WHERE id IN {_LISTED}", (json.dumps(ids),))
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
        return dict(self._rows(f"SELECT id, article_id FROM chunks WHERE id IN {_LISTED}", (json.dumps(ids),)))

    def indexed_terms(self, ids: Sequence[str]) -> dict[str, str]:
        """For each chunk the index terms of its title, section and text, joined by blanks."""
        return dict(
            self._rows(
                "SELECT chunks.id, terms.body FROM chunks JOIN terms ON terms.rowid = chunks.row "
                f"WHERE chunks.id IN {_LISTED}",
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


class EmbeddingCache:
    """Vectors by model fingerprint and text, kept across generations; every `put` is durable at once.

    Each has a checksum: one that a flipped byte spoiled counts as unknown, and is embedded again.
    """

    def __init__(self, path: Path, *, mend: bool = True) -> None:
        """Open or create a cache. A file that is none is replaced, or without `mend` raises IndexDamaged."""
        self._path = path
        try:
            self._connection = _open_cache(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise IndexUnwritable(*unwritable(error)) from error
            if not mend:
                raise _unreadable_cache(error) from error
            self._connection = _new_cache(path)

    def get(self, fingerprint: str, texts: Iterable[str]) -> dict[str, Vector]:
        """The vectors, (d,) float32, of those texts that were embedded before with a model."""
        found = {}
        for text in texts:
            key = _key(fingerprint, text)
            rows = self._rows("SELECT vector FROM vectors WHERE key = ?", (key,))
            if rows and rows[0][0] == _checked(key, rows[0][0][4:]):
                found[text] = np.frombuffer(rows[0][0], np.float16, offset=4).astype(np.float32)
        return found

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise _unreadable_cache(error) from error

    def put(self, fingerprint: str, vectors: Mapping[str, Vector]) -> None:
        """Keep the vectors of texts under a model, as float16."""
        half = {_key(fingerprint, text): vector.astype(np.float16).tobytes() for text, vector in vectors.items()}
        rows = [(key, _checked(key, vector)) for key, vector in half.items()]
        try:
            with self._connection:
                self._connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
        except sqlite3.OperationalError as error:
            raise IndexUnwritable(*unwritable(error)) from error

    def spoiled(self) -> list[bytes]:
        """The keys of the vectors whose checksum is wrong. Raises IndexDamaged where the file cannot be read."""
        if (found := self._rows("PRAGMA quick_check(1)")) != [("ok",)]:
            raise _unreadable_cache(found[0][0])
        wrong = "SELECT key FROM vectors WHERE vector != checked(key, substr(vector, 5))"
        return [key for (key,) in self._rows(wrong)]

    def mend(self) -> None:
        """Forget the vectors whose checksum is wrong; all of them, where the file cannot be read."""
        try:
            keys = self.spoiled()
            with self._connection:
                self._connection.executemany("DELETE FROM vectors WHERE key = ?", [(key,) for key in keys])
        except (IndexDamaged, sqlite3.DatabaseError):
            self._connection.close()
            self._connection = _new_cache(self._path)

    def copy_to(self, path: Path) -> None:
        """Write what the cache holds at this moment into a new file, while others may go on writing."""
        with closing(sqlite3.connect(path)) as copy:
            self._connection.backup(copy)

    def take_from(self, path: Path) -> None:
        """Take over the vectors of the cache in another file that this one lacks."""
        with closing(_open_cache(path)) as other, self._connection:
            rows = other.execute("SELECT key, vector FROM vectors")
            self._connection.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", rows)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def _open_cache(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(_CACHE_SCHEMA)
    connection.create_function("checked", 2, _checked, deterministic=True)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > CACHE_VERSION:
        connection.close()
        raise IndexNewer(
            f"{path} has format {version}, this program reads format {CACHE_VERSION}: update the program",
            f"向量缓存是用更新的程序建的（格式 {version}，本程序只认格式 {CACHE_VERSION}）：请升级程序",
        )
    if version < CACHE_VERSION:
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("UPDATE vectors SET vector = checked(key, vector)")
            connection.execute(f"PRAGMA user_version = {CACHE_VERSION}")
    return connection


def _new_cache(path: Path) -> sqlite3.Connection:
    """An empty cache in place of one that cannot be read: what it held can be computed again."""
    for part in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        part.unlink(missing_ok=True)
    return _open_cache(path)


def _unreadable_cache(error: object) -> IndexDamaged:
    return IndexDamaged(
        f"the embedding cache cannot be read ({error}): run python -m ingest repair",
        f"向量缓存读不出来（{error}）：请运行 python -m ingest repair",
    )


def _checked(key: bytes, vector: bytes) -> bytes:
    """A vector behind the checksum of it and its key."""
    return zlib.crc32(key + vector).to_bytes(4, "little") + vector


def _key_bytes(keys: frozenset[int]) -> bytes:
    return np.array(sorted(keys), np.int64).tobytes()


def _keys(blob: bytes) -> frozenset[int]:
    return frozenset(np.frombuffer(blob, np.int64).tolist())


def _key(fingerprint: str, text: str) -> bytes:
    return hashlib.sha256(f"{fingerprint}\0{text}".encode()).digest()
