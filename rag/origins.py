"""Which of the cited articles are independent of each other: what one repeats from another is one origin."""

from collections.abc import Sequence

from rag.library import Library
from rag.text import index_terms
from rag.types import Citation

FEWEST_TERMS = 10  # of a quote; a shorter one may be said twice by chance


def number_origins(citations: Sequence[Citation], library: Library) -> tuple[int, ...]:
    """For each citation the number of its origin, from 1 in the order of citations.

    Citations of one article have one origin, and so have those of articles of which one repeats the cited paragraph,
    or the quote word for word.
    """
    leaders: dict[str, str] = {}

    def find(name: str) -> str:
        while (leader := leaders.setdefault(name, name)) != name:
            name = leader
        return name

    for citation in citations:
        names = [f"article {citation.article.id}"]
        paragraph = library.origin(citation.article.id, citation.start, citation.end)
        if paragraph is not None:
            names.append(f"paragraph {paragraph}")
        terms = index_terms(citation.quote)
        if len(terms) >= FEWEST_TERMS:
            names.append(f"quote {' '.join(terms)}")
        for name in names[1:]:
            leaders[find(name)] = find(names[0])
    roots = [find(f"article {citation.article.id}") for citation in citations]
    order = list(dict.fromkeys(roots))
    return tuple(order.index(root) + 1 for root in roots)
