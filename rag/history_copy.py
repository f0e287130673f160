"""The history as one file: a copy for a backup, a check of it, and what it holds put back into a database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, insert, make_url, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from rag.errors import HistoryError
from rag.history_tables import articles, conversations, metadata, open_database, schema, turn_articles, turns
from rag.record import unpack

BATCH = 500  # rows written together


def file_of(where: str) -> Path | None:
    """The file that a history is in; None where it is in another database than SQLite."""
    if "://" not in where:
        return Path(where)
    try:
        url = make_url(where)
    except ArgumentError as error:
        raise HistoryError(
            "YINJU_HISTORY is no database URL of SQLAlchemy: give a path or such a URL",
            "设置 YINJU_HISTORY 不是 SQLAlchemy 的数据库地址：请填文件路径或这样的地址",
        ) from error
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def copy_history(source: Path, target: Path) -> None:
    """Write what a history holds at this moment into a new file, while others go on writing. Raises HistoryError."""
    with _opened(str(source)) as engine:
        connection = engine.raw_connection()
        try:
            connection.cursor().execute("VACUUM INTO ?", (str(target),))
        finally:
            connection.close()


def check_history(where: str) -> int:
    """The number of turns that a history holds, each read back whole. Raises HistoryError where one cannot be."""
    with _opened(where) as engine, engine.connect().execution_options(reading=True) as connection:
        if engine.dialect.name == "sqlite":
            found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
            lost = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            if found != "ok" or lost:
                raise _damaged(where, found if found != "ok" else f"a row of {lost} refers to nothing")
        bodies = select(articles.c.key, articles.c.body).join(turn_articles)
        checked = 0
        for id_, record in connection.execute(select(turns.c.id, turns.c.record)).all():
            rows = connection.execute(bodies.where(turn_articles.c.turn == id_))
            try:
                unpack(record, {row.key: row.body for row in rows})
            except (ValueError, KeyError, TypeError) as error:
                raise _damaged(where, f"the turn {id_} cannot be read: {error}") from error
            checked += 1
        return checked


def take_history(source: Path, where: str) -> int:
    """Put what a copy holds and a history lacks into that history, of any database; the number of conversations.

    What the history has, also what was deleted in it and is not purged yet, stays as it is.
    """
    with (
        _opened(str(source)) as copy,
        _opened(where) as engine,
        copy.connect().execution_options(reading=True) as reading,
        engine.begin() as writing,
    ):
        tables = [table for table in metadata.sorted_tables if table is not schema]
        taken = {table.name: _take(table, reading, writing) for table in tables}
    return taken[conversations.name]


def _take(table: Table, reading: Connection, writing: Connection) -> int:
    keys = list(table.primary_key)
    known = {tuple(row) for row in writing.execute(select(*keys))}
    taken = 0
    for rows in reading.execute(select(table)).mappings().partitions(BATCH):
        if new := [dict(row) for row in rows if tuple(row[key.name] for key in keys) not in known]:
            writing.execute(insert(table), new)
            taken += len(new)
    return taken


@contextmanager
def _opened(where: str) -> Iterator[Engine]:
    engine = open_database(where)
    try:
        yield engine
    except SQLAlchemyError as error:
        raise _damaged(where, error) from error
    finally:
        engine.dispose()


def _damaged(where: str, problem: Any) -> HistoryError:
    named = make_url(where).render_as_string() if "://" in where else where  # without the password
    return HistoryError(
        f"the history {named} is damaged ({problem}): put back a backup of it",
        f"历史记录 {named} 已损坏（{problem}）：请用备份恢复",
    )
