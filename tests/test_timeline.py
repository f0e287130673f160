import numpy as np
import pytest
from measured import measured, passage

from rag.dates import Period
from rag.extract import extract
from rag.features import candidates_of
from rag.text import sentence_spans
from rag.timeline import MOST_EVENTS, asks_for_sequence, event_times, sequence
from rag.types import Article, Chunk, Passage, Question


def article(text: str, published: str | None = None) -> Article:
    return Article("文", "文.txt", raw=text, title="文", published=published)


def times(text: str, published: str | None = None) -> list[str]:
    return [time for _, time in event_times(article(text, published))]


def told(text: str, probabilities: list[float], period: Period | None = None, question: str = "经过？") -> list[str]:
    of = article(text, "2025-09-01")
    passage = Passage(of, Chunk("c", "文", 0, len(text), text, "", tuple(sentence_spans(text))), 1, 1.0)
    candidates = candidates_of([passage])
    return [candidates[i].text for i in sequence(question, candidates, np.array(probabilities), period, str.__eq__)]


@pytest.mark.parametrize(
    "question",
    [
        "水务公司从成立到现在有哪些大事？",
        "她一生经历了什么？",
        "福利社的发展历程",
        "按时间讲讲福利社",
        "给个时间线",
        "先后推了哪些东西？",
        "口号是怎么一步步换的？",
        "从开张到关门的经过",
        "每一步都做了什么？",
        "2025年第一季度小红书做了哪些事？",
        "2025年3月发生了什么",
        "2022年店里发生了什么？",
        "2014年以前做了什么？",
        "2024年以来有什么进展？",
        "小红书的历史是怎样的？",
        "讲讲福利社的历史吧",
        "介绍一下小红书历史",
        "为出海先后走了哪几步？",
        "每年的翻台率怎么变的？",
        "2月到5月每个月各出了什么招？",
        "26到29号每天干了啥",
        "从成立、被收购到转型，分别是什么时候？",
    ],
)
def test_a_question_for_events_in_order_is_recognised(question: str) -> None:
    assert asks_for_sequence(question)


@pytest.mark.parametrize(
    "question",
    [
        "先后做过哪几款应用？",
        "从里到外都是粉色吗？",
        "首期覆盖哪些市场？",
        "什么时候关闭的？",
        "2025年3月发布了什么？",
        "每个月要交什么费用？",
        "1993年发生了什么意外？",
        "2024年有什么产品？",
        "他三年做了什么？",
        "小红书最初做了什么？",
        "他们到底干了些什么",
        "小红书历史上最大的一笔融资是多少？",
        "历史最高估值是多少？",
        "怎么把大事化小？",
        "公众号有多少年历史？",
        "公众号有几年的历史？",
        "动工和开通分别是什么时候？",
        "想让会员觉得值，得按哪几步来做？",
        "社群能走到哪一步，取决于什么？",
    ],
)
def test_a_question_for_one_thing_or_for_names_is_not(question: str) -> None:
    assert not asks_for_sequence(question)


def test_a_day_that_begins_a_clause_is_of_the_month_named_last() -> None:
    text = "3月1日，抵达。\n2日上午看展。\n当晚很累，3 日，离开。5日游结束。"
    assert times(text, "2025-04-01") == ["2025-03-01", "2025-03-02", "2025-03-03"]
    assert times("2日上午看展。", "2025-04-01") == []


def test_times_are_as_exact_as_the_text() -> None:
    text = "2014年成立，2015 年 3 月融资，2016年4月5日上线。2021-06 发布"
    assert times(text) == ["2014", "2015-03", "2016-04-05", "2021-06"]


def test_what_is_counted_after_a_year_is_no_month() -> None:
    assert times("2023年12家店开业，2024年50亿元，2025年 3 款产品，2026年 4 月上线") == [
        "2023",
        "2024",
        "2025",
        "2026-04",
    ]


def test_a_month_alone_is_of_the_year_named_last_or_of_the_article() -> None:
    assert times("2015 年投入运营。这一年,口号改了。那一年里换了人。这一年多很忙。") == ["2015", "2015", "2015"]
    assert times("2014 年成立，12 月上线。同年5月改名，次年3月关闭，8月重开。") == [
        "2014",
        "2014-12",
        "2014-05",
        "2015-03",
        "2015-08",
    ]
    assert times("3月10日发布。", "2025-04-03") == ["2025-03-10"]
    assert times("3月10日发布。") == []


def test_a_month_may_be_written_in_words() -> None:
    assert times("今年三月下架，九月重开；2022年十一月上线。", "2023-12-01") == ["2023-03", "2023-09", "2022-11"]
    assert times("三四月间，一个月后，三月内，二三月份，一月一次，五月天，二月河。", "2023-12-01") == []
    assert times("六月天气热。", "2023-12-01") == ["2023-06"]


def test_a_year_in_the_middle_of_a_line_dates_no_month_of_the_lines_below_it() -> None:
    assert times("厂区2014年建成投产。\n\n8月17日夜里报警，9月停产。", "2023-10-09") == [
        "2014",
        "2023-08-17",
        "2023-09",
    ]
    assert times("2014年成立。\n\n8月上线。", "2023-10-09") == ["2014", "2014-08"]
    assert times("厂区2014年建成投产。\n\n8月17日报警。") == ["2014", "2014-08-17"]


def test_a_month_later_than_the_article_is_of_the_year_before_where_that_was_named_last() -> None:
    assert times("我是2024年3月开的店。\n\n10月发货。", "2025-05-01") == ["2024-03", "2024-10"]
    assert times("盾构机于2022年4月停机。\n\n- 自2月10日起缩短；", "2025-01-08") == ["2022-04", "2025-02-10"]


def test_this_year_is_that_of_the_article_and_unknown_without_one() -> None:
    assert times("今年2月开始，去年停过。", "2025-09-01") == ["2025-02", "2024"]
    assert times("2014年。今年2月开始。") == ["2014"]


def test_what_follows_takes_the_time_named_last() -> None:
    assert times("2025年2月9日租下。随后招募。同日发布。") == ["2025-02-09"] * 3
    assert times("在随后的日子里，2月没有。") == []


def test_spans_of_time_are_no_times() -> None:
    assert times("近3月内，两年来，12个月，第2月，5月活跃度", "2025-09-01") == []


def test_events_are_told_in_the_order_of_time_not_of_the_text() -> None:
    text = "2023年关闭。2014年开张。无关的话。2019年改名。"
    assert told(text, [0.3, 0.3, 0.2, 0.2]) == ["2014年开张。", "2019年改名。", "2023年关闭。"]


def test_of_what_changes_every_year_only_what_speaks_of_it_is_told() -> None:
    text = "2014年开张。2019年翻台率是4.8。2023年翻台率是3。"
    probabilities, rates = [0.4, 0.3, 0.3], ["2019年翻台率是4.8。", "2023年翻台率是3。"]
    assert told(text, probabilities, question="历年的翻台率怎么变的？") == rates
    assert told(text, probabilities, question="历年的口号怎么变的？") == []


def test_events_outside_the_period_are_left_out() -> None:
    text = "2023年关闭。2014年开张。2019年改名。"
    assert told(text, [0.4, 0.3, 0.3], Period("2014-01-01", "2019-12-31")) == ["2014年开张。", "2019年改名。"]


def test_within_one_year_events_have_a_month_where_two_of_them_do() -> None:
    period = Period("2025-01-01", "2025-12-31")
    text = "2025年很忙。2025年3月开店。2025年2月招商。"
    assert told(text, [0.5, 0.3, 0.2], period) == ["2025年2月招商。", "2025年3月开店。"]
    assert told("2025年很忙。2025年3月开店。", [0.5, 0.5], period) == ["2025年很忙。", "2025年3月开店。"]


def test_one_event_is_no_sequence_and_an_improbable_one_no_event() -> None:
    assert told("2023年关闭。无关的话。", [0.5, 0.5]) == []
    assert told("2023年关闭。2014年开张。", [0.999, 0.001]) == []


def test_the_next_day_and_some_months_later_are_counted_from_the_time_named_last() -> None:
    assert times("2025年2月28日租下，隔天招募，一个月后发布，3月10日收到。") == [
        "2025-02-28",
        "2025-03-01",
        "2025-04",
        "2025-03-10",
    ]
    assert times("2024年12月起步，两个月后停下，5月重来。") == ["2024-12", "2025-02", "2025-05"]
    assert times("2024年起步，一个月后停下，隔天重来。") == ["2024"] * 3
    assert times("2025年2月30日租下，隔天招募。") == ["2025-02-30"] * 2


def test_the_beginning_and_the_end_of_a_year_are_its_first_and_last_month() -> None:
    assert times("2023 年初提出，2023年年底发布，2024年初步完成。") == ["2023-01", "2023-12", "2024"]


def test_events_that_say_the_same_count_once_so_that_others_have_room() -> None:
    text = "2025年1月开会。" * MOST_EVENTS + "2025年2月发布。"
    assert told(text, [0.1] * MOST_EVENTS + [0.05]) == ["2025年1月开会。", "2025年2月发布。"]


def test_of_a_name_that_the_articles_quote_and_few_sentences_hold_only_its_own_events_are_told() -> None:
    others = [f"{year}年卖鱼。" for year in range(2001, 2030)]
    text = "\n".join(["2010年“福利社”开张。", *others, "2023年福利社关门。"])
    even = [1.0] * 31
    assert told(text, even, question="福利社的历程") == ["2010年“福利社”开张。", "2023年福利社关门。"]
    assert len(told(text, even, question="鱼店的历程")) == MOST_EVENTS
    assert len(told(text, even, question="鱼店（以前的福利社）的历程")) == MOST_EVENTS
    assert told(text.replace("2023年福利社", "福利社"), even, question="福利社的历程") == []  # one event is no sequence
    assert len(told(text, even, question="开鱼店、办福利社的历程")) == MOST_EVENTS  # it lists another thing
    everywhere = text.replace("卖鱼", "福利社卖鱼")
    assert len(told(everywhere, even, question="福利社的历程")) == MOST_EVENTS
    assert len(told(text.replace("“福利社”", "福利社"), even, question="福利社的历程")) == MOST_EVENTS


def test_when_each_of_several_things_was_is_told_by_thing_or_else_in_the_order_of_time() -> None:
    of = passage(1, "2022年猫店关门。2020年狗店关门。")
    for question, texts in [
        ("猫店和狗店分别是哪年关门的？", ["2022年猫店关门。", "2020年狗店关门。"]),
        ("几家店先后是哪年关门的？", ["2020年狗店关门。", "2022年猫店关门。"]),
    ]:
        *_, answer = extract(Question(question), measured([of], [0.0, 0.0]), (of,))
        assert [statement.text for statement in answer.statements] == texts
