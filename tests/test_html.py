"""Saved web pages become text."""

import time
from pathlib import Path

import pytest
from conversions import SECOND, SENTENCE, kept, refused

from ingest.convert import Converted, convert

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
        ("<title>游泳馆 - 票价</title><h1>游泳馆</h1><h2>票价</h2>", "title", "游泳馆"),
        ("<title>江东网 - 游泳馆的票价</title><h1>江东网</h1><h2>游泳馆的票价</h2>", "title", "游泳馆的票价"),
        ("<title>江东网 - 某站</title><h1>江东网</h1><h2>某馆</h2>", "title", "江东网"),
        ("<title>山语M3 手冲壶-山语店-某猫</title><h1>山语M3 手冲壶 900ml</h1>", "title", "山语M3 手冲壶"),
        ("<title>A-B-某站</title><h1>A1</h1>", "title", "A-B"),
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


def test_metadata_in_neighbouring_elements_are_apart_as_they_are_seen() -> None:
    info = "".join(
        f"<span>{word}</span>" for word in ("发布时间：", "2024-03-05", "来源：", "江东商报", "作者：", "林若溪")
    )
    assert page(f"<div>{info}</div>").text == "发布时间：2024-03-05 来源：江东商报 作者：林若溪\n"
    assert page("<p><span>截至</span><span>2024年3月5日</span><b>12</b><i>家</i></p>").text == "截至2024年3月5日12家\n"
    assert (
        page("<p>来源：江东商报<b>作者</b><b>林若溪</b>在3月说：“好。”</p>").text
        == "来源：江东商报作者林若溪在3月说：“好。”\n"
    )


def test_the_only_time_of_a_page_is_its_date_but_not_one_in_a_sentence_or_a_menu() -> None:
    body = f"<p>{SENTENCE}</p><p>{SECOND}</p>"
    day = "<div><span>林若溪</span><time>2024-03-05</time></div>"
    assert page(day + body).metadata["published"] == "2024-03-05"
    assert "published" not in page(day + "<time>2024-03-06</time>" + body).metadata
    assert "published" not in page(f"<p>报名到<time>2024-03-05</time>截止。</p>{body}").metadata


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


def test_links_to_other_articles_below_the_text_are_no_main_text() -> None:
    links = '<p><a href="/1">卖鱼的人不吃鱼</a></p><p><a href="/2">我爸是修鞋匠</a></p>'
    body = f"<p>{SENTENCE}</p><p>——END——</p><p>{SECOND}</p><p>▼ 往期推荐 ▼</p>{links}<p>*文中人物均为化名。</p>"
    for place in ('<div id="js_content">', "<article>"):
        assert kept(page(f"{place}{body}")) == f"{SENTENCE}\n——END——\n{SECOND}\n*文中人物均为化名。\n"
    named = f'<div id="js_content"><p>{SENTENCE}</p><p>他们写过：</p>{links}<p>{SECOND}</p>'
    assert "卖鱼的人不吃鱼\n我爸是修鞋匠\n" in kept(page(named))


def test_a_main_heading_that_says_more_than_the_title_stays() -> None:
    body = f"<ul><li><a>首页</a></li></ul><h1>山语M3手冲壶 900ml</h1><p>价格：259元</p><p>{SENTENCE}</p><p>{SECOND}</p>"
    converted = page(body, "<title>山语M3手冲壶-山语店-某猫</title>")
    assert converted.metadata["title"] == "山语M3手冲壶"
    assert kept(converted) == f"# 山语M3手冲壶 900ml\n价格：259元\n{SENTENCE}\n{SECOND}\n"


FAQ = [
    ("怎么退货？", "签收七天内，在订单页点“申请退货”，快递员会上门取件，不用自己寄。"),
    ("退货运费谁付？", "质量问题由我们付，其他情况由您付，运费从退款里扣。"),
    ("保修期多长？", "自签收之日起十二个月，壶嘴磕碰不在保修范围内。"),
]


@pytest.mark.parametrize(
    ("layout", "mark"),
    [
        ("<div><h3>{}</h3><div><p>{}</p></div></div>", "### "),
        ("<section><h3>{}</h3><p>{}</p></section>", "### "),
        ("<h2><button>{}</button></h2><div><p>{}</p></div>", "## "),
        ("<details><summary>{}</summary><p>{}</p></details>", ""),
    ],
)
@pytest.mark.parametrize("head", ["# 常见问题", "## 常见问题"])
def test_the_first_question_of_a_page_stays_above_its_answer(layout: str, mark: str, head: str) -> None:
    level = len(head.split()[0])
    converted = page(
        '<div><a href="/">首页</a><a href="/help">帮助中心</a></div>'
        f"<h{level}>常见问题</h{level}>{''.join(layout.format(*pair) for pair in FAQ)}<div><a>关于我们</a></div>",
        "<title>常见问题-山语商城</title>",
    )
    assert kept(converted) == f"{head}\n" + "".join(f"{mark}{question}\n{answer}\n" for question, answer in FAQ)


def test_a_table_between_main_text_belongs_to_it_and_options_stay_together() -> None:
    body = (
        "<h1>山语M3手冲壶</h1><div>¥259</div><select><option>600ml</option><option>900ml</option></select><table><tr>"
        "<td><b>参数</b></td><td><b>数值</b></td></tr><tr><td>容量</td><td>600ml</td></tr></table>"
        "<div><p>壶嘴细长，水流稳定，新手也能画圈。</p><p>壶身采用304不锈钢，壶底为复合底，可用电磁炉。</p></div>"
        "<div><h3>买家评价</h3><p>壶嘴漏水，客服不理人，别买。</p><span>2024-02-11 买家123</span></div>"
        "<ul><li><a href=1>山语M2手冲壶 ¥199</a></li><li><a href=2>山语滤纸100张 ¥19</a></li></ul>"
    )
    text = kept(page(body, "<title>山语M3手冲壶-山语商城</title>"))
    assert "| 参数 | 数值 |\n|---|---|\n| 容量 | 600ml |\n壶嘴" in text
    assert text.count("00ml\n") in (0, 2)


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
    menu = f"<nav><table><tr><th>首页<th>关于{rows}</table></nav>"
    assert kept(page(f"{menu}<article><p>{SENTENCE}</p><p>{SECOND}</p></article>")).splitlines() == [SENTENCE, SECOND]


def test_line_ends_in_the_source_are_no_spaces_in_chinese_and_spaces_in_english() -> None:
    assert page("<p>小红书\n  出海，\n发布 TikTok\nShop\r\n计划。</p><pre>一\n二</pre>").text == (
        "小红书出海，发布 TikTok Shop 计划。\n一\n二\n"
    )


def test_preformatted_text_keeps_its_lines_around_other_elements() -> None:
    assert page("<pre>\n一\n<b>二</b>\n三<i>四\n\n五</i>共10<sup>8</sup>次\n</pre>").text == "一\n二\n三四\n五共10⁸次\n"


def test_preformatted_links_are_a_menu() -> None:
    news = "家平台发布了电商新规，商家们如何应对？\n快手也发布了。"
    links = "\n".join(f"<a href='/{n}'>第{n}{news}</a>" for n in range(30))
    article = f"<article><p>{SENTENCE}</p><p>{SECOND}</p></article>"
    assert kept(page(f"<pre>{links}</pre>{article}")).splitlines() == [SENTENCE, SECOND]


def test_entities_zero_width_characters_and_headings_are_rendered() -> None:
    assert (
        page("<h3>一<br>二</h3><p>A&amp;B&nbsp;&lt;c&gt; 小\u200b红&#x4E66;</p>").text == "### 一 二\nA&B <c> 小红书\n"
    )


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            "共10<sup>8</sup>次，面积5m<sup>2</sup>，收入为120<sup>[3]</sup>亿元。",
            "共10⁸次，面积5m²，收入为120[3]亿元。",
        ),
        ("<ruby>汉<rp>(</rp><rt>hàn</rt><rp>)</rp></ruby>字。", "汉字。"),
        (
            "为<math><mfrac><mrow><mi>a</mi><mo>+</mo><mn>1</mn></mrow><mn>2</mn></mfrac><mo>−</mo>"
            "<msqrt><msup><mi>x</mi><mn>10</mn></msup></msqrt></math>。",
            "为(a+1)/2−√(x^10)。",
        ),
        (
            '即<span class="katex"><math><semantics><msup><mi>x</mi><mn>2</mn></msup><annotation>x^{2}</annotation>'
            '</semantics></math><span class="katex-html">x2</span></span>。',
            "即x^2。",
        ),
    ],
)
def test_figures_that_are_raised_or_above_each_other_are_not_run_together(source: str, text: str) -> None:
    converted = page(f"<article><p>{SENTENCE}</p><p>{source}</p><p>{SECOND}</p></article>")
    assert kept(converted) == f"{SENTENCE}\n{text}\n{SECOND}\n"


def test_words_that_are_crossed_out_have_the_marks_of_markdown() -> None:
    source = (
        "加盟费为<del>5<b>万</b>元</del><ins>8万元</ins>，原价<s> 329元</s>，"
        '运费<span style="text-decoration: line-through">8元</span>免。'
    )
    converted = page(f"<article><p>{SENTENCE}</p><p>{source}</p><p>{SECOND}</p></article>")
    text = "加盟费为~~5~~~~万~~~~元~~8万元，原价 ~~329元~~，运费~~8元~~免。"
    assert kept(converted) == f"{SENTENCE}\n{text}\n{SECOND}\n"


def test_the_items_of_a_numbered_list_have_their_numbers() -> None:
    items = "<li>打包杯子。<li><p>拆下烘焙机。</p><p>九天。</p><ul><li>吊车。</ul><li></li><li value=9>运生豆。"
    lists = f"<ol>{items}<li>10、收尾。</ol><ol start='3'><li>甲。</li></ol><ul><li>乙。</ul>"
    converted = page(f"<article><p>{SENTENCE}</p>{lists}<p>{SECOND}</p></article>")
    lines = ["1. 打包杯子。", "2. 拆下烘焙机。", "九天。", "吊车。", "9. 运生豆。", "10、收尾。", "3. 甲。", "乙。"]
    assert kept(converted).splitlines() == [SENTENCE, *lines, SECOND]


def test_a_formula_nested_without_end_keeps_its_words() -> None:
    nested = "<mrow>" * 1_500 + "<mi>x</mi>" + "</mrow>" * 1_500
    assert page(f"<p>{SENTENCE}</p><math>{nested}</math>").text == f"{SENTENCE}\nx\n"


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
