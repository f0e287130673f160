"""A question that asks several things: each is answered by itself, and the answers are put together."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, zip_longest

from rag.clauses import ELLIPSIS
from rag.exchange import ELLIPSIS as ELLIPTIC
from rag.exchange import asked_of, exchanged, is_name
from rag.extract import DIFFER, TIMES_DIFFER, VIEWS
from rag.features import asks_for_several
from rag.mentions import PRONOUN, left_out
from rag.refuse import NEARLY
from rag.text import ASKS_DAY, ASKS_WHEN, ASKS_YEAR, QUOTATION, simplify
from rag.types import EXTRACTIVE, Answer, Citation, Message, Passage, Question, Span, Statement

MOST = 4  # things; a text with more of them is searched as one
FEWEST = 4  # letters; a shorter one (你好？为什么？) belongs to the one beside it
NOT_FOUND = "“{part}”：没有找到单独的答案，可以单独再问一次，看看最接近的原文。"
OF_PART = "“{part}”：{notice}"
ANSWERED_BELOW = "最相关的原文已列在下面。"  # a notice stands above the statements
NEARLY_BELOW = "最接近的原文已列在下面，不一定直接回答了这个问题。"

_PAUSES = "，,；;"
_QUOTED_OR_END = re.compile(rf"{QUOTATION}|(?P<end>？[？?！!]*|\?+(?=\s|[㐀-鿿]|$))|(?P<pause>[{_PAUSES}])")
_ASKING = f"{ASKS_WHEN}|{ASKS_YEAR}|{ASKS_DAY}|多少|为什么|为何|为啥|怎么|如何|哪[里儿家]|谁"
_ASKS = re.compile(_ASKING)
_ASKS_MORE = re.compile(rf"(?:又|而且|还有|以及|另外|并且)?[是在]?(?:{_ASKING})")
_WHATEVER = re.compile(
    rf"(?:无论|不论|不管|任凭|不知道)[^{_PAUSES}]*[{_PAUSES}]?$"
)  # 不管多少钱，谁都能买吗 asks one thing
# What says that questions follow, and of what: 请看下面三个问题：. It has no word of its own: not 小红书的两个问题.
_ANNOUNCED = re.compile(
    r"(?:请教?|麻烦|帮忙?|我们?|[你您能想要有看查问还共和的个些，,\s]|回答|解答|一[下共]|依次|分别|逐一"
    r"|这|下[面列方]?|[以如]下|几|[两三四\d])*"
    r"问题吗?[：:。，,？?\s]"
)
_ASKS_BRIEFLY = re.compile("谁[^？?的说讲是]{2}|多[长大高远久重宽深][？?]|多少[^？?]")  # 校车几点开？谁负责？
_NUMBER = re.compile(r"(?:\d[.．、)）](?!\d)|[(（][\d一二三四][)）]|[①②③④]|[一二三四]、(?![一二三四]))\s*")
# 正文呢, after 标题最多几个字？
_NAMES_ANOTHER = re.compile(rf"(?!.*(?:{_ASKING}|怎|什么|还|吗))\w{{2,12}}呢[？?！!。]*")
_CONTINUES = re.compile(r"^(?:还是|或者|抑或|也就是|是不是|对[吗吧不]|or\b)", re.IGNORECASE)
_OF_ALL = re.compile(
    "|".join(re.escape(notice).replace(r"\{count\}", r"\d+") for notice in (DIFFER, TIMES_DIFFER, VIEWS))
)


def parts_of(question: Question) -> tuple[Question, ...]:
    """A question for each thing that is asked, those before it in its history; the question itself if it asks one.

    Each ends in a question mark, or in a comma after which another word asks: 什么时候关的，为什么关. What names
    another thing to ask the same of (正文呢) is one. Of a list it is without its number, and what announces the list is
    no part.
    """
    texts: list[str] = []
    announced = _ANNOUNCED.match(simplify(question.text))
    start = announced.end() if announced else 0
    for match in _QUOTED_OR_END.finditer(question.text, start):
        end = match.end()
        text = question.text[start:end].strip()
        asks_more = (
            match["pause"]
            and _ASKS.search(simplify(text))
            and not _WHATEVER.search(simplify(text))
            and _ASKS_MORE.match(simplify(question.text[end:].lstrip()))
        )
        if not (match["end"] or asks_more):
            continue
        if texts and (_is_short(text) or _is_short(texts[-1]) or _CONTINUES.match(simplify(text))):
            texts[-1] += text
        else:
            texts.append(text)
        start = end
    rest = question.text[start:].strip()
    if rest and texts and (texts[-1][-1] in _PAUSES or _NAMES_ANOTHER.fullmatch(simplify(rest))):
        texts.append(rest)
    elif rest and texts:  # it asks nothing, and says more of what is asked
        texts[-1] += rest
    if not 1 < len(texts) <= MOST:
        return (question,)
    if all(map(_NUMBER.match, texts)):
        texts = [_NUMBER.sub("", text, count=1) for text in texts]
    asked = [Message("user", text) for text in texts]
    return tuple(
        replace(question, text=text, history=(*question.history, *asked[:number])) for number, text in enumerate(texts)
    )


def _is_short(text: str) -> bool:
    plain = simplify(text)
    few = sum(char.isalnum() for char in text) < FEWEST
    return few and not (_ASKS_BRIEFLY.match(plain) or _NAMES_ANOTHER.fullmatch(plain))


def answer_parts(question: Question, answer_one: Callable[[Question], Iterator[Answer]]) -> Iterator[Answer]:
    """The answer to a question as it grows, one thing after the other."""
    parts = parts_of(question)
    if len(parts) == 1:
        yield from answer_one(question)
        return
    done: list[Answer] = []
    for part in parts:
        for answer in answer_one(part):
            yield joined(question, [*done, answer])
        done.append(answer)


def _told(answer: Answer) -> list[str]:
    """What an answer tells, and the sentences that it cites."""
    return [*(statement.text for statement in answer.statements), *(citation.quote for citation in answer.citations)]


def joined(question: Question, answers: Sequence[Answer]) -> Answer:
    """One answer of those to its parts: each statement under the part that it answers, once.

    It refuses where all do; a part that alone is refused is named in the notice. It is an LLM's where one wrote any
    part. What was searched is told of the first part.
    """
    refused = all(answer.refused for answer in answers)
    shown = chain.from_iterable(answer.nearest if refused else answer.citations for answer in answers)
    places = {_place(citation): citation for citation in shown}
    quoted = {place: replace(citation, marker=n) for n, (place, citation) in enumerate(places.items(), 1)}
    statements: list[Statement] = []
    notices = [answer.notice for answer in answers]
    for number, answer in enumerate(answers):
        before = [text for earlier in answers[:number] for text in _told(earlier)]
        markers = {citation.marker: quoted[_place(citation)].marker for citation in answer.citations}
        quotes = {markers[citation.marker]: citation.quote for citation in answer.citations}
        new: list[Statement] = []
        for statement in answer.statements:
            moved = replace(
                statement,
                citations=tuple(markers[marker] for marker in statement.citations),
                subject=statement.subject or _named(answer.question),
            )
            if (at := _same_sentence(moved, statements, quotes)) is not None:
                statements[at] = _with_clauses_of(moved, statements[at], quotes[moved.citations[0]])
            elif not any(moved.text.strip(ELLIPSIS) in text for text in before):
                new.append(moved)
        if len(new) < len(answer.statements):
            new = [] if _best_is_told(answer, answers[:number]) else new
            notices[number] = _without_counts(answer.notice) if new else _said_before(_without_counts(answer.notice))
        statements += new
    used = [marker for statement in statements for marker in statement.citations]
    numbered = {marker: n for n, marker in enumerate(sorted(set(used)), 1)}
    cited = [replace(c, marker=numbered[c.marker]) for c in quoted.values() if c.marker in numbered]
    written = [answer.answerer for answer in answers if answer.statements and answer.answerer != EXTRACTIVE]
    confidences = [answer.confidence for answer in answers if answer.confidence is not None]
    return replace(
        answers[-1],
        question=question,
        statements=tuple(replace(s, citations=tuple(numbered[m] for m in s.citations)) for s in statements),
        citations=tuple(cited),
        nearest=tuple(quoted.values()) if refused else (),
        origins=(),
        passages=_passages(answers),
        refused=refused,
        answerer=written[0] if written else answers[-1].answerer,
        notice=_notice(answers, notices),
        confidence=min(confidences, default=None),
        differ=any(answer.differ for answer in answers),
        search=answers[0].search,
    )


def _same_sentence(statement: Statement, told: Sequence[Statement], quotes: Mapping[int, str]) -> int | None:
    """Which of the statements told tells the sentence that another tells, or clauses of it; None where none does."""
    quote = quotes.get(statement.citations[0], "") if statement.citations else ""
    of_it = (i for i, one in enumerate(told) if one.citations[:1] == statement.citations[:1] and _is_of(one, quote))
    return next(of_it, None) if _is_of(statement, quote) else None


def _is_of(statement: Statement, quote: str) -> bool:
    return bool(quote) and statement.text.strip(ELLIPSIS) in quote


def _with_clauses_of(other: Statement, told: Statement, quote: str) -> Statement:
    """A statement with the words of another that answer; the whole sentence where that tells other clauses of it."""
    text = told.text if other.text.strip(ELLIPSIS) in told.text else quote
    spans: set[Span] = set()
    for statement in (told, other):
        clauses = statement.text.strip(ELLIPSIS)
        moved = text.index(clauses) - statement.text.index(clauses)
        spans |= {(start + moved, end + moved) for start, end in statement.emphasis}
    apart = [
        span for span, before in zip(sorted(spans), [(0, 0), *sorted(spans)], strict=False) if span[0] >= before[1]
    ]
    return replace(told, text=text, emphasis=tuple(apart))


def _best_is_told(answer: Answer, earlier: Sequence[Answer]) -> bool:
    """Whether earlier parts cite the sentence in which the reader sees the one thing that is asked for."""
    read = [passage for passage in answer.passages if passage.reading]
    names_another = _NAMES_ANOTHER.fullmatch(simplify(answer.question.text.strip()))
    if not read or names_another or asks_for_several(answer.question.text):
        return False
    best = max(read, key=lambda passage: passage.reading.answers)  # type: ignore[union-attr]
    first, last = best.reading.span  # type: ignore[union-attr]
    cited = {_place(citation) for citation in answer.citations}
    return any(
        _place(citation) in cited
        and citation.article.id == best.article.id
        and citation.start <= first
        and last <= citation.end
        for before in earlier
        for citation in before.citations
    )


def _place(citation: Citation) -> tuple[str, int, int]:
    """What tells citations of the same words from others."""
    return citation.article.id, citation.start, citation.end


def _named(part: Question) -> str:
    """A part as a heading; 小红书呢 as the part before it, asked of 小红书, where it is sure what that one names."""
    text = part.text.strip().rstrip("？?" + _PAUSES)
    ellipsis = ELLIPTIC.match(text)
    new = ellipsis["new"] if ellipsis else None
    if not new or PRONOUN.search(new) or not part.history or part.history[-1].role != "user":
        return text
    last = _named(replace(part, text=part.history[-1].content, history=part.history[:-1]))
    topic = left_out(last, text)
    made = exchanged(new, topic, text, last)
    if text in made or last in made:
        made = asked_of(new, topic, last) if is_name(new) else ""
    return made or new


def _without_counts(notice: str) -> str:
    """A notice without what it says of all sentences together, of which some are left out."""
    return "\n".join(line for line in notice.split("\n") if not _OF_ALL.fullmatch(line))


def _said_before(notice: str) -> str:
    """The notice of a part all of whose sentences another part has said."""
    return notice.replace(NEARLY, NEARLY_BELOW) if NEARLY in notice else f"{ANSWERED_BELOW}\n{notice}".strip()


def _notice(answers: Sequence[Answer], notices: Sequence[str]) -> str:
    """The notices of the parts, each with the part that it is about; one that is about all of them once."""
    if len(set(notices)) == 1:
        return notices[0]
    refused = all(answer.refused for answer in answers)
    told = {_place(citation) for answer in answers for citation in answer.citations}
    below = [any(_place(nearest) in told for nearest in answer.nearest[:1]) for answer in answers]
    notices = [NEARLY_BELOW if one else notice for one, notice in zip(below, notices, strict=True)]
    lines = [
        NOT_FOUND.format(part=_named(answer.question))
        if answer.refused and not refused and notice != NEARLY_BELOW
        else OF_PART.format(part=_named(answer.question), notice=notice)
        for answer, notice in zip(answers, notices, strict=True)
        if notice
    ]
    return "\n".join(lines)


def _passages(answers: Sequence[Answer]) -> tuple[Passage, ...]:
    """The passages of all parts, each once, the best of each part first; ranked from 1."""
    by_chunk: dict[str, Passage] = {}
    for passage in chain.from_iterable(zip_longest(*(answer.passages for answer in answers))):
        if passage:
            by_chunk.setdefault(passage.chunk.id, passage)
    return tuple(replace(passage, rank=rank, copy_of=None) for rank, passage in enumerate(by_chunk.values(), 1))
