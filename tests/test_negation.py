import pytest

from rag.negation import speaks_against


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("平台为什么收取商家押金？", "平台不收取商家押金。"),
        ("2号口什么时候收费？", "2号口不收费。"),
        ("2号口是什么时候开放的？", "2号口尚未开放。"),
        ("本店为什么取消最低消费？", "本店没有取消最低消费。"),
        ("2号口怎么会开放？", "2号口尚未开放。"),
        ("工厂为什么对外供货？", "工厂6月30日前不对外供货。"),
    ],
)
def test_what_a_sentence_denies_is_what_a_question_takes_for_granted(question: str, sentence: str) -> None:
    assert speaks_against(question, sentence)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("2号口什么时候开放？", "2号口尚未开放。"),
        ("工厂什么时候可以对外供货？", "工厂6月30日前不对外供货。"),
        ("怎么写PRD？", "该同学既不画原型，也不写PRD。"),
        ("平台第一次出海是什么时候？", "这并非平台第一次出海。"),
        ("平台收取商家押金吗？", "平台不收取商家押金。"),
    ],
    ids=["not yet", "until when", "how it is done", "another one was the first", "nothing is taken for granted"],
)
def test_what_a_sentence_denies_was_not_taken_for_granted(question: str, sentence: str) -> None:
    assert not speaks_against(question, sentence)
