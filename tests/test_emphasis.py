from dataclasses import replace

import pytest

from rag.emphasis import emphasis_of
from rag.features import Candidate, candidates_of
from rag.text import sentence_spans
from rag.types import Article, Chunk, Passage, PassageReading


def passage(text: str, title: str = "文") -> Passage:
    article = Article("文", "文.txt", raw=text, title=title)
    chunk = Chunk("c", "文", 0, len(text), text, "", tuple(sentence_spans(text)))
    return Passage(article, chunk, 1, 1.0)


def bold(question: str, text: str, title: str = "文") -> list[str]:
    candidate = Candidate(passage(text, title), 0, len(text))
    return [text[start:end] for start, end in emphasis_of(question, candidate)]


@pytest.mark.parametrize(
    ("question", "text", "words"),
    [
        ("月活是多少？", "截至 2025 年 3 月，月活达 3.5 亿的平台。", ["3.5 亿"]),
        ("面积多大？有多少平方米？", "租下约7000平方英尺（约650平方米）。", ["7000平方英尺", "650平方米"]),
        ("占多少比例？", "只有 20%，一个月一次。", ["20%"]),
        ("有几家店？", "开了三家店，一个仓库。", ["三家"]),
        ("2016年的份额是多少？", "2016 年份额为 6.5%。", ["6.5%"]),
        ("收3元还是收多少钱？", "收3元，另收5元。", ["5元"]),
        ("什么时候关闭？", "2023 年 9 月发信，同年 11 月 16 日关闭3家。", ["2023 年 9 月", "同年 11 月 16 日"]),
        ("广告收入占比多少？", "拥有 600 万粉丝，占 6.5%，排第3名。", ["6.5%"]),
        ("员工一共多少人？", "有10人，占30%，花了3亿元。", ["10人"]),
        ("她入驻多久了？", "2023 年 2月，入驻两年的她，带货超过 1 亿元。", ["两年"]),
        ("物流要几天？", "2024年妥投时效长达 12 - 17 天，丢件率3%。", ["12 - 17 天"]),
        ("谁写的？", "2023年写了3本。", []),
        ("多少？", "1元，2元，3元，4元。", []),
        ("多少？", "没有写明。", []),
    ],
)
def test_the_figures_or_dates_that_are_asked_for_are_emphasised(question: str, text: str, words: list[str]) -> None:
    assert bold(question, text) == words


@pytest.mark.parametrize(
    ("question", "text", "words"),
    [
        ("一季度产量是多少吨？", "二季度产量为30吨，比一季度多18吨。", []),
        ("二季度产量是多少吨？", "二季度产量为30吨，比一季度多18吨。", ["30吨", "18吨"]),
        ("十一期间客流是多少？", "二期国庆客流3万人。", ["3万人"]),
        ("2025年3月的估值是多少？", "截至6月底，估值达到310亿美元。", []),
        ("2024年的营收是多少？", "2023年营收为5亿元，2024年为7亿元。", ["7亿元"]),
        ("月活是多少？", "月活已达3.3亿，10月增长了5600万。", ["3.3亿"]),
        ("日活掉了多少？", "一天内日活下降了54%。", ["54%"]),
        ("去年亏损多少？", "经营利润134亿，亏损202亿元。", ["202亿元"]),
        ("门店数是多少？", "促销期只交3%。", []),
    ],
)
def test_the_figure_of_another_time_or_of_another_thing_is_not_emphasised(
    question: str, text: str, words: list[str]
) -> None:
    assert bold(question, text) == words


HEAD = "| 指标（吨） | 2024年三季度 | 2023年三季度 | 同比 |"
TABLE = f"{HEAD}\n|---|---|---|---|\n| 产量 | 24吨 | 21吨 | 15% |\n| 存货 | 9吨 | 8吨 | 12% |"


@pytest.mark.parametrize(
    ("question", "row", "words"),
    [
        ("2023年三季度产量是多少？", 1, ["21吨"]),
        ("产量同比增长百分之几？", 1, ["15%"]),
        ("产量同比增长百分之几？", 2, []),
        ("2023年三季度是多少？", 1, []),
        ("产量多少吨？", 0, []),
    ],
    ids=["by row and head", "by the head alone", "of another row", "no row is named", "the head"],
)
def test_of_a_table_the_cell_that_is_named_by_its_row_and_its_head_is_emphasised(
    question: str, row: int, words: list[str]
) -> None:
    whole = passage(TABLE)
    rows = [c for c in candidates_of([whole]) if c.text.startswith("| ")]
    assert [rows[row].text[start:end] for start, end in emphasis_of(question, rows[row])] == words


@pytest.mark.parametrize(
    ("answers", "span", "emphasis"),
    [
        (1.0, (5, 6), ((0, 1),)),
        (0.9, (5, 6), ()),
        (1.0, (0, 2), ()),
        (1.0, (5, 10), ()),
        (1.0, (11, 14), ((0, 2),)),
    ],
    ids=["found", "not sure", "in another sentence", "the whole sentence", "from the blank before it"],
)
def test_the_words_that_the_reader_is_sure_of_are_emphasised(
    answers: float, span: tuple[int, int], emphasis: tuple[tuple[int, int], ...]
) -> None:
    read = replace(passage("甲写的书。乙唱的歌。\n\n丙画的画。"), reading=PassageReading(answers, span, {}))
    assert emphasis_of("多少？", candidates_of([read])[2 if span[0] > 10 else 1]) == emphasis


def test_a_growth_is_not_emphasised_where_it_is_asked_whether_a_figure_was_reached() -> None:
    text = "月活已达3.3亿，10月增长了5600万。"
    read = [replace(passage(text), reading=PassageReading(2.0, span, {})) for span in ((4, 8), (15, 20))]
    assert [emphasis_of("月活超过5亿了吗？", candidates_of([p])[0]) for p in read] == [((4, 8),), ()]


def test_the_figure_of_another_section_is_not_emphasised() -> None:
    assert bold("5号线一期有多少公里？", "5号线二期长8.9公里。") == []
    assert bold("5号线二期有多少公里？", "5号线二期长8.9公里。") == ["8.9公里"]


def test_the_figure_of_a_sentence_without_a_year_is_of_the_year_that_the_title_names() -> None:
    assert bold("2023年的营收是多少？", "营收为5亿元。", "2022年年报解读") == []
    assert bold("2022年的营收是多少？", "营收为5亿元。", "2022年年报解读") == ["5亿元"]
    assert bold("2023年的营收是多少？", "2023年营收为5亿元。", "2022年年报解读") == ["5亿元"]
