"""Passages are read: which of them answers, in which of its sentences, with which words."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain, islice
from types import TracebackType

from rag.embed import Vector
from rag.library import Library
from rag.memory import give_back
from rag.reader import Reader, Reading, Window
from rag.types import Passage, PassageReading, Span

LONGEST_WINDOW = 360  # code points, about 256 tokens; a passage of 800 tokens is read in three
MOST_WINDOWS = 8  # windows that are read of the passages of a question, but one of each passage
FIRST = 4  # windows that are read before it is asked whether they are enough
THEN = 2  # windows that are read each time after that: one on each of two cores
FUSED_COSINE = 0.1  # cosine that the whole range of the fused score is worth in the order in which windows are read
FUSED_WEIGHT = 18.0  # logits that the whole range of the fused score is worth in the order of what was read

PlacedWindow = tuple[str, int, Window]  # with the id of its chunk, and the offset in the article where it starts


class InProgress:
    """A context that counts who is in it, in whatever thread; the last to leave gives back the memory that is free."""

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
            last = not self.count
        if last:
            give_back()


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


def nearest_first(query_vector: Vector, passages: Sequence[Passage], library: Library) -> list[PlacedWindow]:
    """The windows of passages: the one of each with the sentence nearest to the question, then the others likewise."""
    near: list[tuple[bool, float, PlacedWindow]] = []
    for passage in passages:
        if windows := windows_of(passage):
            cosines = iter((library.sentence_vectors(passage.chunk.id) @ query_vector).tolist())
            nearest = [max(islice(cosines, len(window.sentences))) for _, window in windows]
            first = nearest.index(max(nearest))
            for at, (start, window) in enumerate(windows):
                rating = nearest[at] + FUSED_COSINE * passage.score
                near.append((at != first, -rating, (passage.chunk.id, start, window)))
    near.sort(key=lambda one: one[:2])
    return [placed for _, _, placed in near]


def read_passages(
    reader: Reader,
    query: str,
    query_vector: Vector,
    passages: Sequence[Passage],
    library: Library,
    *,
    enough: Callable[[Sequence[float]], bool] | None = None,
    seconds: float | None = None,
) -> list[Passage]:
    """The passages with what the reader makes of each, in the same order; those that it does not read are as they were.

    It reads MOST_WINDOWS, the nearest, or until no time is left, or until `enough` is true of the logits of the
    passages read so far.
    """
    left = nearest_first(query_vector, passages, library)[: max(MOST_WINDOWS, len(passages))]
    size = FIRST if enough else len(left)
    begun = time.monotonic()
    read: dict[str, list[PassageReading]] = {}
    while left:
        now, left, size = left[:size], left[size:], THEN
        remaining = None if seconds is None else seconds - (time.monotonic() - begun)
        if read and remaining is not None and remaining <= 0:
            break
        readings = reader.read(query, [window for _, _, window in now], seconds=remaining)
        for (id_, start, window), reading in zip(now, readings, strict=True):
            if reading is not None:
                read.setdefault(id_, []).append(_in_article(start, window, reading))
        if None in readings or (enough and enough([max(p.answers for p in parts) for parts in read.values()])):
            break
    whole = {id_: _together(parts) for id_, parts in read.items()}
    return [replace(passage, reading=whole.get(passage.chunk.id)) for passage in passages]


def _in_article(start: int, window: Window, reading: Reading) -> PassageReading:
    """The reading of a window that starts at an offset of an article."""
    spans: list[Span] = [(start + a, start + b) for a, b in window.sentences]
    return PassageReading(
        answers=reading.answers,
        span=(start + reading.span[0], start + reading.span[1]),
        sentences=dict(zip(spans, reading.sentences, strict=True)),
    )


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
