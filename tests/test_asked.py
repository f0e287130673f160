"""A question is read from what a caller gives, or refused with what is wrong."""

from typing import Any

import pytest

from rag.asked import to_question
from rag.types import Message, Question, Scope


def test_a_question_is_read_with_its_id_history_and_scope() -> None:
    turns = [{"role": "user", "content": "谁？"}, {"role": "assistant", "content": "猫。", "sources": ["c1"]}]
    given = {"id": "q", "question": "狗呢？", "history": turns, "scope": {"tags": ["动物"]}}
    history = (Message("user", "谁？"), Message("assistant", "猫。", ("c1",)))
    assert to_question(given) == Question("狗呢？", history, "q", Scope(tags=("动物",)))


def test_null_is_as_good_as_a_key_that_is_left_out() -> None:
    turn = {"role": "user", "content": "谁？", "sources": None}
    given = {"question": "狗呢？", "id": None, "history": [turn], "scope": None}
    assert to_question(given) == Question("狗呢？", (Message("user", "谁？"),))
    assert to_question({"question": "狗呢？", "history": None}) == Question("狗呢？")


TURN = {"role": "user", "content": "谁？"}
BROKEN = "holds a broken character at 0: send it as UTF-8"
NO_TURN = 'give in each turn of "history" a "role", "user" or "assistant", and its "content"'


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("\ud800", f"the question {BROKEN}"),
        (["x"], "a question must be text or an object with the key question, not list"),
        ({"text": "x"}, 'give the key "question"'),
        ({"question": 3}, '"question" must be text, not int'),
        ({"question": "\ud800"}, f'"question" {BROKEN}'),
        ({"question": "x", "id": 3}, '"id" must be text, not int'),
        ({"question": "x", "id": "\ud800"}, f'"id" {BROKEN}'),
        ({"question": "x", "history": "谁？"}, '"history" must be a list, not str'),
        ({"question": "x", "history": [1]}, NO_TURN),
        ({"question": "x", "history": [{"content": "谁？"}]}, NO_TURN),
        ({"question": "x", "history": [{**TURN, "role": "system"}]}, NO_TURN),
        ({"question": "x", "history": [{**TURN, "role": ["user"]}]}, NO_TURN),
        ({"question": "x", "history": [{"role": "user"}]}, '"content" must be text, not NoneType'),
        ({"question": "x", "history": [{**TURN, "content": None}]}, '"content" must be text, not NoneType'),
        ({"question": "x", "history": [{**TURN, "content": "\ud800"}]}, f'"content" {BROKEN}'),
        ({"question": "x", "history": [{**TURN, "sources": "c1"}]}, '"sources" must be a list, not str'),
        ({"question": "x", "history": [{**TURN, "sources": [None]}]}, '"sources" must be text, not NoneType'),
        ({"question": "x", "history": [{**TURN, "sources": ["\ud800"]}]}, f'"sources" {BROKEN}'),
        ({"question": "x", "scope": {"sources": ["\ud800"]}}, f'"scope" {BROKEN}'),
        ({"question": "x", "scope": {"articles": ["\ud800"]}}, f'"scope" {BROKEN}'),
    ],
)
def test_what_is_no_question_is_a_value_error_that_says_why(given: Any, message: str) -> None:
    with pytest.raises(ValueError) as refused:
        to_question(given)
    assert str(refused.value) == message
