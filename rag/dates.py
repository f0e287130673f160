"""The time that a question speaks of: when the articles that it wants were published, or when things happened.

Only the first may become a filter: a question that names the date of an event is answered by articles of any date.
"""

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from rag.text import blanks, numeral, without_quotations


@dataclass(frozen=True)
class Period:
    """Days from `since` to `until`, ISO and inclusive, None where open.

    `of_articles`: the question wants the articles published then. `explicit` is what a relative word means at the
    day of the question, 去年 is 2025年, or what a short form does, 25年二三月 is 2025年2月到3月; empty for any other.
    """

    since: str | None
    until: str | None
    of_articles: bool = False
    explicit: str = ""


Days = tuple[date, date]
BEGINNING = "年?初(?![步级次中心衷始创])"  # of a year, after the year
END = "年?[底末](?![层座盘下位端特蕴气线牌])"  # 2006年底特律, 20年底蕴
_PARTS = {  # of a year: its first and last month
    "上半年": (1, 6),
    "下半年": (7, 12),
    "第?[一1]季度|Q1": (1, 3),
    "第?[二2]季度|Q2": (4, 6),
    "第?[三3]季度|Q3": (7, 9),
    "第?[四4]季度|Q4": (10, 12),
    BEGINNING: (1, 3),
    END: (10, 12),
}
_ABSOLUTE = (
    r"(?P<year>(?:19|20)\d{2})\s*年"
    r"(?:\s*(?P<month>\d{1,2})\s*月(?:份|[初底末]|[上中下]旬|\s*(?P<day>\d{1,2})\s*[日号])?"
    rf"|\s*(?P<part>{'|'.join(_PARTS)}|(?:春节|元旦)[前后]?(?=\s*[到至])))?"
)
_LAST = (
    r"(?:最近|(?<!接)近|过去|这)(?P<count>[一两二三四五六七八九十半]|\d{1,3})(?:个)?"
    r"(?P<unit>[天日周年月])(?![前初末底])"
)
_RELATIVE: dict[str, Callable[[date], Days]] = {
    "今天": lambda today: (today, today),
    "昨天": lambda today: (today - timedelta(1), today - timedelta(1)),
    "前天": lambda today: (today - timedelta(2), today - timedelta(2)),
    "这周": lambda today: _week(today, 0),
    "本周": lambda today: _week(today, 0),
    "上周": lambda today: _week(today, 1),
    "这个月": lambda today: _month(today.year, today.month),
    "本月": lambda today: _month(today.year, today.month),
    "上个月": lambda today: _last_month(today),
    "上月": lambda today: _last_month(today),
}
_YEARS = {"今年": 0, "去年": 1, "前年": 2}  # years back
_PART_OF_A_WORD = re.compile(
    r"目前(?=[天年])|(?:线|(?<![所可])以)上(?=个?[周月])|[基资成根]本(?=[周月])|过去(?=年)|前天(?=猫)"
)  # 线上月销售额
_TIME = re.compile(rf"{_ABSOLUTE}|{_LAST}|(?P<word>{'|'.join(_RELATIVE)})")
_AFTER = re.compile(r"\s*(?:(?P<since>之后|以后|以来|至今|起(?![步家]))|(?P<until>之前|以前)|[里内间中]|期间)?")
_UP_TO = re.compile(
    rf"\s*(?:到|至|[-–—~～])\s*(?:{_ABSOLUTE}|(?P<same_month>\d{{1,2}})\s*月(?:[初底末]|[上中下]旬)?|(?P<same_year>{'|'.join(_PARTS)}))"
)
# What follows the time where it is that of the articles: 发表的文章, 的报道, 有哪些文章.
_OF_ARTICLES = re.compile(
    r"\s*(?:(?:新?(?:发表|发布|刊发|刊登|撰写|写|发|出|登))?的?|(?:发表|发布|刊发|刊登|写|发|登)[了过](?:哪些|哪几篇|什么|几篇|多少篇)|(?:都|一共)?有(?:哪些|哪几篇|什么|几篇|多少篇))"
    r"(?:那|这|几|两|三)?[篇些]?(?:文章|报道(?!称)|稿子|稿件|新闻(?!发布|联播|集团|学|[社网])|文(?=[里中]))"
)
_ABOUT = re.compile(r"(?:关于|有关|讲述?|谈到?|写(?!于)|说|介绍|提到?|分析|复盘|总结|回顾|预测|盘点|对)\s*$")
_NEWEST = re.compile(r"最新|最近|近期|目前|现在|如今|眼下|当前|\b(?:latest|newest|currently|now|recent(?:ly)?)\b", re.I)
_MONTH = "[0-9]{1,2}|十[一二]?|[一二三四五六七八九]"
_SHORT_YEAR = re.compile(
    rf"(?<![0-9])(?P<year>[0-9]{{2}})\s*年(?=\s*(?:(?:{_MONTH})[、和到至~—-]?)++月|\s*(?:{'|'.join(_PARTS)}))"
)
_THESE_YEARS = re.compile(r"(?<=[到至–—~～-][0-9]{4})年?这[两三四五六七八九十几0-9]+年")  # of 从2019到2022这四年
_FIRST_YEAR = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?=\s*[到至–—~～-]\s*(?:19|20)[0-9]{2}\s*年)")  # of 2023-2025年
_MONTHS = re.compile(rf"(?<=[0-9]年)\s*(?P<first>{_MONTH})(?:月?[、和到至~—-])?(?P<last>{_MONTH})?\s*月份?")
_FROM_WITHOUT_A_TIME = re.compile(r"从[^，。,？?]{1,10}[到至]\s*$")  # 从成立到2025年
_FROM_NOW = re.compile(r"从现在|现在起|从目前")


def asks_for_newest(question: str) -> bool:
    """Whether a question wants how things are now, so that the newer of two articles is the better one."""
    return bool(_NEWEST.search(_FROM_NOW.sub("", question)))


def period_of(question: str, today: date) -> Period | None:
    """The first time that a question names, as days; None where it names none, or a day without its year.

    What stands in quotation marks is somebody else's time.
    """
    question = written = _PART_OF_A_WORD.sub(blanks, without_quotations(question))
    question = re.sub("|".join(_YEARS), lambda match: f"{today.year - _YEARS[match[0]]}年", question)
    question = _FIRST_YEAR.sub(r"\g<0>年", _THESE_YEARS.sub("年", question))
    question = _MONTHS.sub(_in_digits, _SHORT_YEAR.sub(lambda match: f"{_century(match['year'], today)}年", question))
    for match in _TIME.finditer(question):
        days, explicit = _days(match, today)
        if days is None:
            continue
        end = match.end()
        if (range_ := _UP_TO.match(question, end)) and (last := _last_day(range_, days[0])):
            days, end = (days[0], last), range_.end()
            explicit += question[match.end() : end] if explicit else ""
        if not explicit and (stated := question[match.start() : end]) not in written:
            explicit = stated
        after = _AFTER.match(question, end)
        assert after is not None
        since, until = _bounds(days, after, open_ended=bool(match["count"]))
        before = question[: match.start()]
        if not range_ and _FROM_WITHOUT_A_TIME.search(before):
            since = None
        of_articles = bool(_OF_ARTICLES.match(question, after.end())) and not _ABOUT.search(before)
        return Period(since, until, of_articles, explicit)
    return None


def _century(year: str, today: date) -> str:
    """A year of two digits, in the century that makes it past or next year's at the latest."""
    return ("20" if int(year) <= today.year % 100 + 1 else "19") + year


def _in_digits(months: re.Match[str]) -> str:
    """Months as 2月 or 2月到3月: 二月, 二三月份, 2、3月."""
    named = filter(None, (months["first"], months["last"]))
    first, *last = (numeral(name) for name in named)
    return f"{first}月到{last[0]}月" if last and last[0] > first else f"{first}月" if not last else months[0]


def _bounds(days: Days, after: re.Match[str], *, open_ended: bool) -> tuple[str | None, str | None]:
    """Since and until of days with 之后, 以来 or 之前 behind them; 2024年之后 begins with 2024, as people use it.

    最近三个月 is `open_ended`: what is dated tomorrow is recent, too.
    """
    if after["since"]:
        return days[0].isoformat(), None
    if after["until"]:
        return None, (days[0] - timedelta(1)).isoformat()
    return days[0].isoformat(), None if open_ended else days[1].isoformat()


def _days(match: re.Match[str], today: date) -> tuple[Days | None, str]:
    if match["year"]:
        return _stated(match), ""
    if match["count"]:
        length = {"天": 1, "日": 1, "周": 7, "月": 30, "年": 365}[match["unit"]]  # days
        half = match["count"] == "半"
        number = 1 if half else numeral(match["count"])
        if half:
            length = {"月": 15, "年": 180}.get(match["unit"], length)
        return (today - timedelta(number * length), today), ""
    days = _RELATIVE[match["word"]](today)
    return days, _written(days)


def _stated(match: re.Match[str]) -> Days | None:
    year, month, day = (int(match[name] or 0) for name in ("year", "month", "day"))
    try:
        if match["day"]:
            return date(year, month, day), date(year, month, day)
        if match["part"]:
            return _part(year, match["part"])
        return _month(year, month) if match["month"] else _year(year)
    except ValueError:  # 0月, 13月, 2月30日
        return None


def _part(year: int, part: str) -> Days:
    """The days of a part of a year; 元旦 and 春节前 are in January, 春节 and 春节后 in February."""
    feast = 1 if part.startswith("元旦") or part.endswith("前") else 2
    first, last = next((months for pattern, months in _PARTS.items() if re.fullmatch(pattern, part)), (feast, feast))
    return _month(year, first)[0], _month(year, last)[1]


def _last_day(range_: re.Match[str], first: date) -> date | None:
    try:
        if range_["same_month"]:
            days: Days | None = _month(first.year, int(range_["same_month"]))
        else:
            days = _part(first.year, range_["same_year"]) if range_["same_year"] else _stated(range_)
    except ValueError:
        return None
    return days[1] if days and days[1] >= first else None


def _written(days: Days) -> str:
    first, last = days
    if first == last:
        return f"{first.year}年{first.month}月{first.day}日"
    if (last - first).days < 7:
        return ""  # articles do not name weeks
    return f"{first.year}年{first.month}月"


def _year(year: int) -> Days:
    return date(year, 1, 1), date(year, 12, 31)


def _month(year: int, month: int) -> Days:
    """The days of a month. Raises ValueError for one that no year has: 0, 13."""
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])


def _last_month(today: date) -> Days:
    last = today.replace(day=1) - timedelta(1)
    return last.replace(day=1), last


def _week(today: date, back: int) -> Days:
    monday = today - timedelta(today.weekday() + 7 * back)
    return monday, monday + timedelta(6)
