"""Passages are read: which of them answers, in which of its sentences, with which words."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from types import TracebackType

import numpy as np

from rag.embed import Vector
from rag.library import Library
from rag.reader import Reader, Window
from rag.types import Passage, PassageReading, Span

LONGEST_WINDOW = 260  # code points
FUSED_WEIGHT = 12.0  # logits that the whole range of the fused score is worth in the order of what was read


class InProgress:
    """A context that counts who is in it, in whatever thread."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            self.count += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            self.count -= 1


def window_of(passage: Passage, cosines: Vector, most: int = LONGEST_WINDOW) -> tuple[int, Window]:
    """The sentences of a passage around the one nearest to the question, and the offset in the article they start at.

    They alternate in growing to both sides, up to `most` code points.
    """
    sentences = passage.chunk.sentences
    core = low = high = int(np.argmax(cosines))
    size = sentences[core][1] - sentences[core][0]
    while low > 0 or high < len(sentences) - 1:
        to_left = low > 0 and (high == len(sentences) - 1 or core - low <= high - core)
        start, end = sentences[low - 1] if to_left else sentences[high + 1]
        size += end - start
        if size > most:
            break
        low, high = (low - 1, high) if to_left else (low, high + 1)
    start, end = sentences[low][0], sentences[high][1]
    inside = tuple((a - start, b - start) for a, b in sentences[low : high + 1])
    title = f"{passage.article.title} {passage.chunk.section}".strip()
    return start, Window(title, passage.article.text[start:end], inside)


def read_passages(
    reader: Reader,
    query: str,
    query_vector: Vector,
    passages: Sequence[Passage],
    library: Library,
    *,
    seconds: float | None = None,
) -> list[Passage]:
    """The passages with what the reader makes of each, in the same order; those beyond the time are as they were."""
    legible = [passage for passage in passages if passage.chunk.sentences]
    placed = [window_of(p, library.sentence_vectors(p.chunk.id) @ query_vector) for p in legible]
    readings = reader.read(query, [window for _, window in placed], seconds=seconds)
    read: dict[str, PassageReading] = {}
    for passage, (start, window), reading in zip(legible, placed, readings, strict=True):
        if reading is not None:
            spans: list[Span] = [(start + a, start + b) for a, b in window.sentences]
            read[passage.chunk.id] = PassageReading(
                answers=reading.answers,
                span=(start + reading.span[0], start + reading.span[1]),
                sentences=dict(zip(spans, reading.sentences, strict=True)),
            )
    return [replace(passage, reading=read.get(passage.chunk.id)) for passage in passages]


def in_order_read(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The passages numbered anew: those read by the logit that they answer and their fused score, then the others."""
    read = [passage for passage in passages if passage.reading]
    others = [passage for passage in passages if not passage.reading]
    read.sort(key=lambda passage: -(passage.reading.answers + FUSED_WEIGHT * passage.score))  # type: ignore[union-attr]
    return tuple(replace(passage, rank=rank) for rank, passage in enumerate(chain(read, others), 1))
