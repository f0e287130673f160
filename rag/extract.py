"""The extractive answerer: sentences of the articles, chosen for the question, each with its citation."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rag.choose import Group, choose, says_the_same, that_may_answer
from rag.clauses import told_in_clauses
from rag.dates import Period
from rag.disagreement import values_differ
from rag.emphasis import SURE, emphasis_of
from rag.features import SENTENCE_FEATURES, Candidate, asks_for, asks_for_several, leaves_it_open
from rag.hanging import with_what_it_hangs_on
from rag.measure import Measured, sentence_probabilities
from rag.missing import NO_NUMBER, NO_TIME, lacks_name, missing, unsaid
from rag.negation import speaks_against
from rag.rivals import tells_of_another
from rag.sections import headings_of
from rag.subjects import as_asked, authors_among, is_label, per_subject, subjects_of
from rag.tables import is_row
from rag.text import content_of, figures, index_terms
from rag.timeline import LEAST_EVENTS, asks_for_sequence, asks_when_each_was, lie_within, sequence
from rag.types import EXTRACTIVE, Answer, Citation, Passage, Question, Statement

DIFFER = "各篇文章写的数字不一样，下面都列出来：文章日期新的在前，日期未注明的在后。"
TIMES_DIFFER = "各篇文章写的时间不一样，下面都列出来：文章日期新的在前，日期未注明的在后。"
MAY_DIFFER = "这些原文里的数字不一样，说的不一定是同一件事：文章日期新的在前，日期未注明的在后。"
TIMES_MAY_DIFFER = "这些原文里的时间不一样，说的不一定是同一件事：文章日期新的在前，日期未注明的在后。"
WHETHER = "是否如此，请以下面的原话为准。"
VIEWS = "下面是 {count} 篇文章各自的说法，不一定一致：文章日期新的在前，日期未注明的在后。"
PREMISE = "文章的说法与问题的前提相反，请看原文。"
NOT_THEN = "文章没有写明这段时间的情况，下面的内容可能属于其他时间。"
LIKELY_ABOVE = 0.5  # of the best sentence's probability: a number or time that only others state answers nothing
TELLS_ABOVE = 0.1  # of the best sentence's probability: what one has that tells the time where that does not
NEAREST = 3  # sentences shown with a refusal
_NAMES_ANOTHER = re.compile(r"呢[？?]?$")
_ASKS_WHO = re.compile(r"谁|哪一?[家个位款]|什么(?:品牌|牌子|公司)")
_ASKS_WHETHER = re.compile(r"(?:吗|没有?)[？?]?$|是否|(\w)[不没]\1|有没有|\b(?:whether|really)\b", re.IGNORECASE)
_ASKS_FOR_VIEWS = re.compile("观点|看法|意见|态度|立场|主张|怎么看")
_IS_BYLINE = re.compile(r"^\s*(?:作者|文|撰文|编辑|记者)\s*[：:|｜/／]|^[^，。；：！？\s]{2,6}$")
_RAISES_A_QUESTION = re.compile(r"什么|怎[么样]|如何|为何|哪[些个里家种]|是否|[吗呢](?=[？?，]|$)")


def in_reading_order(groups: Sequence[Group], *, newest_first: bool = False) -> list[Group]:
    """Groups by article, in the order of the text; articles by their best sentence.

    Where articles state different figures, or where it is asked for, the newest comes first and the undated ones last.
    """
    best: dict[str, int] = {}
    for group in groups:
        best.setdefault(group.candidates[0].passage.article.id, len(best))
    stated = [figures(group.candidates[0].text) for group in groups]
    differ = newest_first or (len(best) > 1 and all(stated) and len(set(map(frozenset, stated))) > 1)

    def position(group: Group) -> tuple[str, int, int]:
        first = group.candidates[0]
        newest = _reversed_date(first.passage.article.published) if differ else ""
        return newest, best[first.passage.article.id], first.start

    return sorted(groups, key=position)


def _reversed_date(published: str | None) -> str:
    """A string that sorts newer dates first and no date last."""
    return "".join(str(9 - int(char)) for char in published if char.isdigit()) if published else "x"


def compose(
    question: Question, groups: Sequence[Group], passages: tuple[Passage, ...], *, whole: bool = False
) -> Answer:
    """An answer whose statements are the sentences of the groups, verbatim; or their clauses, unless `whole`."""
    asked = asking_words(question)
    statements: list[Statement] = []
    citations: list[Citation] = []
    for group in groups:
        markers = []
        for candidate in group.candidates:
            markers.append(len(citations) + 1)
            citations.append(Citation(markers[-1], candidate.passage.article, candidate.start, candidate.end))
        first = group.candidates[0]
        text, emphasis = first.text, emphasis_of(asked, first)
        if first.passage.reading and not (whole or group.subject):
            text, emphasis = told_in_clauses(replace(question, text=asked), first, emphasis)
        statements.append(Statement(text, tuple(markers), emphasis, subject=group.subject))
    return Answer(question, tuple(statements), tuple(citations), passages, answerer=EXTRACTIVE)


def disagreement(question: Question, groups: Sequence[Group]) -> tuple[str, bool]:
    """What is told of groups whose articles may not agree, "" of others; and whether they state different values."""
    asked = asking_words(question)
    if values_differ(asked, [group.candidates[0] for group in groups]):
        return DIFFER if "number" in asks_for(asked) else TIMES_DIFFER, True
    views = len({group.candidates[0].passage.article.id for group in groups})
    return VIEWS.format(count=views) if views > 1 and leaves_it_open(question.text) else "", False


def asking_words(question: Question) -> str:
    """What tells the kind of thing asked for: with the last question, where this one only names another (那估值呢)."""
    if asks_for(question.text) or not _NAMES_ANOTHER.search(question.text):
        return question.text
    last = next((message.content for message in reversed(question.history) if message.role == "user"), "")
    return f"{last} {question.text}".strip()


def in_order_of_time(
    question: str, measured: Measured, period: Period | None, *, least: int = LEAST_EVENTS
) -> list[Group]:
    """The statements of an answer that tells events in order; empty where the articles date fewer than `least`."""
    probabilities = sentence_probabilities(measured)
    events = sequence(question, measured.candidates, probabilities, period, says_the_same, least=least)
    return [Group(float(probabilities[i]), [measured.candidates[i]]) for i in events]


def side_by_side(question: str, measured: Measured) -> list[Group]:
    """The statements of an answer that compares, by the subjects of the question; empty where it tells of one alone."""
    subjects = subjects_of(question, measured.candidates)
    wrote = authors_among(subjects, measured.candidates)
    views = bool(_ASKS_FOR_VIEWS.search(question)) or (bool(subjects) and wrote == set(subjects))
    states = [_states(question, candidate, views=views) for candidate in measured.candidates]
    probabilities = sentence_probabilities(measured) * states
    groups: list[Group] = []
    for subject, i in per_subject(subjects, measured.candidates, probabilities, views=views) if subjects else ():
        candidate, named = measured.candidates[i], as_asked(subject, question)
        of_it = (group for group in groups if group.subject == named)  # 重资产风险高 is not what 轻资产风险低 says
        if not any(says_the_same(group.candidates[0].text, candidate.text) for group in of_it):
            groups.append(Group(float(probabilities[i]), [candidate], named))
    told = {group.subject for group in groups}
    return groups if "" in told or len(told) > 1 else []


def _states(question: str, candidate: Candidate, *, views: bool) -> bool:
    """Whether a sentence may tell what is compared: it states something, a row of a word of the question.

    A row is nobody's view, 小红书拼气质？ raises a question.
    """
    if is_row(candidate.text):
        asked = set(index_terms(content_of(question)))
        return not (views or candidate.heads_table) and bool(asked & set(index_terms(candidate.text)))
    return not (_RAISES_A_QUESTION.search(candidate.text) or _IS_BYLINE.search(candidate.text) or is_label(candidate))


def understandable(question: str, groups: Sequence[Group]) -> list[Group]:
    """The groups, a first sentence together with the one before it where it says nothing without it."""
    groups = _with_heads(groups)
    named = bool(_ASKS_WHO.search(question))
    firsts = [group.candidates[0] for group in groups]
    shown = {(first.passage.article.id, (first.start, first.end)) for first in firsts}
    return [
        replace(group, candidates=[with_what_it_hangs_on(first, shown, named=named), *group.candidates[1:]])
        for group, first in zip(groups, firsts, strict=True)
    ]


def _with_heads(groups: Sequence[Group]) -> list[Group]:
    """The groups, the first row of each table below the row at its head, which says what its cells are."""
    firsts = (group.candidates[0] for group in groups)
    shown = {(first.passage.article.id, (first.start, first.end)) for first in firsts if first.heads_table}
    headed: list[Group] = []
    for group in groups:
        first = group.candidates[0]
        head = first.table_head
        if head and head in first.passage.chunk.sentences and (first.passage.article.id, head) not in shown:
            shown.add((first.passage.article.id, head))
            headed.append(Group(group.probability, [Candidate(first.passage, *head)], group.subject))
        headed.append(group)
    return headed


def nearest_citations(measured: Measured) -> tuple[Citation, ...]:
    """The up to NEAREST sentences that come nearest to answering, none twice, the most probable first."""
    probabilities = sentence_probabilities(measured)
    nearest: list[Candidate] = []
    for i in sorted(range(len(measured.candidates)), key=lambda i: -probabilities[i]):
        candidate = measured.candidates[i]
        if len(nearest) < NEAREST and not any(says_the_same(other.text, candidate.text) for other in nearest):
            nearest.append(candidate)
    return tuple(Citation(n, c.passage.article, c.start, c.end) for n, c in enumerate(nearest, 1))


def statements_of(question: Question, measured: Measured, period: Period | None = None) -> tuple[list[Group], bool]:
    """The statements of an answer in their order, and whether that is the order of events, or by what is compared.

    `period` is the time that the question speaks of: events in order are those within it, and so are
    numbers where it has no beginning (2023年之前).
    """
    asked = asking_words(question)
    in_order = asks_for_sequence(asked)
    told = [] if in_order else side_by_side(question.text, measured)
    if told := told or (in_order_of_time(asked, measured, period) if in_order or asks_when_each_was(asked) else []):
        return told, True
    groups = choose(asked, measured)
    if period and _asks_of(period, asked):
        within = lie_within(period, [group.candidates[0] for group in groups])
        if True in within:
            groups = [group for group, then in zip(groups, within, strict=True) if then is not False]
        elif asks_for_sequence(asked):
            groups = in_order_of_time(asked, measured, period, least=1) or groups
    return in_reading_order(groups, newest_first=leaves_it_open(question.text)), False


def _asks_of(period: Period, asked: str) -> bool:
    """Whether only what lies in a period answers: of events, and of a number before a time (2023年之前)."""
    return asks_for_sequence(asked) or (period.since is None and "number" in asks_for(asked))


def _that_tell(asked: str, measured: Measured) -> Measured | None:
    """The sentences that state the number or time asked for and speak of what is asked no less than the best one does.

    None where none of them is likely enough to answer.
    """
    probabilities = sentence_probabilities(measured)
    coverage = measured.features[:, SENTENCE_FEATURES.index("coverage")]
    least = coverage[probabilities.argmax()]
    may_answer = that_may_answer(asked, measured.candidates, range(len(measured.candidates)))
    telling = [i for i in may_answer if coverage[i] >= least and not missing(asked, [measured.candidates[i].text])]
    if not telling or probabilities[telling].max() < TELLS_ABOVE * probabilities.max():
        return None
    return measured.only(telling)


def refused(answer: Answer, notice: str, measured: Measured) -> Answer:
    """The refusal in the place of an answer, with the nearest sentences."""
    nearest = nearest_citations(measured)
    return replace(answer, statements=(), citations=(), refused=True, notice=notice, nearest=nearest, differ=False)


def what_is_missing(question: Question, citations: Sequence[Citation]) -> str:
    """What a refusal says of what is missing in all that an answer cites; "" where nothing is.

    Nothing is where several things, or views, are asked for. Two sentences may tell together what neither tells alone,
    but not where one of them tells it of another country or brand.
    """
    asked, quotes = asking_words(question), [citation.quote for citation in citations]
    if not quotes or leaves_it_open(asked) or asks_for_several(asked):
        return ""
    titles = " ".join(citation.article.title for citation in citations)
    of_another = any(tells_of_another(asked, quote, titles) for quote in quotes)
    return missing(asked, quotes if of_another else [*quotes, " ".join(quotes)], titles)


def _missing_in(asked: str, groups: Sequence[Group]) -> str:
    """What is missing in the groups, their titles and the headings above their sentences; "" where nothing is."""
    titles = " ".join(group.candidates[0].passage.article.title for group in groups)
    told = [group.candidates[0] for group in _with_heads(groups)]
    return missing(asked, [c.text for c in told], titles, [" ".join(headings_of(c)) for c in told])


def _lacking(asked: str, groups: Sequence[Group]) -> str:
    """What a refusal says of what is missing in all of the likely groups; "" where nothing is."""
    best = max(group.probability for group in groups)
    several = asks_for_several(asked) or leaves_it_open(asked)
    groups = [group for group in groups if several or group.probability >= LIKELY_ABOVE * best]
    if lacking := _missing_in(asked, groups):
        return lacking
    read = [c for group in groups for c in group.candidates if c.words_read]
    unsure = all(c.passage.reading.answers < SURE for c in read if c.passage.reading)
    return unsaid(asked) if unsure and lacks_name(asked, [c.words_read for c in read]) else ""


def missing_in_completed(question: Question, answer: Answer, own: Sequence[Citation], groups: Sequence[Group]) -> str:
    """What a refusal says of what is missing in an LLM's answer to which groups were added; "" where nothing is.

    A number that the LLM's own citations lack is no answer where none of the likely groups has it.
    """
    lacking = what_is_missing(question, answer.citations)
    if lacking or not groups or not what_is_missing(question, own):
        return lacking
    return _lacking(asking_words(question), groups)


def _without_what_states_none(asked: str, groups: list[Group]) -> list[Group]:
    """The groups without those, less likely than one that states the number or time asked for, that state none."""
    if asks_for_several(asked) or not asks_for(asked) & {"number", "date"}:
        return groups
    states = [_missing_in(asked, [group]) not in (NO_NUMBER, NO_TIME) for group in groups]
    likeliest = max((group.probability for group, one in zip(groups, states, strict=True) if one), default=0.0)
    return [group for group, one in zip(groups, states, strict=True) if one or group.probability >= likeliest]


def extract(
    question: Question, measured: Measured, passages: tuple[Passage, ...], period: Period | None = None
) -> Iterator[Answer]:
    """The answer, a statement longer each time; the last one is whole. Refused when the number or time is missing.

    What a sentence of one article says is no yes or no: where it is asked whether something is so, the answer says so.

    `period` is the time that the question speaks of: events in order are those within it, and so are
    numbers where it has no beginning (2023年之前).
    """
    asked = asking_words(question)
    groups, told = statements_of(question, measured, period)
    settled = told or leaves_it_open(question.text)
    against = [g for g in groups if not settled and speaks_against(asked, g.candidates[0].text)]
    if against:
        yield replace(compose(question, against, passages, whole=True), notice=PREMISE)
        return
    lacking = "" if told or measured.office_told else _lacking(asked, groups)
    if lacking in (NO_NUMBER, NO_TIME) and (others := _that_tell(asked, measured)):
        groups, lacking = in_reading_order(choose(asked, others)), ""
    if lacking:
        yield refused(Answer(question, passages=passages, answerer=EXTRACTIVE), lacking, measured)
        return
    groups = groups if settled else _without_what_states_none(asked, groups)
    notice, differ = ("", False) if told else disagreement(question, groups)
    if not (told or notice) and _ASKS_WHETHER.search(question.text) and leaves_it_open(question.text):
        notice = WHETHER
    if not told and period and _asks_of(period, asked):
        within = lie_within(period, [group.candidates[0] for group in groups])
        if True not in within and (asks_for_sequence(asked) or False in within):
            notice = NOT_THEN
    whole = understandable(asked, groups)
    for count in range(1, len(whole) + 1):
        yield replace(compose(question, whole[:count], passages, whole=told or differ), notice=notice, differ=differ)
