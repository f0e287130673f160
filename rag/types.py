"""The frozen dataclasses that every part passes on. Offsets are code points; an end is exclusive."""

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from rag.voices import voice_of

Span = tuple[int, int]
UNVERIFIED = "（未能核实）"
MARKUP = frozenset({"markup", "image"})  # kinds of removals that a quote may run across


@dataclass(frozen=True)
class Removal:
    """A span of the raw file that the cleaner took out, with the kind and the name of the rule that did it."""

    start: int
    end: int
    kind: str
    rule: str


@dataclass(frozen=True)
class Flag:
    """Damage that was noticed in a stretch of the clean text, and left as it is: "date without 年", "cut sentence"."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class Article:
    """One file of the corpus, loaded and cleaned.

    `text` is `raw` without the removed spans, so every stretch of it maps back to the file.
    `author`, `publisher`, `published` (ISO date) and `url` are None where the file does not state them;
    `title` is then the file's name. `provenance` says of each field whether it is "stated" or "inferred";
    a field that it lacks is unknown. `converted`: `raw` is the text taken out of an HTML, PDF or DOCX file.
    """

    id: str
    source_path: str
    raw: str = field(repr=False)
    removed: tuple[Removal, ...] = field(default=(), repr=False)
    title: str = ""
    author: str | None = None
    publisher: str | None = None
    published: str | None = None
    url: str | None = None
    tags: tuple[str, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[Flag, ...] = ()
    converted: bool = False

    @cached_property
    def _kept(self) -> list[tuple[int, int, int]]:
        """Kept stretches as (start in text, start in raw, length), in order."""
        kept, text_at, raw_at = [], 0, 0
        for removal in (*self.removed, Removal(len(self.raw), len(self.raw), "", "")):
            if removal.start < raw_at:
                raise ValueError(f"{self.id}: removals overlap or are out of order at {removal.start}")
            if length := removal.start - raw_at:
                kept.append((text_at, raw_at, length))
                text_at += length
            raw_at = removal.end
        return kept

    @cached_property
    def text(self) -> str:
        """The clean text."""
        return "".join(self.raw[raw : raw + length] for _, raw, length in self._kept)

    def raw_span(self, start: int, end: int) -> Span:
        """The smallest span of `raw` that holds the clean text from `start` to `end`.

        Raises ValueError unless 0 <= start < end <= len(text).
        """
        if not 0 <= start < end <= len(self.text):
            raise ValueError(f"{self.id}: there is no text from {start} to {end}")
        return self._raw_offset(start), self._raw_offset(end - 1) + 1

    @cached_property
    def sha256(self) -> str:
        """The content hash: SHA-256 of `raw` in UTF-8, in hex."""
        return hashlib.sha256(self.raw.encode()).hexdigest()

    @cached_property
    def breaks(self) -> tuple[int, ...]:
        """Offsets in `text` where something other than mark-up was removed: no sentence runs across them."""
        return tuple(self.text_offset(r.start) for r in self.removed if r.kind not in MARKUP)

    def text_offset(self, raw_offset: int) -> int:
        """Number of clean characters before an offset in `raw`."""
        before = bisect_left(self._kept, raw_offset, key=lambda stretch: stretch[1])
        text_at, raw_at, length = self._kept[before - 1] if before else (0, 0, 0)
        return text_at + min(length, raw_offset - raw_at)

    def _raw_offset(self, offset: int) -> int:
        text_at, raw_at, _ = self._kept[bisect_right(self._kept, offset, key=lambda stretch: stretch[0]) - 1]
        return raw_at + offset - text_at


@dataclass(frozen=True)
class Metadata:
    """What an article states of itself, without its text."""

    title: str
    author: str | None = None
    publisher: str | None = None
    published: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chunk:
    """A span of an article: `text == article.text[start:end]`; `sentences` are spans in the same article."""

    id: str
    article_id: str
    start: int
    end: int
    text: str = field(repr=False)
    section: str = ""
    sentences: tuple[Span, ...] = field(default=(), repr=False)


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


@dataclass(frozen=True)
class Message:
    """One turn of a conversation; role is "user" or "assistant"."""

    role: str
    content: str


@dataclass(frozen=True)
class Scope:
    """Which articles may answer: those that meet every condition given; all of them when none is.

    `since` and `until` are ISO dates, inclusive; an undated article meets neither. `sources` are authors or
    publishers, `tags` and `articles` (ids) as the articles have them; one of each kind that is given must fit.
    """

    since: str | None = None
    until: str | None = None
    sources: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    articles: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The conditions that are given; {} for the empty scope."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items() if v}


ALL = Scope()  # every article may answer


@dataclass(frozen=True)
class Question:
    """What the reader typed, with the turns before it, oldest first, and which articles may answer."""

    text: str
    history: tuple[Message, ...] = ()
    id: str = ""
    scope: Scope = ALL


@dataclass(frozen=True)
class Step:
    """One thing that was done to a question before it was searched, and the query after it."""

    name: str
    query: str


@dataclass(frozen=True)
class Query:
    """What is searched for a question: the text that both indexes are asked, and how the question became it.

    `scope` is the reader's with what the question itself says of the articles it wants. `also` are other ways to
    write the figures and dates of the text, which only the full-text index is asked. `newest`: of passages that fit
    nearly as well, those of newer articles come first. `unknown` are the Latin names of the text that no article has.
    """

    text: str
    scope: Scope = ALL
    steps: tuple[Step, ...] = ()
    also: str = ""
    newest: bool = False
    unknown: tuple[str, ...] = ()


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
            "candidates": [_ranked_json(candidate) for candidate in self.candidates],
            "others": len(self.others),
        }


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
    answerer: str = "extractive"
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
    def scope(self) -> Scope:
        """Which articles might answer: the reader's scope, with what the question itself says."""
        return self.search.query.scope if self.search else self.question.scope

    @property
    def text(self) -> str:
        """The answer as plain text: the notice, then the statements with their marks."""
        marked = [s.text + ("".join(f"[{n}]" for n in s.citations) or UNVERIFIED) for s in self.statements]
        return "\n".join([part for part in (self.notice, "".join(marked)) if part])

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
                {**_citation_json(citation), "origin": origin}
                for citation, origin in zip(
                    self.citations, self.origins or range(1, len(self.citations) + 1), strict=True
                )
            ],
            "differ": self.differ,
            "nearest": [_citation_json(citation) for citation in self.nearest],
            "passages": [_passage_json(passage) for passage in self.passages],
            "timings_ms": {stage: round(ms, 1) for stage, ms in self.timings_ms.items()},
            "index_generation": self.index_generation,
            **search,
        }


def _citation_json(citation: Citation) -> dict[str, Any]:
    article = citation.article
    return {
        "marker": citation.marker,
        "article": article.id,
        "source_path": article.source_path,
        "title": article.title,
        "author": article.author,
        "publisher": article.publisher,
        "published": article.published,
        "url": article.url,
        "quote": citation.quote,
        "voice": citation.voice,
        "start": citation.start,
        "end": citation.end,
        "raw_start": citation.raw_span[0],
        "raw_end": citation.raw_span[1],
        "article_sha256": article.sha256,
        "converted": article.converted,
        "provenance": dict(article.provenance),
        "flags": list(citation.flags),
    }


def _passage_json(passage: Passage) -> dict[str, Any]:
    return {
        "article": passage.article.id,
        "source_path": passage.article.source_path,
        "start": passage.chunk.start,
        "end": passage.chunk.end,
        "text": passage.chunk.text,
        "score": round(passage.score, 6),
        "rank": passage.rank,
        "rerank": passage.rerank,
        "copy_of": passage.copy_of,
    }


def _ranked_json(candidate: Ranked) -> dict[str, Any]:
    passage = candidate.passage
    return {
        "rank": passage.rank,
        "place": candidate.place,
        "copy_of": candidate.copy_of,
        "moved": candidate.moved,
        "article": passage.article.id,
        "title": passage.article.title,
        "section": passage.chunk.section,
        "start": passage.chunk.start,
        "end": passage.chunk.end,
        "text": passage.chunk.text,
        "score": round(passage.score, 6),
        "dense": round(passage.dense, 6),
        "lexical": round(passage.lexical, 6),
        "scaled_dense": round(candidate.scaled_dense, 6),
        "scaled_lexical": round(candidate.scaled_lexical, 6),
    }
