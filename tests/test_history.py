"""The history: what is acknowledged stays, several processes write, nothing of another owner is seen."""

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Timer

import pytest
from sqlalchemy import create_engine, func, select, update

from rag.errors import HistoryError
from rag.history import History, Rating, Turn
from rag.history_tables import articles, metadata, open_database, schema, turns
from rag.record import pack, unpack
from rag.types import (
    Answer,
    Article,
    Chunk,
    Citation,
    Flag,
    Passage,
    PassageReading,
    Query,
    Question,
    Ranked,
    Removal,
    Scope,
    Search,
    Statement,
)

ROOT = Path(__file__).parent.parent
ARTICLE = Article(
    "甲", "甲.md", "广告猫怕狗。", (Removal(0, 2, "advert", "r"),), "题", flags=(Flag(0, 1, "broken date"),)
)
READING = PassageReading(1.5, (0, 4), {(0, 4): -0.5})
PASSAGE = Passage(ARTICLE, Chunk("c", "甲", 0, 4, "猫怕狗。", "节", ((0, 4),)), 1, 0.5, 0.25)
SEARCH = Search(Query("猫怕谁", Scope(tags=("动物",))), (Ranked(PASSAGE, 1.0, 0.5, 1),), ("d",))
ANSWER = Answer(
    Question("猫怕谁？", id="q"),
    (Statement("猫怕狗。", (1,)),),
    (Citation(1, ARTICLE, 0, 4),),
    (PASSAGE,),
    search=SEARCH,
)


def about(question: str) -> Answer:
    return replace(ANSWER, question=Question(question))


def damage(history: History, *of: Turn, record: str = "[") -> None:
    """Make some turns of a history unreadable; all where none is named."""
    damaged = update(turns).where(turns.c.id.in_([turn.id for turn in of])) if of else update(turns)
    with history._engine.begin() as connection:
        connection.execute(damaged.values(record=record))


class Clock:
    """A time that moves a second on each time it is asked."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 25, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.database)])
def path(request: pytest.FixtureRequest, tmp_path: str) -> str:
    """Where the history is, with nothing in it yet: a file, and the database that YINJU_TEST_DATABASE names."""
    if request.param == "SQLite":
        return str(tmp_path / "new" / "history.sqlite")
    url = os.environ["YINJU_TEST_DATABASE"]
    engine = create_engine(url)
    metadata.drop_all(engine)
    engine.dispose()
    return url


@pytest.fixture
def history(path: str, clock: Clock) -> Iterator[History]:
    opened = History(path, clock)
    yield opened
    opened.close()


def test_a_packed_answer_comes_back_equal_with_each_article_once() -> None:
    record, bodies = pack(ANSWER)
    assert len(bodies) == 1 and "猫怕狗。" in record and "广告" not in record
    assert unpack(record, bodies) == ANSWER


def test_what_the_reader_made_of_a_passage_is_not_kept() -> None:
    read = replace(ANSWER, passages=(replace(PASSAGE, reading=READING),))
    assert unpack(*pack(read)) == ANSWER


def test_a_conversation_is_there_after_the_program_was_started_again(history: History, path: str) -> None:
    id_ = history.start("  猫怕\n谁？" + "长" * 99)
    first, second = history.append(id_, ANSWER), history.append(id_, about("狗呢？"))
    history.close()
    again = History(path)
    (found,) = again.conversations()
    assert (found.id, found.title) == (id_, "猫怕 谁？" + "长" * 55)
    assert again.turns(id_) == [first, second]
    assert [turn.answer.question.text for turn in again.turns(id_)] == ["猫怕谁？", "狗呢？"]


def test_an_article_is_kept_once_for_all_answers_as_it_was_for_each(history: History) -> None:
    id_ = history.start("题")
    for _ in range(3):
        history.append(id_, ANSWER)
    changed = replace(ARTICLE, raw="广告猫怕狗。改。")
    citation = Citation(1, changed, 0, 4)
    newer = replace(ANSWER, citations=(citation,), passages=(replace(PASSAGE, article=changed),), search=None)
    history.append(id_, newer)
    assert [turn.answer.citations[0].article.text for turn in history.turns(id_)] == ["猫怕狗。"] * 3 + ["猫怕狗。改。"]
    with history._engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(articles)) == 2


def test_an_answer_asked_again_stands_in_its_place_and_remembers_the_one_before(history: History) -> None:
    id_ = history.start("题")
    first, second = history.append(id_, ANSWER), history.append(id_, about("后来？"))
    other = replace(ANSWER, notice="新")
    newer = history.ask_again(first, other)
    assert history.turns(id_) == [newer, second]
    assert (newer.answer, newer.previous) == (other, ANSWER)


def test_a_turn_asked_again_on_two_pages_stands_once_and_an_edited_one_is_not_replaced(history: History) -> None:
    id_ = history.start("题")
    first = history.append(id_, ANSWER)
    history.ask_again(first, replace(ANSWER, notice="一"))
    newest = history.ask_again(first, replace(ANSWER, notice="二"))
    assert history.turns(id_) == [newest]
    history.cut([newest])
    edited = history.append(id_, about("改"))
    again = history.ask_again(newest, ANSWER)  # on the page that does not know of it
    assert history.turns(id_) == [edited, again]


def test_an_edited_question_takes_itself_and_what_its_page_showed_after_it_out(history: History) -> None:
    id_ = history.start("题")
    turns = [history.append(id_, about(text)) for text in "一二三"]
    unseen = history.append(id_, about("另一页问的"))
    history.cut(turns[1:])
    edited = history.append(id_, about("改"))
    assert history.turns(id_) == [turns[0], unseen, edited]
    assert history.shown(id_) == [turns[0].id, unseen.id, edited.id]
    assert history.shown(id_, "另一位") == []


def test_conversations_are_found_by_title_question_and_answer_in_any_case(history: History) -> None:
    cats, tesla = history.start("猫"), history.start("100%_车")
    history.append(cats, ANSWER)
    history.append(tesla, about("Tesla 呢？"))
    history.cut([history.append(tesla, about("划掉的"))])
    found = {
        word: [one.id for one in history.conversations(search=word)] for word in ("tesla", "100%", "划掉", "%", "")
    }
    assert found == {"tesla": [tesla], "100%": [tesla], "划掉": [], "%": [tesla], "": [tesla, cats]}
    assert [one.id for one in history.conversations(search="怕狗 猫")] == [tesla, cats]
    assert history.conversations(most=1) == [history.conversation(tesla)]


def test_of_a_long_search_the_first_words_count(history: History) -> None:
    words = [f"w{number}." for number in range(1_000)]
    cats, fish = history.start("猫 " + words[0]), history.start("鱼 " + words[0])
    history.append(cats, about(" ".join(words[1:19])))
    history.append(fish, about("字" * 198))
    assert [one.id for one in history.conversations(search="猫 " + " ".join(words))] == [cats]
    assert [one.id for one in history.conversations(search="鱼 " + "字" * 17_000)] == [fish]
    assert history.conversations(search="鱼 " + " ".join(words)) == []


def test_a_title_changes_and_an_empty_one_does_not(history: History) -> None:
    id_ = history.start("旧")
    history.rename(id_, " 新 ")
    history.rename(id_, "  ")
    assert [one.title for one in history.conversations()] == ["新"]


def test_a_deleted_conversation_comes_back_within_a_day_and_is_gone_after(history: History, clock: Clock) -> None:
    id_ = history.start("题")
    turn = history.append(id_, ANSWER)
    history.rate(turn.id, Rating(useful=False, reason="wrong"))
    history.delete(id_)
    assert (history.conversations(), history.conversation(id_)) == ([], None)
    assert [one.id for one in history.deleted()] == [id_]
    history.restore(id_)
    assert history.deleted() == []
    assert [one.answer for one in history.turns(id_)] == [ANSWER]
    history.delete(id_)
    clock.time += timedelta(days=1, minutes=1)
    assert history.deleted() == []
    history.purge()
    history.restore(id_)
    assert (history.conversations(), history.turns(id_), history.rated()) == ([], [], ([], []))
    with history._engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(articles)) == 0


def test_every_conversation_that_was_deleted_within_a_day_is_found_the_last_first(
    history: History, clock: Clock
) -> None:
    cats, dogs, kept = history.start("猫"), history.start("狗"), history.start("鱼")
    history.append(dogs, about("狗几岁？"))
    history.delete(dogs)
    clock.time += timedelta(hours=23)
    history.delete(cats)
    assert [one.id for one in history.deleted()] == [cats, dogs]
    assert [one.id for one in history.deleted(search="几岁")] == [dogs]
    assert [one.id for one in history.deleted(most=1)] == [cats]
    clock.time += timedelta(hours=2)
    assert [one.id for one in history.deleted()] == [cats]
    assert [one.id for one in history.conversations()] == [kept]


def test_nothing_of_another_owner_is_seen_or_changed(history: History) -> None:
    id_ = history.start("甲的", owner="甲")
    turn = history.append(id_, ANSWER)
    history.rename(id_, "抢", owner="乙")
    history.delete(id_, owner="乙")
    assert (history.conversations("乙"), history.conversation(id_, "乙"), history.turns(id_, "乙")) == ([], None, [])
    assert [one.title for one in history.conversations("甲")] == ["甲的"]
    history.delete(id_, owner="甲")
    assert (history.deleted("乙"), [one.id for one in history.deleted("甲")]) == ([], [id_])
    history.restore(id_, owner="甲")
    history.rate(turn.id, Rating(useful=True), owner="乙")
    assert history.turns(id_, "甲")[0].rating is None


def test_the_last_rating_of_a_reader_counts_and_can_be_taken_back(history: History) -> None:
    id_ = history.start("题")
    first, second = history.append(id_, ANSWER), history.append(id_, about("后来？"))
    history.rate(first.id, Rating(useful=True))
    history.rate(first.id, Rating(useful=False, reason="outdated", note=" 去年的 "))
    history.rate(second.id, Rating(useful=False, reason="wrong"))
    assert history.turns(id_)[0].rating == Rating(useful=False, reason="outdated", note="去年的")
    assert [turn.id for turn in history.rated()[0]] == [second.id, first.id]
    history.rate(second.id, None)
    assert [turn.id for turn in history.rated()[0]] == [first.id]
    assert history.rated(useful=True) == ([], [])


def write_turns(path: str, count: int) -> None:
    history = History(path)
    id_ = history.start("并发")
    for number in range(count):
        history.append(id_, about(str(number)))


def test_several_processes_write_at_once_and_nothing_is_lost(path: str) -> None:
    # The database does not exist yet: they also create it at once.
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_turns, args=(path, 10)) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 4
    history = History(path)
    asked = [[t.answer.question.text for t in history.turns(c.id)] for c in history.conversations()]
    assert asked == [list("0123456789")] * 4


def test_a_new_database_that_another_process_makes_is_waited_for(tmp_path: Path) -> None:
    path = str(tmp_path / "new.sqlite")
    with closing(sqlite3.connect(path, check_same_thread=False, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # before it turns to WAL: for this SQLite itself does not wait
        release = Timer(0.3, other.execute, ("COMMIT",))
        release.start()
        assert History(path).conversations() == []
        release.join()


WRITES_UNTIL_KILLED = """
import sys
sys.path.insert(0, "tests")
from test_history import History, about
history = History(sys.argv[1])
id_ = history.start("题")
for number in range(10_000):
    history.append(id_, about(str(number)))
    print(number, flush=True)
"""


def test_a_killed_process_loses_nothing_that_it_acknowledged(path: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", WRITES_UNTIL_KILLED, path]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        acknowledged = [next(writer.stdout).strip() for _ in range(20)]
        writer.send_signal(signal.SIGKILL)
        acknowledged += writer.stdout.read().split()
    history = History(path)
    (conversation,) = history.conversations()
    asked = [turn.answer.question.text for turn in history.turns(conversation.id)]
    assert asked[: len(acknowledged)] == acknowledged and len(asked) <= len(acknowledged) + 1


@pytest.mark.parametrize(
    "record", ["[", "[]", '{"question": {"article": "x"}}', '{"question": {"article": ["x"]}}', "[" * 100_000]
)
def test_a_damaged_turn_is_a_history_error_that_names_it(history: History, record: str) -> None:
    id_ = history.start("题")
    turn = history.append(id_, ANSWER)
    damage(history, record=record)
    with pytest.raises(HistoryError, match=rf"is damaged \(the turn {turn.id} cannot be read: .*put back") as told:
        history.turns(id_)
    assert f"已损坏（编号 {turn.id} 的回答读不出来）：请用备份恢复" in told.value.chinese


def test_a_damaged_answer_that_was_rated_hides_no_other(history: History) -> None:
    id_ = history.start("题")
    damaged, whole = history.append(id_, ANSWER), history.append(id_, about("后来？"))
    for turn in (damaged, whole):
        history.rate(turn.id, Rating(useful=False))
    damage(history, damaged)
    (found,), (lost,) = history.rated()
    assert found.id == whole.id and damaged.id in lost.chinese


def test_a_history_of_another_version_is_refused(history: History, path: str) -> None:
    with open_database(path).begin() as connection:
        connection.execute(update(schema).values(version=9))
    with pytest.raises(HistoryError, match="has the form 9, this program reads form 1"):
        History(path)


def test_a_file_that_is_no_database_is_told_as_damaged(tmp_path: Path) -> None:
    where = tmp_path / "x"
    where.write_text("no database at all" * 99)
    with pytest.raises(HistoryError, match=r"is damaged .*file is not a database.*put back a backup") as told:
        History(str(where))
    assert "已损坏（不是完好的数据库，恢复之前页面不能提问）：请用备份恢复" in told.value.chinese
    with pytest.raises(HistoryError, match="YINJU_HISTORY"):
        History("nodatabase://x")


def test_a_database_that_is_damaged_while_it_is_open_is_told_as_such(tmp_path: Path) -> None:
    where = tmp_path / "x.sqlite"
    history = History(str(where))
    for number in range(99):
        history.start(str(number))
    history.close()
    with where.open("r+b") as file:
        file.seek(4096)
        file.write(b"x" * 50_000)
    with pytest.raises(HistoryError, match="is damaged") as told:
        history.conversations()
    assert "已损坏（数据库文件读不出来）：请用备份恢复" in told.value.chinese


def test_the_password_of_a_database_is_not_told() -> None:
    with pytest.raises(HistoryError) as refused:
        History("postgresql+nodriver://reader:s3cret@127.0.0.1/x")
    assert "s3cret" not in str(refused.value) + refused.value.chinese
    assert "postgresql+nodriver://reader:***@127.0.0.1/x" in str(refused.value)


def test_a_turn_becomes_a_question_of_a_set_once_and_can_be_taken_out(history: History) -> None:
    turn = history.append(history.start("题"), ANSWER)
    history.keep_question(turn.id, "{1}")
    history.keep_question(turn.id, "{2}")
    assert history.questions() == {turn.id: "{2}"}
    history.keep_question(turn.id, None)
    assert history.questions() == {}
