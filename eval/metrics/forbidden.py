"""forbidden: whether an answer says what only wrong answers say.

1 when the answer holds one of the strings that no cited sentence of its evidence holds, else 0.
Source: ours.
"""

from collections.abc import Sequence

from eval.metrics.places import Place, cited_places, overlap
from eval.metrics.texts import contains, said
from rag.types import Answer


def holds_forbidden(answer: Answer, forbidden: Sequence[str], evidence: Sequence[Place] = ()) -> float | None:
    """1 when the answer holds a string that only wrong answers have, else 0.

    Where the sentence that settles the question says it too, and is cited, it is the article's and no mistake.
    """
    if not forbidden:
        return None
    cited = zip(answer.citations, cited_places(answer), strict=True)
    settled = "\n".join(c.quote for c, place in cited if any(overlap(place, gold) for gold in evidence))
    text = said(answer)
    return float(any(contains(text, string) and not contains(settled, string) for string in forbidden))
