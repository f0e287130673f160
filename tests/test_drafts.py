"""How what a model writes is taken apart: its sentences, their marks, and what stands around them."""

import pytest

from rag.drafts import Draft, read_marks, split_drafts


def texts_of(written: str) -> list[str]:
    return [draft.text for draft in split_drafts(written, finished=True)[0]]


def drafts_of(text: str, size: int) -> list[Draft]:
    """The drafts of a text that comes in pieces of so many characters."""
    drafts: list[Draft] = []
    rest = ""
    for at in range(0, len(text), size):
        found, rest = split_drafts(rest + text[at : at + size], finished=False)
        drafts += found
    return drafts + split_drafts(rest, finished=True)[0]


@pytest.mark.parametrize(
    "text",
    [
        *("[1][3]", "【1】【3】", "［1］［3］", "〔1〕和[3]", "[1,3]", "[1、3]", "[ 1 , 3 ]"),
        *("[编号1][资料3]", "[来源:1][来源:3]", "[来源:资料[1]][来源:资料[3]]", "[来源：编号1、编号3]"),
        *("【1†source】【3†L2-L8】", "（1）（3）", "(资料1)（见资料3）", "「1」、「3」", "①③", "¹³"),
        *("[1；3]", "[1和3]", "[1/3]", "[1 3]", "[第1条][第3条]", "[1](#1)[资料3](#ref)"),
        *("【资料-ab12cd 编号=1】[3]", "<sup>[1]</sup><sup>3</sup>", "来源：1、3"),
    ],
)
def test_marks_are_read_in_every_bracket_style(text: str) -> None:
    assert read_marks(f"话{text}。") == (1, 3)


def test_a_range_of_marks_names_all_of_them() -> None:
    assert read_marks("话。[1-3]") == (1, 2, 3)


def test_a_year_in_brackets_is_no_mark() -> None:
    assert read_marks("他说（2025）和[2025年]，有12人（5篇）。") == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3.5亿用户[1]。", "3.5亿用户。"),
        ("12.5%的用户增长[1]。", "12.5%的用户增长。"),
        ("10、11 月关闭[1]。", "10、11 月关闭。"),
        ("1. 首期是美国[1]。", "首期是美国。"),
        ("2、商家不收费[1]。", "商家不收费。"),
    ],
)
def test_the_number_of_an_item_is_left_out_and_a_figure_is_not(text: str, said: str) -> None:
    assert texts_of(text) == [said]


def test_drafts_do_not_depend_on_how_the_stream_is_cut() -> None:
    text = "月活3.5亿。[1]首期是美国[1]。\n- 不收保证金。【2】【1】"
    whole = split_drafts(text, finished=True)[0]
    assert whole == [Draft("月活3.5亿。", (1,)), Draft("首期是美国。", (1,)), Draft("不收保证金。", (2, 1))]
    for size in (1, 2, 3, 5):
        assert drafts_of(text, size) == whole


@pytest.mark.parametrize("mark", ["[2]", "【2】", "[来源:资料[2]]", "[来源：编号2]", "【2†source】"])
@pytest.mark.parametrize("size", [1, 2, 3, 50])
def test_a_mark_after_the_full_stop_belongs_to_the_sentence_before_it(mark: str, size: int) -> None:
    text = f"不收保证金。{mark}税费由消费者承担。{mark}"
    assert drafts_of(text, size) == [Draft("不收保证金。", (2,)), Draft("税费由消费者承担。", (2,))]


def test_a_sentence_is_held_back_while_a_mark_may_still_follow() -> None:
    assert split_drafts("月活3.5亿。", finished=False) == ([], "月活3.5亿。")
    assert split_drafts("月活3.5亿。[1", finished=False) == ([], "月活3.5亿。[1")
    assert split_drafts("月活3.5亿。[1]首", finished=False) == ([Draft("月活3.5亿。", (1,))], "首")


def test_of_what_breaks_off_the_whole_sentences_stay() -> None:
    whole = [Draft("月活3.5亿。", (1,))]
    assert split_drafts("月活3.5亿。[1]", finished=False, broken=True) == (whole, "")
    assert split_drafts("月活3.5亿。[1]首期是", finished=False, broken=True) == (whole, "首期是")


@pytest.mark.parametrize(
    "mark",
    [
        *("（1）", "(1)", "「1」", "（资料1）", "<sup>1</sup>", "<sup>[1]</sup>", "①", "¹"),
        *("[1；2]", "[1 2]", "[1和2]", "[1/2]"),
        *("[第1条]", "[1](#1)", "[资料1](#ref)", "【资料-ab12cd 编号=1】", "[1]、[2]"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_a_mark_of_any_style_before_or_behind_the_full_stop_is_no_text(mark: str, size: int) -> None:
    for text in (f"月活3亿{mark}。首期是美国。", f"月活3亿。{mark}首期是美国。", f"月活3亿。{mark}\n首期是美国。"):
        drafts = drafts_of(text, size)
        assert [draft.text for draft in drafts] == ["月活3亿。", "首期是美国。"], text
        assert drafts[0].marks[0] == 1 and drafts[1].marks == ()


@pytest.mark.parametrize("line", ["来源：1", "来源：[1]", "\n资料来源：资料1", "\n\n参考资料：[1]。"])
def test_a_line_that_only_names_the_source_is_a_mark(line: str) -> None:
    assert split_drafts(f"月活3亿。{line}", finished=True)[0][0].text == "月活3亿。"
    assert texts_of(f"月活3亿。{line}") == ["月活3亿。"]
    assert texts_of("来源：16家公司。") == ["来源：16家公司。"]


@pytest.mark.parametrize(
    "text", ["面积为5m²。", "长5m<sup>2</sup>。", "评分是3*4*5。", "一、二线城市。", "12人（5篇）。"]
)
def test_what_looks_like_a_mark_or_markdown_and_is_none_stays(text: str) -> None:
    assert texts_of(text) == [text]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("（1）甲乙。[1]\n（2）丙丁。[1]", ["甲乙。", "丙丁。"]),
        ("① 甲乙。[1]\n② 丙丁。[1]", ["甲乙。", "丙丁。"]),
        ("包括：（1）甲乙；（2）丙丁。", ["包括：甲乙；丙丁。"]),
        ("一、甲乙。", ["甲乙。"]),
        ("回答：甲乙。", ["甲乙。"]),
        ("`甲`是*乙*，__丙__是**丁**。", ["甲是乙，丙是丁。"]),
        ("```text\n甲乙。\n```", ["甲乙。"]),
        ("**甲乙。**[1]丙丁。", ["甲乙。", "丙丁。"]),
    ],
)
def test_numbers_of_items_labels_and_markdown_are_left_out(written: str, said: list[str]) -> None:
    assert texts_of(written) == said
    assert drafts_of(written, 1) == split_drafts(written, finished=True)[0]


@pytest.mark.parametrize("size", [1, 4, 100])
def test_a_row_of_a_table_is_a_sentence_and_its_head_is_none(size: int) -> None:
    text = "| 事件 | 时间 |\n|---|:--|\n| 关闭。 | 2023年[1] |\n| 甲 | 乙 | 丙 |\n"
    assert drafts_of(text, size) == [Draft("关闭。：2023年", (1,)), Draft("甲，乙，丙", ())]


def test_a_heading_is_known_as_one() -> None:
    drafts, _ = split_drafts("## 一、关闭\n**原因**\n二、结果\n- **亏损**严重\n三、甲关闭了。", finished=True)
    assert [(draft.text, draft.heading) for draft in drafts] == [
        ("关闭", True),
        ("原因", True),
        ("结果", True),
        ("亏损严重", False),
        ("甲关闭了。", False),
    ]
