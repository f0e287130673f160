"""unsupported figures: numbers that an answer states and its citations lack.

unsupported = figures of the statements that no citation of the same statement has / figures of the statements, both
compared by value (3.5亿 is 350000000).
Source: ours.
"""

from eval.metrics.cited import quoted_by, shown_text
from rag.text import figures
from rag.types import Answer


def unsupported_figures(answer: Answer) -> float | None:
    """Share of the figures in the statements that no citation of the same statement has; None without figures.

    A citation has those of its quote, and of the title, by-line and date that it is shown with.
    """
    stated = unsupported = 0
    for text, cited in quoted_by(answer):
        found = figures(text)
        stated += len(found)
        unsupported += len(found - figures(shown_text(cited)))
    return unsupported / stated if stated else None
