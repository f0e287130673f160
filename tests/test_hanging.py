import pytest

from rag.features import Candidate
from rag.hanging import LONGEST_BEFORE, explains, hangs, tells_of_itself, with_what_it_hangs_on
from rag.text import sentence_spans
from rag.types import Article, Chunk, Passage


def second(text: str) -> Candidate:
    """The second sentence of an article."""
    article = Article(id="文", source_path="文.txt", raw=text, title="文")
    spans = tuple(sentence_spans(text))
    return Candidate(Passage(article, Chunk("c", "文", 0, len(text), text, "", spans), 1, 1.0), *spans[1])


@pytest.mark.parametrize(
    "sentence",
    [
        "小红书做的就是后者。",
        "这让商家很为难。",
        "此举省下了运费。",
        "“对此我们没有办法。”",
        "那就意味着要多收一笔钱。",
        "否则不予受理。",
    ],
)
def test_a_sentence_that_points_back_hangs(sentence: str) -> None:
    assert hangs(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "这几年商家少了。",
        "这里有一百家店。",
        "小红书成立于2013年。",
        "那年他三十岁。",
        "因此收费。",
        "此外还收费。",
        "其创始人姓王。",
        "这家店开了。",
    ],
)
def test_a_sentence_that_names_what_it_speaks_of_or_leads_on_stands_alone(sentence: str) -> None:
    assert not hangs(sentence)


def test_a_hanging_sentence_is_quoted_with_the_one_before_as_one_stretch() -> None:
    candidate = second("一种是买断，一种是代销。小红书做的就是后者。它收佣金。")
    assert with_what_it_hangs_on(candidate, set()).text == "一种是买断，一种是代销。小红书做的就是后者。"


def test_where_someone_is_to_be_named_a_sentence_on_them_brings_the_one_that_names_them() -> None:
    candidate = second("有个品牌叫月影，只投小红书。可他们一个月能卖400多万。")
    assert with_what_it_hangs_on(candidate, set(), named=True).text == candidate.passage.article.text
    assert with_what_it_hangs_on(candidate, set()) == candidate
    others = second("有个品牌叫月影，只投小红书。他人一个月能卖400多万。")
    assert with_what_it_hangs_on(others, set(), named=True) == others


def test_a_sentence_stays_alone_where_the_one_before_is_shown_is_long_or_is_in_another_paragraph() -> None:
    shown = second("一种是买断，一种是代销。小红书做的就是后者。")
    assert with_what_it_hangs_on(shown, {("文", (0, 12))}) == shown
    long = second("甲" * LONGEST_BEFORE + "。小红书做的就是后者。")
    assert with_what_it_hangs_on(long, set()) == long
    apart = second("一种是买断，一种是代销。\n小红书做的就是后者。")
    assert with_what_it_hangs_on(apart, set()) == apart
    alone = second("一种是买断，一种是代销。小红书收佣金。")
    assert with_what_it_hangs_on(alone, set()) == alone


@pytest.mark.parametrize(
    ("sentence", "does"),
    [
        ("指一家企业的增速加利润率应超过40%。", True),
        ("具体来说，前者看完播，后者看收藏。", True),
        ("即卖不掉可以退货。", True),
        ("指标有所回升。", False),
        ("即使如此，它仍在亏损。", False),
        ("简单来说，这个策略就是：", False),
        ("具体怎么做？", False),
        ("它的市值缩水了。", False),
    ],
)
def test_a_sentence_that_begins_with_words_that_explain_explains_unless_it_announces_or_asks(
    sentence: str, does: bool
) -> None:
    assert explains(sentence) == does


@pytest.mark.parametrize(
    ("sentence", "tells"),
    [
        ("本文深入分析了猫的习性，供大家参考。", True),
        ("这篇文章给出了养猫的办法。", True),
        ("本篇文章里，作者总结了养猫的经验，一起来看一下。", True),
        ("作者结合自己的经历，分享了养猫的心得。", True),
        ("希望对你有所帮助。", True),
        ("推荐对猫感兴趣的朋友阅读。", True),
        ("本文认为，猫不该吃太多鱼。", False),
        ("作者认为猫怕水。", False),
        ("这本书的作者是王二。", False),
        ("猫喜欢吃鱼，希望主人多给。", False),
        ("希望大家有所收获。", True),
        ("希望对正在创业的朋友有所启发。", True),
        ("本文具体介绍了如何做私域。", True),
        ("下面我们一起来看几个案例。", True),
        ("我们一起来看看吧。", True),
        ("创作者可以在小红书上分享笔记。", False),
        ("日本文化在小红书上很受欢迎。", False),
        ("小红书希望通过流量扶持帮助中小商家降低成本。", False),
        ("用户可以和主播一起看直播。", False),
    ],
)
def test_a_sentence_that_tells_of_its_article_is_told_from_one_on_the_subject(sentence: str, tells: bool) -> None:
    assert tells_of_itself(sentence) is tells
