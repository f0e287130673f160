"""The frozen dataclasses that every part passes on; here the answer, and the door to those of the files before.

Offsets are code points; an end is exclusive.
"""

from dataclasses import dataclass, field
from typing import Any

from rag.article import MARKUP, Article, Chunk, Flag, Metadata, Removal, Span
from rag.passage import Citation, Hit, Passage, PassageReading
from rag.question import ALL, Message, Query, Question, Scope, Step
from rag.search import Ranked, Search

__all__ = [
    "ALL",
    "EXTRACTIVE",
    "MARKUP",
    "UNVERIFIED",
    "Answer",
    "Article",
    "Chunk",
    "Citation",
    "Flag",
    "Hit",
    "Message",
    "Metadata",
    "Passage",
    "PassageReading",
    "Query",
    "Question",
    "Ranked",
    "Removal",
    "Scope",
    "Search",
    "Span",
    "Statement",
    "Step",
]

UNVERIFIED = "（未能核实）"
EXTRACTIVE = "extractive"  # the answerer that is no LLM


@dataclass(frozen=True)
class Statement:
    """One sentence of an answer and the markers of the citations it rests on.

    `emphasis` are spans of `text`: the words that answer, where they are known. What an LLM wrote without support in
    the articles is not `verified`, and has no citations. `subject` is what it speaks of in a comparison, as the
    question names it; "" elsewhere and where it speaks of all.
    """

    text: str
    citations: tuple[int, ...]
    emphasis: tuple[Span, ...] = ()
    verified: bool = True
    subject: str = ""

    @property
    def marked(self) -> str:
        """The sentence with its marks, as plain text."""
        return self.text + ("".join(f"[{n}]" for n in self.citations) or UNVERIFIED)


@dataclass(frozen=True)
class Answer:
    """Statements with their citations, and the passages they were drawn from.

    `notice` is what the program itself says (why it refuses, that the LLM failed); it is no statement.
    `draft` holds words of an LLM that are not checked yet; it is empty in a finished answer.
    `origins` has for each citation the number of its origin, from 1; articles that repeat each other share one.
    `differ`: the articles state different values of what is asked, and the statements have them all.
    `nearest` are the sentences nearest to a refused question; they do not answer it, and have markers of their own.
    Raises ValueError where a marker has no citation, a citation lies in none of the passages, or what is no refusal
    has nearest sentences.
    """

    question: Question
    statements: tuple[Statement, ...] = ()
    citations: tuple[Citation, ...] = ()
    passages: tuple[Passage, ...] = ()
    refused: bool = False
    notice: str = ""
    draft: str = ""
    answerer: str = EXTRACTIVE
    confidence: float | None = None
    timings_ms: dict[str, float] = field(default_factory=dict)
    index_generation: int = 0
    origins: tuple[int, ...] = ()
    nearest: tuple[Citation, ...] = ()
    differ: bool = False
    search: Search | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.nearest and not self.refused:
            raise ValueError("only a refusal has nearest sentences that do not answer")
        for numbered in (self.citations, self.nearest):
            markers = [citation.marker for citation in numbered]
            if markers != list(range(1, len(markers) + 1)):
                raise ValueError(f"citations must be numbered from 1 without gaps, not {markers}")
        markers = [citation.marker for citation in self.citations]
        if self.origins and len(self.origins) != len(self.citations):
            raise ValueError(f"there are {len(self.origins)} origins for {len(self.citations)} citations")
        for statement in self.statements:
            if unknown := set(statement.citations) - set(markers):
                raise ValueError(f"the statement {statement.text!r} carries unknown markers {sorted(unknown)}")
            if bool(statement.citations) is not statement.verified:
                raise ValueError(f"the statement {statement.text!r} must be either cited or marked as not verified")
        for citation in (*self.citations, *self.nearest):
            if not any(passage.holds(citation) for passage in self.passages):
                raise ValueError(f"citation {citation.marker} lies in none of the passages")

    @property
    def is_extractive(self) -> bool:
        """Whether its sentences are the articles' own, chosen without an LLM."""
        return self.answerer == EXTRACTIVE

    @property
    def scope(self) -> Scope:
        """Which articles might answer: the reader's scope, with what the question itself says."""
        return self.search.query.scope if self.search else self.question.scope

    @property
    def sources(self) -> tuple[str, ...]:
        """The ids of the chunks that it cites."""
        return tuple(p.chunk.id for p in self.passages if any(map(p.holds, self.citations)))

    @property
    def text(self) -> str:
        """The answer as plain text: the notice, then the statements with their marks."""
        told = "".join(statement.marked for statement in self.statements)
        return "\n".join([part for part in (self.notice, told) if part])

    def to_json(self, *, explain: bool = False) -> dict[str, Any]:
        """The answer as in docs/answer.md, ready for json.dumps; with `explain` and what was searched."""
        search = {"search": self.search.to_json() if self.search else None} if explain else {}
        return {
            "id": self.question.id,
            "question": self.question.text,
            "scope": self.scope.to_json(),
            "refused": self.refused,
            "text": self.text,
            "notice": self.notice,
            "answerer": self.answerer,
            "confidence": self.confidence,
            "statements": [
                {
                    "text": s.text,
                    "citations": list(s.citations),
                    "emphasis": [list(span) for span in s.emphasis],
                    "verified": s.verified,
                    "subject": s.subject,
                }
                for s in self.statements
            ],
            "citations": [
                {**citation.to_json(), "origin": origin}
                for citation, origin in zip(
                    self.citations, self.origins or range(1, len(self.citations) + 1), strict=True
                )
            ],
            "differ": self.differ,
            "nearest": [citation.to_json() for citation in self.nearest],
            "passages": [passage.to_json() for passage in self.passages],
            "timings_ms": {stage: round(ms, 1) for stage, ms in self.timings_ms.items()},
            "index_generation": self.index_generation,
            **search,
        }
