"""The tables of the history, and the database that holds them: SQLite, or another that SQLAlchemy knows."""

import re
import time
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    insert,
    select,
)
from sqlalchemy.exc import SQLAlchemyError

from rag.errors import HistoryError

SCHEMA_VERSION = 1
_PASSWORD = re.compile(r"(?<=\w):[^/@]+@")  # of a URL; it may hold no / or @ there
_WRITER = 0x79696E6A75  # the number of the lock that a writer holds
BUSY_SECONDS = 30  # that a writer waits for another one

metadata = MetaData()
schema = Table("schema_version", metadata, Column("version", Integer, primary_key=True))
conversations = Table(
    "conversations",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner", String(400), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("changed", String(32), nullable=False),  # times are ISO, UTC
    Column("deleted", String(32)),
)
turns = Table(
    "turns",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("conversation", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("number", Integer, nullable=False),  # in the conversation, from 1
    Column("question", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("created", String(32), nullable=False),
    Column("previous", String(32)),  # the turn whose question was asked again
    Column("replaced", String(32)),  # since when it is not shown any more
)
articles = Table(
    "articles", metadata, Column("key", String(64), primary_key=True), Column("body", Text, nullable=False)
)
turn_articles = Table(
    "turn_articles",
    metadata,
    Column("turn", ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
    Column("key", ForeignKey("articles.key"), primary_key=True, index=True),
)
ratings = Table(
    "ratings",
    metadata,
    Column("turn", ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
    Column("owner", String(400), primary_key=True),
    Column("useful", Boolean, nullable=False),
    Column("reason", String(40), nullable=False),
    Column("note", Text, nullable=False),
    Column("created", String(32), nullable=False),
)

questions = Table(  # what became a question of a question set
    "questions",
    metadata,
    Column("turn", ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
    Column("row", Text, nullable=False),
)


def open_database(where: str) -> Engine:
    """The database at a path, or at a URL of SQLAlchemy, with the tables in it. Raises HistoryError."""
    url = where if "://" in where else f"sqlite:///{where}"
    named = _named(where)
    try:
        if "://" not in where:
            Path(where).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url)
        if engine.dialect.name == "sqlite":
            _set_up_sqlite(engine)
        elif engine.dialect.name == "postgresql":
            event.listen(engine, "begin", _begin_postgresql)
        with engine.begin() as connection:
            metadata.create_all(connection)
            version = connection.scalar(select(schema.c.version))
            if version is None:
                connection.execute(insert(schema).values(version=SCHEMA_VERSION))
    except (SQLAlchemyError, OSError, ImportError) as error:  # the last where a database's driver is missing
        if is_damage(error):
            raise damaged(where, error, "不是完好的数据库，恢复之前页面不能提问") from error
        raise HistoryError(
            f"the history {named} cannot be opened ({error}): check YINJU_HISTORY, the rights and the disk",
            f"历史记录 {named} 打不开，页面因此不能提问：请检查设置 YINJU_HISTORY、文件权限和磁盘空间",
        ) from error
    if version not in (None, SCHEMA_VERSION):
        raise HistoryError(
            f"the history {named} has the form {version}, this program reads form {SCHEMA_VERSION}: "
            "start the program that wrote it, or name another file in YINJU_HISTORY",
            f"历史记录 {named} 的格式是 {version}，这个版本的程序读不了："
            "请用写它的版本打开，或在 YINJU_HISTORY 里换一个文件",
        )
    return engine


def is_damage(error: Exception) -> bool:
    """Whether a database tells that its file does not hold what was written, or is none of it."""
    name = getattr(getattr(error, "orig", None), "sqlite_errorname", "")
    return name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))


def damaged(where: str, problem: object, chinese: str) -> HistoryError:
    """The error of a history that does not hold what was written; both say what is wrong, `chinese` to a reader."""
    what, _, _ = str(problem).partition("\n")  # the lines below it are those of a log
    return HistoryError(
        f"the history {_named(where)} is damaged ({what}): put back a backup of it",
        f"历史记录 {_named(where)} 已损坏（{chinese}）：请用备份恢复",
    )


def _named(where: str) -> str:
    return _PASSWORD.sub(":***@", where)


def _set_up_sqlite(engine: Engine) -> None:
    """Many readers beside one writer; a commit is on the disk before it is acknowledged."""

    def connected(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver begins nothing: `begun` does
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        _write_ahead(connection, engine.dialect.dbapi)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    def begun(connection: Any) -> None:
        # Locked at once where something is written: a reader that becomes a writer would fail beside another writer.
        reading = connection.get_execution_options().get("reading")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)


def _write_ahead(connection: Any, driver: Any) -> None:
    """Journal in WAL mode. Beside another process that makes the same database, SQLite fails at once: it is awaited."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except driver.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != driver.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _begin_postgresql(connection: Any) -> None:
    """One writer at a time, as in SQLite: others would put the same article in, or create the same table, and fail."""
    if not connection.get_execution_options().get("reading"):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER})")
