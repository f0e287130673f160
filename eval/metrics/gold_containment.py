"""gold containment and gold share: whether an answer says what it should. One file: the first is the second = 1.

share = gold groups of which the answer holds an alternative / gold groups; containment = 1 when share = 1, else 0.
Source: the accuracy of Mallen et al., ACL 2023, doi:10.18653/v1/2023.acl-long.546 (a gold answer is in the text), over
groups and within the bounds of figures.
"""

from eval.metrics.texts import Gold, contains


def gold_containment(answer: str, gold: Gold) -> float | None:
    """1 when the answer holds an alternative of every gold group, else 0."""
    return None if (share := gold_share(answer, gold)) is None else float(share == 1)


def gold_share(answer: str, gold: Gold) -> float | None:
    """Share of the gold groups of which the answer holds an alternative."""
    if not gold:
        return None
    return sum(any(contains(answer, alternative) for alternative in group) for group in gold) / len(gold)
