from dataclasses import replace

import pytest
from measured import passage

from rag.features import candidates_of
from rag.offices import of_whose_office

ABOUT = "红书的用户很多。红书的员工很少。食堂在二楼。饭菜很香。"


class Holding:
    """Stands for a library of which only whether a chunk holds a phrase is asked."""

    def __init__(self, *phrases: str) -> None:
        self.phrases = phrases

    def phrase_frequency(self, phrase: str, most: int) -> int:
        return int(phrase in self.phrases)


def telling(question: str, text: str) -> list[str] | None:
    """The sentences of one article that tell what is asked, in a library that holds some names."""
    candidates = candidates_of([passage(1, text)])
    told = of_whose_office(question, candidates, Holding("红书", "多多", "toktik", "公司"))  # type: ignore[arg-type]
    return None if told is None else [candidates[i].text for i in told]


@pytest.mark.parametrize(
    "question",
    [
        "红书的创始人是谁？",
        "红书创始人",
        "请问红书公司的联合创始人叫什么名字",
        "谁是红书的创办人",
        "红书是谁创立的？",
        "谁创办了红书",
    ],
)
def test_a_founder_is_told_by_what_speaks_of_one_in_an_article_on_the_thing(question: str) -> None:
    assert telling(question, f"{ABOUT}创始人李东爱读书。他今年四十岁。") == ["创始人李东爱读书。"]


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("红书的CEO叫什么？", "首席执行官李东爱读书。"),
        ("谁是红书的总裁", "李东担任CEO。"),
        ("红书的总部在哪里？", "公司位于上海。"),
        ("红书总部设在哪个城市", "总部去年迁到杭州。"),
        ("红书CMO叫什么", "首席营销官李东爱读书。"),
        ("红书的首席财务官是谁？", "CFO李东爱读书。"),
        ("谁是红书的副总裁", "技术副总裁李东爱读书。"),
    ],
)
def test_an_office_is_told_in_other_words_too(question: str, sentence: str) -> None:
    assert telling(question, f"{ABOUT}{sentence}") == [sentence]


@pytest.mark.parametrize("sentence", ["CEO李东爱读书。", "Doctor李东爱读书。", "副总裁李东爱读书。"])
def test_who_holds_another_office_does_not_hold_the_one_that_is_asked_for(sentence: str) -> None:
    assert telling("红书的CTO是谁？", f"{ABOUT}{sentence}") == []


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("多多创始人王西也来了。", True),
        ("多多的另一位创始人王西也来了。", True),
        ("王西创立了多多。", True),
        ("创始人李东去了多多。", False),
        ("他见过多多和红书的创始人。", False),
        ("红书的创始人李东不看好多多。", False),
        ("多多卖得便宜，创始人王西很高兴。", True),
        ("红书看不起多多，创始人李东这样说。", False),
        ("多多卖得便宜。其创始人王西也来了。", True),
        ("多多卖得便宜。该公司去年换了创始人。", True),
        ("多多卖得便宜。红书的创始人李东不看好。", False),
    ],
)
def test_of_what_an_article_only_mentions_the_name_stands_by_the_office(sentence: str, told: bool) -> None:
    assert bool(telling("多多的创始人是谁？", ABOUT + sentence)) is told


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("多多的三年", True),
        ("话说多多", True),
        ("红书为什么学不会多多", False),
        ("多", True),
        ("书", False),
        ("生鲜的十年：多多走到哪儿了", True),
    ],
)
def test_what_an_article_is_about_is_told_by_its_title_too(title: str, told: bool) -> None:
    text = f"{ABOUT}创始人王西爱读书。"
    of_it = passage(1, text)
    candidates = candidates_of([replace(of_it, article=replace(of_it.article, title=title))])
    assert bool(of_whose_office("多多的创始人是谁", candidates, Holding("多多"))) is told  # type: ignore[arg-type]


def test_a_name_is_found_in_other_writing() -> None:
    assert telling("TokTik的创始人是谁？", "ＴｏｋＴｉｋ 创始人王西也来了。") == ["ＴｏｋＴｉｋ 创始人王西也来了。"]


@pytest.mark.parametrize(
    "question",
    [
        "红书有多少用户？",
        "红书的创始人多大了？",
        "红书的创始人为什么离开？",
        "他的创始人是谁？",
        "创始人是谁？",
        "公司的创始人是谁？",
        "橙书的创始人是谁？",
        "红书和多多的创始人说了什么",
    ],
)
def test_other_questions_and_names_that_no_article_holds_are_left_alone(question: str) -> None:
    assert telling(question, f"{ABOUT}创始人李东爱读书。") is None


def test_the_head_of_the_board_is_not_the_general_manager() -> None:
    assert telling("红书的总经理是谁？", f"{ABOUT}董事长李东爱读书。") == []
    assert telling("红书的董事长是谁？", f"{ABOUT}董事长李东爱读书。")
    assert telling("红书的一把手是谁？", f"{ABOUT}董事长李东爱读书。")
