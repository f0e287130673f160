"""Questions for a sequence of events: the dated sentences of the passages, in the order in which things happened."""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, timedelta

from rag.dates import BEGINNING, END, Period
from rag.features import Candidate, Matrix
from rag.text import ASKS_DAY, ASKS_WHEN, ASKS_YEAR, index_terms, normalize, numeral
from rag.types import Article

MOST_EVENTS = 16
LEAST_EVENTS = 2  # with fewer there is no sequence
EVENT_ABOVE = 0.02  # of the best dated sentence's probability
SELDOM = 0.1  # share of the sentences up to which those that hold a name are about it

_YEAR = r"(?<!\d)(?:19|20)\d{2}\s*年"
_HAPPENED = (  # 发生了什么意外 asks for one thing
    "(?:(?:做|干|发生|经历)[了过](?:些|哪些|什么(?!(?!事|大事|变化|动作|进展|新)[\u4e00-\u9fff]{2}))"
    "|有(?:些|哪些|什么)(?:新的?)?(?:进展|变化|动作|动静|大事))"
)
_WHEN_EACH_WAS = f"(?:分别|各|先后|依次)都?[是在于]{{0,2}}(?:{ASKS_WHEN}|{ASKS_YEAR}|{ASKS_DAY}|什么时间)"
_CHANGES = "(?:每年|历年|逐年|每个?月|逐月)的?(?P<what>[^，。？]{0,12})(?:怎么|如何|怎么?样)(?:在|一路)?变"
_ASKS_SEQUENCE = re.compile(
    r"时间线|时间轴|时间顺序|先后顺序|按(?:时间|年份?|月份?|先后)|大事(?!小|化)|来龙去脉|一步一?步|一路走来"
    r"|先后(?:推|做|上|经|换|改|试|发|开|进|投)(?!.*哪几)|前后都|历程|沿革|演变|演进|变迁|(?:发展|经|历)过程|发展史"
    r"|(?<![少几]年)(?<![少几]年的)历史(?=发展|沿革|是怎样|是什么|有哪些|吧?[？?。]?$)"
    r"|的(?:经过|始末)|[每各]一?步(?![入进])|[了过]哪?几步|从.{1,12}到.{1,12}(?:经过|经历|过程|发生)|一生.{0,3}经历"
    rf"|从.{{1,24}}到.{{1,24}}{_WHEN_EACH_WAS}"
    r"|(?:每年|每个?(?:月|季度)|每[天周])[^，。？]{0,6}[了过](?:些?[什啥]|哪[些几])"
    rf"|{_CHANGES}"
    rf"|(?:\d\s*月份?|季度|Q[1-4]|半年|年[初底末]|{_YEAR}(?:[之以][前后]|以来)?)[^，。？]{{0,14}}{_HAPPENED}"
    r"|\b(?:timeline|chronolog\w*)\b",
    re.IGNORECASE,
)
_IN_WORDS = "十[一二]?|[一二三四五六七八九]"  # a month
_TIME = re.compile(
    rf"(?P<year>(?:19|20)\d{{2}})\s*(?:年|(?=[-./]\d{{1,2}}\b))(?:(?:\s*[-./]\s*|(?=\s*(?:\d{{1,2}}|{_IN_WORDS})\s*月))\s*(?P<month>\d{{1,2}}|{_IN_WORDS})\s*月?(?:\s*(?P<day>\d{{1,2}})\s*[日号])?"
    rf"|\s*(?:(?P<begins>{BEGINNING})|(?P<ends>{END})))?"
    rf"|(?P<relative>同年|[这那]一年(?=[，,里])|次年|翌年|第二年|今年|去年)(?:的?\s*(?P<its_month>\d{{1,2}}|{_IN_WORDS})\s*月(?:\s*(?P<its_day>\d{{1,2}})\s*[日号])?)?"
    rf"|(?<![\d第个近两几一二三四五六七八九十])(?P<alone>1[0-2]|0?[1-9]|{_IN_WORDS})\s*月(?!\s*[内间活均度销]|个|天(?!气)|河|一次)(?:\s*(?P<alone_day>\d{{1,2}})\s*[日号])?"
    r"|(?P<next>(?P<day_after>隔天|次日|翌日)|(?P<months>[一两三])个月后|同日|同月|当月|(?:(?<=[。！？!?\n])|^)(?:随后|此后|不久后?))"
    r"|(?P<sale>618|双(?:11|十一))(?=期间|当天|大促)"
    r"|(?:(?<=[。！？!?\n；，,])|^)(?P<of_the_month>[12]?\d|3[01])\s*[日号](?=[，,上下早晚中凌当])"
)
_BEFORE_LEADING = re.compile(r"[\W\d_]*(?:[一二三四五六七八九十]+[、.．])?\s*[早在从自到至于]*")
_QUOTED = re.compile("[“「『《]([^“”「」『』《》，。]{2,12})[”」』》]")
_ASIDE = re.compile(r"\([^()]*\)")
_ANNOUNCES = re.compile(r"[：:？?]$")
_SALES = {"618": "6", "双11": "11", "双十一": "11"}  # months of shopping festivals


def asks_for_sequence(question: str) -> bool:
    """Whether a question wants several events in the order of time."""
    return bool(_ASKS_SEQUENCE.search(question))


def asks_when_each_was(question: str) -> bool:
    """Whether a question wants the time of each of several events: 分别是什么时候."""
    return bool(re.search(_WHEN_EACH_WAS, question))


def without_order(question: str) -> str:
    """A question without the words that ask for a sequence: 讲讲福利社 of 按时间讲讲福利社从开张到关门的经过."""
    return _ASKS_SEQUENCE.sub("", question)


def of_what_is_named(question: str, candidates: Sequence[Candidate], *, shortest: int = 2) -> set[int]:
    """Which candidates hold a name of the question that the articles quote, “福利社”, and that few candidates hold.

    What is told of 小红书 everywhere names it here and there, and so is what is told of the name in an article's title.
    Names have at least `shortest` code points, and stand in no brackets: 图片消息（网友叫小绿书）哪年改版.
    """
    texts = [normalize(candidate.text) for candidate in candidates]
    articles = {candidate.passage.article.id: candidate.passage.article.text for candidate in candidates}
    quoted = {name for text in articles.values() for name in _QUOTED.findall(normalize(text))}
    asked = _ASIDE.sub(" ", normalize(question))
    titles = normalize(" ".join({candidate.passage.article.title for candidate in candidates}))
    names = [name for name in quoted if name in asked and name not in titles and len(name) >= shortest]
    held = [{i for i, text in enumerate(texts) if name in text} for name in names]
    return set().union(*(those for those in held if len(those) <= SELDOM * len(texts)))


def event_times(article: Article) -> list[tuple[int, str]]:
    """Every time that an article names: its offset, and the time as far as it is known, 2025-03 for 2025年3月.

    A month without its year is of the year named last in its line, else of the last one that leads a line, else of the
    article's own year: 厂区2014年投产 dates nothing that the next paragraphs tell. A month later than the article's is
    of the year before, where that was named last. In an article without a date it is of the year named last; one
    without any is left out. 2023年初 is sorted as its first month, 年底 as the last. 随后 and its like take the time
    named last, 隔天 the day after it, 一个月后 the month after it, and 28日， the month named last.
    """
    times: list[tuple[int, str]] = []
    published = (article.published or "")[:4]
    year, last = published, ""
    leading, named, line = published, "", 0  # the year that goes on in the lines below it, and the one named last
    for match in _TIME.finditer(article.text):
        begins = article.text.rfind("\n", 0, match.start()) + 1
        if begins != line and published:
            year = leading
            if match["alone"] and numeral(match["alone"]) > int((article.published or "")[5:7] or 12):
                year = named if named == str(int(published) - 1) else year
        line = begins
        if match["next"]:
            if last:
                last = _after(last, match)
                year = last[:4]
                times.append((match.start(), last))
            continue
        if match["of_the_month"]:
            if len(last) < len("2025-02"):
                continue
            year, month, day = last[:4], last[5:7], match["of_the_month"]
        elif match["year"]:
            year, month, day = match["year"], match["month"], match["day"]
            month = "1" if match["begins"] else "12" if match["ends"] else month
        elif match["relative"]:
            year = _year_of(match["relative"], year, published)
            month, day = match["its_month"], match["its_day"]
        elif match["sale"]:
            month, day = _SALES[match["sale"]], None
        else:
            month, day = match["alone"], match["alone_day"]
        if match["year"] or match["relative"]:
            named = year
            leading = year if _BEFORE_LEADING.fullmatch(article.text, line, match.start()) else leading
        if year:
            last = "-".join([year, *(f"{numeral(part):02}" for part in (month, day) if part)])
            times.append((match.start(), last))
    return times


def _after(time: str, match: re.Match[str]) -> str:
    """The time that 隔天, 一个月后 or 随后 means after a time, as exactly as that is known."""
    if match["day_after"] and len(time) == len("2025-02-09"):
        with suppress(ValueError):  # 2月30日
            return (date.fromisoformat(time) + timedelta(1)).isoformat()
    if match["months"] and len(time) > len("2025"):
        months = int(time[:4]) * 12 + int(time[5:7]) - 1 + numeral(match["months"])
        return f"{months // 12}-{months % 12 + 1:02}"
    return time


def _year_of(word: str, year: str, published: str) -> str:
    """The year that a word means after a year named before it, in an article of the year `published`; "" unknown."""
    if word in ("今年", "去年"):
        return str(int(published) - (word == "去年")) if published else ""
    return str(int(year) + (word in ("次年", "翌年", "第二年"))) if year else ""


def sequence(
    question: str,
    candidates: Sequence[Candidate],
    probabilities: Matrix,
    period: Period | None,
    same: Callable[[str, str], bool],
    *,
    least: int = LEAST_EVENTS,
) -> list[int]:
    """Which candidates, up to MOST_EVENTS, tell what happened within the period: the most probable, in order of time.

    Of those whose texts are the `same` the most probable alone. Empty where fewer than `least` are left. Where the
    question names what few sentences hold, and does not list other things with it, those alone are taken; of what
    changes every year those that speak of it; of a single year those that name a month, where enough do.
    """
    times = {i: time for i, time in _times_of(candidates).items() if period is None or _within(time, period)}
    if "、" not in question and (named := of_what_is_named(question, candidates)):
        times = {i: time for i, time in times.items() if i in named}
    changes = re.search(_CHANGES, question)
    if changes and (what := set(index_terms(changes["what"]))):
        times = {i: time for i, time in times.items() if what & set(index_terms(candidates[i].text))}
    if period and (period.since or "")[:4] == (period.until or "")[:4]:
        with_month = {i: time for i, time in times.items() if "-" in time}
        times = with_month if len(with_month) >= LEAST_EVENTS else times
    order = sorted(times, key=lambda i: -probabilities[i])
    likely = [i for i in order if probabilities[i] >= EVENT_ABOVE * probabilities[order[0]]]
    told: list[int] = []
    for i in likely:
        if len(told) < MOST_EVENTS and not any(same(candidates[other].text, candidates[i].text) for other in told):
            told.append(i)
    if len(told) < least:
        return []
    return sorted(told, key=lambda i: (times[i], candidates[i].passage.article.id, i))


def lie_within(period: Period, candidates: Sequence[Candidate]) -> list[bool | None]:
    """Whether the first time that each candidate names may lie in a period; None where it names none."""
    times = _times_of(candidates)
    return [_within(times[i], period) if i in times else None for i in range(len(candidates))]


def _times_of(candidates: Sequence[Candidate]) -> dict[int, str]:
    """The first time that each candidate names, as exactly as it does; none for those that only announce others."""
    articles = {c.passage.article.id: c.passage.article for c in candidates}
    named = {id_: event_times(article) for id_, article in articles.items()}
    times = {}
    for i, candidate in enumerate(candidates):
        own = [t for at, t in named[candidate.passage.article.id] if candidate.start <= at < candidate.end]
        if own and not _ANNOUNCES.search(candidate.text):
            times[i] = max((t for t in own if t[:4] == own[0][:4]), key=len)
    return times


def _within(time: str, period: Period) -> bool:
    """Whether a time may lie in a period, as far as it is known: 2025 may lie in March to May 2025."""
    return (period.since or "")[: len(time)] <= time <= (period.until or "9")[: len(time)]
