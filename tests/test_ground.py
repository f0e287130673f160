from dataclasses import replace

import pytest

from rag.drafts import Draft
from rag.ground import find_support, missing_names
from rag.negation import contradicts
from rag.text import sentence_spans
from rag.types import Article, Chunk, Passage, PassageReading


def passage(rank: int, text: str) -> Passage:
    article = Article(id=f"文{rank}", source_path=f"文{rank}.txt", raw=text, title=f"文{rank}")
    chunk = Chunk(f"c{rank}", article.id, 0, len(text), text, "", tuple(sentence_spans(text)))
    return Passage(article, chunk, rank, 1.0)


PASSAGES = [passage(1, "小红书月活用户3.5亿。首期覆盖美国。"), passage(2, "商家不需要缴纳保证金。税费由消费者承担。")]


def test_support_is_the_sentence_that_holds_the_words_and_the_figure() -> None:
    (support,) = find_support(Draft("小红书的月活用户是3.5亿", (1,)), PASSAGES)
    assert support.text == "小红书月活用户3.5亿。"


def test_the_same_figure_written_another_way_is_supported() -> None:
    assert find_support(Draft("小红书月活用户350,000,000", (1,)), PASSAGES)


def test_a_figure_is_the_same_in_traditional_script() -> None:
    assert find_support(Draft("年营收为1200万元。", (1,)), [passage(1, "好買平台年營收為1200萬元。")])
    assert find_support(Draft("小紅書月活用戶3.5億。", (1,)), PASSAGES)


def test_a_range_and_a_unit_may_be_written_another_way() -> None:
    assert find_support(Draft("总投资额为3万至5万元。", (1,)), [passage(1, "总投资额为3-5万元。")])
    assert find_support(Draft("从总部到机场12km。", (1,)), [passage(1, "从总部到机场是12公里。")])
    assert not find_support(Draft("从总部到机场12km。", (1,)), [passage(1, "从总部到机场是12天。")])


def test_a_figure_that_the_passage_does_not_have_is_not_supported() -> None:
    assert find_support(Draft("小红书月活用户3.6亿。", (1,)), PASSAGES) == []


def test_words_that_no_passage_has_are_not_supported() -> None:
    assert find_support(Draft("公司在纽约上市并任命了新总裁。", (1,)), PASSAGES) == []


def test_unknown_marks_are_replaced_by_the_passage_that_supports() -> None:
    (support,) = find_support(Draft("税费由消费者承担。", (9,)), PASSAGES)
    assert support.passage.rank == 2


def test_a_statement_over_two_sentences_cites_both() -> None:
    support = find_support(Draft("不需要缴纳保证金，税费由消费者承担。", (2,)), PASSAGES)
    assert [c.text for c in support] == ["商家不需要缴纳保证金。", "税费由消费者承担。"]


@pytest.mark.parametrize(
    ("draft", "source"),
    [
        ("平台收取认证费。", "平台不收取认证费。"),
        ("商家需要缴纳保证金。", "商家无需缴纳保证金。"),
        ("产品没有正式售卖。", "产品已经正式售卖。"),
        ("该计划并未覆盖美国。", "该计划覆盖美国。"),
    ],
)
def test_a_denial_contradicts_what_it_denies_in_both_directions(draft: str, source: str) -> None:
    assert contradicts(draft, source) and contradicts(source, draft)


@pytest.mark.parametrize(
    ("draft", "source"),
    [
        ("商家不需要缴纳保证金。", "商家无需缴纳保证金。"),
        ("产品还未对外售卖。", "产品没有正式对外售卖。"),
        ("不仅覆盖美国，还覆盖香港。", "覆盖美国和香港。"),
        ("平台收取认证费。", "平台不少，都收取认证费。"),
        ("未来覆盖日本。", "覆盖日本。"),
        ("平台不收取认证费，但收取服务费。", "收取服务费，不收取认证费。"),
        ("小红书关闭福利社。", "小红书不得不关闭福利社。"),
        ("平台向商家收取押金。", "平台不能不向商家收取押金。"),
        ("商家不用承担手续费。", "手续费无需商家承担。"),
    ],
)
def test_the_same_denial_in_other_words_is_no_contradiction(draft: str, source: str) -> None:
    assert not contradicts(draft, source) and not contradicts(source, draft)


@pytest.mark.parametrize(
    "text",
    [
        "商家需要缴纳保证金。",
        "商家不需要缴纳“保证金”和“押金费”。",
        "商家不需要向Temu缴纳保证金。",
    ],
    ids=["a denial turned round", "a quotation that no source has", "a name that no source has"],
)
def test_a_draft_that_says_something_else_in_the_same_words_has_no_support(text: str) -> None:
    assert find_support(Draft("商家不需要缴纳保证金。", (2,)), PASSAGES)
    assert find_support(Draft(text, (2,)), PASSAGES) == []


def test_a_denial_is_seen_also_where_a_clause_has_too_little_in_common_with_the_cited_one_to_be_its_opposite() -> None:
    of = [passage(1, "平台不收取认证费。")]
    assert find_support(Draft("平台向海外的商家每年不收取认证费。", (1,)), of)
    assert not find_support(Draft("平台向海外的商家每年收取认证费。", (1,)), of)


QUOTING = [
    passage(
        1,
        "瞿芳认为“跨境电商只是一个阶段性的概念,用户的需求不再局限于购买‘国外的好东西’,而是更广泛地追求好东西。我们都信。”",
    )
]


@pytest.mark.parametrize("marks", ["“”", "「」", "『』", "‘’", '""'])
def test_what_is_quoted_must_be_said_in_whatever_marks(marks: str) -> None:
    opened, closed = marks
    assert find_support(Draft(f"瞿芳认为{opened}跨境电商只是一个阶段性的概念{closed}。", (1,)), QUOTING)
    assert not find_support(Draft(f"瞿芳认为{opened}跨境电商是一个永恒的概念{closed}。", (1,)), QUOTING)


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        ("瞿芳认为：“用户的需求不再局限于购买「国外的好东西」，而是更广泛地追求好东西。”", True),
        ("瞿芳认为：“用户的需求永远都会局限于购买国外的好东西，而不是更广泛地追求国内的好东西。”", False),
        ("瞿芳认为“跨境电商……更广泛地追求好东西”。", True),
        ("瞿芳认为：“跨境电商只是一个阶段性的概念。", True),
        ("瞿芳认为：“跨境电商从来不是一个阶段性的概念。", False),
        ("用户更广泛地追求坏东西。”", False),
        ('屏幕有5"和6"的。', True),
    ],
)
def test_a_quotation_may_be_long_shortened_or_go_on_in_the_next_sentence(draft: str, said: bool) -> None:
    assert (missing_names(draft, f'{QUOTING[0].chunk.text}屏幕有5"。') == []) == said


def test_what_is_quoted_may_stand_there_by_the_name_that_the_articles_use() -> None:
    assert missing_names("“小红薯”很好。", "小红书很好。", {"小红薯": "小红书"}.__getitem__) == []
    assert missing_names("“小红薯”很好。", "小红书很好。") == ["小红薯"]


def test_a_chinese_name_must_stand_in_the_cited_passages() -> None:
    of = [passage(1, "甲公司在北京开了新店，店长是王明。新店很大。")]
    assert find_support(Draft("甲公司在北京开了新店，很大。", (1,)), of)
    assert not find_support(Draft("甲公司在上海开了新店，很大。", (1,)), of)
    assert not find_support(Draft("甲公司在北京开了新店，店长是李强。", (1,)), of)
    assert find_support(Draft("甲公司在北京市开了新店，店很大，顾客很多。", (1,)), of, "顾客多不多？")


def test_a_mere_name_must_be_the_answer_that_the_reader_finds() -> None:
    text = "毛文超和瞿芳创立了小红书,总部在上海。"
    answer = (text.index("上海"), text.index("上海") + 2)
    read = replace(passage(1, text), reading=PassageReading(3.0, answer, {}))
    assert find_support(Draft("上海。", (1,)), [read])
    assert not find_support(Draft("毛文超。", (1,)), [read])
    assert find_support(Draft("毛文超和瞿芳创立了小红书。", (1,)), [read])
    assert find_support(Draft("毛文超。", (1,)), [passage(1, text)])


def test_a_mere_name_is_cited_from_the_sentence_that_speaks_of_what_is_asked() -> None:
    of = [passage(1, "国家网信办的公告上了热搜。网信办约谈了平台并采取处罚措施。")]
    first, *_ = find_support(Draft("网信办。", (1,)), of, "哪个部门约谈了平台？")
    assert first.text.startswith("网信办约谈")
    (first,) = find_support(Draft("网信办。", (1,)), of, "谁的公告上了热搜？")
    assert first.text.startswith("国家网信办")


def test_a_mere_figure_is_cited_from_the_sentence_that_has_it_whatever_else_speaks_of_what_is_asked() -> None:
    of = [passage(1, "论海外的用户，Duka涌入了很多海外用户。Duka有1.7亿用户。")]
    (only,) = find_support(Draft("Duka：1.7亿用户", (1,)), of, "论海外的用户，Duka有多少海外用户？")
    assert only.text == "Duka有1.7亿用户。"


def test_a_clause_of_its_own_needs_words_of_the_passage_or_of_the_question() -> None:
    of = [passage(1, "平台的薪酬缺乏竞争力，导致人才流失严重。" + "商家不需要缴纳保证金。" * 9)]
    assert find_support(Draft("薪酬缺乏竞争力，导致人才流失严重。", (1,)), of)
    assert not find_support(Draft("招聘渠道不够广泛，导致人才流失严重。", (1,)), of)
    assert find_support(Draft("招聘渠道不够广泛，导致人才流失严重。", (1,)), of, "招聘渠道够不够广泛？")
    assert find_support(Draft("所以，导致人才流失严重。", (1,)), of)


def test_a_figure_is_not_given_to_another_of_the_things_compared() -> None:
    of = [passage(1, "甲平台在美国积累了1.7亿用户。乙平台也有用户。两个平台各有所长。")]
    compared = ("甲平台", "乙平台")
    assert find_support(Draft("甲平台有1.7亿用户。", (1,)), of, "", compared)
    assert not find_support(Draft("乙平台：1.7亿用户。", (1,)), of, "", compared)
    assert find_support(Draft("乙平台：1.7亿用户。", (1,)), of)
    assert find_support(Draft("用户有1.7亿。", (1,)), of, "", compared)


@pytest.mark.parametrize(
    ("said", "source", "supported"),
    [
        ("小红书" * 4 + "月活用户3.5亿。", "小红书月活用户3.5亿。", False),
        ("小红书月活，" * 4 + "月活用户3.5亿。", "小红书月活用户3.5亿。", False),
        ("小红书" * 3 + "月活用户3.5亿。", "小红书月活用户3.5亿。", True),
        ("小红书月活用户100000000——————。", "小红书月活用户100000000。", True),
        ("小红书月活用户100000000————————。", "小红书月活用户1亿。", True),
        ("他们喊加油加油加油加油。", "他们喊：加油加油加油加油！", True),
    ],
)
def test_what_repeats_itself_without_end_is_supported_only_by_what_does_so(
    said: str, source: str, supported: bool
) -> None:
    assert bool(find_support(Draft(said, (1,)), [passage(1, source)])) == supported
