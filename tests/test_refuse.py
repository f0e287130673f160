"""What is refused before anything is searched."""

import pytest

from rag.refuse import EMPTY, INSTEAD, TOO_LONG, refuse_text, without_too_long
from rag.types import Message, Question


@pytest.mark.parametrize(
    "text", ["", " \n", "？？？？？", "？" * 1000, "。" * 900, "\\n", " \\n\\t。", "……", "《》", "_", "🙂"]
)
def test_a_question_without_a_word_is_empty(text: str) -> None:
    refusal = refuse_text(Question(text), 1000)
    assert refusal is not None and (refusal.refused, refusal.notice, refusal.confidence) == (True, EMPTY, None)


@pytest.mark.parametrize("text", ["猫", "7？", "n", "C:\\new", "é"])
def test_a_word_a_letter_or_a_figure_is_a_question(text: str) -> None:
    assert refuse_text(Question(text), 1000) is None


def test_a_question_is_too_long_by_its_characters_without_the_spaces_around_it() -> None:
    assert refuse_text(Question(f" {'猫' * 10} "), 10) is None
    refusal = refuse_text(Question("猫" * 11), 10)
    assert refusal is not None and refusal.notice == TOO_LONG.format(length=11, limit=10)


def test_a_question_that_was_too_long_is_forgotten_with_what_it_was_told() -> None:
    first, told = Message("user", "猫吃鱼吗？"), Message("assistant", "猫吃鱼。[1]", ("c1",))
    long, refused = Message("user", "猫" * 11), Message("assistant", "问题太长。")
    last, answer = Message("user", f" {'狗' * 10} "), Message("assistant", "鱼" * 20)
    question = Question("那鸟呢？", (first, told, long, refused, last, answer), "q1")
    assert without_too_long(question, 10) == Question("那鸟呢？", (first, told, last, answer), "q1")


@pytest.mark.parametrize(("text", "kind"), [("你好", "greeting"), ("你是谁？", "who"), ("好的，谢谢", "fine")])
def test_courtesy_gets_a_friendly_line(text: str, kind: str) -> None:
    refusal = refuse_text(Question(text), 1000)
    assert refusal is not None and (refusal.refused, refusal.notice) == (True, INSTEAD[kind])
