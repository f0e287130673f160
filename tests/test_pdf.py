"""PDFs become text."""

import io
from pathlib import Path

import pytest
from conversions import SECOND, SENTENCE, kept, refused
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen import canvas

from ingest.convert import convert
from ingest.convert.paragraphs import Line, join_lines, title_lines

pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))


def pdf(*pages: list[tuple[float, float, str]], encrypt: StandardEncryption | None = None, **info: str) -> bytes:
    """Pages of lines, each at (left, height) in points."""
    buffer = io.BytesIO()
    sheet = canvas.Canvas(buffer, encrypt=encrypt)
    sheet.setTitle(info.get("title", "untitled"))
    sheet.setAuthor(info.get("author", "anonymous"))
    for lines in pages:
        for left, height, text in lines:
            sheet.setFont("STSong-Light", 12)
            sheet.drawString(left, height, text)
        sheet.showPage()
    sheet.save()
    return buffer.getvalue()


def lines(*texts: str, top: float = 760) -> list[tuple[float, float, str]]:
    return [(72, top - 18 * n, text) for n, text in enumerate(texts)]


def test_lines_that_the_layout_broke_are_joined_and_paragraphs_stay() -> None:
    content = pdf(
        lines(
            "一、背景",
            "小红书悄然布局跨境电商，推出“出海领航计划”，首期覆盖美国及港澳",
            "市场，面向成熟商家开放，其中 TikTok 与 Temu 等平台也在争夺商家与",
            "用户。",
            "毛文超曾在贝恩资本工作。",
            "The platform is quite popular and its growth in many markets has been",
            "remarkable in recent years.",
        )
    )
    assert convert(Path("文.pdf"), content).text == (
        "一、背景\n"
        "小红书悄然布局跨境电商，推出“出海领航计划”，首期覆盖美国及港澳"
        "市场，面向成熟商家开放，其中 TikTok 与 Temu 等平台也在争夺商家与用户。\n"
        "毛文超曾在贝恩资本工作。\n"
        "The platform is quite popular and its growth in many markets has been remarkable in recent years.\n"
    )


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        ("每天9:00至16:30（节假日除外", "）。", True),
        ("他说：“好。", "”大家笑了。", True),
        ("第一项", "，第二项。", True),
        ("联系电话：0571-5556", "677（费先生）", False),
        ("第一项", "第二项。", False),
    ],
)
def test_a_line_that_begins_with_closing_punctuation_goes_on(first: str, second: str, joined: bool) -> None:
    text = convert(Path("文.pdf"), pdf(lines(SENTENCE[:30] + "。", first, second))).text
    assert ((first + second) in text) == joined


@pytest.mark.parametrize(
    ("first", "second", "between"),
    [
        ("代理机构：江东诚信招标代理有限公司，电话：0571-5556", "677（费先生）", ""),
        ("二〇二四年全年的营业收入合计为人民币12", "345万元。", ""),
        ("二〇二四年的营业收入 2100 2200 2300 2400", "2500 2600 2700", " "),
        ("代理机构：江东诚信招标代理有限公司，电话：0571-5556", "2. 联系人", "\n"),
        ("代理机构：江东诚信招标代理有限公司，电话：0571-", "5556677（费先生）", ""),
        ("二〇二四年全年的营业收入合计为人民币12,", "345万元。", ""),
        ("二〇二四年全年的营业收入合计为人民币12.", "5万元。", ""),
        ("二〇二四年全年的营业收入与上年相比增长了15", "%。", ""),
        ("当地在二〇二四年的最低气温为零下-", "5度。", ""),
        ("The stores that were opened by it in 2012,", "500 in all", " "),
        ("The number of all of its stores was 12", "34 of them closed", " "),
    ],
)
def test_a_number_that_the_layout_broke_is_joined_without_a_blank(first: str, second: str, between: str) -> None:
    assert convert(Path("文.pdf"), pdf(lines(first, second))).text == f"{first}{between}{second}\n"


def test_labels_below_each_other_are_lines_however_long_their_values_are() -> None:
    assert convert(Path("文.pdf"), pdf(lines("价格：120元", "重量：1.2公斤"), lines("价格：80元"))).text == (
        "价格：120元\n重量：1.2公斤\n价格：80元\n"
    )


def test_a_word_that_the_layout_broke_loses_its_hyphen_and_others_keep_theirs() -> None:
    words = pdf(lines("The number of its stores in all the mar-", "kets grew, as did that of the Tik-", "Tok shops."))
    assert convert(Path("文.pdf"), words).text == (
        "The number of its stores in all the markets grew, as did that of the Tik-Tok shops.\n"
    )


@pytest.mark.parametrize(
    "texts",
    [
        ("产品 价格 重量", "甲 120元 1.2公斤", "乙 80元 1.5公斤"),
        ("一、项目名称某某图书馆", "二、采购人某某文化局"),
        ("（一）第一项要求", "（二）第二项要求"),
        ("第一条 本合同自签字之日", "第二条 双方遵守本合同条"),
        ("1. 第一项要求", "2. 第二项要求", "3. 第三项要求"),
    ],
)
def test_items_and_the_rows_of_tables_are_lines(texts: tuple[str, ...]) -> None:
    assert convert(Path("文.pdf"), pdf(lines(*texts))).text == "".join(f"{text}\n" for text in texts)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("供应商应当按照前款第", "（二）项的规定办理。"),
        ("比赛按成绩依次设置了", "一、二、三等奖。"),
        ("双方的义务按照合同的", "第三条 的约定。"),
    ],
)
def test_what_only_looks_like_an_item_goes_on(first: str, second: str) -> None:
    assert convert(Path("文.pdf"), pdf(lines(first, second))).text == f"{first}{second}\n"


def test_a_raised_figure_is_no_digit_of_the_number_before_it() -> None:
    buffer = io.BytesIO()
    sheet = canvas.Canvas(buffer)
    words = sheet.beginText(72, 700)
    for text, size, rise in (("收入为120", 12, 0), ("3", 7, 5), ("亿元，共10", 12, 0), ("18", 7, 5), ("次，H", 12, 0)):
        words.setFont("STSong-Light", size)
        words.setRise(rise)
        words.textOut(text)
    words.setFont("STSong-Light", 7)
    words.setRise(-2)
    words.textOut("2")
    sheet.drawText(words)
    sheet.save()
    assert convert(Path("文.pdf"), buffer.getvalue()).text == "收入为120³亿元，共10¹⁸次，H2\n"


def test_page_numbers_and_running_heads_are_marked_and_do_not_cut_a_sentence() -> None:
    full = [
        "小红书悄然布局跨境电商，推出出海",
        "领航计划，首期覆盖美国及港澳市场。",
        "据悉，佣金为百分之五，账期三十天。",
        "毛文超曾在贝恩资本工作多年。",
    ]
    sheets = [
        [(72, 800, "某某证券 研究报告"), *lines(text, top=700), (300, 30, f"- {n} -")] for n, text in enumerate(full, 1)
    ]
    converted = convert(Path("文.pdf"), pdf(*sheets))
    assert kept(converted) == f"{full[0]}{full[1]}\n{full[2]}\n{full[3]}\n"
    assert sorted({(r.kind, r.rule) for r in converted.removed}) == [
        ("page furniture", "pdf/page-number"),
        ("page furniture", "pdf/running-head"),
    ]
    gone = [converted.text[r.start : r.end].strip() for r in converted.removed]
    assert gone.count("某某证券 研究报告") == 4
    assert {"- 1 -", "- 2 -", "- 3 -", "- 4 -"} <= set(gone)


def test_the_last_sentences_of_pages_that_differ_in_figures_are_kept() -> None:
    profits = ["本月利润12,500元，比上月多2,300元。", "本月利润31,800元，比上月多4,100元。"]
    content = pdf(*(lines(SENTENCE[:20] + "。", profit) for profit in profits))
    converted = convert(Path("文.pdf"), content)
    assert kept(converted) == "".join(f"{SENTENCE[:20]}。\n{profit}\n" for profit in profits)


def test_a_head_on_both_of_two_pages_is_furniture() -> None:
    content = pdf([*lines("某某报告", SECOND[:20] + "。")], [*lines("某某报告", SENTENCE[:20] + "。")])
    assert "某某报告" not in kept(convert(Path("文.pdf"), content))


def test_a_year_alone_on_a_line_is_no_page_number() -> None:
    assert "2025\n" in kept(
        convert(Path("文.pdf"), pdf(lines("2025", SENTENCE[:20] + "。"), lines(SECOND[:20] + "。")))
    )


def test_a_pdf_states_title_and_author_but_no_date() -> None:
    content = pdf(lines("正文一句话。"), title="小红书研究", author="张三")
    assert convert(Path("文.pdf"), content).metadata == {"title": "小红书研究", "author": "张三"}
    for title, author in (("Microsoft Word - 文档1", "Administrator"), ("(anonymous)", "(anonymous)")):
        assert convert(Path("文.pdf"), pdf(lines("正文一句话。"), title=title, author=author)).metadata == {}


def test_a_scanned_pdf_is_reported() -> None:
    assert "扫描件，没有文字层" in refused("扫.pdf", pdf([], [])).chinese
    assert "3 页中有 2 页" in refused("扫.pdf", pdf([], lines("封面一句话。"), [])).chinese


def test_a_pdf_with_a_password_is_refused_and_one_that_only_forbids_changes_is_read() -> None:
    locked = pdf(lines("正文一句话。"), encrypt=StandardEncryption("geheim"))
    assert "有密码" in refused("锁.pdf", locked).chinese
    free = pdf(lines("正文一句话。"), encrypt=StandardEncryption("", "geheim", canModify=0))
    assert convert(Path("文.pdf"), free).text == "正文一句话。\n"


def test_a_pdf_that_is_cut_off_or_no_pdf_is_refused() -> None:
    content = pdf(lines("正文一句话。"))
    refused("坏.pdf", content[:200])
    assert "损坏" in refused("坏.pdf", b"<html>404</html>").chinese


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ([(18, "一家咖啡店的账本"), (10, "林若溪")], "一家咖啡店的账本"),
        ([(10, "第12卷第3期"), (18, "螺溪沉积物"), (18.4, "与水生生物"), (10, "陆思齐")], "螺溪沉积物与水生生物"),
        ([(30, "2024"), (20, "年度报告")], "年度报告"),
        ([(20, "价目表"), (10, "手冲壶259元"), (24, "全场八折！")], "价目表"),
        ([(12, "内部资料"), (22, "加盟合同")], "加盟合同"),
        ([(16, "页眉"), (10, "正文的第一行")], "页眉"),  # the head of the other page is smaller
        ([(11, "加盟手册"), (10, "正文的第一行")], ""),
        ([(10, "加盟手册"), (10, "手册自五月起施行。"), (16, "总则")], ""),
        ([(16, "一、总则"), (10, "正文的第一行")], ""),
        ([(16, "长" * 61), (10, "正文的第一行")], ""),
    ],
)
def test_a_title_is_in_large_letters_at_the_top(page: list[tuple[float, str]], title: str) -> None:
    def line(at: int, height: float, text: str) -> Line:
        return Line(text, 72, 72 + height * len(text), 700 - 30 * at, height)

    first = [line(at, *what) for at, what in enumerate(page)]
    second = [line(0, 10, "页眉"), *(line(at, 10, "正文一共有二十个字，都是同样大小的字。") for at in range(1, 9))]
    furniture = {(0, at) for at, what in enumerate(first) if what.text == "页眉"}
    assert "".join(one.text for one in title_lines([first, second], furniture)) == title


def test_a_page_that_has_the_title_again_does_not_belong_to_it() -> None:
    page = [Line("保修说明", 72, 136, 700, 16), Line("手冲壶保修十二个月。", 72, 172, 670, 10)]
    assert join_lines([page, page], {}, page[:1]) == ("保修说明\n手冲壶保修十二个月。\n" * 2, (), (0, 4))
