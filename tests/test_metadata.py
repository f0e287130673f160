from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.clean import read_metadata
from ingest.metadata import (
    find_author,
    find_date,
    find_publisher,
    gather,
    parse_date,
    resolve_partial,
)

TODAY = date(2026, 1, 1)
BODY = "\n\n".join(
    f"这是正文的第{n}段，它提到2024年5月{n}日发生的一件事情，所以不会被当成日期行。" for n in range(1, 31)
)


def in_head(head: str) -> str:
    return f"{head}\n\n{BODY}\n"


def in_foot(foot: str) -> str:
    return f"{BODY}\n\n{foot}\n"


# ---- dates ----


@pytest.mark.parametrize(
    "value",
    [
        "2025-04-03",
        "2025/4/3",
        "2025.04.03",
        "2025 - 4 - 3",
        "2025–04–03",
        "20250403",
        "20250403T080000Z",
        "2025年4月3日",
        "2025 年 4 月 3 日",
        "2025年04月03号",
        "２０２５年４月３日",
        "二〇二五年四月三日",
        "二零二五年四月三日",
        "二○二五年四月三日",
        "2025年4月3日 星期四",
        "2025年4月3日（周四）上午8时30分",
        "2025年4月3日8时",
        "2025年4月3日08:12",
        "2025-04-03 08:12",
        "2025-04-03 08:12:33",
        "2025-04-03T08:00:00+08:00",
        "2025-04-03T23:30:00.000Z",
        "2025-04-03 10:00 GMT+8",
        "Apr 3, 2025",
        "April 3rd, 2025 at 10:00 AM",
        "3 April 2025",
        "3-Apr-2025",
        "Thu, 03 Apr 2025 08:00:00 GMT",
        " 2025-04-03\n",
    ],
)
def test_every_usual_form_of_a_date_is_read(value: str) -> None:
    assert parse_date(value, TODAY) == "2025-04-03"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "2025-13-40",
        "2025-02-29",
        "20251340",
        "03/04/2025",
        "25-4-3",
        "2025-4/3",
        "2025-04-030",
        "2025-04-03 99:99",
        "2025-04-03 至 2025-04-05",
        "2025",
        "2025年4月",
        "2025年4月底",
        "2025年4月3",
        "4月3日",
        "昨天",
        "今天 08:12",
        "3小时前",
        "1989-12-31",
        "2025年4月3日 星期五",
        "Fri, 3 April 2025",
        "Foo 3, 2025",
        "农历二〇二五年三月初六",
        "第2025-04-03号文件",
        "1712102400",
    ],
)
def test_what_is_no_certain_date_is_unknown(value: str) -> None:
    assert parse_date(value, TODAY) is None


def test_a_day_later_than_tomorrow_is_no_publication_date() -> None:
    assert parse_date("2026-01-02", TODAY) == "2026-01-02"
    assert parse_date("2026-01-03", TODAY) is None


HANZI = "〇一二三四五六七八九"


def hanzi(number: int) -> str:
    """A number below 100, digit by digit: an independent way to write what parse_date looks up."""
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else HANZI[tens] + "十") + (HANZI[ones] if ones else "")


def ways_to_write(day: date) -> list[str]:
    y, m, d = day.year, day.month, day.day
    return [
        *(day.strftime(form) for form in ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日", "%B %d, %Y"]),
        *(day.strftime(form) for form in ["%d %b %Y", "%a, %d %b %Y 08:00:00 +0800", "%Y-%m-%dT23:59:59Z"]),
        f"{y}年{m}月{d}日（星期{'一二三四五六日'[day.weekday()]}）",
        "".join(HANZI[int(c)] for c in str(y)) + f"年{hanzi(m)}月{hanzi(d)}日",
        f"{y}年{m}月{d}日".translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789"}),
    ]


@given(st.dates(date(1990, 1, 1), TODAY))
def test_every_day_is_read_back_from_every_form(day: date) -> None:
    assert {parse_date(written, TODAY) for written in ways_to_write(day)} == {day.isoformat()}


@given(st.text(max_size=20) | st.from_regex(r"[0-9年月日./: T-]{4,16}", fullmatch=True))
def test_whatever_is_read_is_a_real_day_within_range(value: str) -> None:
    found = parse_date(value, TODAY)
    assert found is None or date(1990, 1, 1) <= date.fromisoformat(found) <= TODAY + timedelta(days=1)


@pytest.mark.parametrize(
    ("month_day", "published", "day"),
    [
        ("3 月 10 日", "2025-04-03", "2025-03-10"),
        ("3月10日", "2025-03-10", "2025-03-10"),
        ("3月10号", "2025-03-09", "2024-03-10"),
        ("十二月三十一日", "2025-01-01", "2024-12-31"),
        ("2月29日", "2025-03-01", "2024-02-29"),
        ("2月29日", "1904-02-28", "1896-02-29"),
        ("2月30日", "2025-03-01", None),
        ("3月10日", None, None),
        ("昨天", "2025-04-03", None),
        ("近日", "2025-04-03", None),
        ("3月", "2025-04-03", None),
    ],
)
def test_a_day_without_year_is_the_latest_before_the_publication(
    month_day: str, published: str | None, day: str | None
) -> None:
    assert resolve_partial(month_day, published) == day


# ---- datelines ----


@pytest.mark.parametrize(
    "head",
    [
        "2025-04-03",
        "(2025-04-03)",
        "2025年4月3日 08:12",
        "二〇二五年四月三日",
        "发布时间：2025-04-03 08:12",
        "2025年04月03日08:12",
        "来源：人民网 发布时间：2025-04-03 10:20",
        "**发布日期：** 2025 年 4 月 3 日",
        "- 发布于 2025年4月3日",
        "日期：20250403",
        "Published: Apr 3, 2025",
        "Date: 3 April 2025",
        "人民日报 2025年4月3日",
        "虎嗅APP 2025-04-03 10:00 发表于北京",
        "原创 张三 虎嗅APP 2025-04-03 10:00 北京",
        "36氪 2025-04-03 10:00",
        "来源：36氪 | 2025-04-03 | 阅读 2073",
        "2025-04-03 08:12:11 浏览(2073) 评论(3)",
        "2025-04-03 · 12 分钟阅读",
        "发布时间：2025-04-03 更新时间：2025-04-05",
        "更新时间：2025-04-05\n2025-04-03",
        "更新于 2025-04-03",
        "新华社北京2025年4月3日电 小红书今天宣布进军跨境电商。",
        "2025年4月3日\n\n新华社北京4月2日电 小红书今天宣布进军跨境电商。",
    ],
)
def test_a_dateline_in_the_head_states_the_date(head: str) -> None:
    assert find_date(in_head(head), today=TODAY) == ("2025-04-03", "stated")


@pytest.mark.parametrize(
    "line",
    [
        "发布日期：2025-04-03　浏览次数：3382",
        "发布日期：2025-04-03　点击：120",
        "发布日期：2025-04-03　阅读 1.2万",
        "发布日期：2025-04-03　浏览次数：",
        "发布机构：市教育局　发布日期：2025-04-03　文号：教发〔2025〕7号",
        "索引号：000014349/2025-00123　发布日期：2025-04-03",
        "发布时间：2025-04-03　　发布科室：护理部",
        "2025年4月3日　恒川水务董事会办公室",
        "人力资源部 二〇二五年四月三日",
        "市教育局　2025年4月3日",
        "第一人民医院　2025年4月3日",
        "成文日期：2025-04-01　发布日期：2025-04-03",
        "更新时间：2025-04-05　发布时间：2025-04-03",
        "自然资源和数据局　2025年4月3日",
    ],
)
def test_a_date_beside_an_office_or_other_labels_is_stated(line: str) -> None:
    assert find_date(in_head(line), today=TODAY) == ("2025-04-03", "stated")
    assert find_date(in_foot(line), today=TODAY) == ("2025-04-03", "stated")


@pytest.mark.parametrize("label", ["成文日期", "印发日期", "制表日期", "采访时间", "记录时间"])
def test_the_day_an_article_was_written_is_inferred_to_be_that_of_its_publication(label: str) -> None:
    for place in (in_head, in_foot):
        assert find_date(place(f"{label}：2025年4月3日"), today=TODAY) == ("2025-04-03", "inferred")
        assert find_date(place(f"{label}：2025年4月3日\n发布于 2025-04-05"), today=TODAY) == ("2025-04-05", "stated")


@pytest.mark.parametrize(
    "line",
    [
        "2003年6月18日 成立恒川水务公司",
        "2025年4月3日 国际会议中心",
        "2025年4月3日 北京大学",
        "2025年4月3日 新品发布会",
        "2025年4月3日 召开董事会",
        "截止日期：2025-04-03　联系部门：人力资源部",
        "2025年4月3日　地点：上海　主办：市教育局",
        "时间：2025年4月3日　地点：上海",
    ],
)
def test_the_day_of_an_event_beside_a_name_is_left_alone(line: str) -> None:
    assert find_date(in_head(line), today=TODAY) is None


def test_an_office_and_a_date_within_a_text_are_no_dateline() -> None:
    lines = "\n".join(f"这是第{n}行，它写着一件事情" for n in range(8))
    assert find_date(f"{lines}\n市教育局 2025年4月3日\n{lines}", today=TODAY) is None


@pytest.mark.parametrize(
    "head",
    [
        "2025年4月3日，小红书上线了电商。",
        "2025年4月3日 小红书上线电商",
        "2025年4月3日 14:00 上海国际会议中心",
        "截至2025年4月3日",
        "2025-04-03 至 2025-04-05",
        "## 2025年4月3日",
        "- 2025-04-03",
        "| 2025-04-03 | 3 |",
        "时间：2025年4月3日\n地点：上海",
        "20250403",
        "2025-04-03\n发布时间：2025-04-05",
        "2025-04-03\n2025-04-05",
        "4月3日 08:12",
        "昨天 08:12",
        "2小时前",
        "新华社北京4月3日电 小红书今天宣布进军跨境电商。",
        "据新华社北京2025年4月3日电 小红书宣布进军跨境电商。",
        "2025-13-03",
        "",
    ],
)
def test_a_date_that_is_no_certain_dateline_is_left_alone(head: str) -> None:
    assert find_date(in_head(head), today=TODAY) is None


def test_a_dispatch_takes_its_year_from_the_same_day_or_the_update_and_is_inferred() -> None:
    dispatch = "新华社北京4月3日电 小红书今天宣布进军跨境电商。"
    assert find_date(in_head(f"更新时间：2025-04-05\n{dispatch}"), today=TODAY) == ("2025-04-03", "inferred")
    assert find_date(in_head(f"早报 2025年4月3日 全文\n{dispatch}"), today=TODAY) == ("2025-04-03", "inferred")
    assert find_date(in_head(f"{dispatch}\n它在2013年6月1日成立。"), today=TODAY) is None


def test_a_title_is_no_dateline() -> None:
    assert find_date(in_head("2025年4月3日"), "2025年4月3日", TODAY) is None


def test_the_heads_of_a_chronicle_are_no_datelines() -> None:
    chronicle = "\n".join(f"2025-04-{day:02}\n这一天发生了一件值得记下来的事情。" for day in range(1, 31))
    assert find_date(chronicle, today=TODAY) is None


def test_a_letter_is_dated_at_its_foot_and_a_list_of_links_is_not() -> None:
    assert find_date(in_foot("张三\n二〇二五年四月三日"), today=TODAY) == ("2025-04-03", "stated")
    assert find_date(in_foot("相关阅读\n另一篇文章\n2025-04-03"), today=TODAY) is None
    assert find_date(in_foot("另一篇\n2025-04-03\n又一篇\n2025-04-02"), today=TODAY) is None


@given(st.text(max_size=200))
def test_any_text_can_be_searched(raw: str) -> None:
    gather(raw, Path("文.txt"), today=TODAY)


# ---- bylines ----


@pytest.mark.parametrize(
    ("line", "author", "publisher"),
    [
        ("作者：张三", "张三", None),
        ("**作者：**张三", "张三", None),
        ("作者 | 张三", "张三", None),
        ("文｜张三 编辑｜李四", "张三", None),
        ("文/张三", "张三", None),
        ("撰 文丨星 野 编 辑丨美 圻", "星 野", None),
        ("撰文：张三、李四", "张三、李四", None),
        ("本报记者 张三", "张三", None),
        ("By Jane Doe", "Jane Doe", None),
        ("作者：张三，从业十年，写过三本书。公众号：三三（ID：san）", "张三", None),
        ("作者：张三；公众号：三三", "张三", "三三"),
        ("2025-04-03 来源：新华社 作者：张三", "张三", "新华社"),
        ("作者：张三 发布时间：2025-04-03", "张三", None),
        ("作者：张三 阅读：1.2万", "张三", None),
        ("来源：36氪 日期：2025-04-03", None, "36氪"),
        ("来源：36氪", None, "36氪"),
        ("（来源：36氪）", None, "36氪"),
        ("来源 | 36氪（ID：wow36kr）", None, "36氪"),
        ("公众号：三三", None, "三三"),
        ("新华社北京4月3日电（记者张三、李四）小红书今天宣布。", "张三、李四", None),
        ("2024年3月12日　来源：青阳日报　记者 孙立", "孙立", "青阳日报"),
        ("来源：青阳日报 本报记者 孙立 通讯员 王五", "孙立", "青阳日报"),
        ("2024-01-15 记者 孙立 实习生 王五", "孙立", None),
        ("发布机构：市教育局　发布日期：2024-01-15", None, "市教育局"),
        ("2024年3月12日 记者 从市政府获悉，大桥通车", None, None),
        ("来源：这句话是正文。", None, None),
        ("来源：https://a.cn", None, None),
        ("图1 趋势\n来源：艾瑞咨询", None, None),
        ("图片来源：Unsplash", None, None),
        ("作者：我认为我们应该在这里写下一个很长很长的句子", None, None),
        ("作者认为，小红书会成功。", None, None),
        ("作者：张三\n作者：李四", None, None),
        ("文章讲完了", None, None),
        ("", None, None),
    ],
)
def test_a_byline_names_author_and_publisher(line: str, author: str | None, publisher: str | None) -> None:
    for raw in (in_head(line), in_foot(line)):
        if "电（" not in line or raw.startswith("新华社"):
            assert (find_author(raw), find_publisher(raw)) == (author, publisher)


@pytest.mark.parametrize(
    ("line", "publisher"),
    [
        ("2024-11-02 江南晚报", "江南晚报"),
        ("人民网 2024-11-02 10:20", "人民网"),
        ("新华社 2024年11月2日", "新华社"),
        ("2024-11-02 三联生活周刊", "三联生活周刊"),
        ("2024-11-02 澎湃新闻", "澎湃新闻"),
        ("2024-11-02 行业新闻", None),
        ("2024-11-02 财报", None),
        ("2024-11-02 国家电网", None),
        ("2024-11-02 中青旅行社", None),
        ("2024-11-02 小红书上线电商", None),
        ("2024-11-02 江南晚报\n来源：青阳日报", "青阳日报"),
    ],
)
def test_a_newspaper_alone_with_a_date_in_the_head_is_the_publisher(line: str, publisher: str | None) -> None:
    assert find_publisher(in_head(line)) == publisher
    assert "\n" in line or find_publisher(in_foot(line)) is None


def test_the_rule_for_a_line_of_its_source_leaves_the_reporter_out() -> None:
    for gap in (" ", "　"):
        raw = in_head(f"来源：青阳日报{gap}记者 孙立")
        fields, _ = gather(raw, Path("名.md"), rules=read_metadata(raw), today=TODAY)
        assert (fields["publisher"], fields["author"]) == ("青阳日报", "孙立")


def test_a_byline_in_the_middle_of_the_text_names_nobody() -> None:
    raw = f"{BODY}\n作者：张三\n来源：某报\n{BODY}"
    assert (find_author(raw), find_publisher(raw)) == (None, None)


# ---- all of it ----

RAW = in_head("作者：文中\n来源：文中报\n2025-04-03")


def test_each_field_comes_from_the_first_source_that_knows_it() -> None:
    fields, provenance = gather(
        RAW,
        Path("2025-04-09-名.md"),
        first_line="首行",
        sidecar={"publisher": "旁报", "tags": "甲 乙\n"},
        converted={"title": "页题", "publisher": "页报", "url": "https://a.cn/1"},
        rules={"title": "规题", "tags": "`丙` `丁`", "url": "https://b.cn/"},
        today=TODAY,
    )
    assert fields == {
        "title": "页题",
        "author": "文中",
        "publisher": "旁报",
        "published": "2025-04-03",
        "url": "https://a.cn/1",
        "tags": ("甲 乙",),
    }
    assert provenance == dict.fromkeys(fields, "stated")


def test_a_file_that_states_nothing_has_a_title_alone_and_that_is_inferred() -> None:
    assert gather(BODY, Path("名.md"), today=TODAY) == ({"title": "名"}, {"title": "inferred"})
    assert gather(BODY, Path("名.md"), first_line="首行") == ({"title": "首行"}, {"title": "stated"})


def test_a_value_that_cannot_be_used_is_passed_over() -> None:
    bad = {"published": "2025-13-40", "url": "ftp://a.cn/1", "author": "  ", "tags": " , "}
    fields, _ = gather(BODY, Path("名.md"), converted=bad, rules={"published": "2025年4月3日"}, today=TODAY)
    assert fields == {"title": "名", "published": "2025-04-03"}


def test_an_empty_value_in_the_sidecar_says_that_the_field_is_unknown() -> None:
    empty = {"title": "", "author": "", "publisher": "", "published": "", "tags": ""}
    fields, provenance = gather(RAW, Path("名.md"), first_line="首行", sidecar=empty, rules={"tags": "甲"}, today=TODAY)
    assert (fields, provenance) == ({"title": "名"}, {"title": "inferred"})


@pytest.mark.parametrize(
    ("stem", "published"),
    [
        ("2025-04-03-标题", "2025-04-03"),
        ("2025-04-03", "2025-04-03"),
        ("20250403标题", None),
        ("20250403_标题", "2025-04-03"),
        ("标题_20250403", "2025-04-03"),
        ("标题 2025年4月3日", "2025-04-03"),
        ("标题-2025.04.03", "2025-04-03"),
        ("chuangye-2025-04-4263098", None),
        ("前2025-04-03后", None),
        ("2025-04-标题", None),
        ("2025-13-40-标题", None),
        ("138002025-04-03", None),
        ("2025-04-03-标题-2025-04-05", None),
        ("2999-01-01-标题", None),
    ],
)
def test_a_full_date_at_either_end_of_the_file_name_is_inferred(stem: str, published: str | None) -> None:
    fields, provenance = gather(BODY, Path(f"{stem}.md"), today=TODAY)
    assert fields.get("published") == published
    assert provenance.get("published") == (published and "inferred")


def test_the_corpus_keeps_the_dates_its_rules_state() -> None:
    for path in sorted(Path("corpus").glob("小红书搅局*.md")):
        raw = path.read_text()
        fields, provenance = gather(raw, path, rules=read_metadata(raw))
        assert (fields["published"], provenance["published"]) == ("2025-04-03", "stated")
        assert fields["tags"] == ("小红书", "用户运营", "行业动态")
        assert find_date(raw, fields["title"]) == ("2025-04-03", "stated")
