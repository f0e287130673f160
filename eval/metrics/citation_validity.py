"""citations resolve and citations exact: promises about the JSON that a reader gets. One file: both read its passages.

resolve = marks that name a citation within a passage / marks; exact = quotes equal to the text of a passage at their
span / citations. Both are invariants: anything but 1 is a defect.
Source: ours.
"""

from typing import Any

from rag.types import Answer


def citations_resolve(answer: Answer) -> float | None:
    """Share of the marks in the statements that name a citation within a passage; None without marks.

    Read from the answer's JSON, as citations_exact.
    """
    row = answer.to_json()
    spans = [(p["article"], p["start"], p["end"]) for p in row["passages"]]
    inside = {c["marker"] for c in row["citations"] if any(_lies_in(c, *span) for span in spans)}
    marks = [mark for statement in row["statements"] for mark in statement["citations"]]
    return sum(mark in inside for mark in marks) / len(marks) if marks else None


def _lies_in(citation: dict[str, Any], article: str, start: int, end: int) -> bool:
    return bool(citation["article"] == article and start <= citation["start"] < citation["end"] <= end)


def citations_exact(answer: Answer) -> float | None:
    """Share of the citations whose quote equals the text of a passage at their span; None without citations.

    Read from the answer's JSON, so that it judges what a reader of the answer gets.
    """
    row = answer.to_json()
    if not row["citations"]:
        return None
    return sum(any(_quotes(p, c) for p in row["passages"]) for c in row["citations"]) / len(row["citations"])


def _quotes(passage: dict[str, Any], citation: dict[str, Any]) -> bool:
    start, end = citation["start"] - passage["start"], citation["end"] - passage["start"]
    if passage["article"] != citation["article"] or not 0 <= start < end:
        return False
    return bool(passage["text"][start:end] == citation["quote"])
