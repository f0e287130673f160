"""Which candidates become the passages: several articles where a question compares, and what is repeated only once."""

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.library import Library
from rag.text import COMPARES, figures, index_terms
from rag.types import Passage, Ranked, Search

FIRST = 5  # passages among which a comparison finds a second article
CLOSE = 0.7  # of the best fused score: what a second article's best passage must reach
COPY_ABOVE = 0.8  # share of a passage's terms that others have, from which on it is a copy
MOST_COPIES = 2  # of one passage that are kept, to be cited beside it

_COMPARES = re.compile(
    rf"{COMPARES}|出入|矛盾|对不上|各自|各有|各家|各篇|几篇|(?:和|跟|与|同)[^，。？?]{{1,12}}(?:比|哪一?[个家种款])",
    re.IGNORECASE,
)


def compares(question: str) -> bool:
    """Whether a question compares things, or asks what different articles say."""
    return bool(_COMPARES.search(question))


def arrange(search: Search, library: Library, wanted: int) -> Search:
    """The search with a place for `wanted` of its candidates, in their order.

    A copy of one that has a place takes none of these; up to MOST_COPIES of each have a place after them, so that
    they can be cited too.
    """
    order = list(search.candidates)
    second = second_article(order) if compares(search.query.text) else None
    if second is not None:
        order.remove(second)
        order.insert(FIRST - 1, second)
    placed: list[Ranked] = []
    copies: list[Ranked] = []
    for candidate in order:
        original = _original(candidate, placed, library)
        if original is not None:
            if sum(copy.copy_of == original for copy in copies) < MOST_COPIES:
                copies.append(replace(candidate, copy_of=original))
        elif len(placed) < wanted:
            placed.append(replace(candidate, place=len(placed) + 1, copy_of=None, moved=candidate is second))
    placed += [replace(copy, place=len(placed) + n) for n, copy in enumerate(copies, 1)]
    by_id = {c.passage.chunk.id: c for c in placed}
    left_out = (replace(c, place=None, copy_of=None) for c in search.candidates)
    return replace(search, candidates=tuple(by_id.get(c.passage.chunk.id, c) for c in left_out))


def second_article(order: Sequence[Ranked]) -> Ranked | None:
    """The best candidate of a second article, where the first FIRST are of one and it comes close; else None."""
    first = {candidate.passage.article.id for candidate in order[:FIRST]}
    if len(order) <= FIRST or len(first) > 1:
        return None
    least = CLOSE * order[0].passage.score
    others = (c for c in order[FIRST:] if c.passage.article.id not in first and c.passage.score >= least)
    return next(others, None)


def _original(candidate: Ranked, placed: Sequence[Ranked], library: Library) -> int | None:
    """The place of the passage that a candidate repeats most of, where others say nearly all that it says; else None.

    That they share paragraphs is not enough: of a long paragraph each may hold another part.
    """
    own = candidate.passage
    origins = _origins(own, library)
    if not origins:
        return None
    others = (p for p in placed if p.passage.article.id != own.article.id)
    shared = [p for p in others if origins & _origins(p.passage, library)]
    terms = set(index_terms(own.chunk.text))
    said = {p.place: terms & set(index_terms(p.passage.chunk.text)) for p in shared}
    stated = figures("\n".join(p.passage.chunk.text for p in shared))
    if len(set().union(*said.values())) < COPY_ABOVE * len(terms) or not figures(own.chunk.text) <= stated:
        return None
    return max(said, key=lambda place: len(said[place]))


def _origins(passage: Passage, library: Library) -> frozenset[int]:
    return library.repeated(passage.article.id, passage.chunk.start, passage.chunk.end)
