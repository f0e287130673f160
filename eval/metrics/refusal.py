"""refusal, over-refusal and their balanced accuracy: saying no where one should. One file: read as one.

refusal = refused / unanswerable questions; over-refusal = refused / answerable questions;
balanced accuracy = (refusal + (1 - over-refusal)) / 2. Told by type of question, never averaged over types.
Source: balanced accuracy, Brodersen et al., ICPR 2010, doi:10.1109/ICPR.2010.764.
"""

from typing import Any

from rag.types import Answer


def refusal(answer: Answer, answerable: bool) -> float | None:
    """1 when an unanswerable question is refused, else 0; None for an answerable one."""
    return None if answerable else float(answer.refused)


def over_refusal(answer: Answer, answerable: bool) -> float | None:
    """1 when an answerable question is refused, else 0; None for an unanswerable one."""
    return float(answer.refused) if answerable else None


def balanced_accuracy(refused: Any, answered: Any) -> Any:
    """The mean of two shares: of unanswerable questions refused, and of answerable ones answered. Arrays too."""
    return (refused + answered) / 2
