import pytest

from rag.rewrite import is_follow_up, stand_alone
from rag.types import Message, Question

BEFORE = (Message("user", "福利社是什么时候关闭的？"), Message("assistant", "2023年11月16日。"))


@pytest.mark.parametrize(
    "text", ["那它有多少粉丝？", "为什么？", "这个计划收费吗，具体怎么收？", "他的合伙人是哪里人，之前在做什么？"]
)
def test_a_question_that_refers_back_takes_the_last_question_along(text: str) -> None:
    assert stand_alone(Question(text, BEFORE)) == f"福利社是什么时候关闭的？ {text}"


@pytest.mark.parametrize("text", ["小红书的月活用户数是多少？", "出海领航计划首期覆盖哪些市场？"])
def test_a_question_that_names_its_subject_stands_alone(text: str) -> None:
    assert stand_alone(Question(text, BEFORE)) == text


def test_without_history_nothing_is_a_follow_up() -> None:
    assert not is_follow_up(Question("为什么？"))


def test_an_earlier_answer_is_never_taken_along() -> None:
    assert "2023年11月16日" not in stand_alone(Question("为什么？", BEFORE))
