"""An article, cleaned, and the chunks that it is cut into. Offsets are code points; an end is exclusive."""

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

Span = tuple[int, int]
MARKUP = frozenset({"markup", "image"})  # kinds of removals that a quote may run across


@dataclass(frozen=True)
class Removal:
    """A span of the raw file that the cleaner took out, with the kind and the name of the rule that did it."""

    start: int
    end: int
    kind: str
    rule: str


def kept_stretches(length: int, removed: Sequence[Removal]) -> list[tuple[int, int, int]]:
    """What is kept of a raw text of this length, in order, as (start in the clean text, start in raw, length).

    Raises ValueError where removals overlap or are out of order.
    """
    kept, text_at, raw_at = [], 0, 0
    for removal in (*removed, Removal(length, length, "", "")):
        if removal.start < raw_at:
            raise ValueError(f"removals overlap or are out of order at {removal.start}")
        if stretch := removal.start - raw_at:
            kept.append((text_at, raw_at, stretch))
            text_at += stretch
        raw_at = removal.end
    return kept


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
    a field that it lacks is unknown. `converted`: `raw` is no file's own text, but was taken out of it.
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
        return kept_stretches(len(self.raw), self.removed)

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


def byline_of(article: Article | Metadata) -> str:
    """Who wrote an article, else who published it; "" where neither is known."""
    return article.author or article.publisher or ""


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
