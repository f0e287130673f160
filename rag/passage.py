"""What is found for a question, and what is quoted of it: hits, passages, citations."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rag.article import MARKUP, Article, Chunk, Span
from rag.voices import voice_of


@dataclass(frozen=True)
class Hit:
    """A chunk id and its score in one index; higher is better."""

    chunk_id: str
    score: float


@dataclass(frozen=True)
class PassageReading:
    """What the reader makes of a passage: the logit that it answers, and the words that it takes for the answer.

    `sentences` has for each sentence that was read (a span in the article, like `span`) the log probability that the
    answer begins in it.
    """

    answers: float
    span: Span
    sentences: Mapping[Span, float]


@dataclass(frozen=True)
class Passage:
    """A chunk retrieved for a question: rank from 1, fused score from 0 to 1, and the score of each leg.

    `dense` is the cosine of the nearest sentence; `lexical` how much of the query's words it has, 0 to 1. `rerank` is
    the score of the second stage, which then decides the rank; `reading` what the reader made of it; each None where
    there is none. `copy_of` is the rank of the passage of another article that this one repeats; it then ranks after
    all that repeat none.
    """

    article: Article
    chunk: Chunk
    rank: int
    score: float
    dense: float = 0.0
    lexical: float = 0.0
    rerank: float | None = None
    reading: PassageReading | None = None
    copy_of: int | None = None

    def holds(self, citation: "Citation") -> bool:
        """Whether the citation's span lies inside this passage."""
        same = self.article.id == citation.article.id
        return same and self.chunk.start <= citation.start and citation.end <= self.chunk.end

    def to_json(self) -> dict[str, Any]:
        """The passage as in docs/answer.md, ready for json.dumps."""
        return {
            "id": self.chunk.id,
            "article": self.article.id,
            "source_path": self.article.source_path,
            "start": self.chunk.start,
            "end": self.chunk.end,
            "text": self.chunk.text,
            "score": round(self.score, 6),
            "rank": self.rank,
            "rerank": self.rerank,
            "copy_of": self.copy_of,
        }


@dataclass(frozen=True)
class Citation:
    """The number n of a mark [n], resolved to a span of an article.

    The quote is cut from the article, so it cannot differ from it.
    Raises ValueError where the span is outside the text, or where the raw file holds
    anything but mark-up between the quoted characters.
    """

    marker: int
    article: Article
    start: int
    end: int

    def __post_init__(self) -> None:
        raw_start, raw_end = self.raw_span
        inside = [r for r in self.article.removed if r.start < raw_end and r.end > raw_start]
        if foreign := [r for r in inside if r.kind not in MARKUP]:
            raise ValueError(f"{self.article.id}: the quote {self.quote!r} spans a removed {foreign[0].kind}")

    @cached_property
    def raw_span(self) -> Span:
        """Span of the quote in the raw file, mark-up inside it included."""
        return self.article.raw_span(self.start, self.end)

    @property
    def quote(self) -> str:
        """The cited words, verbatim."""
        return self.article.text[self.start : self.end]

    @cached_property
    def voice(self) -> str:
        """Whose word the quote is: one of rag.voices.VOICES."""
        return voice_of(self.article.text, self.start, self.end)

    @property
    def flags(self) -> tuple[str, ...]:
        """Kinds of damage noticed inside the quote."""
        return tuple(f.kind for f in self.article.flags if f.start < self.end and self.start < f.end)

    def to_json(self) -> dict[str, Any]:
        """The citation as in docs/answer.md, ready for json.dumps."""
        article = self.article
        return {
            "marker": self.marker,
            "article": article.id,
            "source_path": article.source_path,
            "title": article.title,
            "author": article.author,
            "publisher": article.publisher,
            "published": article.published,
            "url": article.url,
            "quote": self.quote,
            "voice": self.voice,
            "start": self.start,
            "end": self.end,
            "raw_start": self.raw_span[0],
            "raw_end": self.raw_span[1],
            "article_sha256": article.sha256,
            "converted": article.converted,
            "provenance": dict(article.provenance),
            "flags": list(self.flags),
        }
