"""citation hit and precision: whether what is cited is the evidence. One file: the any and the share of the same test.

A citation is right when its span shares a character with a gold interval.
hit = 1 when one citation is right, else 0; precision = right citations / citations.
Source: ours; the precision of a set, van Rijsbergen, Information Retrieval, 1979, over spans.
"""

from collections.abc import Sequence

from eval.metrics.places import Place, cited_places, overlap
from rag.types import Answer


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
