"""What each statement of an answer cites, as the reader sees it."""

from collections.abc import Sequence

from rag.types import Answer, Citation


def quoted_by(answer: Answer) -> list[tuple[str, list[Citation]]]:
    """The text of each statement and its citations."""
    return [(s.text, [answer.citations[marker - 1] for marker in s.citations]) for s in answer.statements]


def shown_text(citations: Sequence[Citation]) -> str:
    """The quotes, with the title, by-line and date that each is shown with."""
    parts = [(c.quote, c.article.title, c.article.author, c.article.publisher, c.article.published) for c in citations]
    return "\n".join(part for citation in parts for part in citation if part)
