"""The reader: reads a question with windows of articles, and says whether and where each answers.

Its adapter (`reader.safetensors`) belongs to the embedded model and is trained by `python -m training`.
"""

import copy
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from rag.cores import fastest_numbers, on_each_core
from rag.embed import Embedder, SentenceEmbedder
from rag.settings import BUNDLED_MODEL
from rag.text import simplify
from rag.types import Span

ADAPTER = Path(__file__).with_name("reader.safetensors")
REMEMBERED = 1000  # windows that were read last: a question asked again, or by another reader, costs nothing
_OPENED: "WeakKeyDictionary[Any, Reader]" = WeakKeyDictionary()  # of an encoder
_OPENING = threading.Lock()


@dataclass(frozen=True)
class Window:
    """Consecutive sentences of an article, as spans in `text`, and the article's title."""

    title: str
    text: str
    sentences: tuple[Span, ...]


@dataclass(frozen=True)
class Reading:
    """What the reader makes of a window.

    `answers` is the logit that the window answers; `span` the words that it takes for the answer; `sentences` the
    log probability of each sentence that the answer begins in it, given that the window answers.
    """

    answers: float
    span: Span
    sentences: tuple[float, ...]


def same_length(text: str) -> str:
    """The text in simplified characters where that keeps every offset, else as it is."""
    simple = simplify(text)
    return simple if len(simple) == len(text) else text


class Reader:
    """Reads windows one by one. Safe to use from several threads: each core reads one window at a time.

    What is read of a window does not depend on the others. One alone stays in a core's cache: it takes less time than
    its share of a batch.
    """

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._remembered = lru_cache(REMEMBERED)(self._read)

    @classmethod
    def of(cls, encoder: Any, tokenizer: Any, adapter: Path = ADAPTER) -> "Reader":
        """The reader that an adapter makes of the embedded encoder; the two share the table of embeddings."""
        from rag.graph import as_graph
        from rag.int8 import to_int8
        from rag.reader_model import with_adapter

        shared = {id(encoder.embeddings): encoder.embeddings}
        model = with_adapter(copy.deepcopy(encoder, shared), encoder.config.hidden_size, adapter)
        if fastest_numbers() == "int8":
            to_int8(model.encoder)
        return cls(as_graph(model), tokenizer)

    def read(self, question: str, windows: Sequence[Window], *, seconds: float | None = None) -> list[Reading | None]:
        """A reading for each window, in their order; None from where the time was used up.

        The first window is always read.
        """
        begun = time.monotonic()

        def read(at: int) -> Reading | None:
            if at and seconds is not None and time.monotonic() - begun > seconds:
                return None
            return self._remembered(simplify(question), windows[at])

        return on_each_core(read, range(len(windows)))

    def _read(self, question: str, window: Window) -> Reading:
        import torch

        from rag.reader_model import best_span, encode, padded

        row = encode(self._tokenizer, question, simplify(window.title), same_length(window.text))
        with torch.inference_mode():
            spans, answers = self._model(*padded([row.ids]))
        answer = float(answers)
        if not row.offsets:
            return Reading(answer, (0, 0), (0.0,) * len(window.sentences))
        own = spans[0, row.first : row.first + len(row.offsets)]
        first, last = best_span(own[:, 0], own[:, 1])
        starts = torch.log_softmax(own[:, 0], 0).exp().tolist()
        begins = [offset for offset, _ in row.offsets]
        mass = [sum(p for p, begin in zip(starts, begins, strict=True) if a <= begin < b) for a, b in window.sentences]
        logs = tuple(float(torch.tensor(max(m, 1e-6)).log()) for m in mass)
        return Reading(answer, (row.offsets[first][0], row.offsets[last][1]), logs)


def open_reader(embedder: Embedder) -> Reader | None:
    """The trained reader over an embedding model, one for each; None for another model than the bundled one."""
    if not isinstance(embedder, SentenceEmbedder) or embedder.name != BUNDLED_MODEL:
        return None
    with _OPENING:
        encoder, tokenizer = embedder.network
        if encoder not in _OPENED:
            _OPENED[encoder] = Reader.of(encoder, tokenizer)
        return _OPENED[encoder]
