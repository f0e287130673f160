"""nDCG@k: how early all of the evidence comes.

DCG@k = sum over ranks r <= k of gain(r) / log2(r + 1); nDCG@k = DCG@k / that of the ideal order.
Source: Järvelin and Kekäläinen, ACM TOIS 2002, doi:10.1145/582415.582418.
"""

import math
from collections.abc import Sequence

from eval.metrics.places import Place, covers_evidence


def ndcg(passages: Sequence[Place], gold: Sequence[Place], k: int = 10) -> float | None:
    """nDCG@k where a passage gains 1 for each gold interval that it is the first to cover.

    The ideal order has the same gains, highest first, and then each missing interval at a rank of its own.
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
