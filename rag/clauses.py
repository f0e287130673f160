"""The clauses of a long sentence that answer: what is told of it, where its citation opens the whole."""

import re
from collections.abc import Sequence

from rag.emphasis import names_time, of_the_kind_asked_for
from rag.features import Candidate, asks_for, asks_for_several, leaves_it_open
from rag.rewrite import is_follow_up
from rag.tables import is_row
from rag.text import content_of, in_standard_words, index_terms, is_foreign
from rag.timeline import asks_for_sequence
from rag.types import Question, Span

LONG = 40  # code points from which on a sentence is told by its clauses
MOST_CLAUSES = 24  # of a sentence; one with more is told whole
SHORTEST_CUT = 8  # code points: fewer at the beginning or at the end are told
ELLIPSIS = "……"  # stands where clauses are left out
_OPEN, _CLOSE, _EITHER = "（(「“《【[『", "）)」”》】]』", '"'
_SEPARATORS = "，,；;：:"
_ASKS = re.compile("多少|几|谁|什么|哪|怎|何[时地人处]|多[久大长高远]|百分之")
_ONE_THING = frozenset({"number", "date", "person", "place"})
_ASKS_A_NAME = re.compile(
    r"叫什么|哪|几|什么(?!条件|要求|特点|影响|流程|作用|好处|内容|功能|措施|方法|意义|优势|问题|表现|特征|职责|服务|活动|业务|产品)"
    r"[^？?]{1,5}[？?]?$"
)
_COUNTED = re.compile("哪[两二三四五六七八九十]")
_LED_TO = re.compile("[：:]$")
_SAYS_WHOSE = re.compile(  # of a clause before: who says what follows, how surely, and under which condition
    r"(?<![数依凭占证])据|[称说][，,：:]?$|表示|认为|指出|显示|透露|披露|预计|预测|声称|声明|传闻|传言|传出|流传|有人|有消息|某"
    r"|如果|若|除非|虽然|尽管|即使|只要|一旦|假如|或许|可能|大约|原定|原计划|拟"
)
_TOPIC = re.compile("[的时后][，,：:]?$")  # of the clause right before: 第一个月内签约的，每户奖励4万元
_TAKES_BACK = re.compile(  # of a clause after
    "^(?:但|不过|然而|却|可是|只是|尽管|除非|如果|前提|尚|未|否则|而非|不是|并非|据|称|后来|随后|最终|实际)"
    "|取消|推迟|延期|否认|辟谣|不实|撤[回销]|证伪|终止"
)


def told_in_clauses(question: Question, candidate: Candidate, spans: Sequence[Span]) -> tuple[str, tuple[Span, ...]]:
    """What is told of a sentence, and the spans of it that `spans` of the sentence become.

    Where a question that needs none before it asks for one thing, these are, of a long sentence, the clauses from the
    one before the first on to the last that holds words that answer (`spans`), others of their kind, or words of the
    question that the sentence has. With them goes what the clauses before say of who says so, how surely, when and
    under which condition, and what those after take back. The whole sentence without `spans`, of a table, and where it
    stands together with the one it hangs on.
    """
    text, chunk = candidate.text, candidate.passage.chunk
    alone = (candidate.start, candidate.end) in chunk.sentences
    clauses = _clauses_of(text) if alone and spans and len(text) >= LONG else []
    told_whole = not 1 < len(clauses) <= MOST_CLAUSES or is_row(text) or is_foreign(text)
    if told_whole or not _is_briefly_answered(question):
        return text, tuple(spans)
    first, last = _needed(question.text, text, clauses, spans)
    start, end = clauses[first][0], clauses[last][1]
    start, end = start * (start >= SHORTEST_CUT), end if len(text) - end >= SHORTEST_CUT else len(text)
    start += len(text[start:end]) - len(text[start:end].lstrip())
    before, after = ELLIPSIS * (start > 0), ELLIPSIS * (end < len(text))
    told = text[start:end].rstrip(f"{_SEPARATORS} ") if after else text[start:end]
    moved = ((a - start, min(b - start, len(told))) for a, b in spans)
    return f"{before}{told}{after}", tuple((a + len(before), b + len(before)) for a, b in moved)


def _is_briefly_answered(question: Question) -> bool:
    """Whether a question asks once, for a number, a time, a person, a place or a name, and needs none before it."""
    text = in_standard_words(question.text)
    if asks_for_several(text) or leaves_it_open(text) or asks_for_sequence(text) or _COUNTED.search(text):
        return False
    kinds = asks_for(text)
    one = bool(kinds & _ONE_THING or _ASKS_A_NAME.search(text)) and kinds <= _ONE_THING
    return one and len(_ASKS.findall(text)) < 2 and not is_follow_up(question)


def _clauses_of(text: str) -> list[Span]:
    """The clauses of a sentence, each with the mark at its end; none ends inside brackets, quotation marks or 8:30."""
    clauses, start, depth, quoted = [], 0, 0, False
    for at, char in enumerate(text):
        depth = max(0, depth + (char in _OPEN) - (char in _CLOSE))
        quoted ^= char in _EITHER
        in_number = char in ",:：" and text[at - 1 : at].isdigit() and text[at + 1 : at + 2].isdigit()
        if char in _SEPARATORS and not (depth or quoted or in_number):
            clauses.append((start, at + 1))
            start = at + 1
    return [*clauses, (start, len(text))] if start < len(text) else clauses


def _needed(question: str, text: str, clauses: Sequence[Span], spans: Sequence[Span]) -> tuple[int, int]:
    """The first and the last clause that are told."""
    said = [text[start:end].strip() for start, end in clauses]
    needed = [*spans, *of_the_kind_asked_for(question, text)]
    first, last = _shortest_with(question, said, [i for a, b in needed for i in _within(clauses, a, b)])
    first = max(0, first - 1)
    if first and _TOPIC.search(said[first - 1]):
        first -= 1
    if not any(names_time(clause) for clause in said[first : last + 1]):
        first = max((i for i in range(first) if names_time(said[i])), default=first)
    first = min((i for i in range(first) if _SAYS_WHOSE.search(said[i])), default=first)
    last = max((i for i in range(last + 1, len(said)) if _TAKES_BACK.search(said[i])), default=last)
    while last + 1 < len(said) and _LED_TO.search(said[last]):
        last += 1
    return first, last


def _within(clauses: Sequence[Span], first: int, last: int) -> list[int]:
    return [i for i, (start, end) in enumerate(clauses) if first < end and start < last]


def _shortest_with(question: str, said: Sequence[str], holding: Sequence[int]) -> tuple[int, int]:
    """The first and the last of the shortest row of clauses with those of `holding` and each word of the question."""
    asked = set(index_terms(content_of(question)))
    terms = [asked & set(index_terms(clause)) for clause in said]
    wanted = set[str]().union(*terms)
    rows = [
        (sum(map(len, said[first : last + 1])), first, last)
        for first in range(min(holding) + 1)
        for last in range(max(holding), len(said))
        if wanted <= set[str]().union(*terms[first : last + 1])
    ]
    return min(rows)[1:]
