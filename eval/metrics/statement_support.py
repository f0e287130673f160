"""statement recall and precision: whether statements follow from what they cite. One file: both ask `supports`.

recall = statements that their citations together support / statements; precision = citations that their statement
needs / citations. A citation is needed where all those of its statement support it, and it does so alone or the
others do not.
Source: citation recall and precision of ALCE, Gao et al., EMNLP 2023, doi:10.18653/v1/2023.emnlp-main.398, with
`supports` in the place of its entailment model.
"""

from eval.metrics.cited import quoted_by, shown_text
from rag.ground import LEAST_SUPPORT, contradicts, missing_names
from rag.text import figures, index_terms
from rag.types import Answer, Citation


def supports(source: str, text: str) -> bool:
    """Whether a source holds every figure, quotation and Latin name of a text and enough of its terms, undenied."""
    terms = set(index_terms(text))
    if len(terms & set(index_terms(source))) < LEAST_SUPPORT * len(terms) or figures(text) - figures(source):
        return False
    return not missing_names(text, source) and not contradicts(text, source)


def statement_recall(answer: Answer) -> float | None:
    """Share of the statements that their citations together support; None without statements."""
    cited = quoted_by(answer)
    return sum(supports(shown_text(citations), text) for text, citations in cited) / len(cited) if cited else None


def statement_precision(answer: Answer) -> float | None:
    """Share of the citations of the statements that their statement needs; None without statements."""
    needed = [_needed(text, cited, own) for text, cited in quoted_by(answer) for own in cited]
    return sum(needed) / len(needed) if needed else None


def _needed(text: str, cited: list[Citation], own: Citation) -> bool:
    others = [citation for citation in cited if citation is not own]
    if not supports(shown_text(cited), text):
        return False
    return supports(shown_text([own]), text) or not (others and supports(shown_text(others), text))
