"""The SQLite file of a library: its tables, how it is opened, and how it is read and written."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from rag.errors import DAMAGED, IndexDamaged, IndexMismatch, IndexUnwritable, unwritable

SCHEMA_VERSION = 2
Connection = sqlite3.Connection
LISTED = "(SELECT value FROM json_each(?))"  # the values of a JSON array that is given
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


class LibraryFile:
    """The connection to a library. Safe to read from several threads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.RLock()  # is_copy reads while put_paragraphs writes

    @classmethod
    def create(cls, path: Path) -> Self:
        """A new, empty library in a file that does not exist yet."""
        library = cls.edit(path)
        library._connection.executescript(_SCHEMA)
        return library

    @classmethod
    def edit(cls, path: Path) -> Self:
        """A library in a build, to be changed by this thread; nothing is durable before the build is published."""
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA synchronous = OFF")
        return cls(connection)

    @classmethod
    def open(cls, path: Path) -> Self:
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
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
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
