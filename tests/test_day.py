from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.day import parse_date, resolve_partial

TODAY = date(2026, 1, 1)


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
