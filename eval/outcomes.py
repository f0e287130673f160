"""What became of a question's evidence on its way: the stage at which it was lost, if it was."""

from collections.abc import Sequence
from dataclasses import dataclass

from eval.metrics import Place, citation_hit, covers_evidence
from rag.library import Library
from rag.types import Answer, Chunk, Search

MISSED = "not among the candidates"
LOW = "ranked low"
RETRIEVED = "retrieved"  # where no answer was written
UNCITED = "retrieved, not cited"
CITED = "cited"
ORDER = (CITED, UNCITED, RETRIEVED, LOW, MISSED)


@dataclass(frozen=True)
class Outcome:
    """How far the evidence came, and the rank of the first candidate that covers some of it; None without one."""

    reason: str
    rank: int | None


def outcome(search: Search, gold: Sequence[Place], library: Library, answer: Answer | None = None) -> Outcome | None:
    """What became of the evidence at the places `gold`; None without any."""
    if not gold:
        return None

    def covers(chunk: Chunk) -> bool:
        return any(covers_evidence((chunk.article_id, chunk.start, chunk.end), place) for place in gold)

    ranked = [*(c.passage.chunk for c in search.candidates), *map(library.chunk, search.others)]
    rank = next((rank for rank, chunk in enumerate(ranked, 1) if covers(chunk)), None)
    if answer is not None and citation_hit(answer, gold):
        return Outcome(CITED, rank)
    if any(covers(passage.chunk) for passage in search.passages):
        return Outcome(RETRIEVED if answer is None else UNCITED, rank)
    return Outcome(MISSED if rank is None else LOW, rank)
