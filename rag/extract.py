"""The extractive answerer: whole sentences of the articles, chosen for the question, each with its citation."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rag.features import Candidate
from rag.measure import Measured, sentence_probabilities
from rag.text import figures, index_terms
from rag.types import Answer, Citation, Passage, Question, Statement

NAME = "extractive"
MOST_SENTENCES = 5
MOST_ORIGINS = 3  # citations of one statement
SAME_ABOVE = 0.7  # share of the shorter sentence's terms that make two sentences say the same
KEEP_ABOVE = 0.5  # of the best sentence's probability
KEEP_ABOVE_WHEN_MANY = 0.12  # the same where the question asks for several things

_ASKS_FOR_MANY = re.compile(
    r"哪些|哪几|有什么|都有|分别|列出|列举|几个方面|为什么|为何|为啥|原因|怎么|如何|怎样|区别|对比|相比|比较|不同|异同|变化|过程|经过|历程"
    r"|\b(?:which|why|how|compare|list)\b",
    re.IGNORECASE,
)
_IS_QUESTION = re.compile(r"[？?][”」』\"]?$")


@dataclass
class Group:
    """Sentences that say the same, the best first, with the probability of the best."""

    probability: float
    candidates: list[Candidate] = field(default_factory=list)


def choose(question: str, measured: Measured) -> list[Group]:
    """The 1 to MOST_SENTENCES statements of an answer, most probable first; empty without a candidate."""
    probabilities = sentence_probabilities(measured)
    order = sorted(range(len(measured.candidates)), key=lambda i: -probabilities[i])
    statements = [i for i in order if not _IS_QUESTION.search(measured.candidates[i].text)] or order
    share = KEEP_ABOVE_WHEN_MANY if _ASKS_FOR_MANY.search(question) else KEEP_ABOVE
    groups: list[Group] = []
    for i in statements:
        candidate = measured.candidates[i]
        same = next((g for g in groups if says_the_same(g.candidates[0].text, candidate.text)), None)
        if same:
            if len(same.candidates) < MOST_ORIGINS and candidate.passage.article not in [
                c.passage.article for c in same.candidates
            ]:
                same.candidates.append(candidate)
        elif len(groups) < MOST_SENTENCES and (not groups or probabilities[i] >= share * groups[0].probability):
            groups.append(Group(float(probabilities[i]), [candidate]))
    return groups


def says_the_same(sentence: str, other: str) -> bool:
    """Whether two sentences share most terms and state the same figures."""
    terms, others = set(index_terms(sentence)), set(index_terms(other))
    shorter = min(len(terms), len(others))
    return bool(shorter) and len(terms & others) >= SAME_ABOVE * shorter and figures(sentence) == figures(other)


def in_reading_order(groups: Sequence[Group]) -> list[Group]:
    """Groups by article, in the order of the text; articles by their best sentence.

    Where articles state different figures, the newest article comes first and the undated ones last.
    """
    best: dict[str, int] = {}
    for group in groups:
        best.setdefault(group.candidates[0].passage.article.id, len(best))
    stated = [figures(group.candidates[0].text) for group in groups]
    differ = len(best) > 1 and all(stated) and len(set(map(frozenset, stated))) > 1

    def position(group: Group) -> tuple[str, int, int]:
        first = group.candidates[0]
        newest = _reversed_date(first.passage.article.published) if differ else ""
        return newest, best[first.passage.article.id], first.start

    return sorted(groups, key=position)


def _reversed_date(published: str | None) -> str:
    """A string that sorts newer dates first and no date last."""
    return "".join(str(9 - int(char)) for char in published if char.isdigit()) if published else "x"


def compose(question: Question, groups: Sequence[Group], passages: tuple[Passage, ...]) -> Answer:
    """An answer whose statements are the sentences of the groups, verbatim."""
    statements: list[Statement] = []
    citations: list[Citation] = []
    for group in groups:
        markers = []
        for candidate in group.candidates:
            markers.append(len(citations) + 1)
            citations.append(Citation(markers[-1], candidate.passage.article, candidate.start, candidate.end))
        statements.append(Statement(group.candidates[0].text, tuple(markers)))
    return Answer(question, tuple(statements), tuple(citations), passages, answerer=NAME)


def extract(question: Question, measured: Measured, passages: tuple[Passage, ...]) -> Iterator[Answer]:
    """The answer, a statement longer each time; the last one is whole."""
    groups = in_reading_order(choose(question.text, measured))
    for count in range(1, len(groups) + 1):
        yield compose(question, groups[:count], passages)
