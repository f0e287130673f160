"""What was searched for a question, and how the candidates were ranked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from rag.passage import Passage
from rag.question import Query


@dataclass(frozen=True)
class Ranked:
    """A candidate of the fusion: its passage, ranked by the fused score, and the scores of both legs as fused, 0 to 1.

    `place` is its rank among the passages of the answer, None where it is none of them; `copy_of` the place of the one
    that it repeats. `moved`: it was put forward as the best of a second article.
    """

    passage: Passage
    scaled_dense: float
    scaled_lexical: float
    place: int | None = None
    copy_of: int | None = None
    moved: bool = False

    def to_json(self) -> dict[str, Any]:
        """The candidate as in docs/answer.md, ready for json.dumps."""
        passage = self.passage
        return {
            "rank": passage.rank,
            "place": self.place,
            "copy_of": self.copy_of,
            "moved": self.moved,
            "article": passage.article.id,
            "title": passage.article.title,
            "section": passage.chunk.section,
            "start": passage.chunk.start,
            "end": passage.chunk.end,
            "text": passage.chunk.text,
            "score": round(passage.score, 6),
            "dense": round(passage.dense, 6),
            "lexical": round(passage.lexical, 6),
            "scaled_dense": round(self.scaled_dense, 6),
            "scaled_lexical": round(self.scaled_lexical, 6),
        }


@dataclass(frozen=True)
class Search:
    """What was searched for a question and what was found: the best candidates, then the chunk ids of the others."""

    query: Query
    candidates: tuple[Ranked, ...] = ()
    others: tuple[str, ...] = ()

    @cached_property
    def passages(self) -> tuple[Passage, ...]:
        """The candidates that the answer is drawn from, ranked by their place."""
        placed = [replace(c.passage, rank=c.place, copy_of=c.copy_of) for c in self.candidates if c.place is not None]
        return tuple(sorted(placed, key=lambda passage: passage.rank))

    @property
    def best(self) -> tuple[Passage, ...]:
        """Every candidate's passage, in the order of the fused scores."""
        return tuple(candidate.passage for candidate in self.candidates)

    def ordered(self, passages: Sequence[Passage]) -> "Search":
        """The search with its candidates in the order of their passages given, which later stages may have changed.

        They keep the rank of the fused score.
        """
        by_id = {candidate.passage.chunk.id: candidate for candidate in self.candidates}
        ranked = [(by_id[passage.chunk.id], passage) for passage in passages]
        candidates = [replace(c, passage=replace(passage, rank=c.passage.rank)) for c, passage in ranked]
        return replace(self, candidates=tuple(candidates))

    def to_json(self) -> dict[str, Any]:
        """The search as in docs/answer.md, ready for json.dumps."""
        return {
            "query": self.query.text,
            "steps": [{"name": step.name, "query": step.query} for step in self.query.steps],
            "scope": self.query.scope.to_json(),
            "candidates": [candidate.to_json() for candidate in self.candidates],
            "others": len(self.others),
        }
