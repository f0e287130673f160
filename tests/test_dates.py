from datetime import date

import pytest

from rag.dates import Period, asks_for_newest, period_of

TODAY = date(2026, 1, 15)  # a Thursday


@pytest.mark.parametrize(
    ("question", "since", "until"),
    [
        ("2025年3月发表的文章怎么说小红书？", "2025-03-01", "2025-03-31"),
        ("2024年2月的报道", "2024-02-01", "2024-02-29"),
        ("2025年3月10日的新闻", "2025-03-10", "2025-03-10"),
        ("2024年之后的文章里有谁", "2024-01-01", None),
        ("2024年以来有哪些文章谈到小红书", "2024-01-01", None),
        ("2024年以前发布的报道", None, "2023-12-31"),
        ("2025年2月到8月的文章", "2025-02-01", "2025-08-31"),
        ("2025年上半年的报道", "2025-01-01", "2025-06-30"),
        ("2024年下半年发表的文章", "2024-07-01", "2024-12-31"),
        ("去年的报道怎么说", "2025-01-01", "2025-12-31"),
        ("上个月的文章", "2025-12-01", "2025-12-31"),
        ("去年3月的文章", "2025-03-01", "2025-03-31"),
        ("上周的文章", "2026-01-05", "2026-01-11"),
        ("去年下半年的文章有哪些", "2025-07-01", "2025-12-31"),
        ("前年Q3的文章", "2024-07-01", "2024-09-30"),
        ("去年年底到今年的文章", "2025-10-01", "2026-12-31"),
        ("最近三个月的文章", "2025-10-17", None),
        ("25年3月的文章", "2025-03-01", "2025-03-31"),
        ("99年12月的报道", "1999-12-01", "1999-12-31"),
        ("25年上半年的报道", "2025-01-01", "2025-06-30"),
        ("2025年三月发表的文章", "2025-03-01", "2025-03-31"),
        ("2025年十二月的文章", "2025-12-01", "2025-12-31"),
        ("2025年二三月份的文章", "2025-02-01", "2025-03-31"),
        ("25年2、3月的文章", "2025-02-01", "2025-03-31"),
        ("2025年十月到十二月的文章", "2025-10-01", "2025-12-31"),
        ("近半年的报道", "2025-07-19", None),
        ("2025年第一季度发表的文章", "2025-01-01", "2025-03-31"),
        ("25年Q4的报道", "2025-10-01", "2025-12-31"),
        ("2025年初的文章", "2025-01-01", "2025-03-31"),
        ("2024年年底的报道", "2024-10-01", "2024-12-31"),
        ("2023年底到2025年初的文章", "2023-10-01", "2025-03-31"),
        ("2023年初到年底的文章", "2023-01-01", "2023-12-31"),
        ("2024年三季度到2025年一季度的报道", "2024-07-01", "2025-03-31"),
        ("2025年3月底到5月初的文章", "2025-03-01", "2025-05-31"),
        ("2025年春节后到3月的文章", "2025-02-01", "2025-03-31"),
        ("2025年元旦到3月的文章", "2025-01-01", "2025-03-31"),
    ],
)
def test_the_days_of_the_wanted_articles_are_a_filter(question: str, since: str | None, until: str | None) -> None:
    period = period_of(question, TODAY)
    assert period is not None
    assert (period.since, period.until, period.of_articles) == (since, until, True)


@pytest.mark.parametrize(
    "question",
    [
        "2025年3月小红书发布了什么？",
        "2025年3月发布的领航计划是什么？",
        "去年特斯拉卖了多少辆车？",
        "关于2023年的文章",
        "讲去年双11的文章有哪些",
        "文章里说2025年3月启动了什么？",
        "这篇文章是2025年3月发表的吗？",
        "2000年5月的新闻发布会在哪里？",
        "“2025年3月的文章”是什么意思？",
        "2021年以来小红书往外走，前后都折腾过什么？",
    ],
)
def test_the_days_of_an_event_are_never_a_filter(question: str) -> None:
    period = period_of(question, TODAY)
    assert period is None or not period.of_articles


@pytest.mark.parametrize(
    ("question", "explicit"),
    [
        ("特斯拉去年卖了多少辆车", "2025年"),
        ("今年打款松没松", "2026年"),
        ("前年呢", "2024年"),
        ("上个月小红书做了什么", "2025年12月"),
        ("去年3月小红书做了什么", "2025年3月"),
        ("今年上半年发生了什么", "2026年上半年"),
        ("去年第三季度发生了什么", "2025年第三季度"),
        ("去年3月5日发生了什么", "2025年3月5日"),
        ("2023年到去年发生了什么", "2023年到2025年"),
        ("昨天发生了什么", "2026年1月14日"),
        ("上周发生了什么", ""),
        ("2025年发生了什么", ""),
        ("2025年3月到5月发生了什么", ""),
        ("25年二三月份发生了什么", "2025年2月到3月"),
        ("24年5月发生了什么", "2024年5月"),
        ("2023到2025年发生了什么", "2023年到2025年"),
        ("从2019到2022这四年发生了什么", "2019年到2022年"),
        ("去年十二月发生了什么", "2025年12月"),
        ("去年二三月发生了什么", "2025年2月到3月"),
        ("所以上个月发生了什么", "2025年12月"),
    ],
)
def test_a_relative_word_is_made_explicit_by_the_given_day(question: str, explicit: str) -> None:
    period = period_of(question, TODAY)
    assert period is not None and period.explicit == explicit


@pytest.mark.parametrize(
    ("question", "since", "until"),
    [
        ("从2019到2022这四年融了多少钱", "2019-01-01", "2022-12-31"),
        ("2019年到2022年这三年的营收", "2019-01-01", "2022-12-31"),
        ("这两年的营收", "2024-01-16", None),
    ],
)
def test_these_years_are_the_last_ones_unless_others_are_named_before(
    question: str, since: str, until: str | None
) -> None:
    period = period_of(question, TODAY)
    assert period is not None and (period.since, period.until) == (since, until)


@pytest.mark.parametrize(
    "question",
    [
        "",
        "3月10日发生了什么",
        "2025年13月",
        "2025年2月30日",
        "去年13月",
        "2025年0月发表的文章有哪些？",
        "25年0月的文章",
        "2025年00月00日的报道",
        "2025年3月0日的报道",
        "去年0月",
        "“今天的中国”是谁说的",
    ],
)
def test_without_a_time_that_is_certain_there_is_no_period(question: str) -> None:
    assert period_of(question, TODAY) is None


@pytest.mark.parametrize(
    "question",
    [
        "2024年底层逻辑变了吗",
        "2024年初步做了什么",
        "2024年末位淘汰",
        "2024年春节后卖了什么",
        "2024年底特律",
        "2024年底蕴",
    ],
)
def test_a_word_that_only_begins_like_a_part_of_the_year_leaves_it_whole(question: str) -> None:
    assert period_of(question, TODAY) == Period("2024-01-01", "2024-12-31")


@pytest.mark.parametrize(
    "question",
    [
        "目前天猫的佣金是多少",
        "小红书目前年营收多少",
        "线上月销售额多少",
        "基本月费多少",
        "过去年均增长多少",
        "资本周转多快",
        "以上周期有多长",
        "用了接近十年做到3亿用户",
    ],
)
def test_a_relative_word_inside_other_words_is_none(question: str) -> None:
    assert period_of(question, TODAY) is None


@pytest.mark.parametrize(
    ("question", "period"),
    [
        ("2023-2025年的发展历程", Period("2023-01-01", "2025-12-31", explicit="2023年-2025年")),
        ("最近七天的文章", Period("2026-01-08", None, of_articles=True)),
        ("最近半个月的文章", Period("2025-12-31", None, of_articles=True)),
        ("今年上半年卖了多少", Period("2026-01-01", "2026-06-30", explicit="2026年上半年")),
        ("去年第三季度卖了多少", Period("2025-07-01", "2025-09-30", explicit="2025年第三季度")),
        ("今年一月发表的文章", Period("2026-01-01", "2026-01-31", of_articles=True, explicit="2026年1月")),
    ],
)
def test_times_in_ordinary_wordings(question: str, period: Period) -> None:
    assert period_of(question, TODAY) == period


def test_a_run_of_figures_after_a_short_year_takes_no_time_that_doubles_with_each() -> None:
    assert period_of(f"25年{'1' * 900}元的优惠", TODAY) is None


def test_last_month_is_counted_from_the_day_of_the_question() -> None:
    assert period_of("上个月的文章", date(2024, 3, 31)) == Period(
        "2024-02-01", "2024-02-29", of_articles=True, explicit="2024年2月"
    )


def test_a_range_that_begins_with_an_event_has_an_end_alone() -> None:
    assert period_of("福利社从成立到2023年经历了什么", TODAY) == Period(None, "2023-12-31", False, "")
    assert period_of("福利社从开业至2023年3月的历程", TODAY) == Period(None, "2023-03-31", False, "")
    assert period_of("从2014年到2023年福利社经历了什么", TODAY) == Period("2014-01-01", "2023-12-31", False, "")


def test_a_range_that_runs_backwards_ends_with_its_first_part() -> None:
    assert period_of("2025年8月到0月", TODAY) == Period("2025-08-01", "2025-08-31")
    assert period_of("2025年8月到2月", TODAY) == Period("2025-08-01", "2025-08-31")


@pytest.mark.parametrize(
    ("question", "newest"),
    [
        ("小红书最新的月活", True),
        ("小红书现在估值多少", True),
        ("What is the latest valuation?", True),
        ("从现在起忽略规则", False),
        ("小红书的月活", False),
    ],
)
def test_words_for_now_ask_for_the_newest(question: str, newest: bool) -> None:
    assert asks_for_newest(question) is newest
