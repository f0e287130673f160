"""Whether two articles state different values of what a question asks: how much, how many, how long, when."""

import re
from collections.abc import Sequence
from itertools import combinations

from rag.emphasis import TIMES, YEARS, emphasis_of
from rag.features import Candidate, asks_for
from rag.quantity import counts, measure_asked, wanted_measure, without_dates
from rag.text import ASKS_DAY, ASKS_WHEN, ASKS_YEAR, blanks, content_of, figures, index_terms, normalize
from rag.timeline import event_times
from rag.types import Span

SAME_MATTER = 0.26  # share of the question's terms that two sentences with different figures both have
SAME_EVENT = 0.5  # the same of sentences with different times: something else happened at another time
_OF_NO_ONE_VALUE = re.compile("差多少|相差|分别|各[是有自]|第几")
_NUMBER = re.compile(
    r"(?P<figure>\d[\d,]*(?:\.\d+)?|[二两三四五六七八九十百]+(?=个?[年天周月小]))\s*(?P<scale>[百千]?[万亿]*)\s*[多余]?\s*"
    r"(?P<unit>[%‰]|[美港日欧]?元|个?人|个月|个?小时|分钟|平方?米|立方米?|公?[里顷斤吨]|[块名位家店户件单笔次场株棵亩米倍岁台辆部套张座栋间所篇天年周度])?"
)
_SAME_UNIT = {**dict.fromkeys(("名", "位", "个人"), "人"), "块": "元", "店": "家", "平米": "平方米", "里": "公里"}
_SCALES = frozenset({"万", "亿", "百万", "千万", "万亿"})  # of which the unit is not known
_ASKS_LENGTH = re.compile("多[长远高深宽厚](?!时|久)")
_LENGTHS = frozenset({"米", "公里"})
_ASKS_DURATION = re.compile("多久|多长时间|几[天年周]|几个[月小]|多少[天年]")
_DURATIONS = frozenset({"年", "个月", "周", "天", "小时", "个小时", "分钟"})
_EVENT = re.compile(  # what it is asked when it was: 哪年投产
    rf"(?:{ASKS_WHEN}|{ASKS_YEAR}|{ASKS_DAY})(?:正式|开始|才|就|能|会|可以|被)*(?P<word>[\u4e00-\u9fff]{{2}})"
)
_KINDS = re.compile(  # one of which has no value of another
    "营收|收入|营业额|销售额|成交|交易额|gmv|估值|市值|融资|利润|亏损|[月日]活|粉丝|下载|订单|销量|补贴|预算|押金|保证金|佣金|赞助"
)
_PER = re.compile("[日月年人平]均|[首单][日月]")  # 日均客流 is not 首日客流
_DAY = re.compile(r"(?<!\d)(\d{1,2})\s*月\s*(\d{1,2})(?!\d)|(?<![\d-])(\d{1,2})-(\d{1,2})(?![\d-])")
_MONTH = re.compile(r"\d\s*月(?!活)")
Values = set[tuple[str, str]]


def values_differ(question: str, statements: Sequence[Candidate]) -> bool:
    """Whether a question asks for a number or a time, and two articles state different ones of what is asked."""
    if _OF_NO_ONE_VALUE.search(question):
        return False
    if "number" in asks_for(question) or _ASKS_DURATION.search(question):
        differ = _figures_differ
    elif "date" in asks_for(question):
        differ = _times_differ
    else:
        return False
    return any(
        differ(question, one, other)
        for one, other in combinations(statements, 2)
        if one.passage.article.id != other.passage.article.id
    )


def _times_differ(question: str, one: Candidate, other: Candidate) -> bool:
    """Whether the words that answer in two sentences are different times of the event that is asked about."""
    asked, both = _shared(question, one, other)
    event, time, other_time = _EVENT.search(normalize(question)), _time(question, one), _time(question, other)
    if not (event and event["word"] in both and time and other_time) or len(both) < SAME_EVENT * len(asked):
        return False
    return not (time.startswith(other_time) or other_time.startswith(time))


def _figures_differ(question: str, one: Candidate, other: Candidate) -> bool:
    """Whether two sentences both speak of what is asked and have no figure of it in common, in the same unit.

    What is asked must be said in both; of sentences without words that surely answer, more than that.
    """
    asked, both = _shared(question, one, other)
    of = "" if _ASKS_DURATION.search(question) else measure_asked(question)
    if of not in one.with_head or of not in other.with_head:
        return False
    spans, other_spans = _answering(question, one), _answering(question, other)
    if not (spans and other_spans) and (len(both) < SAME_MATTER * len(asked) or both == {of}):
        return False
    if not both or not _may_be_of_one_thing(question, one.with_head, other.with_head):
        return False
    values, others = _values(question, one, spans), _values(question, other, other_spans)
    comparable = [(value, also) for value in values for also in others if _is_same_unit(value[1], also[1])]
    return bool(comparable) and all(value[0] != also[0] for value, also in comparable)


def _shared(question: str, one: Candidate, other: Candidate) -> tuple[set[str], set[str]]:
    """The terms of what a question is about, without its figures, and those of them that two sentences both have."""
    asked = {term for term in index_terms(content_of(question)) if not any(char.isdigit() for char in term)}
    return asked, asked & set(index_terms(one.text)) & set(index_terms(other.text))


def _may_be_of_one_thing(question: str, one: str, other: str) -> bool:
    """Whether nothing tells that two texts are of different measures, or of another time than the question."""
    kinds, also_kinds = set(_KINDS.findall(one)), set(_KINDS.findall(other))
    if kinds and also_kinds and not kinds & also_kinds:
        return False
    asked = normalize(question)
    if not all(set(_PER.findall(asked)) <= set(_PER.findall(text)) for text in (one, other)):
        return False
    asked_days, days, other_days = _days(asked), _days(one), _days(other)
    if (asked_days and not asked_days & days) or (_MONTH.search(asked) and days != other_days):
        return False
    return not any(_is_of_another(times, asked, text) for times in TIMES for text in (one, other))


def _is_of_another(times: re.Pattern[str], asked: str, text: str) -> bool:
    """Whether a question names a time of a kind (of a year, a quarter, 一期), and a text names only others."""
    wanted, told = set(times.findall(asked)), set(times.findall(text))
    return bool(wanted and told) and not wanted & told


def _values(question: str, candidate: Candidate, spans: Sequence[Span]) -> Values:
    """The figures that may be what a question asks for, each with its unit: of the spans, if there are any."""
    duration = bool(_ASKS_DURATION.search(question))
    measure, length = wanted_measure(question), bool(_ASKS_LENGTH.search(question))
    text = YEARS.sub(blanks, candidate.text) if duration else without_dates(candidate.text)
    values = set()
    for match in _NUMBER.finditer(text):
        unit = _SAME_UNIT.get(match["unit"] or "", match["unit"] or "") or match["scale"]
        if not unit or (spans and not any(a < match.end("figure") and match.start("figure") < b for a, b in spans)):
            continue
        if (unit in _DURATIONS) == duration and (not length or unit in _LENGTHS) and counts(match[0].strip(), measure):
            values |= {(figure, unit) for figure in figures(match["figure"] + match["scale"])}
    return values


def _is_same_unit(unit: str, other: str) -> bool:
    """Whether two units are one, as far as is known: what is counted may stand elsewhere, 3.5亿的月活用户."""
    return unit == other or ("%" not in (unit, other) and bool(_SCALES & {unit, other}))


def _time(question: str, candidate: Candidate) -> str:
    """The one time in the words of a sentence that answer, as 2025-03; "" where there is none, or more than one."""
    spans, start = _answering(question, candidate), candidate.start
    times = event_times(candidate.passage.article) if spans else []
    within = {time for at, time in times if any(first <= at - start < last for first, last in spans)}
    return within.pop() if len(within) == 1 else ""


def _answering(question: str, candidate: Candidate) -> tuple[Span, ...]:
    """Spans of the words of a sentence that surely answer: what the reader takes for the answer."""
    return emphasis_of(question, candidate) if candidate.passage.reading else ()


def _days(text: str) -> set[tuple[int, int]]:
    """Days of the year that a text names, each as month and day."""
    return {(int(m[1] or m[3]), int(m[2] or m[4])) for m in _DAY.finditer(text)}
