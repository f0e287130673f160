"""Files of every form become text; named so because tests/test_convert.py is about eval.convert."""

import io
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import docx
import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen import canvas

from ingest import convert as module
from ingest.convert import LONGEST_TEXT, Converted, convert
from rag.errors import CorpusError

SENTENCE = "小红书悄然布局跨境电商，推出“出海领航计划”，首期覆盖美国及港澳市场。"
SECOND = "据悉，该计划面向成熟商家，佣金为5%，账期为30天。"


def kept(converted: Converted) -> str:
    """The text without what was removed."""
    parts, at = [], 0
    for removal in converted.removed:
        assert at <= removal.start < removal.end <= len(converted.text)
        parts.append(converted.text[at : removal.start])
        at = removal.end
    return "".join([*parts, converted.text[at:]])


def refused(name: str, content: bytes) -> CorpusError:
    with pytest.raises(CorpusError) as error:
        convert(Path(name), content)
    assert name in str(error.value)
    assert name in error.value.chinese
    return error.value


# ---- all forms ----


def test_a_form_that_is_not_read_is_refused_by_name() -> None:
    assert "不支持 .xlsx 文件" in refused("表.xlsx", b"x").chinese
    assert "没有后缀" in refused("文", b"x").chinese


def test_a_file_that_is_too_large_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_FILE", 5)
    assert "太大" in refused("文.txt", "小红书".encode()).chinese


def test_a_text_of_up_to_five_million_characters_is_converted_and_a_longer_one_refused_by_name() -> None:
    text = (SENTENCE + "\n") * (LONGEST_TEXT // len(SENTENCE + "\n"))
    assert convert(Path("文.txt"), text.encode()).text == text
    with pytest.raises(CorpusError, match=r"文\.txt has [\d,]+ characters, more than 5,000,000: split it"):
        convert(Path("文.txt"), (text + text).encode())


def test_no_parser_is_imported_before_it_is_needed() -> None:
    line = (
        "import sys, ingest.convert, ingest.add; print({'trafilatura', 'lxml', 'docx', 'pypdfium2'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize("suffix", ["pdf", "docx", "html", "md", "txt"])
@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 50, bytes(range(256)) * 8, b"%PDF-1.7\n%%EOF", b"PK\x05\x06" + b"\0" * 18]
)
def test_rubbish_is_refused_in_a_sentence(suffix: str, content: bytes) -> None:
    refused(f"坏.{suffix}", content)


# ---- Markdown ----


def markdown(text: str) -> Converted:
    return convert(Path("文.md"), text.encode())


def test_plain_markdown_is_its_own_text() -> None:
    assert markdown("# 题\n\n**正**文。") == Converted("# 题\n\n**正**文。")


def test_front_matter_is_metadata_and_removed() -> None:
    converted = markdown(
        "---\ntitle: '小红书: 出海'\nauthor: [张三, 李四]\ndate: 2025-04-03\ntags:\n  - 电商\n  - 出海\n"
        "source: 某网\nlink: https://a.example/1\nlayout: post\n---\n# 题\n正文。\n"
    )
    assert kept(converted) == "# 题\n正文。\n"
    assert converted.metadata == {
        "title": "小红书: 出海",
        "author": "张三、李四",
        "published": "2025-04-03",
        "url": "https://a.example/1",
        "publisher": "某网",
        "tags": "电商,出海",
    }
    assert [(r.kind, r.rule) for r in converted.removed] == [("metadata", "front-matter")]


def test_front_matter_that_is_no_yaml_but_looks_so_is_removed() -> None:
    converted = markdown("---\ntitle: 小红书: 出海\nauthor: @张三\n---\n正文。\n")
    assert kept(converted) == "正文。\n"
    assert converted.metadata == {"title": "小红书: 出海", "author": "@张三"}


@pytest.mark.parametrize(
    "text",
    [
        "---\n\n正文。\n\n---\n\n还有。\n",
        "---\n正文。\n---\n",
        "---\ntitle: 没有结尾\n正文。\n",
        "正文。\n---\ntitle: 不在开头\n---\n",
        "---\n- 一\n- 二\n---\n正文。",
        "---\ntitle: [坏\n这一行不是\n---\n正文。",
        "---\n---\n正文。",
    ],
)
def test_a_rule_line_that_opens_no_front_matter_is_left_alone(text: str) -> None:
    assert markdown(text) == Converted(text)


@pytest.mark.parametrize(
    "value",
    ["!!python/object/apply:os.system ['touch /tmp/no']", "&a [*a]", "[" * 5000, "2025-02-30", "{a: {b: {c: d}}}"],
)
def test_hostile_front_matter_does_no_harm(value: str) -> None:
    assert "正文。" in kept(markdown(f"---\ntitle: {value}\n---\n正文。"))


def test_a_bomb_of_aliases_is_not_unfolded() -> None:
    lines = ["a0: &a0 [哈, 哈]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    bomb = "---\n" + "\n".join([*lines, "title: *a11"]) + "\n---\n正文。"
    started = time.monotonic()
    assert kept(markdown(bomb)) == "正文。"
    assert time.monotonic() - started < 2


# ---- HTML ----

PAGE = f"""<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>小红书出海再提速_某某新闻网</title>
<meta property="article:published_time" content="2025-04-03T08:00:00+08:00">
<meta name="author" content="张三"><meta name="keywords" content="小红书,出海">
<meta property="og:site_name" content="某某网">
<link rel="canonical" href="https://news.example.com/a/1.html"></head><body>
<nav><ul><li><a href="/">首页</a></li><li><a href="/tech">科技</a></li></ul></nav>
<div class="main"><h1>小红书出海再提速</h1><div class="info"><span>2025-04-03 08:00</span></div>
<div class="article-content"><p>&emsp;&emsp;{SENTENCE.replace("“", "&ldquo;").replace("”", "&#8221;")}</p>
<p>据悉，该计划面向成熟商家，<b>佣金为5%</b>，
账期为30天。</p><h2>一、背景</h2><p>毛文超曾在贝恩资本工作。</p>
<table><tr><th>市场</th><th>佣金</th></tr><tr><td>美国</td><td>5%</td></tr></table>
<p>短句。<br>另一行，没有句号</p></div></div>
<div class="related"><h3>相关阅读</h3><ul><li><a href="/2">抖音电商发布新规，商家如何应对？</a></li></ul></div>
<div id="comments"><p>网友：写得好！</p></div>
<footer><p>版权所有 某某新闻网 京ICP备12345678号</p></footer>
<p hidden>藏一</p><p style="display: none">藏二</p><noscript>请开启脚本</noscript><template>模板</template>
<script>var a = "脚本";</script></body></html>"""
BODY = f"""# 小红书出海再提速
{SENTENCE}
{SECOND}
## 一、背景
毛文超曾在贝恩资本工作。
| 市场 | 佣金 |
|---|---|
| 美国 | 5% |
短句。
另一行，没有句号
"""


def page(body: str, head: str = "") -> Converted:
    return convert(Path("页.html"), f"<html><head>{head}</head><body>{body}</body></html>".encode())


def test_the_main_text_of_a_page_is_kept_line_by_line() -> None:
    converted = convert(Path("页.html"), PAGE.encode())
    assert kept(converted) == BODY
    assert converted.converted


def test_what_is_not_main_text_is_marked_and_not_lost() -> None:
    converted = convert(Path("页.html"), PAGE.encode())
    gone = "".join(converted.text[r.start : r.end] for r in converted.removed)
    assert gone.splitlines() == [
        *("首页", "科技", "2025-04-03 08:00", "### 相关阅读", "抖音电商发布新规，商家如何应对？"),
        *("网友：写得好！", "版权所有 某某新闻网 京ICP备12345678号"),
    ]
    assert {(r.kind, r.rule) for r in converted.removed} == {("navigation", "html/not-main-text")}


def test_scripts_and_hidden_elements_are_no_text() -> None:
    text = convert(Path("页.html"), PAGE.encode()).text
    assert not [word for word in ("藏一", "藏二", "请开启", "模板", "脚本") if word in text]


def test_a_page_states_its_metadata() -> None:
    assert convert(Path("页.html"), PAGE.encode()).metadata == {
        "title": "小红书出海再提速",
        "author": "张三",
        "publisher": "某某网",
        "published": "2025-04-03T08:00:00+08:00",
        "url": "https://news.example.com/a/1.html",
        "tags": "小红书,出海",
    }


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("gb18030", "gb2312"), ("gb18030", "utf-8"), ("gb18030", "iso-8859-1"), ("utf-8", "gbk"), ("utf-16", "utf-16")],
)
def test_the_declared_encoding_counts_only_where_it_fits(encoding: str, declared: str) -> None:
    source = PAGE.replace('charset="utf-8"', f'charset="{declared}"')
    assert kept(convert(Path("页.html"), source.encode(encoding))) == BODY


def test_a_page_in_big5_and_one_in_a_declared_foreign_encoding_are_read() -> None:
    traditional = "小紅書悄然佈局跨境電商，首期覆蓋美國及港澳市場。"
    assert page(f"<p>{traditional}</p>").text == traditional + "\n"
    source = f"<meta charset=big5><p>{traditional}</p>"
    assert convert(Path("页.html"), source.encode("big5")).text == traditional + "\n"
    source = "<meta charset=shift_jis><p>これは日本語の文章です。</p>"
    assert convert(Path("页.html"), source.encode("shift_jis")).text == "これは日本語の文章です。\n"


def test_mojibake_in_a_page_is_refused_however_long_its_markup() -> None:
    spoiled = SENTENCE.encode().decode("gbk", "replace")
    assert "乱码" in refused("页.html", f"<p>{spoiled}</p><!-- {'x' * 100_000} -->".encode()).chinese


@pytest.mark.parametrize(
    ("head", "field", "value"),
    [
        ('<script type="application/ld+json">{"@type":"NewsArticle","headline":"题","datePublished":"2025-01-02",'
         '"author":[{"name":"甲"},{"name":"乙"}],"publisher":{"name":"某报"}}</script>', "author", "甲、乙"),
        ('<script type="application/ld+json">{"@graph":[{"@type":"Article","datePublished":"2025-01-02"}]}</script>',
         "published", "2025-01-02"),
        ('<meta name="PubDate" content="2025-01-02 10:00">', "published", "2025-01-02 10:00"),
        ('<meta name="ContentSource" content="新华社">', "publisher", "新华社"),
        ('<meta name="ArticleTitle" content="通知">', "title", "通知"),
        ('<meta property="og:title" content="题目"><title>题目_站</title>', "title", "题目"),
        ("<title>题目 - 某站</title>", "title", "题目"),
        ("<title>游泳馆 - 票价与时间</title><h1>游泳馆票价与时间</h1>", "title", "游泳馆票价与时间"),
        ("<title>游泳馆_票价</title><h1>游泳馆</h1><h1>游泳馆：票价</h1>", "title", "游泳馆：票价"),
        ("<title>游泳馆 - 某站</title><h1>游泳馆</h1>", "title", "游泳馆"),
        ("<!-- saved from url=(0025)https://a.example/b.html -->", "url", "https://a.example/b.html"),
    ],
)  # fmt: skip
def test_metadata_is_found_where_pages_put_it(head: str, field: str, value: str) -> None:
    assert page(f"<p>{SENTENCE}</p>", head).metadata[field] == value


@pytest.mark.parametrize(
    "head",
    [
        '<meta property="article:modified_time" content="2025-04-03">',
        '<meta name="date" content="2025-04-03"><meta name="copyright" content="2025">',
        '<script type="application/ld+json">{"@type":"Article","dateModified":"2025-04-03"}</script>',
        '<script type="application/ld+json">{broken</script>',
        '<script type="application/ld+json">' + "[" * 100_000 + "</script>",
    ],
)
def test_a_date_that_is_not_stated_as_publication_is_unknown(head: str) -> None:
    assert "published" not in page(f"<p>{SENTENCE}</p><p>2024年3月10日，小红书发布计划。</p>", head).metadata


def test_a_time_in_the_article_is_its_date_unless_there_are_several() -> None:
    time_ = '<article><time datetime="2025-04-03">4月3日</time>{}<p>' + SENTENCE + "</p></article>"
    assert page(time_.format("")).metadata == {"published": "2025-04-03"}
    assert page(time_.format('<time datetime="2020-01-01"></time>')).metadata == {}


def test_a_page_of_wechat_is_read() -> None:
    converted = page(
        '<div id="page-content"><h1 id="activity-name"> 题目 </h1><a id="js_name">某公众号</a>'
        '<em id="publish_time"></em>'
        f'<div id="js_content" style="visibility: hidden; opacity: 0;"><section><span>{SENTENCE[:9]}</span>'
        f"<span>{SENTENCE[9:]}</span></section><section><p>{SECOND}</p></section><p>END</p></div></div>"
        f"<p>微信扫一扫关注该公众号</p>"
        '<script>var ct = "1743638400"; var msg_link = "http://mp.weixin.qq.com/s?a=1&amp;b=2";</script>',
        "<title></title>",
    )
    assert kept(converted) == f"# 题目\n{SENTENCE}\n{SECOND}\nEND\n"
    assert converted.metadata == {
        "title": "题目",
        "publisher": "某公众号",
        "published": "2025-04-03",
        "url": "http://mp.weixin.qq.com/s?a=1&b=2",
    }


def test_a_page_without_menus_is_kept_whole() -> None:
    converted = page("<p>甲乙丙。</p><p>丁。</p>")
    assert (converted.text, converted.removed) == ("甲乙丙。\n丁。\n", ())


def test_a_layout_of_tables_keeps_its_lines() -> None:
    cell = "<br>".join([SENTENCE, SECOND] * 6)
    converted = page(f"<table><tr><td><a href=/>首页</a></td></tr><tr><td>{cell}</td></tr></table>")
    assert kept(converted) == f"{SENTENCE}\n{SECOND}\n" * 6


HEAD_OF_FEES = "| 类目 | 费率 |\n|---|---|\n"


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("<tr><th>类目<th>费率<tr><td>服饰<td>8%", HEAD_OF_FEES + "| 服饰 | 8% |\n"),
        ("<thead><tr><td>类目<td>费率<tbody><tr><td>服饰<td>8%", HEAD_OF_FEES + "| 服饰 | 8% |\n"),
        ("<tr><td><b>类目</b><td><p><strong>费率</strong></p><tr><td>服饰<td>8%", HEAD_OF_FEES + "| 服饰 | 8% |\n"),
        ("<tr><td><b>类目</b><td>费率<tr><td>服饰<td>8%", "类目 | 费率\n服饰 | 8%\n"),  # no head
        ("<tr><th>类目<th>费率", "类目 | 费率\n"),  # nothing below it
        ("<tr><th>服饰<td>8%<tr><th>宠物<td>7%", "服饰 | 8%\n宠物 | 7%\n"),  # the head of a row
        (
            "<caption>表一</caption><tr><th>类目<th>费率<tr><td rowspan=2>服饰<td>8%<tr><td>7%<tr><td colspan=2>含税",
            f"表一\n{HEAD_OF_FEES}| 服饰 | 8% |\n| 服饰 | 7% |\n| 含税 |  |\n",
        ),
        (
            "<thead><tr><th rowspan=2>类目<th colspan=2>费率<tr><th>原<th>新<tbody><tr><td>服饰<td>8%<td>7|6%",
            "| 类目 | 费率 原 | 费率 新 |\n|---|---|---|\n| 服饰 | 8% | 7\\|6% |\n",
        ),
        ("<tr><th>类目<th>费率<tr><td><h3>服饰</h3><td>8%<br>起<s hidden>藏</s>", HEAD_OF_FEES + "| 服饰 | 8% 起 |\n"),
    ],
)
def test_the_rows_of_a_table_with_a_head_are_those_of_markdown(table: str, text: str) -> None:
    assert page(f"<table>{table}</table>").text == text


@pytest.mark.parametrize("span", ["rowspan", "colspan"])
def test_a_table_that_claims_to_be_wide_is_read_as_lines(span: str) -> None:
    rows = "".join(f"<tr><td {span}=99999>{n}</td></tr>" for n in range(200))
    lines = page(f"<table><tr><th>一</th><th>二</th></tr>{rows}</table>").text.splitlines()
    assert lines == ["一 | 二", *map(str, range(200))]


def test_a_table_is_kept_whole_or_not_at_all() -> None:
    names = "甲乙丙丁"
    rows = "".join(f"<tr><td>{name}<td>5%" for name in names)
    converted = page(f"<article><p>{SENTENCE}</p><table><tr><th>类目<th>费率{rows}</table><p>{SECOND}</p></article>")
    told = ["| 类目 | 费率 |", "|---|---|", *(f"| {name} | 5% |" for name in names)]
    assert kept(converted).splitlines() == [SENTENCE, *told, SECOND]


def test_line_ends_in_the_source_are_no_spaces_in_chinese_and_spaces_in_english() -> None:
    assert page("<p>小红书\n  出海，\n发布 TikTok\nShop\r\n计划。</p><pre>一\n二</pre>").text == (
        "小红书出海，发布 TikTok Shop 计划。\n一\n二\n"
    )


def test_entities_zero_width_characters_and_headings_are_rendered() -> None:
    assert (
        page("<h3>一<br>二</h3><p>A&amp;B&nbsp;&lt;c&gt; 小\u200b红&#x4E66;</p>").text == "### 一 二\nA&B <c> 小红书\n"
    )


@pytest.mark.parametrize(
    ("source", "chinese"),
    [
        ("<html><body></body></html>", "没有能看到的文字"),
        ("<html><head><title>题</title></head><body><script>x</script><div id=app></div></body></html>", "没有能看到"),
        ('<meta http-equiv="refresh" content="0;url=https://a.example/">', "跳转页"),
        ("<!-- x -->a"[:10], "没有能看到的文字"),
    ],
)
def test_a_page_without_text_is_refused_with_the_reason(source: str, chinese: str) -> None:
    assert chinese in refused("页.html", source.encode()).chinese


@pytest.mark.parametrize(
    "source",
    [
        "<div>" * 1_000 + SENTENCE,
        "<b><i>" * 500 + SENTENCE,
        "<table><tr><td>" * 300 + SENTENCE,
        f"<p>{SENTENCE}" * 10_000,
        f"<b>{SENTENCE}<p>" * 400,
        f"<p>{SENTENCE}</p></body></html></div></p><<<>>&&&;<p <a",
        f"<?xml version='1.0' encoding='utf-8'?><!DOCTYPE x [<!ENTITY a 'b'>]><html><p>{SENTENCE}</p></html>",
        f"<body><svg><text>x</text></svg><math><mi>x</mi></math><p>{SENTENCE}</p><frameset>",
        SENTENCE,
        f"<p>{SENTENCE}</p><!--" + "-" * 100_000,
        f"<p {'a=b ' * 100_000}>{SENTENCE}</p>",
    ],
)
def test_hostile_and_broken_pages_keep_their_sentence(source: str) -> None:
    started = time.monotonic()
    assert SENTENCE in kept(convert(Path("页.html"), source.encode()))
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("tag", ["<div>", "<b><i>", "<table><tr><td>"])
def test_a_page_nested_too_deeply_is_refused_and_not_cut(tag: str) -> None:
    assert "嵌套太深" in refused("页.html", (f"<p>{SENTENCE}</p>" + tag * 100_000 + SENTENCE).encode()).chinese


# ---- PDF ----

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
        ("代理机构：江东诚信招标代理有限公司，电话：0571-5556", "2. 联系人", " "),
        ("The number of all of its stores was 12", "34 of them closed", " "),
    ],
)
def test_a_number_that_the_layout_broke_is_joined_without_a_blank(first: str, second: str, between: str) -> None:
    assert convert(Path("文.pdf"), pdf(lines(first, second))).text == f"{first}{between}{second}\n"


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
    content = pdf(lines("正文一句话。"), title="Microsoft Word - 文档1", author="Administrator")
    assert convert(Path("文.pdf"), content).metadata == {}


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


# ---- DOCX ----


def as_bytes(document: docx.document.Document) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def test_headings_lists_and_tables_of_a_docx_become_lines() -> None:
    document = docx.Document()
    document.add_heading("小红书出海", 0)
    document.add_heading("一、背景", 2)
    paragraph = document.add_paragraph("小红书")
    paragraph.add_run("出海").bold = True
    paragraph.add_run("。")
    document.add_paragraph("要点", style="List Bullet")
    table = document.add_table(2, 2)
    for cell, text in zip([c for row in table.rows for c in row.cells], ["市场", "佣金", "美国", "5%"], strict=True):
        cell.text = text
    document.add_paragraph("完。")
    document.core_properties.title = "小红书"
    document.core_properties.author = "python-docx"
    converted = convert(Path("文.docx"), as_bytes(document))
    rows = "| 市场 | 佣金 |\n|---|---|\n| 美国 | 5% |\n"
    assert converted.text == f"# 小红书出海\n## 一、背景\n小红书出海。\n- 要点\n{rows}完。\n"
    assert converted.metadata == {"title": "小红书"}
    assert converted.converted


def test_the_head_of_a_docx_table_is_what_is_marked_or_names_figures() -> None:
    def text_of(rows: list[list[str]], merged: tuple[int, int] | None = None, marked: bool = False) -> str:
        document = docx.Document()
        table = document.add_table(len(rows), len(rows[0]))
        for row, words in zip(table.rows, rows, strict=True):
            for cell, word in zip(row.cells, words, strict=True):
                cell.text = word
        if merged:
            table.cell(merged[0], 0).merge(table.cell(merged[1], 0)).text = rows[merged[0]][0]
        if marked:
            properties = table.rows[0]._tr.get_or_add_trPr()
            properties.append(properties.makeelement(docx.oxml.ns.qn("w:tblHeader")))
        return convert(Path("表.docx"), as_bytes(document)).text

    people = [["姓名", "张三"], ["职务", "店长"]]
    assert text_of(people) == "姓名 | 张三\n职务 | 店长\n"
    assert text_of(people, marked=True) == "| 姓名 | 张三 |\n|---|---|\n| 职务 | 店长 |\n"
    assert text_of([["2024年", "8%"], ["2025年", "7%"]]) == "2024年 | 8%\n2025年 | 7%\n"
    fees = [["类目", "费率"], ["服饰", "8%"], ["", "7%"]]
    assert text_of(fees, merged=(1, 2)) == HEAD_OF_FEES + "| 服饰 | 8% |\n| 服饰 | 7% |\n"


def test_links_are_text_and_deleted_words_are_none() -> None:
    document = docx.Document()
    word = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
    paragraph = document.add_paragraph("甲")
    for tag, text in (("hyperlink", "乙"), ("ins", "丙"), ("del", "丁")):
        run = paragraph._p.makeelement(word + "r")
        leaf = run.makeelement(word + "t")
        leaf.text = text
        run.append(leaf)
        wrapper = paragraph._p.makeelement(word + tag)
        wrapper.append(run)
        paragraph._p.append(wrapper)
    assert convert(Path("文.docx"), as_bytes(document)).text == "甲乙丙\n"


def test_a_docx_without_words_or_with_a_password_or_damaged_is_refused() -> None:
    assert "是空的" in refused("空.docx", as_bytes(docx.Document())).chinese
    assert "密码" in refused("锁.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)).chinese
    document = docx.Document()
    document.add_paragraph("正文。")
    refused("坏.docx", as_bytes(document)[:-100])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("甲.txt", "乙")
    refused("坏.docx", buffer.getvalue())


def rezipped(content: bytes, name: str, data: bytes) -> bytes:
    """A DOCX file with one part replaced."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.namelist():
            new.writestr(part, data if part == name else old.read(part))
    return buffer.getvalue()


def test_a_zip_bomb_is_refused_unopened() -> None:
    document = docx.Document()
    document.add_paragraph("正文。")
    bomb = rezipped(as_bytes(document), "word/document.xml", b"<a>" + b" " * 70_000_000)
    assert len(bomb) < 200_000
    started = time.monotonic()
    assert "解压后太大" in refused("弹.docx", bomb).chinese
    assert time.monotonic() - started < 1


def test_entities_in_a_docx_are_not_unfolded() -> None:
    document = docx.Document()
    document.add_paragraph("正文。")
    entities = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    xml = f'<?xml version="1.0"?>{entities}<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>&a;root</w:t></w:r></w:p></w:body></w:document>'
    hostile = rezipped(as_bytes(document), "word/document.xml", xml.encode())
    assert "是空的" in refused("文.docx", hostile).chinese
