"""exact match: whether an answer is the gold and nothing else.

EM = 1 when the answer equals an alternative of the one gold group, both normalised, else 0.
Source: the evaluation script of CMRC 2018, Cui et al., EMNLP 2019, doi:10.18653/v1/D19-1600.
"""

from eval.metrics.texts import Gold, normalize_answer


def exact_match(answer: str, gold: Gold) -> float | None:
    """1 when the answer is an alternative of the one gold group, both normalised, else 0; None unless there is one."""
    if len(gold) != 1:
        return None
    return float(normalize_answer(answer) in [normalize_answer(alternative) for alternative in gold[0]])
