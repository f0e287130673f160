"""What a question offers to choose between, and the sentences for both."""

from dataclasses import replace
from pathlib import Path

import pytest
from conftest import CORPUS
from test_extract import measured, passage

from rag.alternatives import alternatives_of
from rag.chain import AnswerChain
from rag.embed import SentenceEmbedder
from rag.measure import sentence_probabilities
from rag.settings import Settings


@pytest.mark.parametrize(
    ("question", "offered"),
    [
        ("哪些商品能卖，我自己挑，还是平台挑？", ("哪些商品能卖，我自己挑", "哪些商品能卖，平台挑")),
        ("哪些商品能賣，我自己挑還是平台挑", ("哪些商品能卖，我自己挑", "哪些商品能卖，平台挑")),
        ("福利社后来是改名了还是关了？", ("福利社后来是改名了", "关了")),
        ("归平台管，还是归商家管，各有什么毛病？", ("归平台管", "归商家管")),
        ("它关掉了，还是换了名字？几篇文章说的一样吗", ("它关掉了", "换了名字")),
    ],
)
def test_the_two_things_that_are_offered_are_told_with_what_is_said_before_them(
    question: str, offered: tuple[str, str]
) -> None:
    assert alternatives_of(question) == offered


@pytest.mark.parametrize(
    "question",
    [
        "",
        "还是",
        "还是不懂，为什么？",
        "诺基亚那么抗摔，为什么还是没用？",
        "小红书为什么还是亏损？",
        "猫、狗还是鸟还是鱼？",
        "谁买单？",
    ],
)
def test_other_questions_offer_nothing(question: str) -> None:
    assert alternatives_of(question) == ()


def test_a_sentence_that_answers_only_one_of_what_is_offered_is_more_likely_for_it() -> None:
    text = "平台挑商品。商家勾商品。天气很好。"
    asked = measured([passage(1, text)], [0, -2, -2])
    second = asked.features[[1, 0, 2]]
    plain, offered = sentence_probabilities(asked), sentence_probabilities(replace(asked, offered=(second,)))
    assert offered.sum() == pytest.approx(1)
    assert offered[1] == pytest.approx((plain[0] + plain[1]) / 2) and offered[2] == pytest.approx(plain[2])


@pytest.mark.model
def test_both_things_that_are_offered_are_answered_from_the_corpus(
    corpus_index: Path, real_embedder: SentenceEmbedder
) -> None:
    chain = AnswerChain(Settings(corpus=CORPUS, index=corpus_index), embedder=real_embedder)
    text = chain.invoke("美国用户来小红书是为了买东西，还是为了逃避TikTok禁令？").text
    chain.close()
    assert "而不是买东西" in text and "在 TikTok 禁令期间,大量美国用户涌入小红书" in text
