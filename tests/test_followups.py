"""The measure of rewriting on conversations short enough to judge by eye."""

import json
from pathlib import Path
from typing import Any

import pytest
from llm_server import fake_llm

from eval.accept import accept
from eval.compare import main as compare_main
from eval.convert import half_of
from eval.followup_cases import Rewriter, record_cases, told
from eval.followups import (
    Row,
    counts,
    entities_added,
    load_rows,
    main,
    prepend,
    report,
    share_with_interval,
)
from eval.gate import GATES
from eval.gates import judge_runs, load_gates
from eval.records import read_run
from eval.report import main as report_main
from rag.types import Message, Question

HISTORY = (Message("user", "吴彦祖长什么样"), Message("assistant", "很帅"))
PHOTO = Row("follow-up", Question("你有他的照片吗", HISTORY), "你有吴彦祖的照片吗")


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture
def dialogues(tmp_path: Path) -> Path:
    rows = [
        {"history": ["吴彦祖长什么样", "很帅"], "question": "你有他的照片吗", "rewrite": "你有吴彦祖的照片吗"},
        {"history": ["西安天气", "多云"], "question": "明天有雨吗", "rewrite": "西安明天有雨吗"},
    ]
    write(tmp_path / "rewrites.jsonl", rows)
    return tmp_path


def test_added_entities_are_stretches_between_function_words() -> None:
    assert entities_added("你有他的照片吗", "你有吴彦祖的照片吗") == ["吴彦祖"]
    assert entities_added("明天呢", "西安的 Wi-Fi 明天呢") == ["西安", "wi", "fi"]
    assert entities_added("是什么", "这是什么") == []


def test_what_is_added_is_counted_against_gold_and_gold_against_what_is_held() -> None:
    assert counts(PHOTO, "吴彦祖 帅 你有他的照片吗") == (1, 1, 2, 1)
    assert counts(PHOTO, "吴彦祖长样 你有他的照片吗") == (1, 1, 1, 0)
    assert counts(PHOTO, "吴彦 你有他的照片吗") == (1, 0, 1, 1)
    assert counts(PHOTO, PHOTO.question.text) == (1, 0, 0, 0)
    assert counts(PHOTO, PHOTO.rewrite) == (1, 1, 1, 1)


def test_a_follow_up_is_told_by_whether_its_entities_were_asked_before() -> None:
    assert PHOTO.asked_before
    assert not Row("follow-up", PHOTO.question, "很帅的他有照片吗").asked_before
    assert not Row("follow-up", PHOTO.question, PHOTO.question.text).asked_before


def test_a_share_without_anything_to_judge_is_not_a_figure() -> None:
    assert share_with_interval([0, 0], [0, 0]) == "-"
    assert share_with_interval([1, 1], [2, 2]) == "0.500 [0.500, 0.500]"


def test_dialogues_give_follow_ups_whole_questions_and_new_topics(dialogues: Path) -> None:
    rows = load_rows(dialogues)
    assert [(row.kind, row.opening, row.question.text) for row in rows] == [
        ("follow-up", "吴彦祖长什么样", "你有他的照片吗"),
        ("whole", "吴彦祖长什么样", "你有吴彦祖的照片吗"),
        ("follow-up", "西安天气", "明天有雨吗"),
        ("whole", "西安天气", "西安明天有雨吗"),
        ("new topic", "吴彦祖长什么样", "西安明天有雨吗"),
    ]
    assert [row.rewrite for row in rows[-2:]] == ["西安明天有雨吗"] * 2


def test_questions_on_a_passage_become_conversations(tmp_path: Path) -> None:
    questions = [
        ("P0", "椰子猫吃什么？"),
        ("P0", "椰子猫的体重是多少？"),
        ("P1", "《茶馆》是谁写的？"),
        ("P1", "谁看过？"),
    ]
    write(tmp_path / "passages.jsonl", [{"id": "P0", "title": "椰子猫"}, {"id": "P1", "title": "茶馆"}])
    rows = [{"passage": passage, "question": question, "answers": ["甲"]} for passage, question in questions]
    write(tmp_path / "questions.jsonl", rows)
    assert [(row.kind, row.opening, row.question.text, row.rewrite) for row in load_rows(tmp_path)] == [
        ("pronoun", "椰子猫吃什么？", "它的体重是多少？", "椰子猫的体重是多少？"),
        ("left out", "椰子猫吃什么？", "体重是多少？", "椰子猫的体重是多少？"),
        ("new topic", "椰子猫的体重是多少？", "《茶馆》是谁写的？", "《茶馆》是谁写的？"),
    ]


def test_every_opening_is_in_one_half_for_good() -> None:
    assert [half_of(opening) for opening in ("甲", "乙", "丙", "丁")] == ["report", "report", "tune", "report"]


def test_the_report_has_a_line_for_each_kind_and_rewriter() -> None:
    lines = report([PHOTO], {"prepend": prepend, "ideal": lambda question: PHOTO.rewrite})
    assert [" ".join(line.split()) for line in lines[1:]] == [
        f"{kind} {figures}"
        for kind in ("follow-up", "asked before")
        for figures in (
            "prepend 1 1.000 [1.000, 1.000] 0.000 [0.000, 0.000] 1.000 [1.000, 1.000]",
            "ideal 1 1.000 [1.000, 1.000] 1.000 [1.000, 1.000] 1.000 [1.000, 1.000]",
        )
    ]


def test_the_command_prints_the_report(dialogues: Path, capsys: pytest.CaptureFixture[str]) -> None:
    codes = [main([str(dialogues), "--split", split, "--limit", "1"]) for split in ("tune", "report")]
    out, err = capsys.readouterr()
    assert 0 in codes
    assert "follow-up        stand_alone       1  " in out
    assert codes.count(1) == err.count("holds no follow-ups in the half")


def test_with_an_llm_its_rewritings_are_measured_beside_the_rules(
    dialogues: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    split = half_of(PHOTO.opening)
    with fake_llm() as server:
        server.reply = PHOTO.rewrite
        monkeypatch.setenv("YINJU_LLM", "openai:fake")
        monkeypatch.setenv("YINJU_LLM_BASE_URL", server.base_url)
        assert main([str(dialogues), "--split", split, "--kind", "follow-up", "--limit", "1", "--llm"]) == 0
    out = capsys.readouterr().out
    assert "follow-up        llm               1  1.000 [1.000, 1.000]   1.000 [1.000, 1.000]" in out
    assert "the LLM was asked 1 times, 1 of its rewritings were believed" in out


def test_without_a_usable_llm_the_command_says_what_is_wrong(
    dialogues: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    split = half_of(PHOTO.opening)
    monkeypatch.setenv("YINJU_LLM", "nothing")
    assert main([str(dialogues), "--split", split, "--llm"]) == 1
    assert "write provider:model" in capsys.readouterr().err


def test_a_folder_without_a_set_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 1
    assert "holds no follow-ups" in capsys.readouterr().err


CASE = {"id": "c1", "kind": "pronoun", "history": ["甲卖什么？", "乙的茶。"], "carry": ["甲"], "leave": ["乙"]}


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    path = tmp_path / "cases.jsonl"
    write(path, [CASE | {"question": "它贵吗"}, CASE | {"id": "c2", "kind": "list", "question": "还有吗"}])
    return path


def test_a_case_is_right_when_the_rewrite_carries_and_leaves_what_it_must(cases: Path) -> None:
    assert told(record_cases(cases, prepend)) == [
        "pronoun      1.000 (0.207-1.000, 1)",
        "list         1.000 (0.207-1.000, 1)",
        "all          1.000 (0.342-1.000, 2)",
    ]
    run = record_cases(cases, lambda question: f"乙{question.text}")
    assert told(run)[2:] == [
        "all          0.000 (0.000-0.658, 2)",
        "wrong: c1 它贵吗 -> 乙它贵吗",
        "wrong: c2 还有吗 -> 乙还有吗",
    ]


CASE_GATES = """[cases]
baseline = "base"
least = {"carried right" = 0.5}
loss = {"carried right" = 0.02}
"""


def broken(question: Question) -> str:
    raise KeyError(question.text)


@pytest.mark.parametrize(
    ("rewriter", "failing"),
    [
        (prepend, set()),
        (lambda question: question.text, {"least carried right", "loss of carried right"}),
        (lambda question: f"甲{'乙' * ('还' in question.text)}", {"loss of carried right"}),
        (broken, {"no failure", "least carried right", "loss of carried right"}),
    ],
    ids=["the same", "nothing is carried", "one case is lost", "a crash"],
)
def test_the_gates_hold_follow_ups_to_a_floor_and_a_baseline(
    cases: Path, tmp_path: Path, rewriter: Rewriter, failing: set[str]
) -> None:
    path = tmp_path / "gates.toml"
    path.write_text(CASE_GATES, encoding="utf-8")
    gates = load_gates(path)
    accept(record_cases(cases, prepend, tmp_path / "before"), gates)
    run = record_cases(cases, rewriter, tmp_path / "run")
    assert {verdict.gate for verdict in judge_runs([run.folder], gates) if not verdict.passed} == failing


def test_a_run_of_follow_ups_is_compared_and_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = tmp_path / "cases.jsonl"
    write(cases, [CASE | {"question": "它贵吗"}, CASE | {"id": "c2", "carry": [], "question": "还有吗"}])
    record_cases(cases, prepend, tmp_path / "before")
    record_cases(cases, lambda question: f"甲{'乙' * ('还' in question.text)}", tmp_path / "run")
    assert compare_main([str(tmp_path / "before"), str(tmp_path / "run")]) == 1
    out, err = capsys.readouterr()
    assert "newly broken: carried right, forbidden" in out and "甲卖什么？ 还有吗" in out and "甲乙" in out
    assert err.startswith("FAILED: carried right lost 1 of 2 questions") and "c2" in err
    assert report_main([str(tmp_path / "run")]) == 0
    html = (tmp_path / "run" / "report.html").read_text(encoding="utf-8").split("</style>")[1]
    assert "追问补全正确" in html and "补全后的问题" in html and "含错误说法" in html
    assert "该答还是该拒" not in html and "应当拒答" not in html and html.count('class="yr-failure"') == 1


@pytest.mark.parametrize("option", [["--limit", "1"], ["--kind", "follow-up"], ["--split", "tune"], ["--llm"]])
def test_of_a_file_of_cases_all_are_asked(cases: Path, capsys: pytest.CaptureFixture[str], option: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([str(cases), *option])
    assert "are for a folder of rows" in capsys.readouterr().err


def test_the_gates_of_follow_ups_fail_without_a_baseline_and_without_a_run(cases: Path, tmp_path: Path) -> None:
    path = tmp_path / "gates.toml"
    path.write_text(CASE_GATES, encoding="utf-8")
    run = record_cases(cases, prepend, tmp_path / "run")
    failed = [v.gate for v in judge_runs([run.folder], load_gates(path)) if not v.passed]
    assert failed == ["baseline"]
    assert [v.told for v in judge_runs([], load_gates(path))] == ["cases was not run"]


def test_the_command_keeps_the_run_of_the_cases_and_refuses_an_empty_or_unreadable_file(
    cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(cases), "--out", str(tmp_path / "run")]) == 0
    assert [line["id"] for line in read_run(tmp_path / "run").lines] == ["c1", "c2"]
    cases.write_text("", encoding="utf-8")
    assert main([str(cases)]) == 1
    assert "holds 0 lines" in capsys.readouterr().err
    cases.write_text("{broken\n", encoding="utf-8")
    assert main([str(cases)]) == 1
    assert "cases.jsonl holds no follow-ups" in capsys.readouterr().err


def test_the_committed_gates_hold_the_follow_ups() -> None:
    gates = load_gates(GATES)["followups"]
    assert not gates.optional and gates.least and gates.loss
