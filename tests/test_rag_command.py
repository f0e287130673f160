"""python -m rag over the real corpus."""

import io
import json
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from rag.__main__ import main

pytestmark = pytest.mark.model


def test_a_setting_that_cannot_be_used_is_exit_code_2_wherever_that_shows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = (("YINJU_CHUNK_TOKENS", "9", 2), ("YINJU_MILVUS_URI", "http://db", 2), ("YINJU_LLM", "bad", 1))
    monkeypatch.setitem(sys.modules, "rag.milvus", None)  # as where it is not installed
    for name, value, code in settings:
        with monkeypatch.context() as changed:
            changed.setenv(name, value)
            assert main(["谁？", "--index", str(tmp_path)]) == code, name
        assert capsys.readouterr().err.startswith("错误：")


def test_json_prints_the_answer(corpus_index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["小红书出海首期覆盖哪些市场？", "--json", "--index", str(corpus_index)]) == 0
    row = json.loads(capsys.readouterr().out)
    assert list(row)[:5] == ["id", "question", "scope", "refused", "text"]
    assert row["citations"][0]["marker"] == 1


def test_the_terminal_shows_statements_marks_and_sources(
    corpus_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["福利社是什么时候关闭的？", "--index", str(corpus_index)]) == 0
    out = capsys.readouterr().out
    assert "[1]" in out and "《小红书向TikTok开了一枪哑弹》" in out and "原文摘编" in out


def test_batch_answers_line_by_line_and_names_a_line_that_it_cannot_read(
    corpus_index: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    history = [{"role": "user", "content": "福利社是什么时候关闭的？"}]
    lines = [
        json.dumps({"id": "a", "question": "福利社是什么时候关闭的？"}),
        "no json",
        json.dumps({"id": "b", "question": "那它有多少粉丝？", "history": history}),
        '{"id": "c", "question": "\udcff"}',
    ]
    given = "\n".join(lines).encode("utf-8", "surrogateescape")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given), encoding="utf-8"))
    assert main(["--batch", "--index", str(corpus_index)]) == 1
    first, second, third, fourth = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["id"], first["refused"]) == ("a", False)
    assert second == {"id": "", "error": "line 2: Expecting value: line 1 column 1 (char 0)"}
    assert (third["id"], "1669.2" in third["text"]) == ("b", True)
    broken = '"question" holds a broken character at 0: send it as UTF-8'
    assert fourth == {"id": "c", "error": f"line 4: {broken}"}


def test_without_an_index_the_command_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for asked in ("谁？", "--batch"):
        monkeypatch.setattr("sys.stdin", io.StringIO('{"question": "谁？"}\n'))
        assert main([asked, "--index", str(tmp_path)]) == 1
        out, err = capsys.readouterr()
        assert (out, "里还没有索引：请先运行 python -m ingest" in err) == ("", True)


def test_explain_prints_what_was_searched_and_how_it_was_ranked(
    corpus_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["红书的月活用户有多少？", "--explain", "--index", str(corpus_index)]) == 0
    out = capsys.readouterr().out
    assert "统一名称　小红书的月活用户有多少？" in out and "未采用：排在所取段落之后" in out
    assert main(["红书的月活用户有多少？", "--explain", "--json", "--index", str(corpus_index)]) == 0
    search = json.loads(capsys.readouterr().out)["search"]
    assert (search["query"], len(search["candidates"])) == ("小红书的月活用户有多少？", 20)


def test_show_prompt_prints_the_messages_with_the_passages_and_sends_nothing(
    corpus_index: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YINJU_LLM", "openai:unreachable")
    monkeypatch.setenv("YINJU_LLM_BASE_URL", "http://127.0.0.1:9/v1")
    assert main(["福利社是什么时候关闭的？", "--show-prompt", "--index", str(corpus_index)]) == 0
    out = capsys.readouterr().out
    digest = sha256(Path("prompts/answer.md").read_bytes()).hexdigest()[:12]
    assert out.startswith(f"# prompts/answer.md  sha256 {digest}\n\n## system\n你根据用户给出的资料回答问题。")
    assert "## human\n<资料-" in out and "11 月 16 日正式关闭" in out and "问题：福利社是什么时候关闭的？" in out


def test_show_prompt_prints_a_prompt_for_each_thing_that_is_asked(
    corpus_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = "你好，请问福利社是什么时候关闭的？小红书出海首期覆盖哪些市场？谢谢"
    assert main([asked, "--show-prompt", "--index", str(corpus_index)]) == 0
    out = capsys.readouterr().out
    sent = [line for line in out.splitlines() if line.startswith("问题：")]
    assert sent == ["问题：福利社是什么时候关闭的？", "问题：小红书出海首期覆盖哪些市场？"]
    assert out.count("# prompts/answer.md") == 1


def test_show_prompt_goes_with_nothing_that_asks_for_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["谁？", "--show-prompt", "--json"])
    assert stop.value.code == 2 and "--show-prompt 只显示提示词" in capsys.readouterr().err


def test_the_options_of_the_scope_say_which_articles_may_answer(
    corpus_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scope = ["--since", "2025-01-01", "--source", "Tech星球", "--source", "偲睿洞察", "--tag", "用户运营"]
    assert main(["小红书出海首期覆盖哪些市场？", "--json", "--index", str(corpus_index), *scope]) == 0
    row = json.loads(capsys.readouterr().out)
    assert {passage["article"] for passage in row["passages"]} == {"小红书搅局出海四巨头"}
    assert row["scope"] == {"since": "2025-01-01", "sources": ["Tech星球", "偲睿洞察"], "tags": ["用户运营"]}
    assert main(["小红书出海首期覆盖哪些市场？", "--index", str(corpus_index), "--article", "没有这篇"]) == 0
    assert "没有符合这个范围的文章（文章：没有这篇）" in capsys.readouterr().out.replace("\n", "")


@pytest.mark.parametrize("scope", [["--since", "2025-1-1"], ["--since", "2025-02-02", "--until", "2025-01-01"]])
def test_a_scope_that_cannot_be_meant_is_a_usage_error(scope: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["谁？", *scope])
    assert stopped.value.code == 2
    assert "日期" in capsys.readouterr().err


def test_a_question_and_batch_together_are_a_usage_error() -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["谁？", "--batch"])
    assert stopped.value.code == 2
