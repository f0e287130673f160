"""还有别的吗 after a question that asks for several things."""

import pytest
from measured import measured, passage

from rag.others import asked_again, untold
from rag.types import Message, Question

ASKED = "平台有哪些变现方式？"
TOLD = "广告是一种方式。[1]"


def after(text: str, asked: str = ASKED, *more: str) -> tuple[str, tuple[str, ...]]:
    turns = ("平台是什么？", "一个社区。", asked, TOLD, *more)
    history = tuple(Message(("user", "assistant")[at % 2], turn) for at, turn in enumerate(turns))
    again, told = asked_again(Question(text, history))
    assert again.history == (history[:2] if told else history)
    return again.text, told


@pytest.mark.parametrize(
    "text",
    [
        "还有别的吗",
        "還有別的嗎？",
        "还有吗？",
        "还有其他的吗",
        "还有哪些？",
        "除了这些还有什么？",
        "就这些了吗",
        "没有别的了吗？",
        "更多",
    ],
)
def test_what_wants_more_of_a_list_asks_for_that_list_again(text: str) -> None:
    assert after(text) == (ASKED, (TOLD,))


def test_it_is_what_all_answers_since_have_not_told() -> None:
    assert after("还有吗", ASKED, "还有别的吗", "电商也是。[1]") == (ASKED, (TOLD, "电商也是。[1]"))


@pytest.mark.parametrize(
    ("text", "asked"),
    [("还有别的吗", "平台是哪年成立的？"), ("还有别的原因吗", ASKED), ("还有多少人？", ASKED), ("继续", ASKED)],
)
def test_any_other_question_is_asked_as_it_is(text: str, asked: str) -> None:
    assert after(text, asked) == (text, ())


def test_without_an_answer_before_there_is_nothing_to_tell_more_of() -> None:
    assert asked_again(Question("还有吗")) == (Question("还有吗"), ())
    alone = Question("还有吗", (Message("user", ASKED),))
    assert asked_again(alone) == (alone, ())


def test_what_was_told_in_whole_or_in_part_is_left_out_and_so_is_what_hardly_answers() -> None:
    found = measured(
        [passage(1, "广告是一种方式。电商和直播也都是，占比不到一成。会员能带来收入。天气很好。")], [0, 0, 0, -9]
    )
    left = untold(found, (TOLD, "没有关系的话。\n……电商和直播也都是……[1]"))
    assert left is not None
    assert [candidate.text for candidate in left.candidates] == ["会员能带来收入。"]
    assert untold(found, ("广告是一种方式。[1]电商和直播也都是。[2]会员能带来收入。[3]",)) is None
