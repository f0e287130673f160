"""article@1 and article MRR@k: the ranks of whole articles. One file: the second is the first, looked for further down.

article@1 = 1 when the first article has evidence, else 0; RR@k = 1 / rank of the first article that has, else 0.
Source: as evidence_hit and reciprocal_rank, with the article as the unit.
"""

from collections.abc import Collection, Sequence


def article_hit(ranking: Sequence[str], gold: Collection[str]) -> float | None:
    """1 when the first article has evidence, else 0."""
    return float(ranking[0] in gold if ranking else False) if gold else None


def article_reciprocal_rank(ranking: Sequence[str], gold: Collection[str], k: int = 10) -> float | None:
    """1 / rank of the first article with evidence, 0 when none of the first k has any."""
    if not gold:
        return None
    return next((1 / rank for rank, article in enumerate(ranking[:k], 1) if article in gold), 0.0)
