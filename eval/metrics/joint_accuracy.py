"""joint accuracy, the headline: what a reader would call a right answer.

1 when an unanswerable question is refused, or an answerable one is answered with every gold group, a cited sentence of
its evidence and nothing that only wrong answers say; else 0.
Source: ours.
"""

from collections.abc import Sequence

from eval.metrics.citation_overlap import citation_hit
from eval.metrics.forbidden import holds_forbidden
from eval.metrics.gold_containment import gold_containment
from eval.metrics.places import Place
from eval.metrics.texts import Gold, said
from rag.types import Answer


def is_right(
    answer: Answer, answerable: bool, gold: Gold, evidence: Sequence[Place], forbid: Sequence[str] = ()
) -> bool:
    """Joint accuracy of one question: rightly refused, or answered with every gold group and a cited gold sentence.

    An answer that says what only wrong answers say (`forbid`) is wrong.
    Where no evidence is known (what an article's heading says), no citation is asked for.
    """
    if answer.refused or not answerable:
        return answer.refused and not answerable
    cited = not evidence or citation_hit(answer, evidence) == 1
    return cited and gold_containment(said(answer), gold) == 1 and not holds_forbidden(answer, forbid, evidence)
