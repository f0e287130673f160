"""A bad answer as a question of a question set, and what an answer says otherwise than the one before."""

import json
from dataclasses import replace
from pathlib import Path

from test_history import ANSWER, PASSAGE

from eval.sets import load_set
from rag.difference import difference
from rag.feedback import evidence_of, gold_groups, question_row
from rag.history import Rating, Turn
from rag.types import Message, Question, Statement

ASKED = replace(ANSWER, question=Question("它怕谁？", (Message("user", "猫是什么？"), Message("assistant", "动物。"))))


def test_what_a_right_answer_must_hold_is_read_as_groups_of_alternatives() -> None:
    assert gold_groups(" 美国；香港/中国香港 ; ") == [["美国"], ["香港", "中国香港"]]
    assert gold_groups(" /；") == []


def test_the_evidence_are_the_sentences_of_the_passages_that_hold_it() -> None:
    assert evidence_of(ASKED, "狗/犬") == [{"article": "甲", "quote": "猫怕狗。"}]
    assert evidence_of(replace(ASKED, passages=(PASSAGE, replace(PASSAGE, rank=2))), "狗") == evidence_of(ASKED, "狗")
    assert evidence_of(ASKED, "鱼") == evidence_of(ASKED, "") == []


def test_both_kinds_of_questions_can_be_read_as_a_question_set(tmp_path: Path) -> None:
    answered = Turn("a" * 32, ASKED, "", rating=Rating(useful=False, reason="wrong"))
    absent = Turn("b" * 32, ASKED, "", rating=Rating(useful=False))
    rows = [question_row(answered, "狗/犬"), question_row(absent, "")]
    path = tmp_path / "set.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    first, second = load_set(path)
    assert (first.id, first.question.text, first.gold) == ("feedback-aaaaaaaaaaaa", "它怕谁？", (("狗", "犬"),))
    assert (first.answerable, first.tags, len(first.evidence)) == (True, ("feedback", "wrong"), 1)
    assert first.question.history == ASKED.question.history
    assert (second.answerable, second.gold, second.evidence, second.type) == (False, (), (), "unanswerable")


def test_lines_that_are_new_gone_and_the_same_are_told_in_order() -> None:
    def saying(*texts: str, notice: str = "") -> object:
        return replace(ANSWER, statements=tuple(Statement(text, (1,)) for text in texts), notice=notice)

    before, now = saying("甲。", "乙。", "丙。"), saying("甲。", "丁。", "丙。", notice="注意")
    assert difference(before, now) == [  # type: ignore[arg-type]
        ("new", "注意"),
        ("same", "甲。"),
        ("gone", "乙。"),
        ("new", "丁。"),
        ("same", "丙。"),
    ]
