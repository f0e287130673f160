"""brevity: how many times longer an answer is than it need be.

brevity = length of the answer / sum over gold groups of the length of the longest alternative, all normalised.
The summary has its median, since a few long answers would carry a mean.
Source: ours.
"""

from eval.metrics.texts import Gold, normalize_answer


def brevity(answer: str, gold: Gold) -> float | None:
    """Length of the answer over that of the gold (the longest alternative of each group), both normalised."""
    length = sum(max((len(normalize_answer(alternative)) for alternative in group), default=0) for group in gold)
    return len(normalize_answer(answer)) / length if length and answer else None
