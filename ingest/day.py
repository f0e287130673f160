"""A day as it is written, and no other: parsed where it is whole and certain."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta

FIRST_YEAR = 1990  # before the web: such a date is the subject of an article, not its publication

_DIGITS = {char: value for value, pair in enumerate(["〇○零", *"一二三四五六七八九"]) for char in pair}
_HANZI = {  # 一 to 三十一, as months and days are written
    ("", "十", "二十", "三十")[n // 10] + ("", *"一二三四五六七八九")[n % 10]: n for n in range(1, 32)
}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = {name: n for n, pair in enumerate(zip("一二三四五六日", _DAYS, strict=True)) for name in pair} | {"天": 6}
_SIGNS = str.maketrans(dict.fromkeys("‐‑‒–—−", "-") | {"・": "·"})

TIME = (  # of a day, behind a date
    r"(?:上午|下午|早上|中午|晚上|凌晨)?\s*(?:[01]?\d|2[0-4])\s*"
    r"(?::\s*[0-5]\d(?::\s*[0-5]\d(?:\.\d+)?)?|[时点](?:\s*[0-5]?\d分(?:[0-5]?\d秒)?)?)"
    r"(?:\s*[ap]m\b)?\s*(?:\(?北京时间\)?|(?:Z|UTC|GMT|CST)?(?:[+-]\d\d?(?::?\d\d)?)?)"
)
_WEEKDAY = r"(?:\s*\(?(?:星期|周|礼拜)(?P<weekday>[一二三四五六日天])\)?)?"
_MONTH_NAME = (
    r"(?P<m>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_WEEKDAY_NAME = r"(?:(?P<weekday>mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?"
_ENGLISH_DAY = r"(?P<d>\d{1,2})(?:st|nd|rd|th)?"
_FORMS = [
    re.compile(pattern, re.ASCII | re.IGNORECASE)
    for pattern in (
        r"(?P<y>\d{4})\s*(?P<sep>[-/.])\s*(?P<m>\d{1,2})\s*(?P=sep)\s*(?P<d>\d{1,2})"
        rf"{_WEEKDAY}(?:(?:T|,?\s)\s*{TIME})?",
        r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?:T\d{6}Z?)?",
        r"(?:公元)?(?P<y>\d{4}|[〇○零一二三四五六七八九]{4})\s*年\s*(?P<m>\d{1,2}|[一二三四五六七八九十]{1,3})\s*月"
        r"\s*(?P<d>\d{1,2}|[一二三四五六七八九十]{1,3})\s*[日号號]"
        rf"{_WEEKDAY}(?:,?\s*{TIME})?",
        rf"{_WEEKDAY_NAME}{_MONTH_NAME}\s*{_ENGLISH_DAY}\s*,?\s+(?P<y>\d{{4}})(?:,?\s+(?:at\s+)?{TIME})?",
        rf"{_WEEKDAY_NAME}{_ENGLISH_DAY}[\s-]+(?:of\s+)?{_MONTH_NAME},?[\s-]+(?P<y>\d{{4}})(?:,?\s+(?:at\s+)?{TIME})?",
    )
]
_MONTH_DAY = re.compile(
    r"(?P<m>\d{1,2}|[一二三四五六七八九十]+)\s*月\s*(?P<d>\d{1,2}|[一二三四五六七八九十]+)\s*[日号號]"
)


def parse_date(value: str, today: date | None = None) -> str | None:
    """The one full date that a value is, in ISO form, as written (no shift of time zone); None for anything else.

    None where the order of day and month is open, a part is missing, the weekday beside it disagrees, the year is
    before FIRST_YEAR, or the day is later than tomorrow (a clock east of ours may be a day ahead).
    """
    text = fold(value).strip()
    for form in _FORMS:
        if match := form.fullmatch(text):
            return _checked(match.groupdict(), today or date.today())
    return None


def resolve_partial(month_day: str, published: str | None) -> str | None:
    """ISO form of the latest day such as 3 月 10 日 that is not after `published`.

    None without `published`, and for anything that is not a month and a day: 昨天 and 近日 are never resolved.
    """
    match = _MONTH_DAY.fullmatch(fold(month_day).strip())
    if not match or not published:
        return None
    latest = date.fromisoformat(published)
    for year in range(latest.year, latest.year - 9, -1):  # 29 February comes back after eight years at most
        day = _real_day(year, _number(match["m"]), _number(match["d"]))
        if day and day <= latest:
            return day.isoformat()
    return None


def fold(text: str) -> str:
    """A text in NFKC, every dash as a hyphen, the middle dot of Japanese as the Chinese one."""
    return unicodedata.normalize("NFKC", text).translate(_SIGNS)


def _number(written: str) -> int:
    """A day or month in digits, Chinese numerals or English; 0 where it is no such number."""
    if written.isdigit():
        return int(written)
    name = written[:3].lower()
    return _MONTHS.index(name) + 1 if name in _MONTHS else _HANZI.get(written, 0)


def _real_day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _checked(parts: Mapping[str, str | None], today: date) -> str | None:
    year = "".join(str(_DIGITS.get(char, char)) for char in parts["y"] or "")
    day = _real_day(int(year), _number(parts["m"] or ""), _number(parts["d"] or ""))
    if not day or day.year < FIRST_YEAR or day > today + timedelta(days=1):
        return None
    weekday = parts.get("weekday")
    if weekday and _WEEKDAYS[weekday.lower()] != day.weekday():
        return None
    return day.isoformat()
