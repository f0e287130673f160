"""The words of a sentence that answer: what the reader found, else the figures or dates that a question asks for."""

import re
from collections.abc import Sequence

from rag.features import Candidate, asks_for
from rag.quantity import counts, wanted_measure, without_dates
from rag.tables import cells_of, is_row
from rag.text import content_of, figures, index_terms, normalize
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
YEARS = re.compile(r"(?<!\d)(?:19|20)\d{2}(?=\s*年)")
TIMES = (  # of each kind a question and what is told of a figure may name another: 一季度, 二季度; 一期, 二期
    re.compile(r"[一二三四1-4](?=季度)|(?<=q)[1-4]"),
    re.compile(r"(?<![\d.])(?:1[0-2]|0?[1-9])(?=\s*月(?!\s*活))"),
    YEARS,
    re.compile(r"(?<=第)[一二三四五六七八九十]+(?=[期届])|[一二三四五](?=期(?![间货权待望]))"),
)
_COMPARED = re.compile(r"[比较于]\s*(?:第|(?:19|20)?\d{2}\s*年的?\s*)?$")  # 比一季度多18吨 tells nothing of 一季度
_CHANGES = "增长|增加|提升|提高|上涨|上升|新增|下降|减少|下滑|下跌|[增涨升减降跌掉]了"
_CHANGED = re.compile(rf"(?:{_CHANGES})了?约?\s*$")
_ASKS_CHANGE = re.compile("[增涨升减降跌掉]|提高|下滑|变化|新增|萎缩|缩水")
_GAINS = re.compile("利润|盈利")
_ASKS_COUNT = re.compile(r"(?<![分指倍系基参])数[量目]?(?=是|有|为|多少|[？?]?$)")  # 门店数
_CLAUSE_BEGINS = re.compile("[，。；,;][^，。；,;]*$")


def emphasis_of(question: str, candidate: Candidate) -> tuple[Span, ...]:
    """Spans of a candidate's text, in order, that answer a question; none where they are not known."""
    if candidate.heads_table:
        return ()
    spans = _read(candidate) if candidate.passage.reading else of_the_kind_asked_for(question, candidate.text)
    asks = asks_for(question)
    if "number" in asks or _ASKS_COUNT.search(question) or (not asks and figures(question)):  # 月活超过5亿了吗
        spans = _of_the_row_and_column(question, candidate, spans) if is_row(candidate.text) else spans
        spans = tuple(span for span in spans if not _is_of_another(question, candidate, span))
    return spans if len(spans) <= MOST_SPANS else ()


def _of_the_row_and_column(question: str, row: Candidate, spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """The cell that a question names by its row and by its head; the spans where it names no head.

    None where the question names another row of the table better, or where the spans are in another column.
    """
    head = row.table_head
    if head is None:
        return spans
    asked = set(index_terms(content_of(question)))
    others = (Candidate(row.passage, *span) for span in row.passage.chunk.sentences if span != (row.start, row.end))
    own, named = asked & _first_cell(row), [asked & _first_cell(o) for o in others if o.table_head == head]
    if any(own < other for other in named):
        return ()
    heads = row.passage.article.text[slice(*head)]
    cells = cells_of(row.text)
    column = _named_best(asked - own, [heads[slice(*cell)] for cell in cells_of(heads)][1 : len(cells)])
    if column is None:
        return spans
    start, end = cells[column + 1]
    if not figures(row.text[start:end]) or (spans and all(start <= a and b <= end for a, b in spans)):
        return spans
    return ((start, end),) if all(other < own for other in named) and own else ()


def _first_cell(row: Candidate) -> set[str]:
    """The terms of what a row is about."""
    cells = cells_of(row.text)
    return set(index_terms(row.text[slice(*cells[0])])) if cells else set()


def _named_best(asked: set[str], names: Sequence[str]) -> int | None:
    """Which of the names has the most of the terms that are asked for; None where none has any, or two have as many."""
    held = [len(asked & set(index_terms(name))) for name in names]
    most = max(held, default=0)
    return held.index(most) if most and held.count(most) == 1 else None


def _is_of_another(question: str, candidate: Candidate, span: Span) -> bool:
    """Whether a figure is told of another time than the one asked for, or is a change, a gain or a share where none is.

    The time of a figure is the one named last before it, or else in the title.
    """
    text, title = candidate.text, normalize(candidate.passage.article.title)
    asked, before, figure = normalize(question), normalize(text[: span[0]]), text[slice(*span)]
    if not any(char.isdigit() for char in figure):
        return False
    for times in TIMES:
        wanted, told = set(times.findall(asked)), told_of(times, before) or told_of(times, title)
        if len(wanted) == 1 and told and told[-1] not in wanted:
            return True
    clause = _CLAUSE_BEGINS.search(before)
    return (
        (_CHANGED.search(before) is not None and not _ASKS_CHANGE.search(asked))
        or ("亏" in asked and "亏" not in before and bool(_GAINS.search(clause[0] if clause else before)))
        or (_ASKS_COUNT.search(asked) is not None and figure.rstrip().endswith(("%", "％")))
    )


def told_of(times: re.Pattern[str], text: str) -> list[str]:
    """The times of a kind that a normalised text tells something of: not those that it only compares with."""
    return [time[0] for time in times.finditer(text) if not _COMPARED.search(text[: time.start()])]


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
