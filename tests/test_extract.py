from dataclasses import replace

import pytest
from measured import measured, passage

from rag.choose import Group, choose
from rag.dates import Period
from rag.extract import (
    DIFFER,
    NOT_THEN,
    PREMISE,
    VIEWS,
    WHETHER,
    compose,
    extract,
    in_reading_order,
    missing_in_completed,
    what_is_missing,
)
from rag.features import SENTENCE_FEATURES
from rag.missing import NO_NUMBER, NO_TIME, UNSAID
from rag.text import sentence_spans
from rag.types import Answer, Citation, Message, PassageReading, Question


@pytest.mark.parametrize(
    ("dates", "order"),
    [
        (("2025-01-01", "2025-09-01"), ["文2", "文1"]),
        (("2025-09-01", None), ["文1", "文2"]),
        ((None, "2020-01-01"), ["文2", "文1"]),
    ],
)
def test_different_figures_are_shown_newest_first_and_undated_last(
    dates: tuple[str | None, str | None], order: list[str]
) -> None:
    passages = [passage(1, "月活是3.5亿。", dates[0]), passage(2, "月活是3.2亿。", dates[1])]
    groups = in_reading_order(choose("多少？", measured(passages, [0, 0])))
    assert [group.candidates[0].passage.article.id for group in groups] == order


def test_sentences_of_one_article_keep_the_order_of_the_text() -> None:
    groups = in_reading_order(choose("哪些？", measured([passage(1, "甲在先。乙在后。")], [-0.1, 0])))
    assert [group.candidates[0].text for group in groups] == ["甲在先。", "乙在后。"]


def test_compose_cites_every_statement_with_its_own_words() -> None:
    passages = [passage(1, "首期覆盖美国。"), passage(2, "首期覆盖美国。")]
    answer = compose(Question("？"), choose("谁？", measured(passages, [0, 0])), tuple(passages))
    assert [(s.text, s.citations) for s in answer.statements] == [("首期覆盖美国。", (1, 2))]
    assert [(c.marker, c.article.id, c.quote) for c in answer.citations] == [
        (1, "文1", "首期覆盖美国。"),
        (2, "文2", "首期覆盖美国。"),
    ]
    assert answer.text == "首期覆盖美国。[1][2]"


@pytest.mark.parametrize(
    ("question", "sentence", "lacks"),
    [
        ("网信办罚了多少钱？", "网信办进行约谈并采取处罚措施。", True),
        ("有多少家店加入？", "从3月初开始，商家收到邀约。", True),
        ("2024年净利润是多少？", "2024年业务步入平缓节奏。", True),
        ("租金多少钱？", "租下了650平方米的办公区。", True),
        ("租金多少钱？", "每月租金3万港元。", False),
        ("雇了多少工人？", "雇了30人。", False),
        ("在东京有多少员工？", "2015年在海外有20多个仓库。", True),
        ("卖了多少单？", "店里只有16款商品。", True),
        ("月活多少？", "月活达3.5亿。", False),
        ("有几家店？", "一共三家店。", False),
        ("谁写了书？", "甲写了书。", False),
        ("员工平均年龄是多少？", "公司有3000名员工。", True),
        ("员工平均年龄是多少？", "员工平均28岁。", False),
        ("创始人多大了？", "他花了300万元。", True),
    ],
)
def test_a_number_that_is_asked_for_must_be_given(question: str, sentence: str, lacks: bool) -> None:
    passages = [passage(1, sentence)]
    *_, answer = extract(Question(question), measured(passages, [0]), tuple(passages))
    assert answer.refused is lacks
    assert answer.notice == (NO_NUMBER if lacks else "")
    assert [citation.quote for citation in answer.nearest] == ([sentence] if lacks else [])


def test_a_follow_up_that_only_names_another_thing_asks_for_what_the_last_question_asked() -> None:
    passages = [passage(1, "估值达到310亿美元。"), passage(2, "估值还只有260亿美元。")]
    given = measured(passages, [0, -0.5])

    def statements(text: str, *asked: str) -> int:
        *_, answer = extract(Question(text, tuple(Message("user", q) for q in asked)), given, tuple(passages))
        return len(answer.statements)

    assert statements("那估值呢？") == 1
    assert statements("那估值呢？", "月活是多少？") == 2
    assert statements("谁说的估值？", "月活是多少？") == 1
    assert statements("说说估值", "月活是多少？") == 1


@pytest.mark.parametrize(
    ("question", "sentences", "notice"),
    [
        ("平台的月活是多少？", ["平台的月活达3.5亿。", "平台的月活是 3.2 亿人。"], DIFFER),
        ("平台的月活是多少？", ["平台的月活达3.5亿。", "平台月活超过3.5亿，居首。"], ""),
        ("平台的月活是多少？", ["平台的月活达3.5亿。", "平台的月活跌了7%。"], ""),
        ("平台的月活是多少？", ["平台的月活达3.5亿。", "他花了2亿。"], ""),
        ("平台有多少人？", ["平台在2024年很忙，有3人。", "平台在2023年很闲，有3人。"], ""),
        ("平台怎么样？", ["平台的月活达3.5亿。", "平台的月活是 3.2 亿人。"], ""),
    ],
    ids=["two values", "one value", "other units", "another matter", "years are no values", "no number asked"],
)
def test_the_reader_is_told_when_articles_give_different_numbers(
    question: str, sentences: list[str], notice: str
) -> None:
    passages = [passage(rank, sentence) for rank, sentence in enumerate(sentences, 1)]
    *_, answer = extract(Question(question), measured(passages, [0, 0]), tuple(passages))
    assert (answer.notice, answer.differ) == (notice, notice == DIFFER)


def test_values_of_one_article_are_no_disagreement() -> None:
    passages = [passage(1, "月活在三月是3.2亿。月活在六月是3.5亿。")]
    *_, answer = extract(Question("月活是多少？"), measured(passages, [0, 0]), tuple(passages))
    assert len(answer.statements) == 2
    assert answer.notice == ""


def test_a_sequence_is_told_in_the_order_of_time_each_event_once() -> None:
    passages = [passage(1, "2023年店铺正式关闭。"), passage(2, "2014年开张。2023年店铺正式关闭了。")]
    *_, answer = extract(Question("店的发展历程"), measured(passages, [0, 0, 0]), tuple(passages))
    assert [s.text for s in answer.statements] == ["2014年开张。", "2023年店铺正式关闭。"]
    period = Period("2023-01-01", None)
    *_, answer = extract(Question("店的发展历程"), measured(passages, [0, -9, -9]), tuple(passages), period)
    assert [s.text for s in answer.statements] == ["2023年店铺正式关闭。"]


@pytest.mark.parametrize(
    ("period", "told", "notice"),
    [
        (Period("2023-01-01", "2023-12-31"), ["2023年关店。"], ""),
        (Period(None, "2014-12-31"), ["2014年开店。"], ""),  # likelier ones are of other times
        (Period("2019-01-01", "2019-12-31"), ["2023年关店。", "2024年又开店。"], NOT_THEN),
    ],
)
def test_what_happened_at_a_time_is_told_of_that_time_or_said_not_to_be(
    period: Period, told: list[str], notice: str
) -> None:
    passages = [passage(1, "2014年开店。"), passage(2, "2023年关店。"), passage(3, "2024年又开店。")]
    *_, answer = extract(Question("2020年店里发生了什么？"), measured(passages, [-3, 0, 0]), tuple(passages), period)
    assert ([statement.text for statement in answer.statements], answer.notice) == (told, notice)


@pytest.mark.parametrize(
    ("period", "told", "notice"),
    [
        (Period(None, "2022-12-31"), ["2021年销售额3亿元。"], ""),
        (Period(None, "2019-12-31"), ["2021年销售额3亿元。", "到2023年底销售额9亿元。"], NOT_THEN),
        (Period("2023-01-01", "2023-12-31"), ["2021年销售额3亿元。", "到2023年底销售额9亿元。"], DIFFER),
    ],
)
def test_a_number_before_a_time_is_told_of_that_time_or_said_not_to_be(
    period: Period, told: list[str], notice: str
) -> None:
    passages = [passage(1, "2021年销售额3亿元。"), passage(2, "到2023年底销售额9亿元。")]
    *_, answer = extract(Question("之前的销售额是多少？"), measured(passages, [0, 0]), tuple(passages), period)
    assert ([statement.text for statement in answer.statements], answer.notice) == (told, notice)


def test_the_words_that_answer_are_emphasised_in_a_statement() -> None:
    passages = [passage(1, "平台的月活达3.5亿。")]
    *_, answer = extract(Question("月活是多少？"), measured(passages, [0]), tuple(passages))
    assert [s.emphasis for s in answer.statements] == [((6, 10),)]


def test_a_refusal_shows_the_three_nearest_sentences_none_twice() -> None:
    passages = [passage(1, "甲开了店。乙收了钱。丙种了树。丁画了画。"), passage(2, "乙收了钱。")]
    *_, answer = extract(Question("一共多少人？"), measured(passages, [-3, -1, -2, -4, 0]), tuple(passages))
    assert [(c.marker, c.quote) for c in answer.nearest] == [(1, "乙收了钱。"), (2, "丙种了树。"), (3, "甲开了店。")]


def test_an_open_question_says_that_the_articles_speak_for_themselves_the_newest_first() -> None:
    passages = [
        passage(1, "平台要收押金。"),
        passage(2, "不交押金也能开店。", "2024-05-01"),
        passage(3, "规则里没提这笔钱。", "2025-05-01"),
    ]
    *_, answer = extract(Question("平台收不收押金，是否要交？"), measured(passages, [0.0] * 3), tuple(passages))
    assert answer.notice == VIEWS.format(count=3)
    assert [c.article.id for c in answer.citations] == ["文3", "文2", "文1"]


def test_what_one_article_says_is_no_yes_or_no() -> None:
    passages = [passage(1, "平台要收押金。")]

    def notice(question: str) -> str:
        *_, answer = extract(Question(question), measured(passages, [0.0]), tuple(passages))
        return answer.notice

    assert {notice(q) for q in ("平台是否要收押金？", "平台收押金吗", "平台收押金了没", "平台收不收押金")} == {WHETHER}
    assert notice("平台收押金还是收租金？") == ""


def test_what_is_told_of_another_brand_beside_the_one_that_is_asked_about_is_no_answer() -> None:
    said = "TikTok在美国积累了1.7亿用户。仅美国就有Temu和速卖通。"
    article = passage(1, said).article
    citations = [Citation(n, article, *span) for n, span in enumerate(sentence_spans(said), 1)]
    assert what_is_missing(Question("Temu在美国积累了多少用户？"), citations) == NO_NUMBER
    assert what_is_missing(Question("TikTok在美国积累了多少用户？"), citations) == ""


def test_a_time_that_is_asked_for_must_be_given() -> None:
    vague = [passage(1, "福利社后来关门了。")]
    *_, answer = extract(Question("福利社是什么时候关门的？"), measured(vague, [0.0]), tuple(vague))
    assert (answer.refused, answer.notice) == (True, NO_TIME)
    exact = [passage(1, "福利社去年关门了。")]
    *_, answer = extract(Question("福利社是什么时候关门的？"), measured(exact, [0.0]), tuple(exact))
    assert not answer.refused


def test_what_speaks_against_the_premise_is_shown_alone_and_says_so() -> None:
    passages = [passage(1, "平台不收取商家押金。商家都喜欢平台。")]
    found = measured(passages, [0.0, 0.0])
    *_, answer = extract(Question("平台为什么收取商家押金？"), found, tuple(passages))
    assert (answer.notice, [s.text for s in answer.statements]) == (PREMISE, ["平台不收取商家押金。"])
    *_, answer = extract(Question("平台为什么不收取商家押金？"), found, tuple(passages))
    assert answer.notice == ""
    *_, answer = extract(Question("平台收取商家押金吗？"), found, tuple(passages))
    assert answer.notice == WHETHER


def test_an_answer_quotes_a_sentence_that_points_back_with_the_one_before() -> None:
    passages = (passage(1, "一种是买断，一种是代销。甲做的就是后者。"),)
    *_, answer = extract(Question("甲做哪一种？"), measured(list(passages), [-5, 0]), passages)
    assert [statement.text for statement in answer.statements] == ["一种是买断，一种是代销。甲做的就是后者。"]
    assert [citation.quote for citation in answer.citations] == ["一种是买断，一种是代销。甲做的就是后者。"]


def test_who_is_asked_for_is_named_where_the_sentence_that_answers_says_they() -> None:
    passages = (passage(1, "有个品牌叫月影，只投小红书。可他们一个月能卖400多万。"),)
    *_, answer = extract(Question("一个月卖400多万的是哪家？"), measured(list(passages), [-5, 0]), passages)
    assert [statement.text for statement in answer.statements] == [passages[0].article.text]
    *_, answer = extract(Question("月影一个月能卖多少？"), measured(list(passages), [-5, 0]), passages)
    assert [statement.text for statement in answer.statements] == ["可他们一个月能卖400多万。"]


def test_where_the_best_sentence_tells_no_time_one_that_does_is_taken() -> None:
    born, walks, died = "贺老生在乡下。", "贺老天天去窑厂。", "贺老于2024年5月6日逝世。"
    of = passage(1, walks + died + born)
    *_, answer = extract(Question("贺老是什么时候走的？"), measured([of], [0, -0.5, -9]), (of,))
    assert [statement.text for statement in answer.statements] == [died]
    *_, answer = extract(Question("贺老是什么时候走的？"), measured([of], [0, -9, -9]), (of,))
    assert (answer.refused, answer.notice) == (True, NO_TIME)  # it is too unlikely
    of_less = measured([of], [0, -0.5, -9])
    of_less.features[0, SENTENCE_FEATURES.index("coverage")] = 0.01
    *_, answer = extract(Question("贺老是什么时候走的？"), of_less, (of,))
    assert (answer.refused, answer.notice) == (True, NO_TIME)  # it speaks less of what is asked


def test_where_the_best_sentence_tells_another_number_one_that_tells_it_is_taken() -> None:
    sales, profit = "营业收入24.37亿元。", "归母净利润6180万元。"
    of = passage(1, sales + profit)
    *_, answer = extract(Question("三季度净赚多少？"), measured([of], [0, -0.5]), (of,))
    assert [statement.text for statement in answer.statements] == [profit]
    *_, answer = extract(Question("三季度净赚多少？"), measured([of], [0, -9]), (of,))
    assert (answer.refused, answer.notice) == (True, NO_NUMBER)


def test_where_a_number_is_asked_for_a_less_likely_sentence_that_states_none_is_left_out() -> None:
    of = passage(1, "公司有300名员工。大家都很忙。")
    *_, answer = extract(Question("公司有多少名员工？"), measured([of], [0, -0.3]), (of,))  # 0.37 of the best one's
    assert [statement.text for statement in answer.statements] == ["公司有300名员工。"]
    *_, answer = extract(Question("公司有多少名员工？"), measured([of], [-0.1, 0]), (of,))
    assert len(answer.statements) == 2  # the likelier one stays
    *_, answer = extract(Question("谁在公司？"), measured([of], [0, -0.3]), (of,))
    assert len(answer.statements) == 2


def test_a_number_that_only_an_unlikely_sentence_states_answers_nothing() -> None:
    of = passage(1, "红猫计划打通了下单的链路。它有350万个商家。")
    found = measured([of], [0, -0.3])  # 0.37 of the best one's probability
    found.features[0, SENTENCE_FEATURES.index("coverage")] = 0.01
    *_, answer = extract(Question("红猫计划从一单里抽几个点？"), found, (of,))
    assert (answer.refused, answer.notice) == (True, NO_NUMBER)
    *_, answer = extract(Question("商家有多少个？"), measured([of], [-0.3, 0]), (of,))
    assert not answer.refused


@pytest.mark.parametrize(("answers", "refused"), [(0.9, True), (1.0, False)])
def test_a_name_is_not_told_where_the_reader_unsure_takes_no_name_for_the_answer(answers: float, refused: bool) -> None:
    text = "她投了约70家公司，都没有回音。"
    of = replace(passage(1, text), reading=PassageReading(answers, (3, 8), {}))
    *_, answer = extract(Question("她最后签了哪家公司？"), measured([of], [0]), (of,))
    assert (answer.refused, answer.notice) == (refused, UNSAID if refused else "")


def test_a_number_that_only_an_unlikely_extract_has_is_none_beside_what_an_llm_cites() -> None:
    passages = [passage(1, "Temu在美国很有名。"), passage(2, "Temu的用户等了12天。")]
    question, given = Question("Temu在美国积累了多少用户？"), measured(passages, [0, -1.0])
    sure, unlikely = (Group(probability, [c]) for c, probability in zip(given.candidates, (0.9, 0.1), strict=True))
    cited = [Citation(n, c.passage.article, c.start, c.end) for n, c in enumerate(given.candidates, 1)]
    whole = Answer(question, citations=tuple(cited), passages=tuple(passages))
    assert missing_in_completed(question, whole, cited[:1], [sure, unlikely]) == NO_NUMBER
    assert missing_in_completed(question, whole, cited[:1], [replace(unlikely, probability=0.9), sure]) == ""
    assert missing_in_completed(question, whole, cited, [sure, unlikely]) == ""
