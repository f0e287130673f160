"""The words of a sentence that answer: what the reader found, else the figures or dates that a question asks for."""

import re

from rag.features import Candidate, asks_for
from rag.quantity import counts, wanted_measure, without_dates
from rag.text import figures
from rag.types import Span

SURE = 1.0  # logit of a passage, from which on the words that the reader takes for the answer are shown
MOST_SPANS = 3  # with more of its kind in a sentence it is not known which one answers

_DATE = re.compile(
    r"(?:(?:19|20)\d{2}\s*年|[今去前明]年|[同当次]年)(?:\s*\d{1,2}\s*月(?:\s*\d{1,2}\s*[日号]|份|底|初|末|[上中下]旬)?|[初末底])?"
    r"|\d{1,2}\s*月(?:\s*\d{1,2}\s*[日号]|份|底|初|末|[上中下]旬)|\d{4}-\d{1,2}(?:-\d{1,2})?|\d{1,2}\s*世纪(?:\d0\s*年代)?"
)
_ASKS_DURATION = re.compile(r"多久|多长时间|几[天年周]|几个[月小]|多少[天年]|\bhow long\b", re.IGNORECASE)
_DURATION = re.compile(
    r"(?<![\d第.])(?:\d{1,3}(?:\.\d+)?(?:\s*[-~～至到]\s*\d{1,3})?|[一二两三四五六七八九十半数几]+)\s*[多余]?\s*"
    r"(?:年(?!代|前|后[的，,])|个月|天|周(?!年)|个?小时|分钟)(?!\s*\d)"
)
_MEASURE = (
    r"(?:[美港日欧]元|平方[公千英]?[米里尺]|公[里斤顷]|千[米克]|英[里尺寸]|光年|个百分点|个月|小时|分钟|[名个]?多?人"
    r"|[元块人名位家个款倍成次件单店座所种条层台头只篇集秒天岁斤吨米度张辆艘本部首幅门项届批粉])"
)
_FIGURE = re.compile(
    r"(?:百分之)?\d[\d,]*(?:\.\d+)?(?:\s*[-~～至到]\s*\d[\d,]*(?:\.\d+)?)?\s*[多余几]?\s*[百千万亿]*\s*[多余]?"
    rf"(?:%|％|‰|\s*{_MEASURE})?"
    rf"|(?:[二两三四五六七八九十半]|[零一二两三四五六七八九十百千万亿]{{2,}}[多余]?){_MEASURE}"
    r"|百分之[零一二三四五六七八九十百点]+"
)


def emphasis_of(question: str, candidate: Candidate) -> tuple[Span, ...]:
    """Spans of a candidate's text, in order, that answer a question; none where they are not known."""
    if candidate.passage.reading:
        return _read(candidate)
    spans = of_the_kind_asked_for(question, candidate.text)
    return spans if len(spans) <= MOST_SPANS else ()


def of_the_kind_asked_for(question: str, text: str) -> tuple[Span, ...]:
    """Spans of a text, in order: its times where a question asks for one, the figures that may be a number's."""
    asked = asks_for(question)
    if _ASKS_DURATION.search(question):
        return tuple(match.span() for match in _DURATION.finditer(text))
    if "date" in asked:
        return tuple(match.span() for match in _DATE.finditer(text))
    if "number" in asked:
        found = _FIGURE.finditer(without_dates(text))
        return tuple(match.span() for match in found if _is_wanted(match[0], question))
    return ()


def names_time(text: str) -> bool:
    """Whether a text names a year, a month or a day."""
    return bool(_DATE.search(text))


def _is_wanted(figure: str, question: str) -> bool:
    """Whether a figure is none of the question's own, and counts what the question wants counted."""
    return not figures(figure) & figures(question) and counts(figure, wanted_measure(question))


def _read(candidate: Candidate) -> tuple[Span, ...]:
    """The words that the reader takes for the answer; none where it is not sure."""
    reading = candidate.passage.reading
    if reading is None or reading.answers < SURE:
        return ()
    start, end = reading.span
    start += len(text := candidate.passage.article.text[start:end]) - len(text.lstrip())
    inside = candidate.start <= start < end <= candidate.end and end - start < candidate.end - candidate.start
    return ((start - candidate.start, end - candidate.start),) if inside else ()
