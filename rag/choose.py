"""Which sentences of the passages make up an extractive answer, and what they bring with them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, takewhile

from rag.emphasis import SURE, TIMES, YEARS, told_of
from rag.enumeration import headings_of_a_list_of, items_after, items_beside, items_of_a_list_of
from rag.features import Candidate, Matrix, asks_for, asks_for_several, leaves_it_open
from rag.hanging import explains, hangs, tells_of_itself
from rag.measure import Measured, sentence_probabilities
from rag.quantity import measure_asked, says_there_is_none, speaks_of, what_is_asked
from rag.sections import in_named_section
from rag.tables import cells_of, is_row
from rag.text import begins_line, content_of, figures, index_terms, normalize, numeral, quantities, units
from rag.timeline import of_what_is_named
from rag.types import Article

MOST_SENTENCES = 5
SHORTEST_NAME = 3  # code points of a name of which alone a number or a time is told
LONGEST_ENUMERATION = 20  # items of a numbered list
LONGEST_LIST = 4  # sentences taken along after one that announces them
MOST_ORIGINS = 3  # citations of one statement
SAME_ABOVE = 0.5  # share of the shorter sentence's terms that make two sentences say the same
KEEP_ABOVE = 0.2  # of the best sentence's probability
KEEP_ABOVE_WHEN_MANY = 0.05  # the same where the question asks for several things
KEEP_ABOVE_WHEN_UNSURE = 0.1  # the same where the reader does not surely see the answer in the best sentence
VERY_SURE = 2.0  # logit of a passage, from which on it does, if the words that it takes for the answer stand there
LISTS_ABOVE = 0.1  # of the best sentence's probability: what another has that brings the list that it is of
ANNOUNCES_ABOVE = 0.02  # the same: what another has that announces a list of as many items as are asked for
LISTED_ABOVE = 0.05  # of an item's probability: what the likeliest of the other items has, where a list is asked for
KEEP_ABOVE_OTHER = 0.01  # the same for another article's view of what is left open, and for another figure asked for
TIME_UNITS = frozenset("年月日号天时分")
_COUNTED_LIST = re.compile(r"哪(?P<number>[两二三四五六七八九十])")
_SO_MANY = re.compile(
    r"(?<![第\d一二三四五六七八九十百])(?P<number>[两二三四五六七八九十]|\d)[个种步大条点项类招层](?!月|人|小时)"
)
_LISTED = re.compile("[、和与及]")
_ANNOUNCES = re.compile(r"[：:]$")
_ENDS_LINE = re.compile(r"[^\S\n]*(?:\n|\Z)")
_IS_QUESTION = re.compile(r"[？?][”」』\"]?$")


@dataclass
class Group:
    """Sentences that say the same, the best first; the probability of the best, and their subject in a comparison."""

    probability: float
    candidates: list[Candidate] = field(default_factory=list)
    subject: str = ""

    def has(self, article: Article) -> bool:
        """Whether one of the sentences is from an article."""
        return any(candidate.passage.article.id == article.id for candidate in self.candidates)


def choose(question: str, measured: Measured) -> list[Group]:
    """The 1 to MOST_SENTENCES statements of an answer, most probable first, more of a list; empty without a candidate.

    Where a number is asked for, another figure of the same unit is kept even when it is less probable: a reader must
    not take one of two values for the only one; where a time is asked for, what the reader surely sees in another
    article, or another time there of what the best one speaks of. Less probable ones are kept where it is told who
    holds an office, or where the reader does not surely see the answer in the best one. Where the question leaves open
    which is true, the view of each article is chosen as if it were alone. A sentence that announces a list brings the
    items of it, the numbered headings if they are as many as it says, of one without numbers the sentences after it.
    Where several things are asked for, the best one, if it is an item of a numbered list, brings the other items; where
    their names are (哪些), the first one that is an item of any list does. Where they or a meaning are asked for, the
    best one brings the sentence after it if that explains it.
    """
    probabilities = _handed_on(measured.candidates, sentence_probabilities(measured))
    order = sorted(range(len(measured.candidates)), key=lambda i: -probabilities[i])
    several, leaves_open = asks_for_several(question), leaves_it_open(question)
    asks_number, asks_time = "number" in asks_for(question), asks_for(question) == {"date"} and not several
    likely = {(c.passage.chunk.id, c.start): float(p) for c, p in zip(measured.candidates, probabilities, strict=True)}
    groups: list[Group] = []
    most, lists = MOST_SENTENCES, True
    for i in that_may_answer(question, measured.candidates, order):
        candidate, probability = measured.candidates[i], float(probabilities[i])
        same = next((g for g in groups if says_the_same(g.candidates[0].text, candidate.text)), None)
        if same:
            first, room = same.candidates[0], len(same.candidates) < MOST_ORIGINS
            if room and not same.has(candidate.passage.article) and proves_too(question, first, candidate.text):
                same.candidates.append(candidate)
            continue
        best = groups[0].probability if groups else 0.0
        unsure = measured.office_told or (groups and not leaves_open and not _is_very_sure(groups[0].candidates[0]))
        share = KEEP_ABOVE_WHEN_MANY if several else KEEP_ABOVE_WHEN_UNSURE if unsure else KEEP_ABOVE
        view = next((g for g in groups if g.has(candidate.passage.article)), None) if leaves_open else None
        counted = _counts_what_is_asked_for(question, candidate) and lists
        if probability >= min(
            best * ANNOUNCES_ABOVE if counted else best,
            share * (view.probability if view else best),
            best * KEEP_ABOVE_OTHER if leaves_open and not view else best,
            best * KEEP_ABOVE_OTHER
            if groups and asks_number and _is_other_figure(question, candidate, groups)
            else best,
            0.0
            if groups
            and asks_time
            and (_is_sure_elsewhere(candidate, groups) or _is_other_time(question, candidate, groups))
            else best,
        ):
            brought, is_list = _brought_along(
                question,
                candidate,
                measured.candidates[i + 1 :],
                likely,
                best=not groups,
                lists=lists and probability >= LISTS_ABOVE * best,
            )
            lists = lists and not is_list
            groups.append(Group(probability, [candidate]))
            shown = [c for group in groups for c in group.candidates]
            groups += [Group(probability, [c]) for c in brought if c not in shown]
            most = max(most, len(groups)) if is_list else most  # a list is told whole
        if len(groups) >= most:
            break
    return groups[:most]


def _handed_on(candidates: Sequence[Candidate], probabilities: Matrix) -> Matrix:
    """The probabilities, that of a question on a line of its own also its answer's: the sentence after it."""
    handed = probabilities.copy()
    for i, (asked, after) in enumerate(pairwise(candidates)):
        same_chunk = asked.passage.chunk.id == after.passage.chunk.id
        if same_chunk and _asks_alone(asked) and not _IS_QUESTION.search(after.text):
            handed[i + 1] = max(handed[i + 1], probabilities[i])
    return handed


def _asks_alone(candidate: Candidate) -> bool:
    """Whether a sentence is a question on a line of its own, as in 问：…？ above 答：…."""
    text = candidate.passage.article.text
    alone = begins_line(text, candidate.start) and _ENDS_LINE.match(text, candidate.end)
    return bool(alone and _IS_QUESTION.search(candidate.text))


def _is_very_sure(best: Candidate) -> bool:
    """Whether the reader surely sees the answer in the best sentence, or has not read it."""
    reading = best.passage.reading
    return reading is None or (reading.answers >= VERY_SURE and bool(best.words_read))


def _is_sure_elsewhere(candidate: Candidate, groups: Sequence[Group]) -> bool:
    """Whether a sentence is the one in which the reader surely sees the answer, in an article without a statement."""
    reading, article = candidate.passage.reading, candidate.passage.article
    if reading is None or reading.answers < SURE or any(group.has(article) for group in groups):
        return False
    first, last = reading.span
    return min(candidate.end, last) - max(candidate.start, first) > (last - first) / 2


def that_may_answer(question: str, candidates: Sequence[Candidate], order: Sequence[int]) -> Sequence[int]:
    """Which candidates may answer, in their order: those that state something, in the section that is asked about.

    Where the first says that there is none of what is asked for, only those that speak of it; where a number or a time
    of something is asked for that the articles quote by name, only those that name it; where it is asked how much
    something was in a quarter or a month, only those that say that.
    """
    leaves_open = leaves_it_open(question)
    within = in_named_section(question, candidates)
    order = [i for i in order if i in within] or order
    statements = [i for i in order if _states(candidates[i], whole=leaves_open)] or order
    if statements and says_there_is_none(question, candidates[statements[0]].text):
        asked = what_is_asked(question)
        return [i for i in statements if speaks_of(asked, normalize(candidates[i].text))]
    if not asks_for(question) & {"date", "number"} or asks_for_several(question) or leaves_open:
        return statements
    named = of_what_is_named(question, candidates, shortest=SHORTEST_NAME)
    statements = [i for i in statements if i in named or _is_said_of(i, named, candidates)] or statements
    return [i for i in statements if _is_of_the_time_asked(question, candidates[i])] or statements


def _is_of_the_time_asked(question: str, candidate: Candidate) -> bool:
    """Whether a sentence tells a figure of what a question asks how much it was in a quarter, a month or a section.

    Of another time than the title or its heading names is only what names it.
    """
    asked, told, of = normalize(question), candidate.with_head, measure_asked(question)
    above = normalize(f"{candidate.passage.article.title} {candidate.passage.chunk.section}")
    wanted = [(times, set(times.findall(asked))) for times in TIMES if times is not YEARS]
    if not of or of not in told or "有多少" in asked or not figures(candidate.text) or not any(t for _, t in wanted):
        return False
    return all(not which or which & set(told_of(times, told) or times.findall(above)) for times, which in wanted)


def _states(candidate: Candidate, *, whole: bool) -> bool:
    """Whether a sentence says something of its subject: it neither asks, tells of its own article nor heads a table.

    Unless `whole`, it may ask at its end, after the words that the reader takes for the answer.
    """
    text, reading = candidate.text, candidate.passage.reading
    if tells_of_itself(text) or candidate.heads_table:
        return False
    if not _IS_QUESTION.search(text):
        return True
    if whole or reading is None or reading.answers < SURE:
        return False
    asks_at = candidate.start + max(text.rfind(mark) for mark in ",，。！")
    return candidate.start <= reading.span[0] and reading.span[1] <= asks_at


def _brought_along(
    question: str,
    candidate: Candidate,
    later: Sequence[Candidate],
    likely: Mapping[tuple[str, int], float],
    *,
    best: bool,
    lists: bool,
) -> tuple[list[Candidate], bool]:
    """What a chosen sentence brings with it of the candidates after it, and whether that is a list.

    `likely` has the probability of each candidate, by its chunk and where it starts: of a list that answers, not one
    item alone is likely. `best` is whether the sentence is the most probable one; where things, or so many of them
    (哪三种), are asked for, another brings the list that it is of if it may (`lists`): it is near the best one, and no
    list is told yet.
    """
    after = [c for c in later if _follows(candidate, c)]
    if _ANNOUNCES.search(candidate.text):
        items = items_after(candidate)[:LONGEST_ENUMERATION] or _headed(candidate) or _rows_after(candidate)
        return items or after, bool(items)
    things = "several" in asks_for(question)
    if not best and not ((things or _COUNTED_LIST.search(question)) and lists):
        return [], False
    beside = items_beside(candidate, bullets=things)
    answering = beside if _is_asked_for(question, beside, likely) else []
    items = _around(candidate, answering) or _so_many(question, candidate)
    if not best:
        return items, bool(items)
    kinds = asks_for(question) - {"number"}  # 哪几种 asks for both
    explained = bool(kinds) and kinds <= {"several", "definition"}
    explaining = [c for c in later if explained and _stands_after(candidate, c) and explains(c.text)]
    return items or explaining[:1], bool(items)


def _counts_what_is_asked_for(question: str, candidate: Candidate) -> bool:
    """Whether a sentence announces a list of as many items as a question asks for, and they are there: 五种方式：."""
    counted = _COUNTED_LIST.search(question)
    if not (counted and _ANNOUNCES.search(candidate.text)):
        return False
    number = numeral(counted["number"])
    return number in (len(items_after(candidate)), len(_headed(candidate)))


def _is_asked_for(question: str, items: Sequence[Candidate], likely: Mapping[tuple[str, int], float]) -> bool:
    """Whether a list has as many items as are asked for, or several things are and not one item alone is likely."""
    counted = _COUNTED_LIST.search(question)
    if counted and len(items) == numeral(counted["number"]):
        return True
    probabilities = sorted((likely.get((item.passage.chunk.id, item.start), 0.0) for item in items), reverse=True)
    several = asks_for_several(question) and len(items) > 1
    return several and probabilities[1] >= LISTED_ABOVE * probabilities[0]


def _so_many(question: str, candidate: Candidate) -> list[Candidate]:
    """The numbered list after a sentence of as many items as it and a question speak of, 四步制定法.

    None where the sentence names as many: 定类、定序、定距和定比.
    """
    asked = _SO_MANY.search(question)
    number = numeral(asked["number"]) if asked else 0
    if number not in {numeral(told["number"]) for told in _SO_MANY.finditer(candidate.text)}:
        return []
    listed = [] if len(_LISTED.split(candidate.text)) >= number else items_of_a_list_of(number, candidate)
    return listed[:LONGEST_ENUMERATION]


def _headed(announcement: Candidate) -> list[Candidate]:
    """The numbered headings after a sentence where they are as many as it announces last: 分为四类：."""
    told = [numeral(told["number"]) for told in _SO_MANY.finditer(announcement.text)]
    return headings_of_a_list_of(told[-1], announcement)[:LONGEST_ENUMERATION] if told else []


def _rows_after(announcement: Candidate) -> list[Candidate]:
    """The rows of the table that begins right after a sentence, below its head; none where no table does."""
    spans = announcement.passage.chunk.sentences
    at = spans.index((announcement.start, announcement.end)) + 1
    following = (Candidate(announcement.passage, *span) for span in spans[at : at + 1 + LONGEST_ENUMERATION])
    return list(takewhile(lambda candidate: is_row(candidate.text), following))[1:]


def _around(candidate: Candidate, items: Sequence[Candidate]) -> list[Candidate]:
    """LONGEST_ENUMERATION items of a list, the candidate among them; all of a shorter one."""
    at = items.index(candidate) if candidate in items else 0
    first = max(0, min(at - LONGEST_ENUMERATION // 2, len(items) - LONGEST_ENUMERATION))
    return list(items[first : first + LONGEST_ENUMERATION])


def _is_said_of(i: int, named: set[int], candidates: Sequence[Candidate]) -> bool:
    """Whether what a sentence refers to, or the head of its table, names what is asked of."""
    candidate, chunk = candidates[i], candidates[i].passage.chunk
    if head := candidate.table_head:
        return any(
            (candidates[j].start, candidates[j].end) == head for j in named if candidates[j].passage.chunk == chunk
        )
    return i - 1 in named and hangs(candidate.text) and candidates[i - 1].passage.chunk.id == chunk.id


def _is_other_figure(question: str, candidate: Candidate, groups: Sequence[Group]) -> bool:
    """Whether a sentence has a figure that the groups do not state, in a unit of the best one's.

    That both name a month is nothing, unless months are asked for; nor is the row of a table on something else.
    """
    stated = set().union(*(figures(group.candidates[0].text) for group in groups))
    if not figures(candidate.text) - stated:
        return False
    best = groups[0].candidates[0]
    if is_row(best.text) and is_row(candidate.text) and _is_of(question, best) and not _is_of(question, candidate):
        return False
    shared = units(candidate.text) & units(best.text)
    return bool(shared - (TIME_UNITS - set(question))) or _differ_in_figures_alone(candidate, best)


def _is_of(question: str, row: Candidate) -> bool:
    """Whether a question names what a row is about: its first cell, or a part of it."""
    first, last = cells_of(row.text)[0]
    return bool(set(index_terms(row.text[first:last])) & set(index_terms(content_of(question))))


def _differ_in_figures_alone(one: Candidate, other: Candidate) -> bool:
    """Whether sentences of two articles share most of their other words: 长×宽×高÷6000 and 长×宽×高÷5000."""
    words, others = ({t for t in index_terms(c.text) if not any(map(str.isdigit, t))} for c in (one, other))
    least = SAME_ABOVE * min(len(words), len(others))
    return one.passage.article.id != other.passage.article.id and len(words & others) >= max(least, 1)


def _is_other_time(question: str, candidate: Candidate, groups: Sequence[Group]) -> bool:
    """Whether a sentence of another article has as much of the question as the best one, and another year or day."""
    best = groups[0].candidates[0]
    if any(group.has(candidate.passage.article) for group in groups):
        return False
    asked = {term for term in index_terms(content_of(question)) if not any(char.isdigit() for char in term)}
    own, shared = asked & set(index_terms(candidate.text)), asked & set(index_terms(best.text))
    if len(shared) < SAME_ABOVE * len(asked) or not shared <= own:
        return False
    stated, also_stated = quantities(best.text), quantities(candidate.text)
    common = units(best.text) & units(candidate.text) & TIME_UNITS
    return any({q for q in also_stated if q[1] == unit}.isdisjoint(stated) for unit in common)


def _follows(announcement: Candidate, candidate: Candidate) -> bool:
    """Whether a sentence is one of the items that the sentence before them announces: same passage, right after it."""
    spans = announcement.passage.chunk.sentences
    at = spans.index((announcement.start, announcement.end))
    same_passage = candidate.passage.chunk.id == announcement.passage.chunk.id
    return same_passage and (candidate.start, candidate.end) in spans[at + 1 : at + 1 + LONGEST_LIST]


def _stands_after(before: Candidate, candidate: Candidate) -> bool:
    """Whether a sentence is the next one of the same article, maybe in the next chunk."""
    article = candidate.passage.article
    same_article = before.passage.article.id == article.id and before.end <= candidate.start
    return same_article and not article.text[before.end : candidate.start].strip()


def says_the_same(sentence: str, other: str) -> bool:
    """Whether two sentences share most of the shorter one's terms, and neither states a figure against the other's."""
    terms, others = set(index_terms(sentence)), set(index_terms(other))
    shorter = min(len(terms), len(others))
    stated, also_stated = figures(sentence), figures(other)
    agree = stated <= also_stated or also_stated <= stated
    return bool(shorter) and len(terms & others) >= SAME_ABOVE * shorter and agree


def proves_too(question: str, first: Candidate, other: str) -> bool:
    """Whether a sentence holds most of a statement, of what that has of the question, and of the words that answer."""
    terms, others = set(index_terms(first.text)), set(index_terms(other))
    asked = set(index_terms(content_of(question)))
    parts = terms, terms & asked, set(index_terms(first.words_read)) - asked
    return all(len(part & others) >= SAME_ABOVE * len(part) for part in parts)
