import pytest

from rag.missing import NO_NUMBER, NO_PERSON, NO_PLACE, NO_REASON, NO_TIME, UNSAID, unsaid


@pytest.mark.parametrize(
    ("question", "notice"),
    [
        ("它一共有多少下载量？", NO_NUMBER),
        ("它是什么时候关停的？", NO_TIME),
        ("这几任负责人分别是谁？", NO_PERSON),
        ("总部在哪里？", NO_PLACE),
        ("她为什么退出了管理层？", NO_REASON),
        ("他以前在哪家公司？", UNSAID),
        ("能用Apple Pay付款吗？", UNSAID),
        ("哪天上市的？定价多少？", UNSAID),
        ("When was it closed?", NO_TIME),
    ],
)
def test_a_refusal_says_which_kind_of_thing_is_missing(question: str, notice: str) -> None:
    assert unsaid(question) == notice
