"""evidence recall@k and precision@k: the gold characters among those shown. One file: both count the same two sets.

With G the gold characters and S those of the first k passages, each character of an article once:
recall@k = |G ∩ S| / |G|; precision@k = |G ∩ S| / |S|, low where passages are too long.
Source: token recall and precision of Smith and Troynikov, Evaluating Chunking Strategies for Retrieval, Chroma 2024.
"""

from collections.abc import Sequence

from eval.metrics.places import Place


def _points(places: Sequence[Place]) -> set[tuple[str, int]]:
    """Every character of the places, once."""
    return {(article, offset) for article, start, end in places for offset in range(start, end)}


def evidence_recall(passages: Sequence[Place], gold: Sequence[Place], k: int) -> float | None:
    """Gold code points that the first k passages cover, over all gold code points."""
    if not gold:
        return None
    wanted = _points(gold)
    return len(wanted & _points(passages[:k])) / len(wanted)


def evidence_precision(passages: Sequence[Place], gold: Sequence[Place], k: int) -> float | None:
    """Gold code points among those of the first k passages, over all of these; None without passages or gold."""
    if not gold or not passages:
        return None
    shown = _points(passages[:k])
    return len(_points(gold) & shown) / len(shown)
