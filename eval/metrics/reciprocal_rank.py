"""MRR@k: how early the first evidence comes.

RR@k = 1 / rank of the first passage that covers at least half of a gold interval, 0 when none of the first k does.
Source: Voorhees, The TREC-8 Question Answering Track Report, TREC 1999.
"""

from collections.abc import Sequence

from eval.metrics.places import Place, covers_evidence


def reciprocal_rank(passages: Sequence[Place], gold: Sequence[Place], k: int = 10) -> float | None:
    """1 / rank of the first passage that covers evidence, 0 when none of the first k does. Mean: MRR@k."""
    if not gold:
        return None
    hits = (rank for rank, p in enumerate(passages[:k], 1) if any(covers_evidence(p, g) for g in gold))
    return next((1 / rank for rank in hits), 0.0)
