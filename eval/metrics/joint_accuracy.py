"""joint accuracy, the headline: what a reader would call a right answer.

1 when an unanswerable question is refused, or an answerable one is answered with every gold group and a cited sentence
of its evidence; else 0.
Source: ours.
"""

from collections.abc import Sequence

from eval.metrics.citation_overlap import citation_hit
from eval.metrics.gold_containment import gold_containment
from eval.metrics.places import Place
from eval.metrics.texts import Gold, said
from rag.types import Answer


def is_right(answer: Answer, answerable: bool, gold: Gold, evidence: Sequence[Place]) -> bool:
    """Joint accuracy of one question: rightly refused, or answered with every gold group and a cited gold sentence.

    Where no evidence is known (what an article's heading says), no citation is asked for.
    """
    if answer.refused or not answerable:
        return answer.refused and not answerable
    return gold_containment(said(answer), gold) == 1 and (not evidence or citation_hit(answer, evidence) == 1)
