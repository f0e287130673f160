"""Checks what an LLM wrote against its passages: figures and words must be in the cited text."""

import re
from collections.abc import Callable, Sequence

from rag.drafts import Draft
from rag.features import Candidate, candidates_of
from rag.names import names_missing
from rag.negation import contradicts
from rag.opposites import says_the_opposite
from rag.text import content_of, figures, index_terms, letters, normalize
from rag.types import Passage

LEAST_SUPPORT = 0.35  # share of a statement's terms that its cited sentences must hold
LEAST_OF_CLAUSE = 0.3  # share of a clause's terms that the passages of its sentences, or the question, must hold
SHORTEST_CLAUSE = 3  # terms from which a clause says something by itself
FRAGMENT = 4  # terms of a draft that says nothing by itself, such as a name
MOST_CITED = 3  # sentences cited for one statement
LEAST_GAIN = 0.15  # of the terms, or a figure: what a further sentence must add

_BETWEEN_CLAUSES = re.compile(r"[，,；;：:]")
_QUOTED = re.compile(  # also what is quoted from or up to here, where the quotation has several sentences
    r"(?:^|[“「『])([^“”「」『』]{2,})[”」』]|[“「『]([^“”「」『』]{2,})$|‘([^‘’]{2,})’|《([^《》]{2,30})》"
    r'|(?<!\d)"([^"]{2,})"'  # but no inches
)
_LEFT_OUT = re.compile(r"…+|\.{3,}")  # inside a quotation
_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9]+")
_UNITS = {"km": "公里", "kg": "公斤", "cm": "厘米", "mm": "毫米", "ml": "毫升", "mg": "毫克"}
_LOOP = re.compile(r"(.{2,100}?)\1{3,}")


def find_support(
    draft: Draft,
    passages: Sequence[Passage],
    asked: str = "",
    compared: Sequence[str] = (),
    canonical: Callable[[str], str] = str,
) -> list[Candidate]:
    """The sentences that a draft rests on, in the order of the passages; empty where nothing supports it.

    They come from the passages that its marks name, or from all of them when it names none that exists. Each adds
    to what the ones before cover of the draft's terms and figures; for a mere name or figure the first is, of those
    with most figures of the draft, the one that speaks most of what was `asked`. Together they must hold every
    figure, quotation and Latin name of the draft and at least LEAST_SUPPORT of its terms, and must not deny what it
    says or say the opposite; their passages must hold every Chinese name and, with the words that were `asked`,
    LEAST_OF_CLAUSE of every clause. A mere name or figure stands in many a sentence: where the passages were read
    it must be what the reader takes for the answer in one of them. Of the things that are `compared`, a figure must
    not be another one's than the draft names. A draft that repeats itself without end rests on nothing. `canonical`
    gives the name that the articles use for one that they do not.
    """
    named = [p for p in passages if p.rank in draft.marks] or list(passages)
    wanted_terms, wanted_figures = set(index_terms(draft.text)), figures(draft.text)
    asked_terms = set(index_terms(content_of(asked)))
    fragment = len(wanted_terms) <= FRAGMENT
    if not wanted_terms or (fragment and not may_be_the_answer(wanted_terms, passages)):
        return []
    offers = [
        (c, set(index_terms(c.text)) & wanted_terms, figures(c.text) & wanted_figures) for c in candidates_of(named)
    ]
    chosen: list[Candidate] = []
    terms, numbers = set[str](), set[str]()
    while offers and len(chosen) < MOST_CITED:
        gains = [len(held - terms) / len(wanted_terms) + len(given - numbers) for _, held, given in offers]
        if max(gains) < (LEAST_SUPPORT if not chosen else LEAST_GAIN):
            break
        at = gains.index(max(gains))
        if fragment and not chosen:
            most = max(len(given) for _, _, given in offers)
            enough = [i for i, gain in enumerate(gains) if gain >= LEAST_SUPPORT and len(offers[i][2]) == most]
            at = max(enough, key=lambda i: (len(asked_terms & set(index_terms(offers[i][0].text))), gains[i]))
        best, held, given = offers.pop(at)
        chosen.append(best)
        terms |= held
        numbers |= given
    supported = numbers >= wanted_figures and len(terms) >= LEAST_SUPPORT * len(wanted_terms)
    said = "\n".join(f"{c.passage.article.title}\n{c.text}" for c in chosen)
    if not supported or missing_names(draft.text, said, canonical):
        return []
    if contradicts(draft.text, said) or loops(draft.text, said):
        return []
    around = normalize(said + "\n".join(c.passage.chunk.text for c in chosen))
    if names_missing(draft.text, around) or says_the_opposite(draft.text, [c.text for c in chosen], around):
        return []
    if adds_a_clause(draft.text, f"{around}\n{asked}") or is_of_another(draft.text, chosen, compared):
        return []
    return sorted(chosen, key=lambda c: (c.passage.rank, c.start))


def adds_a_clause(draft: str, known: str) -> bool:
    """Whether a clause of a draft has hardly a term of a text: 渠道不广，人才流失 of one that only says 人才流失."""
    terms = set(index_terms(known))
    clauses = [set(index_terms(clause)) for clause in _BETWEEN_CLAUSES.split(draft)]
    return any(
        len(clause) >= SHORTEST_CLAUSE and len(clause & terms) < LEAST_OF_CLAUSE * len(clause) for clause in clauses
    )


def loops(draft: str, source: str) -> bool:
    """Whether a draft says the same four times on end where its source does not.

    So ends a small model that finds no end; its terms are those of once. Digits and marks may repeat: 100000000, ——.
    """
    source = normalize(source)
    repeated = (match for match in _LOOP.finditer(draft) if any(char.isalpha() for char in match[1]))
    return any(normalize(match[0]) not in source for match in repeated)


def is_of_another(draft: str, cited: Sequence[Candidate], compared: Sequence[str]) -> bool:
    """Whether a figure of a draft is cited from a sentence that names other things of those compared than the draft.

    小红书有1.7亿用户 of a sentence that says so of TikTok. `compared` are normalised.
    """
    texts = [c.text for c in cited if figures(c.text) & figures(draft)]
    own, *others = ({thing for thing in compared if thing in normalize(text)} for text in (draft, *texts))
    return bool(own) and any(other and not other & own for other in others)


def may_be_the_answer(terms: set[str], passages: Sequence[Passage]) -> bool:
    """Whether the reader's answer in one of the passages has one of the terms; also where none was read."""
    answers = [passage.article.text[slice(*passage.reading.span)] for passage in passages if passage.reading]
    return not answers or any(terms & set(index_terms(answer)) for answer in answers)


def missing_names(draft: str, source: str, canonical: Callable[[str], str] = str) -> list[str]:
    """The quoted words and Latin names of a draft that a source does not hold, in whatever script, width and marks.

    Nor under the name that the articles use, RED as 小红书.
    """
    quoted = [part for match in _QUOTED.finditer(draft) for part in _LEFT_OUT.split(match[match.lastindex or 0])]
    held, source = letters(source), normalize(source)

    def is_quoted(words: str) -> bool:
        return any(letters(form) in held for form in (words, canonical(words)))

    def is_named(name: str) -> bool:
        forms = (name, canonical(name), _UNITS.get(name.lower(), name))
        return any(normalize(form) in source for form in forms)

    return [
        *(words for words in quoted if not is_quoted(words)),
        *(name for name in _LATIN.findall(draft) if not is_named(name)),
    ]
