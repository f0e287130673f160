"""citation recall: whether the quotes alone, without the answer's words, hold the gold.

recall = gold groups of which a quote holds an alternative / gold groups.
Source: ours; gold_share, over the quotes.
"""

from eval.metrics.texts import Gold, contains
from rag.types import Answer


def citation_recall(answer: Answer, gold: Gold) -> float | None:
    """Share of the gold groups of which a quote holds an alternative; None without citations or gold."""
    if not gold or not answer.citations:
        return None
    quotes = [citation.quote for citation in answer.citations]
    return sum(any(contains(quote, a) for quote in quotes for a in group) for group in gold) / len(gold)
