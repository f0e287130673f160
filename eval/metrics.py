"""Metrics of one question's passages and answer; each is None where there is nothing to judge, and never 0 for that.

Passages and citations are spans of articles; gold evidence is spans too, so that no metric depends on chunk ids.
"""

import math
from collections.abc import Collection, Sequence
from typing import Any

from eval.wording import Gold, contains, gold_containment
from rag.ground import LEAST_SUPPORT, contradicts, missing_names, split_drafts
from rag.text import figures, index_terms
from rag.types import Answer, Citation

Place = tuple[str, int, int]  # article id, start, end


def overlap(place: Place, other: Place) -> int:
    """Code points that two places share."""
    return max(0, min(place[2], other[2]) - max(place[1], other[1])) if place[0] == other[0] else 0


def covers_evidence(passage: Place, gold: Place) -> bool:
    """Whether a passage covers at least half of a gold interval."""
    return overlap(passage, gold) * 2 >= gold[2] - gold[1]


def evidence_hit(passages: Sequence[Place], gold: Sequence[Place], k: int) -> float | None:
    """1 when one of the first k passages covers at least half of some gold interval, else 0."""
    if not gold:
        return None
    return float(any(covers_evidence(passage, interval) for passage in passages[:k] for interval in gold))


def evidence_recall(passages: Sequence[Place], gold: Sequence[Place], k: int) -> float | None:
    """Gold code points that the first k passages cover, over all gold code points."""
    if not gold:
        return None
    points = {(article, offset) for article, start, end in gold for offset in range(start, end)}
    covered = {(article, offset) for article, start, end in passages[:k] for offset in range(start, end)} & points
    return len(covered) / len(points)


def evidence_precision(passages: Sequence[Place], gold: Sequence[Place], k: int) -> float | None:
    """Gold code points among those of the first k passages, over all of these: low where passages are too long.

    Source: token precision of Smith and Troynikov, Evaluating Chunking Strategies for Retrieval, Chroma 2024.
    """
    if not gold or not passages:
        return None
    points = {(article, offset) for article, start, end in gold for offset in range(start, end)}
    shown = {(article, offset) for article, start, end in passages[:k] for offset in range(start, end)}
    return len(shown & points) / len(shown)


def reciprocal_rank(passages: Sequence[Place], gold: Sequence[Place], k: int = 10) -> float | None:
    """1 / rank of the first passage that covers evidence, 0 when none of the first k does. Mean: MRR@k."""
    if not gold:
        return None
    hits = (rank for rank, p in enumerate(passages[:k], 1) if any(covers_evidence(p, g) for g in gold))
    return next((1 / rank for rank in hits), 0.0)


def ndcg(passages: Sequence[Place], gold: Sequence[Place], k: int = 10) -> float | None:
    """nDCG@k where a passage gains 1 for each gold interval that it is the first to cover.

    The ideal order has the same gains, highest first, and then each missing interval at a rank of its own.
    Source: Järvelin and Kekäläinen, ACM TOIS 2002, doi:10.1145/582415.582418 (discount 1 / log2(rank + 1)).
    """
    if not gold:
        return None
    missing = list(dict.fromkeys(gold))
    gains: list[int] = []
    for passage in passages[:k]:
        found = [interval for interval in missing if covers_evidence(passage, interval)]
        missing = [interval for interval in missing if interval not in found]
        gains.append(len(found))
    ideal = [*sorted(filter(None, gains), reverse=True), *[1] * len(missing)]
    return _discounted(gains) / _discounted(ideal[:k])


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


def article_hit(ranking: Sequence[str], gold: Collection[str]) -> float | None:
    """1 when the first article has evidence, else 0."""
    return float(ranking[0] in gold if ranking else False) if gold else None


def article_reciprocal_rank(ranking: Sequence[str], gold: Collection[str], k: int = 10) -> float | None:
    """1 / rank of the first article with evidence, 0 when none of the first k has any."""
    if not gold:
        return None
    return next((1 / rank for rank, article in enumerate(ranking[:k], 1) if article in gold), 0.0)


def cited_places(answer: Answer) -> list[Place]:
    """Where the quotes of an answer stand."""
    return [(citation.article.id, citation.start, citation.end) for citation in answer.citations]


def citation_hit(answer: Answer, gold: Sequence[Place]) -> float | None:
    """1 when a cited sentence overlaps a gold interval, else 0; None without citations or gold."""
    if not gold or not answer.citations:
        return None
    return float(any(overlap(place, interval) for place in cited_places(answer) for interval in gold))


def citation_precision(answer: Answer, gold: Sequence[Place]) -> float | None:
    """Share of the citations that overlap a gold interval; None without citations or gold."""
    if not gold or not answer.citations:
        return None
    places = cited_places(answer)
    return sum(any(overlap(place, interval) for interval in gold) for place in places) / len(places)


def citation_recall(answer: Answer, gold: Gold) -> float | None:
    """Share of the gold groups of which a quote holds an alternative; None without citations or gold."""
    if not gold or not answer.citations:
        return None
    quotes = [citation.quote for citation in answer.citations]
    return sum(any(contains(quote, a) for quote in quotes for a in group) for group in gold) / len(gold)


def citations_resolve(answer: Answer) -> float | None:
    """Share of the marks in the statements that name a citation within a passage; None without marks.

    Read from the answer's JSON, as citations_exact.
    """
    row = answer.to_json()
    spans = [(p["article"], p["start"], p["end"]) for p in row["passages"]]
    inside = {c["marker"] for c in row["citations"] if any(_lies_in(c, *span) for span in spans)}
    marks = [mark for statement in row["statements"] for mark in statement["citations"]]
    return sum(mark in inside for mark in marks) / len(marks) if marks else None


def _lies_in(citation: dict[str, Any], article: str, start: int, end: int) -> bool:
    return bool(citation["article"] == article and start <= citation["start"] < citation["end"] <= end)


def citations_exact(answer: Answer) -> float | None:
    """Share of the citations whose quote equals the text of a passage at their span; None without citations.

    Read from the answer's JSON, so that it judges what a reader of the answer gets.
    """
    row = answer.to_json()
    if not row["citations"]:
        return None
    return sum(any(_quotes(p, c) for p in row["passages"]) for c in row["citations"]) / len(row["citations"])


def _quotes(passage: dict[str, Any], citation: dict[str, Any]) -> bool:
    start, end = citation["start"] - passage["start"], citation["end"] - passage["start"]
    if passage["article"] != citation["article"] or not 0 <= start < end:
        return False
    return bool(passage["text"][start:end] == citation["quote"])


def unsupported_figures(answer: Answer) -> float | None:
    """Share of the figures in the statements that no citation of the same statement has; None without figures.

    A citation has those of its quote, and of the title, by-line and date that it is shown with.
    """
    stated = unsupported = 0
    for text, cited in _cited(answer):
        found = figures(text)
        stated += len(found)
        unsupported += len(found - figures(_shown(cited)))
    return unsupported / stated if stated else None


def _cited(answer: Answer) -> list[tuple[str, list[Citation]]]:
    """The text of each statement and its citations."""
    return [(s.text, [answer.citations[marker - 1] for marker in s.citations]) for s in answer.statements]


def _shown(citations: Sequence[Citation]) -> str:
    parts = [(c.quote, c.article.title, c.article.author, c.article.publisher, c.article.published) for c in citations]
    return "\n".join(part for citation in parts for part in citation if part)


def supports(source: str, text: str) -> bool:
    """Whether a source holds every figure, quotation and Latin name of a text and enough of its terms, undenied."""
    terms = set(index_terms(text))
    if len(terms & set(index_terms(source))) < LEAST_SUPPORT * len(terms) or figures(text) - figures(source):
        return False
    return not missing_names(text, source) and not contradicts(text, source)


def statement_recall(answer: Answer) -> float | None:
    """Share of the statements that their citations together support; None without statements.

    Source: citation recall of ALCE, Gao et al., EMNLP 2023, doi:10.18653/v1/2023.emnlp-main.398, with `supports` in
    the place of its entailment model.
    """
    cited = _cited(answer)
    return sum(supports(_shown(citations), text) for text, citations in cited) / len(cited) if cited else None


def statement_precision(answer: Answer) -> float | None:
    """Share of the citations of the statements that their statement needs; None without statements.

    A citation is needed where all those of its statement support it, and it does so alone or the others do not.
    Source: citation precision of ALCE, as statement_recall.
    """
    needed = [_needed(text, cited, own) for text, cited in _cited(answer) for own in cited]
    return sum(needed) / len(needed) if needed else None


def _needed(text: str, cited: list[Citation], own: Citation) -> bool:
    others = [citation for citation in cited if citation is not own]
    if not supports(_shown(cited), text):
        return False
    return supports(_shown([own]), text) or not (others and supports(_shown(others), text))


def marked_sentences(reply: str) -> float | None:
    """Share of the sentences of an LLM's reply that it put a mark to by itself; None without sentences."""
    drafts, _ = split_drafts(reply, finished=True)
    return sum(bool(draft.marks) for draft in drafts) / len(drafts) if drafts else None


def said(answer: Answer) -> str:
    """What the statements say, one a line, without the marks: their numbers are no part of it. No notice either."""
    return "\n".join(statement.text for statement in answer.statements)


def is_right(answer: Answer, answerable: bool, gold: Gold, evidence: Sequence[Place]) -> bool:
    """Joint accuracy of one question: rightly refused, or answered with every gold group and a cited gold sentence.

    Where no evidence is known (what an article's heading says), no citation is asked for.
    """
    if answer.refused or not answerable:
        return answer.refused and not answerable
    return gold_containment(said(answer), gold) == 1 and (not evidence or citation_hit(answer, evidence) == 1)
