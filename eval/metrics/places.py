"""Spans of articles: what passages, citations and gold evidence are measured by, so that chunk ids do not matter."""

from rag.types import Answer

Place = tuple[str, int, int]  # article id, start, end


def overlap(place: Place, other: Place) -> int:
    """Code points that two places share."""
    return max(0, min(place[2], other[2]) - max(place[1], other[1])) if place[0] == other[0] else 0


def covers_evidence(passage: Place, gold: Place) -> bool:
    """Whether a passage covers at least half of a gold interval."""
    return overlap(passage, gold) * 2 >= gold[2] - gold[1]


def cited_places(answer: Answer) -> list[Place]:
    """Where the quotes of an answer stand."""
    return [(citation.article.id, citation.start, citation.end) for citation in answer.citations]
