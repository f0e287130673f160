"""Conversations in a backup: a whole copy while others write, checked, and put back without touching what is there."""

import sqlite3
import threading
from pathlib import Path

import pytest
from fakes import FakeEmbedder
from test_history import ANSWER, about

from ingest.__main__ import main
from ingest.backup import backup, restore
from ingest.run import chunker_version
from rag.errors import HistoryError
from rag.history import History, Rating
from rag.history_copy import check_history, copy_history, file_of, take_history

CHUNKER = chunker_version(400)


def talked(where: Path) -> tuple[str, str]:
    """The ids of a conversation of 张三 and of its one turn, which is rated."""
    history = History(str(where))
    conversation = history.start("猫", "张三")
    turn = history.append(conversation, ANSWER)
    history.rate(turn.id, Rating(False, "wrong", "不对"), "张三")
    history.close()
    return conversation, turn.id


def test_conversations_and_ratings_come_back_from_a_backup_after_all_is_lost(
    tiny_corpus: Path, tiny_index: Path, tmp_path: Path
) -> None:
    where = tmp_path / "history.sqlite"
    conversation, turn = talked(where)
    saved = tmp_path / "saved.tar"
    backup(tiny_corpus, tiny_index, saved, conversations=where)
    for path in tmp_path.glob("history.sqlite*"):
        path.unlink()
    restored = restore(saved, tiny_corpus, tiny_index, FakeEmbedder(), CHUNKER, conversations=str(where))
    assert restored.conversations == 1
    assert check_history(str(where)) == 1
    history = History(str(where))
    [found] = history.turns(conversation, "张三")
    assert (found.id, found.answer, found.rating) == (turn, ANSWER, Rating(False, "wrong", "不对"))
    assert history.turns(conversation, "李四") == []
    history.close()


def test_a_history_that_went_on_keeps_what_it_has_and_gets_what_it_lacks(tmp_path: Path) -> None:
    where, copy = tmp_path / "history.sqlite", tmp_path / "copy.sqlite"
    conversation, turn = talked(where)
    copy_history(where, copy)
    history = History(str(where))
    history.rename(conversation, "改过的题目", "张三")
    history.rate(turn, None, "张三")
    later = history.start("后来的", "张三")
    assert take_history(copy, str(where)) == 0
    assert {c.id: c.title for c in history.conversations("张三")} == {conversation: "改过的题目", later: "后来的"}
    history.close()
    other = tmp_path / "other.sqlite"
    assert [take_history(copy, f"sqlite:///{other}") for _ in range(2)] == [1, 0]


def test_a_copy_that_is_made_while_others_write_is_whole(tmp_path: Path) -> None:
    where, stop = tmp_path / "history.sqlite", threading.Event()
    talked(where)

    def write() -> None:
        history = History(str(where))
        while not stop.is_set():
            history.append(history.start("又一个"), about("又一个"))
        history.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        counts = []
        for number in range(5):
            copy_history(where, tmp_path / f"{number}.sqlite")
            counts.append(check_history(str(tmp_path / f"{number}.sqlite")))
    finally:
        stop.set()
        writer.join()
    assert counts == sorted(counts) and counts[0] >= 1
    assert check_history(str(where)) >= counts[-1]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE turns SET record = substr(record, 1, 50)",
        "UPDATE articles SET body = 'x'",
        "DELETE FROM articles",
        "DELETE FROM conversations",
        """UPDATE turns SET record = '{"question": {"article": ["x"]}}'""",
        "UPDATE turns SET record = printf('%.*c', 100000, '[')",
    ],
)
def test_a_damaged_conversation_is_found_and_not_backed_up(
    tiny_corpus: Path, tiny_index: Path, tmp_path: Path, damage: str
) -> None:
    where = tmp_path / "history.sqlite"
    talked(where)
    connection = sqlite3.connect(where)
    connection.execute(damage)
    connection.commit()
    connection.close()
    with pytest.raises(HistoryError, match="is damaged"):
        check_history(str(where))
    with pytest.raises(HistoryError, match="is damaged"):
        backup(tiny_corpus, tiny_index, tmp_path / "saved.tar", conversations=where)
    assert not (tmp_path / "saved.tar").exists()


def test_the_commands_back_up_the_conversations_or_say_what_does(
    tiny_corpus: Path,
    tiny_index: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    at = ["--index", str(tiny_index)]
    monkeypatch.setenv("YINJU_HISTORY", str(tmp_path / "history.sqlite"))
    talked(tmp_path / "history.sqlite")
    assert main(["verify", *at]) == 0
    monkeypatch.setenv("YINJU_HISTORY", f"sqlite:///{tmp_path / 'history.sqlite'}")
    (tmp_path / "history.sqlite").write_bytes(b"x" * 5000)
    for path in tmp_path.glob("history.sqlite-*"):
        path.unlink()
    capsys.readouterr()
    assert main(["verify", *at]) == 1
    assert "历史记录" in capsys.readouterr().out
    monkeypatch.setenv("YINJU_HISTORY", "postgresql://u:s3cret@db/h")
    assert main(["backup", str(tmp_path / "saved.tar"), "--corpus", str(tiny_corpus), *at]) == 0
    out = capsys.readouterr().out
    assert "pg_dump" in out and "s3cret" not in out


def test_a_history_is_a_file_only_with_sqlite() -> None:
    assert file_of(".history/h.sqlite") == file_of("sqlite:///.history/h.sqlite") == Path(".history/h.sqlite")
    assert file_of("postgresql://u:p@db/h") is None
    with pytest.raises(HistoryError, match="no database URL"):
        file_of("://")
