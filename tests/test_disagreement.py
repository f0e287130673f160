from dataclasses import replace

import pytest
from measured import passage

from rag.disagreement import values_differ
from rag.features import Candidate
from rag.types import PassageReading


def read(rank: int, text: str) -> Candidate:
    """The text of an article of its own, whose words between asterisks the reader surely takes for the answer."""
    before, answer, after = text.split("*") if "*" in text else (text, "", "")
    whole = before + answer + after
    reading = PassageReading(2.0, (len(before), len(before) + len(answer)), {})
    found = passage(rank, whole, "2025-06-01")
    return Candidate(replace(found, reading=reading) if answer else found, 0, len(whole))


def differ(question: str, *sentences: str) -> bool:
    return values_differ(question, [read(rank, sentence) for rank, sentence in enumerate(sentences, 1)])


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        ("盾构机停了多少天？", "盾构机停机，共停了*142天*，预案只考虑了三十天。", "盾构机停了*137天*。"),
        ("柳湾仓什么时候投用的？", "柳湾仓直到*2023年6月*才投用。", "*2023年3月*投用的柳湾中央仓有五层。"),
        ("红旗窑厂哪年投产的？", "红旗窑厂*1956年*投产。", "*1958年*，红旗窑厂投产。"),
        ("海外仓面积多大？", "该仓面积*2.8万平方米*。", "答：面积*3.2万平方米*，日处理4.5万单。"),
        ("回迁的居民有多少户？", "选择安置的居民为*318户*。", "要搬回来的居民只有*212户*。"),
        ("专场卖了多少钱？", "专场成交额突破*1500万元*。", "| 专场 | 1286万元 | 5.8万人 |"),
    ],
)
def test_two_values_of_what_is_asked_differ(question: str, one: str, other: str) -> None:
    assert differ(question, one, other) and differ(question, other, one)


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        ("艺术节预算是多少？", "艺术节预算*680万元*。", "艺术节每年20万人来，就是600万元。"),
        ("茶园产量是多少？", "茶园新增茶树5000株。", "茶园新增茶树3000株。"),
        ("5号线有多长？", "5号线的总投资为183.7亿元。", "5号线总投资168.4亿元。"),
        ("5号线一期多长？", "5号线二期长*8.9公里*。", "5号线一期全长*27.3公里*。"),
        ("平台值多少钱？", "平台估值*170亿美元*。", "平台利润*10亿美元*。"),
        ("微信月活是多少？", "小红书月活3.2亿。", "快手月活6.8亿。"),
        ("3月15日的成交额是多少？", "3月15日成交额突破*1500万元*。", "总成交额：*4310万元*"),
        ("平台2023年亏损多少？", "平台2022年亏损284亿。", "平台亏损202亿。"),
        ("日均客流多少？", "日均客流*24.1万人次*。", "首日客流*21.6万人次*。"),
        ("北屏和澜州一个督导管几家店，差多少？", "澜州*四家*店一个督导。", "澜州15家。"),
        ("公众号有多少年历史？", "公众号有*13年*历史。", "公众号诞生于*2012年*。"),
        ("贺庭舟哪年去世的？", "贺庭舟于*2024年5月*去世。", "贺庭舟*1963年*试烧的笔洗。"),
        ("新仓什么时候开业？", "新仓*2024年*开业。", "新仓*2024年9月*开业。"),
        ("新仓怎么开业的？", "新仓*2024年*开业。", "新仓*2023年*开业。"),
    ],
    ids=[
        "only one says what is asked",
        "neither says it",
        "not of the measure asked for",
        "of another section",
        "of another measure",
        "of two other subjects",
        "of the day and of all",
        "of another year",
        "on average and on one day",
        "two are asked for",
        "a year is no length of time",
        "of another event",
        "one says more exactly when",
        "no value is asked for",
    ],
)
def test_values_of_different_things_do_not_differ(question: str, one: str, other: str) -> None:
    assert not differ(question, one, other) and not differ(question, other, one)
