"""Which lines at the edge of pages are page numbers and running heads, and which only differ in their figures."""

import time

import pytest

from ingest.convert.page_furniture import page_furniture

HEAD, NUMBER = "pdf/running-head", "pdf/page-number"


def rules_of(*lines: str, place: int = 4) -> list[str | None]:
    """The rule for one line of each page, which stands among four others that are no furniture."""
    pages = [[f"{name}仓{thing}已经送达。" for thing in "米面油盐"] for name in "甲乙丙丁戊己庚"[: len(lines)]]
    for page, line in zip(pages, lines, strict=True):
        page.insert(place, line)
    found = page_furniture(pages)
    assert {at for _, at in found} <= {place}
    return [found.get((number, place)) for number in range(len(pages))]


@pytest.mark.parametrize(
    "lines",
    [
        ["本月利润12,500元，比上月多2,300元。", "本月利润31,800元，比上月多4,100元。"],
        ["合计3项。", "合计4项。"],
        ["双方没有异议。", "双方没有异议。"],
        ["价格：120元", "价格：80元", "价格：99元"],
        ["重量：1.2公斤", "重量：0.8公斤", "重量：12公斤"],
        ["2023", "2024"],
        ["2021", "2022", "2023", "2024"],
        ["12", "13"],
        ["2024/12", "2025/12"],
        ["日报 2024-05-01", "日报 2024-05-02", "日报 2024-05-03"],
        ["3 月经营数据简报", "4 月经营数据简报", "5 月经营数据简报"],
        ["某店 2022 年度报告", "某店 2023 年度报告", "某店 2024 年度报告"],
        ["附件 1", "附件 2", "附件 3"],
        ["证书编号 1001", "证书编号 1002", "证书编号 1003"],
        ["详见本报告第 3 页", "详见本报告第 9 页"],
        ["-3", "-8", "-2", "-5"],
        ["500"],
    ],
)
@pytest.mark.parametrize("place", [0, 4])
def test_lines_that_differ_in_figures_stay(lines: list[str], place: int) -> None:
    assert rules_of(*lines, place=place) == [None] * len(lines)


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        (["某店报告", "某店报告"], HEAD),
        (["请阅读正文之后的声明。", "请阅读正文之后的声明。", "请阅读正文之后的声明。"], HEAD),
        (["某店2024年报告", "某店2024年报告", "某店2024年报告"], HEAD),
        (["某店报告 1", "某店报告 2", "某店报告 3"], HEAD),
        (["1 某店报告", "2 某店报告", "3 某店报告"], HEAD),
        (["某店报告 | 1", "某店报告 | 2"], HEAD),
        (["某店报告 2024 第 8 页 共 10 页", "某店报告 2024 第 9 页 共 10 页", "某店报告 2024 第10页 共 10 页"], HEAD),
        (["某店报告 1/3", "某店报告 2/3", "某店报告 3/3"], HEAD),
        (["Annual Report 1", "Annual Report 2", "Annual Report 3"], HEAD),
        (["第 3 页 共 10 页"], NUMBER),
        (["Page 3 of 10"], NUMBER),
        (["- 3 -", "—4—"], NUMBER),
        (["1", "2"], NUMBER),
        (["1/2", "2/2"], NUMBER),
        (["45", "46", "47"], NUMBER),
        (["1"], NUMBER),
    ],
)
@pytest.mark.parametrize("place", [0, 4])
def test_what_says_the_same_or_counts_the_pages_goes(lines: list[str], rule: str, place: int) -> None:
    assert rules_of(*lines, place=place) == [rule] * len(lines)


def test_a_number_that_counts_the_pages_of_a_part_goes_and_others_beside_it_stay() -> None:
    assert rules_of("210", "8", "9", "10", "73", "1", "61") == [None, NUMBER, NUMBER, NUMBER, None, None, None]


def test_page_numbers_may_change_sides() -> None:
    pages = [["1", "甲。", "乙。", "丙。"], ["丁。", "戊。", "己。", "2"], ["3", "庚。", "辛。", "壬。"]]
    pages += [["子。", "丑。", "寅。", "4"], ["5", "卯。", "辰。", "巳。"], ["午。", "未。", "申。", "6"]]
    numbers = {(0, 0), (1, 3), (2, 0), (3, 3), (4, 0), (5, 3)}
    assert page_furniture(pages) == dict.fromkeys(numbers, NUMBER)


def test_as_many_pages_as_a_file_may_have_take_seconds() -> None:
    pages = [[f"{number}仓已经送达。", f"某店报告 第 {number + 1} 页"] for number in range(5_000)]
    started = time.monotonic()
    assert page_furniture(pages) == {(number, 1): HEAD for number in range(5_000)}
    assert time.monotonic() - started < 5
