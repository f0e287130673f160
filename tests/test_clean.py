import re
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.clean import find_removals, is_statement, line_key, read_metadata
from ingest.load import load_article
from ingest.rule_sets import Rule, active_rules, read_rules, reason_of, rule_sets
from rag.types import Article, Removal

CORPUS = Path(__file__).parent.parent / "corpus"
SETBACKS = "小红书出海为何屡屡受挫.txt"
DUD = "小红书向TikTok开了一枪哑弹.txt"
GIANTS = "小红书搅局出海四巨头.md"
REMEDY = "电商出海会成为小红书的商业化良药吗.md"
AMBITION = "被约谈的小红书掩饰不住的电商野心.txt"
ALL = [SETBACKS, DUD, GIANTS, REMEDY, AMBITION]


def load(name: str) -> Article:
    path = CORPUS / name
    return load_article(path, CORPUS, path.read_bytes())


def clean(raw: str, learned: set[str] | None = None) -> str:
    return Article("文", "文.md", raw, find_removals(raw, learned=learned or set())).text


METADATA: list[tuple[str, str, str | None, str | None, str | None, str | None, tuple[str, ...]]] = [
    (SETBACKS, "小红书出海为何屡屡受挫", None, "出海e家", None, None, ()),
    (DUD, "小红书向TikTok开了一枪哑弹", "刘萍", "正见 Trueview", None, None, ()),
    (
        GIANTS,
        "进军跨境电商，小红书搅局“出海四巨头”？",
        "Tech星球",
        "人人都是产品经理",
        "2025-04-03",
        "https://www.woshipm.com/it/6200865.html",
        ("小红书", "用户运营", "行业动态"),
    ),
    (
        REMEDY,
        "电商出海，会成为小红书的商业化良药吗？",
        "偲睿洞察",
        "人人都是产品经理",
        "2025-03-19",
        "https://www.woshipm.com/it/6194393.html",
        ("出海", "商业化", "小红书"),
    ),
    (AMBITION, "被约谈的小红书,掩饰不住的电商野心!", None, "玺承集团", "2025-09-13", None, ()),
]


@pytest.mark.parametrize(("name", "title", "author", "publisher", "published", "url", "tags"), METADATA)
def test_metadata_is_what_the_file_states_and_none_where_it_does_not(
    name: str,
    title: str,
    author: str | None,
    publisher: str | None,
    published: str | None,
    url: str | None,
    tags: tuple[str, ...],
) -> None:
    article = load(name)
    assert (article.title, article.author, article.publisher) == (title, author, publisher)
    assert (article.published, article.url, article.tags) == (published, url, tags)
    assert (article.id, article.source_path) == (Path(name).stem, name)


FURNITURE = [
    (SETBACKS, "摘要/来源:/出海e家"),
    (DUD, "正见 Trueview/作者刘萍/编辑咏鹅/小红书向TikTok开了一枪哑弹"),
    (
        GIANTS,
        "{%/views/Original/关注/评论 2073/2025-04-03/13 分钟/🔗/产品经理/B 端/查看详情/人人都是/未经许可/Unsplash"
        "/赞赏/收藏/点赞/更多精彩/分享到微博/微信/扫一扫/http/](/![/**/##/\n>/搅局“出海四巨头”",
    ),
    (
        REMEDY,
        "{%/views/Original/关注2025/评论 1015/2025-03-19/21 分钟/🔗/B端产品/B 端/查看详情/人人都是/未经许可/Unsplash"
        "/赞赏/点赞已赞/更多精彩/分享到微博/微信扫/图源/黑猫投诉"
        "/http/](/![/**/##/\n>/孙越/编辑 |/会成为小红书的商业化良药吗",
    ),
    (
        AMBITION,
        "大数跨境/导读/2025-09-13/图片/课程/特训营/名额有限/先到先得/立即预约/全域营销/五维商战/客户案例/品牌资讯/博鳌/深度好文"
        "/仅退款/乐创节/声明/玺承/总阅读/粉丝/70万+电商人/掩饰不住的电商野心",
    ),
]


@pytest.mark.parametrize(("name", "strings"), FURNITURE)
def test_no_furniture_is_left_in_the_text(name: str, strings: str) -> None:
    article = load(name)
    assert all(string in article.raw for string in strings.split("/")), "a string that was never there proves nothing"
    assert [string for string in strings.split("/") if string in article.text] == []


BODY = [
    (SETBACKS, "早在 2021 年,小红书便开始了海外市场的布局,推出了一系列针对不同地区和领域的独立应用"),
    (SETBACKS, "一.小红书早期海外应用的折戟沉沙"),
    (SETBACKS, "才能在激烈的全球市场竞争中分得一杯羹。"),
    (DUD, "“我一个刚开的新店铺,还没出一单,国内运输没有完全搞明白,就被邀请出海了。"),
    (DUD, "文艺范的小红书何以招架?"),
    (GIANTS, "小红书出海业务正在低调铺开。"),
    (GIANTS, "只不过，批量邀请商家过后，如李明一般，商家们尚处于等待状态，基本都还未出单。"),
    (GIANTS, "受到邀请后，李明说，目前尚没有专门的工作人员"),
    (GIANTS, "1.小红书出海，邀约商家内测"),
    (GIANTS, "得到的客服回复是，“还在修整中”。"),
    (REMEDY, "实际上，早在 2014 年，小红书就开始布局电商业务，还自建仓储、物流。"),
    (REMEDY, "但彼时小红书社区还未出圈"),
    (REMEDY, "证明自己具备这样的能力。"),
    (AMBITION, "这个拥有3.5亿月活用户的内容社区"),
    (AMBITION, "小红书被约谈警告"),
    (AMBITION, "截至20256月底,小红书的估值已经达到310亿美元。"),
    (AMBITION, "哪个平台就能赢得下一个十年。"),
]


@pytest.mark.parametrize(("name", "words"), BODY)
def test_the_words_of_the_author_stay(name: str, words: str) -> None:
    assert load(name).text.count(words) == 1


LEADS = [
    (SETBACKS, "在国内,小红书已成为年轻人生活中不可或缺的一部分"),
    (GIANTS, "小红书悄然布局跨境电商，推出“出海领航计划”"),
    (REMEDY, "小红书作为国内领先的生活方式分享平台"),
    (AMBITION, "被约谈整改的小红书,站在内容与商业的十字路口。"),
]


@pytest.mark.parametrize(("name", "lead"), LEADS)
def test_a_lead_is_kept_once_even_where_the_page_repeats_it(name: str, lead: str) -> None:
    assert load(name).text.count(lead) == 1


@pytest.mark.parametrize("name", ALL)
def test_kept_text_and_removals_are_the_whole_file(name: str) -> None:
    article = load(name)
    kept = [article.raw_span(at, at + 1)[0] for at in range(len(article.text))]
    taken = [at for removal in article.removed for at in range(removal.start, removal.end)]
    assert sorted(kept + taken) == list(range(len(article.raw)))
    assert "".join(article.raw[at] for at in kept) == article.text


@pytest.mark.parametrize("name", ALL)
def test_every_removal_names_its_kind_and_rule(name: str) -> None:
    assert all(removal.kind and removal.rule for removal in load(name).removed)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("**粗**体", "粗体"),
        ("[词](http://a)尾", "词尾"),
        ("头![图](http://a)尾", "头尾"),
        ("> 引文", "引文"),
        ("- 项目", "项目"),
        ("　　缩进", "缩进"),
        ("`码`", "码"),
        (r"1\. 不是列表", "1. 不是列表"),
        ("图片", ""),
        ("图片很美。", "图片很美。"),
        ("（图源：小红书）", ""),
        ("图源自网络，但他不信。", "图源自网络，但他不信。"),
        ("直播课程，名额有限！", ""),
        ("学校开设课程。", "学校开设课程。"),
        ("来源:出海e家", ""),
        ("来源:这句话是正文。", "来源:这句话是正文。"),
        ("没有装饰", "没有装饰"),
        ("", ""),
    ],
)
def test_mark_up_and_furniture_go_and_words_stay(raw: str, text: str) -> None:
    assert clean(raw) == text


def test_stars_and_low_lines_in_code_stay_and_outside_it_only_pairs_go() -> None:
    code = "```python\nx = {**a, '**b**': 2**10}\nc.__init__(**d)\n```"
    assert clean(f"**汤**\n{code}\n**面**") == f"汤\n{code}\n面"
    assert clean("```\n2**10\n```\n**汤**\n") == "\n2**10\n\n汤\n"
    assert clean("电话138****5678，密码**未设") == "电话138****5678，密码**未设"


def test_a_short_line_that_comes_twice_is_no_repeated_lead() -> None:
    assert clean("同一句短话。\n同一句短话。") == "同一句短话。\n同一句短话。"


def test_a_long_line_that_comes_twice_in_the_head_is_kept_once() -> None:
    lead = "这是一句有二十多个字的导语，它会在页面上出现两次。"
    assert clean(f"{lead}\n正文。\n> 摘要：{lead}") == f"{lead}\n正文。\n"


def test_the_rules_of_a_site_leave_other_files_alone() -> None:
    assert clean("赞赏 收藏\n大数跨境\n【声明】内容源于网络") == "赞赏 收藏\n大数跨境\n【声明】内容源于网络"


def test_a_file_that_states_nothing_has_no_metadata() -> None:
    assert read_metadata("今天天气好。") == {}


def test_mark_up_within_mark_up_goes_too() -> None:
    assert clean("[**词**](http://a)") == "词"
    assert clean("> - **甲**") == "甲"


RULES = [rule for rules in rule_sets() for rule in rules.rules]
SITE = {"woshipm": "\n\n![](https://image.woshipm.com/a.jpg)"}  # what makes a text one of the site's


def rules_that_fire(rule: Rule, text: str) -> set[str]:
    return {removal.rule for removal in find_removals(text + SITE.get(rule.name.partition("/")[0], ""))}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_removes_its_examples_and_leaves_their_neighbours(rule: Rule) -> None:
    assert rule.removes
    assert rule.keeps
    assert [text for text in rule.removes if rule.name not in rules_that_fire(rule, text)] == []
    assert [text for text in rule.keeps if rule.name in rules_that_fire(rule, text)] == []


@pytest.mark.parametrize("text", [text for rule in RULES for text in rule.keeps if rule.name.startswith("common/")])
def test_every_letter_of_a_sentence_that_only_resembles_furniture_stays(text: str) -> None:
    words = re.sub(r"\]\([^)]*\)", "]", text)  # without the addresses of links
    assert "".join(filter(str.isalnum, clean(text))) == "".join(filter(str.isalnum, words))


def test_names_of_rules_are_unique_and_reasons_are_chinese() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert [rule.name for rule in RULES if not any("一" <= char <= "鿿" for char in rule.reason)] == []


GOOD_RULE = {"name": '"a"', "kind": '"advert"', "reason": '"因为"', "pattern": '"x"'}


def write_rules(folder: Path, **keys: str) -> Path:
    path = folder / "some.toml"
    path.write_text("[[rule]]\n" + "\n".join(f"{key} = {value}" for key, value in keys.items()), encoding="utf-8")
    return path


@pytest.mark.parametrize("key", sorted(GOOD_RULE))
def test_a_rule_without_a_required_key_is_refused(key: str, tmp_path: Path) -> None:
    keys = {name: value for name, value in GOOD_RULE.items() if name != key}
    name = "'?'" if key == "name" else "'a'"
    with pytest.raises(ValueError, match=rf"some\.toml, rule {name[0]}.*lacks {key}"):
        read_rules(write_rules(tmp_path, **keys))


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({"patern": '"x"'}, "some.toml, rule 'a': unknown keys ['patern']"),
        ({"repeats": '"author"'}, "some.toml, rule 'a': repeats is \"lead\" or \"title\", not 'author'"),
        ({"pattern": '"("'}, "some.toml, rule 'a': its pattern is no regular expression"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_with_its_name(extra: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError) as error:
        read_rules(write_rules(tmp_path, **{**GOOD_RULE, **extra}))
    assert str(error.value).startswith(message)


def test_a_rule_file_with_an_unknown_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "some.toml"
    path.write_text("[[rules]]\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"some\.toml: unknown keys \['rules'\]"):
        read_rules(path)


def test_a_rule_for_one_site_is_not_used_for_another(tmp_path: Path) -> None:
    rules = read_rules(write_rules(tmp_path, **GOOD_RULE, site='["woshipm"]'))
    assert [rule.name for rule in active_rules([rules], {"some", "woshipm"}, "")] == ["some/a"]
    assert active_rules([rules], {"some", "dashukuajing"}, "") == []
    assert active_rules([rules], {"woshipm"}, "") == []


def test_every_rule_can_say_its_reason() -> None:
    assert reason_of("common/end-mark") == "文章结束的标记"
    assert reason_of("learned/repeated-line") == "同一来源的许多文章里都有这一行，只留一处"
    assert reason_of("first-line") == "文件的第一行用作标题"
    assert reason_of("gone/long-ago") == ""
    for name in ALL:
        assert all(reason_of(removal.rule) for removal in load(name).removed)


def test_lines_at_the_end_are_counted_from_below_what_was_removed() -> None:
    body = "\n\n".join(f"第{n}碗面。" for n in "一二三四五六七八九")
    foot = "（完）\n\n责任编辑：老汤\n\n转载请注明出处。\n\n长按识别二维码关注\n\n分享到：微信 微博"
    assert clean(f"{body}\n\n{foot}").strip() == body


def test_a_line_that_belongs_to_the_end_stays_in_the_middle() -> None:
    body = "面。\n" * 9 + "责任编辑：老汤\n" + "汤。\n" * 9
    assert clean(body) == body


def test_what_a_converter_took_out_is_kept_and_the_rest_is_cleaned_without_it() -> None:
    raw = "菜单\n**面**很香。"
    menu = Removal(0, 2, "navigation", "html/not-main-text")
    assert find_removals(raw, [menu]) == (
        menu,
        Removal(3, 5, "markup", "markup/bold"),
        Removal(6, 8, "markup", "markup/bold"),
    )
    assert find_removals(raw, [Removal(0, len(raw), "navigation", "html/not-main-text")]) == (
        Removal(0, len(raw), "navigation", "html/not-main-text"),
    )


def test_learned_lines_go_but_never_headings_and_statements() -> None:
    learned = {line_key("老面馆第12期"), line_key("写在最后")}
    raw = "## 写在最后\n汤也香。\n**老面馆第7期**\n写在最后"
    assert clean(raw, learned) == "写在最后\n汤也香。\n\n"
    assert {(r.kind, r.rule) for r in find_removals(raw, learned=learned) if r.kind != "markup"} == {
        ("repeated line", "learned/repeated-line")
    }
    assert clean("三、写在最后\n汤也香。", {line_key("三、写在最后")}) == "三、写在最后\n汤也香。"
    assert clean("老面馆的老板。\n老面馆的老板", {line_key("老面馆的老板")}) == "老面馆的老板。\n"


@pytest.mark.parametrize(
    ("line", "states"),
    [
        ("汤也香。", True),
        ("汤香吗？面香！", True),
        ("Noodles are good.", True),
        ("保修期：十二个月", True),
        ("| 产地 | 澜州 |", True),
        ("净重250克", True),
        ("更多精彩内容，请关注老面馆", False),
        ("**[首页](http://a.cn/1.html)** 新闻", False),
        ("第 12 页", False),
        ("阅读：128 | 评论：35", False),
        ("发布时间：2024-03-05", False),
        ("", False),
    ],
)
def test_a_statement_is_a_sentence_a_value_or_a_figure_that_counts_no_readers(line: str, states: bool) -> None:
    assert is_statement(line) is states


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("> **老面馆** 第 12 期", "老面馆第0期"),
        ("老麵館第３期！", "老面馆第0期"),
        ("[老面馆](https://a.cn/1)的汤", "老面馆的汤"),
        ("![图](https://a.cn/1.png)", ""),
        ("阅读 1,234", ""),
        ("总阅读 1,234", "总阅读0"),
        ("三个字", ""),
        ("Open APP", "openapp"),
        ("3 评论 2073 浏览 7 收藏 9 分钟", "0评论0浏览0收藏0分钟"),
        ("12条评论", "0条评论"),
        ("第 3 页 / 共 12 页", "第0页共0页"),
        ("**Stats:** 2073 views | 0 comments", "stats0views0comments"),
        ("发布时间：2025-04-03 08:12", "发布时间0"),
        ("更新于 2025年4月3日", "更新于0年0月0日"),
        ("售价：1299元", "售价1299元"),
        ("2024年净利润：8.1亿元", "2024年净利润81亿元"),
        ("第2期工程投资 3.3 亿元", "第2期工程投资33亿元"),
        ("烹饪时间：15分钟", "烹饪时间15分钟"),
        ("", ""),
    ],
)
def test_the_key_of_a_line_is_its_letters_with_counters_pages_and_days_of_publication_as_zero(
    line: str, key: str
) -> None:
    assert line_key(line) == key


@given(st.text())
def test_the_key_of_a_key_is_the_key(line: str) -> None:
    assert line_key(line_key(line)) in (line_key(line), "")


@pytest.mark.parametrize("name", ALL)
def test_cleaning_a_clean_article_removes_nothing(name: str) -> None:
    assert find_removals(load(name).text) == ()


PIECES = [
    *(text for rule in RULES for text in (*rule.removes, *rule.keeps)),
    "面馆的利润不在面里，而在汤里、在巷口、在二十年里。",
    "# 一家面馆的账本",
    "大数跨境",
    "图片来自 https://image.woshipm.com/a.jpg",
]


@given(st.lists(st.sampled_from(PIECES), max_size=8), st.sampled_from(["\n", "\n\n", ""]))
def test_cleaning_twice_is_cleaning_once_for_furniture_and_prose(pieces: list[str], between: str) -> None:
    text = clean(between.join(pieces))
    assert find_removals(text) == ()


@given(st.text(alphabet="[]()!*_`#>+-\\~.<=1汤的 \n:/|\u200b\u200d"))
@example("`*`*汤`*`*")
@example("[[a](./b)](./c)")
@example("\\\\* 汤")
@example("**# 汤**")
def test_cleaning_twice_is_cleaning_once_for_any_mark_up(raw: str) -> None:
    assert find_removals(clean(raw)) == ()


@given(st.text(), st.sets(st.text(min_size=4), max_size=3))
def test_removals_are_in_order_apart_and_within_any_text(raw: str, learned: set[str]) -> None:
    removals = find_removals(raw, learned=learned)
    assert all(0 <= removal.start < removal.end <= len(raw) for removal in removals)
    assert all(a.end <= b.start for a, b in pairwise(removals))


def test_mark_up_nested_beyond_sense_is_taken_apart_all_the_same() -> None:
    raw = "[" * 40 + "汤" + "](./a)" * 40
    assert find_removals(clean(raw)) == ()
    assert "汤" in clean(raw)
    assert any(removal.rule == "markup/knot" for removal in find_removals(raw))


HOSTILE = [
    *("[", "!", "*", "#", " ", "\n", "专栏作家", "![](", "[x](", "> ", "分享\n", "作者：甲\n", "`", "<!--", "「a|"),
    *("*汤", "_汤 ", "==", "[[", "[[汤|"),
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_repetition_takes_time_in_proportion_to_its_length(unit: str) -> None:
    def seconds(length: int) -> float:
        text = "woshipm.com\n" + (unit * length)[:length]
        started = time.perf_counter()
        find_removals(text)
        return time.perf_counter() - started

    once, twice = seconds(170_000), seconds(340_000)  # characters; the longer is about 1 MB of Chinese
    assert twice < 4 * once + 2


def test_five_megabytes_of_ordinary_text_are_cleaned_in_seconds() -> None:
    text = "\n\n".join(f"第{n}家面馆的**利润**在[汤里](https://a.cn/b)。老板说：“明天再来。”" for n in range(55_000))
    assert len(text.encode()) > 5_000_000
    started = time.perf_counter()
    removals = find_removals(text)
    assert time.perf_counter() - started < 30  # about 5 on an idle machine
    assert len(removals) == 4 * 55_000


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("**Author:** [老面](https://www.woshipm.com/u/7)", "author", "老面"),
        ("**Author:** 老面", "author", "老面"),
        ("**Author：** 老面（汤）  ", "author", "老面（汤）"),
        ("Author: [老\\_面](https://www.woshipm.com/u/7)", "author", "老_面"),
        ("**Author:** ", "author", None),
        ("**Published：** 2024-01-02  ", "published", "2024-01-02"),
        ("**Published:** 昨天", "published", None),
        ("**Original:** https://www.woshipm.com/it/7.html", "url", "https://www.woshipm.com/it/7.html"),
        ("**Original:** [原文](https://www.woshipm.com/it/7.html)", "url", "https://www.woshipm.com/it/7.html"),
    ],
)
def test_the_hint_block_is_read_in_its_variants(line: str, field: str, value: str | None) -> None:
    raw = (
        f'# 面馆\n{{% hint style="info" %}}\n{line}\n{{% endhint %}}\n\n汤香。\n\n![](https://image.woshipm.com/a.jpg)'
    )
    assert read_metadata(raw).get(field) == value
    assert read_metadata(raw)["title"] == "面馆"
    assert clean(raw).strip() == "汤香。"
