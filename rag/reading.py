"""Passages are read: which of them answers, in which of its sentences, with which words."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from types import TracebackType

from rag.reader import Reader, Window
from rag.types import Passage, PassageReading, Span

LONGEST_WINDOW = 360  # code points, about 256 tokens; a passage of 400 tokens is read in two
FUSED_WEIGHT = 18.0  # logits that the whole range of the fused score is worth in the order of what was read


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


def windows_of(passage: Passage, most: int = LONGEST_WINDOW) -> list[tuple[int, Window]]:
    """The sentences of a passage in as few even stretches as have about `most` code points.

    Each stretch comes with the offset in the article where it starts.
    """
    sentences = passage.chunk.sentences
    size = sum(end - start for start, end in sentences)
    count = max(1, -(-size // most))
    stretches: list[list[Span]] = [[] for _ in range(count)]
    before = 0
    for start, end in sentences:
        stretches[int((before + (end - start) / 2) / size * count)].append((start, end))
        before += end - start
    title = f"{passage.article.title} {passage.chunk.section}".strip()
    windows = []
    for stretch in filter(None, stretches):
        first, last = stretch[0][0], stretch[-1][1]
        inside = tuple((a - first, b - first) for a, b in stretch)
        windows.append((first, Window(title, passage.article.text[first:last], inside)))
    return windows


def read_passages(
    reader: Reader, query: str, passages: Sequence[Passage], *, seconds: float | None = None
) -> list[Passage]:
    """The passages with what the reader makes of each, in the same order; those beyond the time are as they were."""
    placed = [(passage.chunk.id, *window) for passage in passages for window in windows_of(passage)]
    readings = reader.read(query, [window for _, _, window in placed], seconds=seconds)
    read: dict[str, list[PassageReading]] = {}
    for (id_, start, window), reading in zip(placed, readings, strict=True):
        if reading is not None:
            spans: list[Span] = [(start + a, start + b) for a, b in window.sentences]
            own = PassageReading(
                answers=reading.answers,
                span=(start + reading.span[0], start + reading.span[1]),
                sentences=dict(zip(spans, reading.sentences, strict=True)),
            )
            read.setdefault(id_, []).append(own)
    whole = {id_: _together(parts) for id_, parts in read.items()}
    return [replace(passage, reading=whole.get(passage.chunk.id)) for passage in passages]


def _together(parts: Sequence[PassageReading]) -> PassageReading:
    """The reading of the part that answers best, with the sentences of the others, by as much less likely."""
    best = max(parts, key=lambda part: part.answers)
    sentences = {span: log + part.answers - best.answers for part in parts for span, log in part.sentences.items()}
    return replace(best, sentences=sentences)


def in_order_read(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The passages numbered anew: those read by the logit that they answer and their fused score, then the others."""
    read = [passage for passage in passages if passage.reading]
    others = [passage for passage in passages if not passage.reading]
    read.sort(key=lambda passage: -(passage.reading.answers + FUSED_WEIGHT * passage.score))  # type: ignore[union-attr]
    return tuple(replace(passage, rank=rank) for rank, passage in enumerate(chain(read, others), 1))
