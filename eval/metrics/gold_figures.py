"""gold figures: whether an answer has the right numbers, whatever its words.

share = gold groups with a figure of which the answer has one, compared by value / gold groups with a figure.
Source: ours.
"""

from eval.metrics.texts import Gold
from rag.text import figures


def gold_figures(answer: str, gold: Gold) -> float | None:
    """Share of the gold groups with a figure of which the answer has a figure; None without figures."""
    groups = [wanted for group in gold if (wanted := set().union(*(figures(alternative) for alternative in group)))]
    if not groups:
        return None
    found = figures(answer)
    return sum(bool(wanted & found) for wanted in groups) / len(groups)
