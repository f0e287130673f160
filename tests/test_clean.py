from pathlib import Path

import pytest

from ingest.clean import find_removals, read_metadata, rules_version
from ingest.load import load_article
from rag.types import Article

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


def clean(raw: str) -> str:
    return Article("文", "文.md", raw, find_removals(raw)).text


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


def test_a_short_line_that_comes_twice_is_no_repeated_lead() -> None:
    assert clean("同一句短话。\n同一句短话。") == "同一句短话。\n同一句短话。"


def test_a_long_line_that_comes_twice_in_the_head_is_kept_once() -> None:
    lead = "这是一句有二十多个字的导语，它会在页面上出现两次。"
    assert clean(f"{lead}\n正文。\n> 摘要：{lead}") == f"{lead}\n正文。\n"


def test_the_rules_of_a_site_leave_other_files_alone() -> None:
    assert clean("赞赏 收藏\n大数跨境\n【声明】内容源于网络") == "赞赏 收藏\n大数跨境\n【声明】内容源于网络"


def test_a_file_that_states_nothing_has_no_metadata() -> None:
    assert read_metadata("今天天气好。") == {}


def test_the_version_of_the_rules_is_twelve_hexadecimal_digits_and_stable() -> None:
    assert len(rules_version()) == 12
    assert int(rules_version(), 16) >= 0
    assert rules_version() == rules_version()


def test_mark_up_within_mark_up_goes_too() -> None:
    assert clean("[**词**](http://a)") == "词"
    assert clean("> - **甲**") == "甲"
