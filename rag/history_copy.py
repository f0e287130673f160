"""The history as one file: a copy for a backup, a check of it, and what it holds put back into a database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, insert, make_url, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from rag.errors import HistoryError
from rag.history import read_answer
from rag.history_tables import conversations, damaged, metadata, open_database, schema, turns

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
            if found != "ok":
                raise damaged(where, found, "数据库没有通过完整性检查")
            if lost:
                raise damaged(where, f"a row of {lost} refers to nothing", f"表 {lost[0]} 里有一行引用的内容已不存在")
        checked = connection.execute(select(turns.c.id, turns.c.record)).all()
        for turn, record in checked:
            read_answer(where, connection, turn, record)
        return len(checked)


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
        raise damaged(where, error, "数据库文件读不出来") from error
    finally:
        engine.dispose()
