"""The embedding cache: vectors of texts, kept across generations."""

import hashlib
import sqlite3
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from rag.embed import Vector
from rag.errors import IndexDamaged, IndexNewer, IndexUnwritable, unwritable

CACHE_VERSION = 1  # 1 has a checksum before each vector, 0 had none
_CACHE_SCHEMA = """
CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID
"""


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


def _key(fingerprint: str, text: str) -> bytes:
    return hashlib.sha256(f"{fingerprint}\0{text}".encode()).digest()
