"""Conversations that outlive the process: their turns, and what readers thought of them. Several processes may write.

What a method gives back is on the disk. Nothing is overwritten: a turn that was asked again or cut stays, unseen,
until its conversation is deleted for good.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from rag.errors import HistoryError
from rag.history_tables import (
    articles,
    conversations,
    damaged,
    is_damage,
    open_database,
    questions,
    ratings,
    turn_articles,
    turns,
)
from rag.record import pack, unpack
from rag.types import Answer

REASONS = ("wrong", "unsupported", "not_found", "outdated")
KEEP_DELETED = timedelta(days=1)
TITLE = 60  # code points
SEARCH, SEARCH_WORDS = 200, 20  # code points and words of a search that count; databases limit their patterns
_COLUMNS = (conversations.c.id, conversations.c.title, conversations.c.changed)


@dataclass(frozen=True)
class Conversation:
    """One conversation without its turns; `changed` is when it was last asked in, ISO, UTC."""

    id: str
    title: str
    changed: str


@dataclass(frozen=True)
class Rating:
    """What a reader thought of an answer; `reason` is one of REASONS, or "" for a useful one."""

    useful: bool
    reason: str = ""
    note: str = ""


@dataclass(frozen=True)
class Turn:
    """A question with its answer. `previous` is the answer that the question had before it was asked again."""

    id: str
    answer: Answer
    created: str
    previous: Answer | None = None
    rating: Rating | None = None


class History:
    """The history in one database; of each owner only the own conversations are seen. Safe to use from threads.

    What changes a conversation's turns, and `rate`, do not ask whose they are: turns are read from `turns`, which does.
    Every method raises HistoryError when the database cannot be read or written.
    """

    def __init__(self, where: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """`where` is a path or a URL of SQLAlchemy. Raises HistoryError."""
        self.where = where
        self._engine = open_database(where)
        self._now = now

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def conversations(self, owner: str = "", search: str = "", most: int = 50) -> list[Conversation]:
        """The latest conversations, newest first; of a search those that have all its first words in title or turns."""
        return self._found(owner, search, most, conversations.c.deleted.is_(None), conversations.c.changed)

    def deleted(self, owner: str = "", search: str = "", most: int = 50) -> list[Conversation]:
        """The conversations that can still be restored, the last deleted first; of a search as in `conversations`."""
        since = (self._now() - KEEP_DELETED).isoformat()
        return self._found(owner, search, most, conversations.c.deleted >= since, conversations.c.deleted)

    def conversation(self, id_: str, owner: str = "") -> Conversation | None:
        """A conversation of the owner; None where there is none, or it was deleted."""
        with self._reading() as connection:
            row = connection.execute(
                select(*_COLUMNS).where(_own(id_, owner), conversations.c.deleted.is_(None))
            ).first()
        return Conversation(*row) if row else None

    def turns(self, conversation: str, owner: str = "") -> list[Turn]:
        """The turns of a conversation of the owner, oldest first."""
        query = (
            select(turns, ratings.c.useful, ratings.c.reason, ratings.c.note)
            .join(conversations, conversations.c.id == turns.c.conversation)
            .outerjoin(ratings, and_(ratings.c.turn == turns.c.id, ratings.c.owner == owner))
            .where(_own(conversation, owner), turns.c.replaced.is_(None))
            .order_by(turns.c.number, turns.c.created)
        )
        with self._reading() as connection:
            return [self._turn(connection, row) for row in connection.execute(query).all()]

    def shown(self, conversation: str, owner: str = "") -> list[str]:
        """The ids of the turns of a conversation of the owner, oldest first."""
        query = (
            select(turns.c.id)
            .join(conversations, conversations.c.id == turns.c.conversation)
            .where(_own(conversation, owner), turns.c.replaced.is_(None))
            .order_by(turns.c.number, turns.c.created)
        )
        with self._reading() as connection:
            return list(connection.scalars(query))

    def start(self, title: str, owner: str = "") -> str:
        """The id of a new conversation."""
        id_ = uuid4().hex
        with self._writing() as connection:
            values = {"id": id_, "owner": owner, "title": _title(title), "changed": self._time()}
            connection.execute(insert(conversations).values(**values))
        return id_

    def append(self, conversation: str, answer: Answer) -> Turn:
        """The answer as the last turn of a conversation."""
        with self._writing() as connection:
            return self._put(connection, conversation, self._next_number(connection, conversation), answer)

    def ask_again(self, turn: Turn, answer: Answer) -> Turn:
        """The answer in the place of an earlier one, which it remembers; as the last one where that was cut."""
        with self._writing() as connection:
            old = connection.execute(select(turns).where(turns.c.id == turn.id)).one()
            # Not by its id: another page may have asked it again, too.
            same = and_(_shown_in(old.conversation), turns.c.number == old.number, turns.c.question == old.question)
            if not connection.execute(update(turns).where(same).values(replaced=self._time())).rowcount:
                return self._put(connection, old.conversation, self._next_number(connection, old.conversation), answer)
            return self._put(connection, old.conversation, old.number, answer, turn)

    def cut(self, gone: Iterable[Turn]) -> None:
        """Take turns out of their conversation."""
        with self._writing() as connection:
            cut = and_(turns.c.id.in_([turn.id for turn in gone]), turns.c.replaced.is_(None))
            connection.execute(update(turns).where(cut).values(replaced=self._time()))

    def rename(self, conversation: str, title: str, owner: str = "") -> None:
        """Give a conversation another title; an empty one changes nothing."""
        if title.strip():
            self._change(conversation, owner, title=_title(title))

    def delete(self, conversation: str, owner: str = "") -> None:
        """Delete a conversation; for a day it can be restored; the first deletion after that removes it for good."""
        self._change(conversation, owner, deleted=self._time())
        self.purge()

    def restore(self, conversation: str, owner: str = "") -> None:
        """Undo a deletion."""
        self._change(conversation, owner, deleted=None)

    def purge(self) -> None:
        """Remove for good what was deleted more than a day ago, with the articles that only it cited."""
        before = (self._now() - KEEP_DELETED).isoformat()
        with self._writing() as connection:
            connection.execute(delete(conversations).where(conversations.c.deleted < before))
            cited = select(turn_articles.c.key).where(turn_articles.c.key == articles.c.key)
            connection.execute(delete(articles).where(~exists(cited)))

    def rate(self, turn: str, rating: Rating | None, owner: str = "") -> None:
        """Keep what a reader thinks of an answer, instead of what the reader thought before; None takes it back."""
        with self._writing() as connection:
            connection.execute(delete(ratings).where(ratings.c.turn == turn, ratings.c.owner == owner))
            if rating:
                values = {"useful": rating.useful, "reason": rating.reason, "note": rating.note.strip()}
                connection.execute(insert(ratings).values(turn=turn, owner=owner, created=self._time(), **values))

    def rated(self, *, useful: bool = False, most: int = 200) -> tuple[list[Turn], list[HistoryError]]:
        """Of all owners the answers found useful, or not, the last rated first; and the errors of damaged ones."""
        query = (
            select(turns, ratings.c.useful, ratings.c.reason, ratings.c.note)
            .join(ratings, ratings.c.turn == turns.c.id)
            .where(ratings.c.useful.is_(useful))
            .order_by(ratings.c.created.desc(), turns.c.id)
            .limit(most)
        )
        found: list[Turn] = []
        lost: list[HistoryError] = []
        with self._reading() as connection:
            for row in connection.execute(query).all():
                try:
                    found.append(self._turn(connection, row))
                except HistoryError as error:
                    lost.append(error)
        return found, lost

    def keep_question(self, turn: str, row: str | None) -> None:
        """Keep a turn as a question of a question set, as a line of JSON; None takes it out."""
        with self._writing() as connection:
            connection.execute(delete(questions).where(questions.c.turn == turn))
            if row is not None:
                connection.execute(insert(questions).values(turn=turn, row=row))

    def questions(self) -> dict[str, str]:
        """The lines of the question set, by the ids of their turns."""
        query = select(questions.c.turn, questions.c.row).join(turns).order_by(turns.c.created, turns.c.id)
        with self._reading() as connection:
            return {row.turn: row.row for row in connection.execute(query)}

    def _found(
        self, owner: str, search: str, most: int, wanted: ColumnElement[bool], latest: ColumnElement[str | None]
    ) -> list[Conversation]:
        """The conversations of an owner that are wanted and have the first words of a search, the latest first."""
        words = [_mentions(word) for word in search[:SEARCH].split()[:SEARCH_WORDS]]
        query = (
            select(*_COLUMNS)
            .where(conversations.c.owner == owner, wanted, *words)
            .order_by(latest.desc(), conversations.c.id)
            .limit(most)
        )
        with self._reading() as connection:
            return [Conversation(*row) for row in connection.execute(query)]

    def _next_number(self, connection: Connection, conversation: str) -> int:
        last = connection.scalar(select(func.max(turns.c.number)).where(_shown_in(conversation)))
        return (last or 0) + 1

    def _put(
        self, connection: Connection, conversation: str, number: int, answer: Answer, again: Turn | None = None
    ) -> Turn:
        record, bodies = pack(answer)
        turn = Turn(uuid4().hex, answer, self._time(), again.answer if again else None)
        known = set(connection.scalars(select(articles.c.key).where(articles.c.key.in_(bodies))))
        if new := [{"key": key, "body": body} for key, body in bodies.items() if key not in known]:
            connection.execute(insert(articles), new)
        values = {"id": turn.id, "conversation": conversation, "number": number, "record": record}
        texts = {"question": answer.question.text, "text": answer.text, "created": turn.created}
        connection.execute(insert(turns).values(**values, **texts, previous=again.id if again else None))
        if bodies:
            connection.execute(insert(turn_articles), [{"turn": turn.id, "key": key} for key in bodies])
        asked = update(conversations).where(conversations.c.id == conversation).values(changed=turn.created)
        connection.execute(asked)
        return turn

    def _turn(self, connection: Connection, row: Row[Any]) -> Turn:
        rating = None if row.useful is None else Rating(row.useful, row.reason, row.note)
        previous = connection.execute(select(turns).where(turns.c.id == row.previous)).first()
        earlier = read_answer(self.where, connection, previous.id, previous.record) if previous else None
        answer = read_answer(self.where, connection, row.id, row.record)
        return Turn(row.id, answer, row.created, earlier, rating)

    def _change(self, conversation: str, owner: str, **values: str | None) -> None:
        with self._writing() as connection:
            connection.execute(update(conversations).where(_own(conversation, owner)).values(**values))

    def _time(self) -> str:
        return self._now().isoformat()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """One transaction that is on the disk when it is over."""
        with _told(self.where), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with _told(self.where), self._engine.connect().execution_options(reading=True) as connection:
            yield connection


@contextmanager
def _told(where: str) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, ValueError) as error:  # the latter of a driver, for text that it cannot write
        if is_damage(error):
            raise damaged(where, error, "数据库文件读不出来") from error
        raise HistoryError(
            f"the history cannot be read or written ({error}): check the disk and the rights of YINJU_HISTORY",
            "历史记录读不出来或写不进去：请检查磁盘空间，以及设置 YINJU_HISTORY 所指文件的权限",
        ) from error


def read_answer(where: str, connection: Connection, turn: str, record: str) -> Answer:
    """The answer of a turn, from its record, of the history at `where`. Raises HistoryError where it is damaged."""
    query = select(articles.c.key, articles.c.body).join(turn_articles).where(turn_articles.c.turn == turn)
    bodies = {row.key: row.body for row in connection.execute(query)}
    try:
        return unpack(record, bodies)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise damaged(where, f"the turn {turn} cannot be read: {error}", f"编号 {turn} 的回答读不出来") from error


def _own(id_: str, owner: str) -> ColumnElement[bool]:
    return and_(conversations.c.id == id_, conversations.c.owner == owner)


def _shown_in(conversation: str | ColumnElement[str]) -> ColumnElement[bool]:
    return and_(turns.c.conversation == conversation, turns.c.replaced.is_(None))


def _mentions(word: str) -> ColumnElement[bool]:
    """Whether a conversation has a word in its title, or in a question or an answer that is shown."""
    said = or_(turns.c.question.icontains(word, autoescape=True), turns.c.text.icontains(word, autoescape=True))
    in_turns = exists(select(turns.c.id).where(_shown_in(conversations.c.id), said))
    return or_(conversations.c.title.icontains(word, autoescape=True), in_turns)


def _title(text: str) -> str:
    return " ".join(text.split())[:TITLE]
