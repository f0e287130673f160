"""The commands beside the ingest itself, as a user types them."""

import fcntl
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import as_nobody
from fakes import FakeEmbedder
from test_history import ANSWER

from ingest.__main__ import main
from ingest.run import ingest
from ingest.status import read_status
from rag.index import read_manifest
from rag.locks import locked

ROOT = Path(__file__).parent.parent


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    written = capsys.readouterr()
    return code, written.out, written.err


def test_status_tells_what_is_indexed_and_what_failed_since_when(
    capsys: pytest.CaptureFixture[str], tiny_corpus: Path, tiny_index: Path
) -> None:
    code, out, _ = run(capsys, "status", "--index", str(tiny_index))
    assert (code, "第 1 代" in out, "3 篇文章" in out, "没有失败的文件。" in out) == (0, True, True, True)
    (tiny_corpus / "空.md").touch()
    ingest(tiny_corpus, tiny_index, FakeEmbedder())
    code, out, _ = run(capsys, "status", "--index", str(tiny_index), "--json")
    status = json.loads(out)
    assert (code, status["usable"], status["generation"], status["writing"]) == (1, True, 1, False)
    assert list(status["failures"]) == ["空.md"]
    assert (status["failures"]["空.md"]["tries"], status["failures"]["空.md"]["dead"]) == (1, False)
    assert "空.md" in run(capsys, "status", "--index", str(tiny_index))[1]


@pytest.mark.parametrize("mode", [0o444, 0])
def test_status_tells_a_lock_that_is_held_from_one_that_may_not_be_written(
    tiny_index: Path, tmp_path: Path, mode: int
) -> None:
    (tiny_index / "LOCK").chmod(mode)
    with as_nobody(tmp_path):
        assert read_status(tiny_index)["writing"] is False
    with locked(tiny_index / "LOCK", fcntl.LOCK_EX), as_nobody(tmp_path):
        assert read_status(tiny_index)["writing"] is (mode == 0o444)


def test_status_of_a_folder_without_or_with_a_damaged_index_says_so(
    capsys: pytest.CaptureFixture[str], tiny_index: Path, tmp_path: Path
) -> None:
    code, out, _ = run(capsys, "status", "--index", str(tmp_path / "没有"))
    assert (code, "里还没有索引：请先运行 python -m ingest" in out) == (1, True)
    (tiny_index / read_manifest(tiny_index).directory / "library.sqlite").write_bytes(b"nothing of the kind")
    code, out, _ = run(capsys, "status", "--index", str(tiny_index))
    assert (code, "不可用：" in out) == (1, True)


def test_history_lists_what_every_generation_changed_and_rollback_goes_back(
    capsys: pytest.CaptureFixture[str], tiny_corpus: Path, tiny_index: Path
) -> None:
    (tiny_corpus / "丁.md").write_text("狗叫。", encoding="utf-8")
    ingest(tiny_corpus, tiny_index, FakeEmbedder())
    code, out, _ = run(capsys, "history", "--index", str(tiny_index), "--json")
    entries = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [(entry["generation"], entry["added"]) for entry in entries] == [(1, 3), (2, 1)]
    assert entries[1]["articles_by_change"]["added"] == ["丁"]
    newest = run(capsys, "history", "--index", str(tiny_index), "--json", "--limit", "1")[1]
    assert json.loads(newest) == entries[1]
    with pytest.raises(SystemExit, match="2"):
        main(["history", "--index", str(tiny_index), "--limit", "0"])
    capsys.readouterr()
    code, out, _ = run(capsys, "rollback", "--index", str(tiny_index))
    told = "文章文件夹没有动：watch 或下一次更新会照它重新建索引，请先改好有问题的文件。"
    assert (code, out) == (0, f"已退回第 1 代：3 篇文章，3 个文本块\n{told}\n")
    assert "从第 2 代退回" in run(capsys, "history", "--index", str(tiny_index))[1]
    code, _, err = run(capsys, "rollback", "--index", str(tiny_index))
    assert (code, err) == (1, "错误：第 1 代之前没有保留更早的索引：没有改动\n")


def test_explain_shows_what_was_removed_and_writes_it_as_a_page(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "文.md"
    path.write_text("# 题目\n\n猫吃鱼。\n\n扫码关注公众号\n", encoding="utf-8")
    options = ["--corpus", str(tmp_path), "--index", str(tmp_path / "index")]
    code, out, _ = run(capsys, "explain", str(path), *options)
    assert (code, "猫吃鱼。" in out, "first-line" in out) == (0, True, True)
    code, _, _ = run(capsys, "explain", str(path), *options, "--html", str(tmp_path / "文.html"))
    assert code == 0
    assert "猫吃鱼。" in (tmp_path / "文.html").read_text(encoding="utf-8")
    nowhere = str(tmp_path / "没有" / "文.html")
    code, out, err = run(capsys, "explain", str(path), *options, "--html", nowhere)
    assert (code, out) == (1, "")
    assert err == f"错误：{nowhere} 写不进去（No such file or directory）：请换一个文件夹或文件名\n"


@pytest.mark.parametrize(
    ("linked", "message"), [(False, "没有.md 不存在：请检查文件名"), (True, "没有.md 是断开的链接：请改正或删除")]
)
def test_explain_of_a_file_that_is_not_there_says_so(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, linked: bool, message: str
) -> None:
    if linked:
        (tmp_path / "没有.md").symlink_to("别处.md")
    options = ["--corpus", str(tmp_path), "--index", str(tmp_path / "index")]
    assert run(capsys, "explain", str(tmp_path / "没有.md"), *options) == (1, "", f"错误：{message}\n")


@pytest.mark.parametrize("arguments", ["ingest list --json", "rag verify {answer}", "eval validate {set}"])
def test_a_reader_that_has_seen_enough_ends_a_command_without_a_word(
    tiny_index: Path, tmp_path: Path, arguments: str
) -> None:
    row = {"id": "a", "type": "no", "question": "谁？", "answerable": False, "gold": [], "evidence": []}
    files = {"answer": ANSWER.to_json(), "set": row}
    for name, content in files.items():
        (tmp_path / name).with_suffix(".json").write_text(json.dumps(content), encoding="utf-8")
    words = arguments.format(**{name: tmp_path / f"{name}.json" for name in files}).split()
    line = [sys.executable, "-m", *words, "--index", str(tiny_index)]
    with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as command:
        assert command.stdout and command.stderr
        command.stdout.close()
        assert command.stderr.read() == b""
    assert command.returncode == 128 + signal.SIGPIPE


def test_list_shows_the_indexed_articles_as_they_were_recognised_newest_first(
    capsys: pytest.CaptureFixture[str], tiny_corpus: Path, tiny_index: Path
) -> None:
    news = "大桥今天正式通车，过江只要一刻钟，公交免费\n2024-11-02 江南晚报\n文/韩雪\n\n大桥今天通车。不收费。\n"
    (tiny_corpus / "新闻.txt").write_text(news, encoding="utf-8")
    (tiny_corpus / "旧闻.txt").write_text(news.replace("2024", "2023"), encoding="utf-8")
    ingest(tiny_corpus, tiny_index, FakeEmbedder())
    (tiny_corpus / "甲.md").unlink()
    (tiny_corpus / "未编.md").write_text("狗叫。", encoding="utf-8")
    options = ["--corpus", str(tiny_corpus), "--index", str(tiny_index)]
    code, out, _ = run(capsys, "list", *options, "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert (code, [row["id"] for row in rows]) == (0, ["新闻", "旧闻", "乙", "子/丙", "甲"])
    assert rows[0] == {
        "id": "新闻",
        "file": "新闻.txt",
        "title": "大桥今天正式通车，过江只要一刻钟，公交免费",
        "author": "韩雪",
        "publisher": "江南晚报",
        "published": "2024-11-02",
        "tags": [],
        "sentences": 2,
        "status": "indexed",
    }
    code, out, _ = run(capsys, "list", *options)
    assert (code, "2024-11-02" in out, "不明" in out, "（文件已不在）" in out) == (0, True, True, True)
    assert ("另有 1 个文件不在索引里" in out, "…" in out) == (True, False)


def test_list_without_an_index_says_what_to_do(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, err = run(capsys, "list", "--index", str(tmp_path / "没有"))
    assert (code, "请先运行 python -m ingest" in err) == (1, True)


def test_add_copies_files_and_names_those_it_refuses(
    capsys: pytest.CaptureFixture[str], tiny_corpus: Path, tmp_path: Path
) -> None:
    (tmp_path / "新.md").write_text("狗叫。", encoding="utf-8")
    code, out, _ = run(capsys, "add", str(tmp_path / "新.md"), "--corpus", str(tiny_corpus))
    assert code == 0
    assert (tiny_corpus / "新.md").read_text(encoding="utf-8") == "狗叫。"
    code, out, _ = run(capsys, "add", "https://example.com/a.html", "x.png", "--corpus", str(tiny_corpus), "--json")
    assert code == 1
    assert [(one["outcome"]) for one in json.loads(out)] == ["refused", "refused"]
    assert "YINJU_ALLOW_URLS=1" in json.loads(out)[0]["reason"]
