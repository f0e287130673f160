"""forbidden: whether an answer says what only wrong answers say.

1 when the answer holds one of the strings, else 0.
Source: ours.
"""

from collections.abc import Sequence

from eval.metrics.texts import contains


def holds_forbidden(answer: str, forbidden: Sequence[str]) -> float | None:
    """1 when the answer holds a string that only wrong answers have, else 0."""
    return float(any(contains(answer, string) for string in forbidden)) if forbidden else None
