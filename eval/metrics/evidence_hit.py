"""evidence hit@k: whether the first k passages hold evidence.

hit@k = 1 when one of the first k passages covers at least half of a gold interval, else 0. Mean: Success@k.
Source: Craswell, Success at n, Encyclopedia of Database Systems, Springer 2009, with an interval that is covered by
half as what is relevant.
"""

from collections.abc import Sequence

from eval.metrics.places import Place, covers_evidence


def evidence_hit(passages: Sequence[Place], gold: Sequence[Place], k: int) -> float | None:
    """1 when one of the first k passages covers at least half of some gold interval, else 0."""
    if not gold:
        return None
    return float(any(covers_evidence(passage, interval) for passage in passages[:k] for interval in gold))
