"""What the commands write: lines that no question of a batch can break, and text that cannot steer a terminal."""

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from rag.__main__ import answer_lines, main
from rag.asked import to_question
from rag.terminal import json_line, print_answer, print_search
from rag.text import visible
from rag.types import Answer, Article, Chunk, Citation, Passage, Query, Question, Ranked, Search, Statement

RED = "\x1b[31m猫\x9b怕狗。"
ARTICLE = Article("甲", "甲.md", RED, title="题\x1b]0;x\x07")
CHUNK = Chunk("c", "甲", 0, len(RED), RED, "节\x1b[2J")
PASSAGE = Passage(ARTICLE, CHUNK, 1, 0.5)
CITATION = Citation(1, ARTICLE, 0, len(RED))
SEARCH = Search(Query("猫怕谁？\x1b[2J"), (Ranked(PASSAGE, 1.0, 0.5, 1),))
ANSWER = Answer(
    Question("猫怕谁？"), (Statement(RED, (1,)),), (CITATION,), (PASSAGE,), notice="“\x1b[8m”。", search=SEARCH
)


def refusal(row: Any) -> Answer:
    """An answer as the chain gives it; 除 is a fault of arithmetic."""
    question = to_question(row)
    return Answer(question, refused=True, confidence=1 / (question.text != "除"))


@pytest.mark.parametrize(
    ("line", "id_", "error"),
    [
        ('{"id": "2\\ud800", "question": "谁？"}', "2\ud800", '"id" holds a broken character at 1: send it as UTF-8'),
        ('{"id": "2", "question": "谁？\udcff"}', "2", '"question" holds a broken character at 2: send it as UTF-8'),
        (
            '{"question": "谁？", "scope": {"sources": ["\\ud800"]}}',
            "",
            '"scope" holds a broken character at 0: send it as UTF-8',
        ),
        ('{"id": 2, "question": "谁？"}', "", '"id" must be text, not int'),
        ('{"id": "2", "question": "除"}', "2", "division by zero"),
        ("[" * 200_000, "", "it is nested too deeply"),
    ],
)
def test_a_line_that_cannot_be_answered_spoils_no_other(
    line: str, id_: str, error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer_lines(['{"id": "1", "question": "谁？"}', "", line, '{"id": "4", "question": "谁？"}'], refusal) == 1
    out = capsys.readouterr().out
    out.encode()
    first, second, third = map(json.loads, out.splitlines())
    assert (first["id"], third["id"], first["refused"], third["refused"]) == ("1", "4", True, True)
    assert second == {"id": id_, "error": f"line 3: {error}"}


def test_bytes_that_are_no_text_are_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["福利社\udcff"], ["福利社", "--source", "\udcff"]):
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        assert stopped.value.code == 2
        assert "问题或范围里有不是 UTF-8 的字符：请用 UTF-8 编码输入\n" in capsys.readouterr().err


def test_a_control_character_is_shown_as_a_replacement_character() -> None:
    assert visible("甲\t乙\n\x1b[31m\r\x00\x7f\x9f\ud800。") == "甲\t乙\n�[31m�����。"
    assert visible("a\u202eb\u2066c\u2069") == "a�b�c�"


def test_a_line_of_json_keeps_every_character_and_is_one_line_that_can_be_written() -> None:
    text = "甲\t乙\n\x1b[31m\r\x00\x7f\x85\x9f\ud800。"
    line = json_line({"text": text})
    assert line == '{"text": "甲\\t乙\\n\\u001b[31m\\r\\u0000\\u007f\\u0085\\u009f\\ud800。"}'
    assert json.loads(line) == {"text": text}


def test_an_answer_and_its_search_cannot_steer_the_terminal() -> None:
    console = Console(file=StringIO(), width=200, highlight=False)
    print_answer(ANSWER, console)
    print_search(SEARCH, console)
    assert isinstance(console.file, StringIO)
    assert [line.rstrip() for line in console.file.getvalue().splitlines() if line] == [
        "“�[8m”。",
        "�[31m猫�怕狗。[1]",
        "出处",
        "[1] 《题�]0;x�》 · 作者未注明 · 日期未注明 · 甲.md:0-10",
        "    「�[31m猫�怕狗。」",
        "原文摘编 · 0 毫秒",
        "检索详情",
        "查询　猫怕谁？�[2J",
        "候选　1 段",
        " 1. 《题�]0;x�》 › 节�[2J",
        "    第 1 段：意思和用词都接近",
        "    综合 0.500 · 语义 0.000 → 1.00 · 字面 0.00 → 0.50",
        "    �[31m猫�怕狗。",
    ]


def test_statements_stand_below_their_headings_and_what_answers_or_searches_nothing_names_neither() -> None:
    both = replace(
        ANSWER, notice="", statements=tuple(Statement("猫。", (1,), subject=name) for name in ("甲", "甲", "[乙"))
    )
    refused = replace(ANSWER, statements=(), citations=(), refused=True, notice="没有。", index_generation=3)
    console = Console(file=StringIO(), width=200, highlight=False)
    print_answer(both, console)
    print_answer(refused, console)
    assert isinstance(console.file, StringIO)
    lines = [line.rstrip() for line in console.file.getvalue().splitlines() if line]
    assert lines[:5] == ["甲", "猫。[1]", "猫。[1]", "[乙", "猫。[1]"]
    assert lines[-2:] == ["没有。", "索引第 3 代 · 0 毫秒"]


def test_what_verify_prints_cannot_steer_the_terminal(
    tiny_index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(ANSWER.to_json()), encoding="utf-8")
    assert main(["verify", str(path), "--index", str(tiny_index)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "1[1] 已不在　《题�]0;x�》0-10",
        "    原引：「�[31m猫�怕狗。」",
        "共 1 处引文：仍在原处 0，位置有变 0，已改动 0，已不在 1",
    ]
