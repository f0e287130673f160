"""python -m eval validate: wrong lines and stale labels are named, with the number of their line."""

import json
from pathlib import Path
from typing import Any

import pytest

from eval.sets import load_set
from eval.validate import main

ROOT = Path(__file__).parent.parent
TYPES = """fact number date list who why definition paraphrase compare conflict timeline metadata follow-up english
traditional typo unanswerable off-topic injection furniture"""
CAT = {
    "id": "cat",
    "type": "fact",
    "question": "猫吃什么？",
    "answerable": True,
    "gold": [["鱼"]],
    "evidence": [{"article": "甲", "quote": "猫吃鱼"}],
}


def write_set(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "set.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_set_that_can_be_run_is_told_with_its_types(tiny_index: Path, tmp_path: Path, capsys) -> None:
    path = write_set(tmp_path, CAT, {**CAT, "id": "cat-2"})
    assert main([str(path), "--index", str(tiny_index)]) == 0
    assert capsys.readouterr().out == f"{path}: 2 questions: fact 2\n"


def test_a_quote_that_its_article_lost_is_a_stale_label_by_line_and_name(
    tiny_index: Path, tmp_path: Path, capsys
) -> None:
    stale = {**CAT, "id": "gone", "evidence": [{"article": "甲", "quote": "猫吃鸟和鱼"}]}
    path = write_set(tmp_path, CAT, stale, {**stale, "id": "lost", "evidence": [{"article": "丁", "quote": "鱼"}]})
    assert main([str(path), "--index", str(tiny_index)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"FAILED: {path}, line 2: gone: stale label, 甲 does not say '猫吃鸟和鱼'",
        f"FAILED: {path}, line 3: lost: stale label, there is no article 丁",
    ]
    assert main([str(path), "--form-only"]) == 0


def test_every_set_is_checked_even_after_a_wrong_one(tiny_index: Path, tmp_path: Path, capsys) -> None:
    missing, path = tmp_path / "none.jsonl", write_set(tmp_path, {**CAT, "gold": []})
    assert main([str(missing), str(path), "--index", str(tiny_index)]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert errors[0].startswith(f"FAILED: {missing} cannot be read")
    assert errors[1:] == [f"FAILED: {path}, line 1: gold: [] should be non-empty"]


def test_gold_that_no_quote_holds_is_a_note_and_no_failure(tiny_index: Path, tmp_path: Path, capsys) -> None:
    path = write_set(tmp_path, {**CAT, "gold": [["鱼"], ["虾", "蟹"]]})
    assert main([str(path), "--index", str(tiny_index)]) == 0
    assert f"note: {path}, line 1: cat: no quote holds 虾 or 蟹\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "note"),
    [
        ({"forbid": ["鱼"], "evidence": []}, "鱼 of gold holds 鱼 of forbid, and no quote does: an answer"),
        ({"question": "猫吃鱼吗？"}, "the question itself holds its gold: an answer that repeats it has it, too"),
        ({"evidence": [{"article": "甲", "quote": "。"}], "gold": [["。鱼"]]}, "the quote '。' stands in too many "),
        ({"answerable": False, "gold": []}, "it has evidence, though the articles do not answer it"),
        ({"question": "猫" * 1001}, "the question is longer than the 1000 characters that YINJU_QUESTION_LIMIT allows"),
        ({"scope": {"sources": ["无此来源"]}}, "no article meets its scope: every answer to it is a refusal"),
        ({"scope": {"since": "2020-01-01"}}, "no article meets its scope"),
        ({"scope": {"articles": ["子/丙"]}}, "its evidence in 甲 is outside of its scope"),
        ({"evidence": [], "gold": [["虾", "蟹"]]}, "no article says 虾 or 蟹"),
    ],
)
def test_what_no_answer_or_any_answer_gets_right_is_a_note(
    tiny_index: Path, tmp_path: Path, capsys, changed: dict[str, Any], note: str
) -> None:
    path = write_set(tmp_path, {**CAT, **changed})
    assert main([str(path), "--index", str(tiny_index)]) == 0
    assert f"note: {path}, line 1: cat: {note}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "changed",
    [
        {"forbid": ["鱼"]},  # the quote says it, too
        {"question": "猫吃肉还是吃鸟？", "gold": [["鱼"], ["猫吃"]]},
        {"scope": {"articles": ["甲"]}},
        {"evidence": [], "gold": [["鸟会飞"]]},
        {"answerable": False, "gold": [], "evidence": []},
    ],
)
def test_what_can_be_right_and_wrong_is_no_note(tiny_index: Path, tmp_path: Path, capsys, changed: Any) -> None:
    path = write_set(tmp_path, {**CAT, **changed})
    assert main([str(path), "--index", str(tiny_index)]) == 0
    assert "note: " not in capsys.readouterr().out


def test_without_an_index_nothing_is_passed(tmp_path: Path, capsys) -> None:
    assert main([str(write_set(tmp_path, CAT)), "--index", str(tmp_path / "none")]) == 1
    assert capsys.readouterr().err.startswith("error: there is no index in ")


@pytest.mark.parametrize("type_", TYPES.split())
def test_the_corpus_set_has_every_type_in_both_halves(type_: str) -> None:
    tags = [question.tags for question in load_set(ROOT / "eval/sets/corpus.jsonl") if question.type == type_]
    assert len(tags) >= 5
    assert {tag for given in tags for tag in given} >= {"tune", "report"}


BY_OTHERS = [f"{name}-{time}" for name in ("corpus", "articles-300") for time in ("fresh", "second")]
SETS = ["corpus", "articles-300", *BY_OTHERS, "english-300", "off-topic", "off-topic-english"]


@pytest.mark.parametrize("name", SETS)
def test_the_committed_sets_fit_the_schema(name: str) -> None:
    assert main([str(ROOT / f"eval/sets/{name}.jsonl"), "--form-only"]) == 0
