"""The reader: reads a question with windows of articles, and says whether and where each answers.

Its adapter (`reader.safetensors`) belongs to the embedded model and is trained by `python -m training`.
"""

import copy
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from rag.cores import on_each_core
from rag.embed import Embedder, SentenceEmbedder
from rag.settings import BUNDLED_MODEL
from rag.text import simplify
from rag.types import Span

if TYPE_CHECKING:
    from rag.reader_model import ReaderModel

ADAPTER = Path(__file__).with_name("reader.safetensors")
REMEMBERED = 256  # batches that were read last: a question asked again, or by another reader, costs nothing
BATCH = 3  # windows; the clock is looked at before each batch, and the cores read one each
_OPENED: "WeakKeyDictionary[SentenceEmbedder, Reader]" = WeakKeyDictionary()
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
    """Reads windows in batches. Safe to use from several threads: each core reads one batch at a time.

    The batches are the same on every machine, so that what is read does not depend on the cores or on their load.
    """

    def __init__(self, model: "ReaderModel", tokenizer: Any) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._remembered = lru_cache(REMEMBERED)(self._read)

    @classmethod
    def of(cls, encoder: Any, tokenizer: Any, adapter: Path = ADAPTER) -> "Reader":
        """The reader that an adapter makes of the embedded encoder; the two share the table of embeddings."""
        from rag.reader_model import with_adapter

        shared = {id(encoder.embeddings): encoder.embeddings}
        own = copy.deepcopy(encoder, shared)
        return cls(with_adapter(own, encoder.config.hidden_size, adapter), tokenizer)

    def read(self, question: str, windows: Sequence[Window], *, seconds: float | None = None) -> list[Reading | None]:
        """A reading for each window, in their order; None from where the time was used up.

        The first batch is always read.
        """
        begun = time.monotonic()

        def read(at: int) -> Sequence[Reading | None]:
            batch = tuple(windows[at : at + BATCH])
            if at and seconds is not None and time.monotonic() - begun > seconds:
                return [None] * len(batch)
            return self._remembered(simplify(question), batch)

        return list(chain.from_iterable(on_each_core(read, range(0, len(windows), BATCH))))

    def _read(self, question: str, windows: tuple[Window, ...]) -> list[Reading]:
        import torch

        from rag.reader_model import best_span, encode, padded

        rows = [encode(self._tokenizer, question, simplify(w.title), same_length(w.text)) for w in windows]
        with torch.inference_mode():
            spans, answers = self._model(*padded([row.ids for row in rows]))
        readings = []
        for window, row, logits, logit in zip(windows, rows, spans, answers.tolist(), strict=True):
            if not row.offsets:
                readings.append(Reading(logit, (0, 0), (0.0,) * len(window.sentences)))
                continue
            own = logits[row.first : row.first + len(row.offsets)]
            first, last, _ = best_span(own[:, 0], own[:, 1])
            starts = torch.log_softmax(own[:, 0], 0).exp().tolist()
            begins = [offset for offset, _ in row.offsets]
            mass = [
                sum(p for p, begin in zip(starts, begins, strict=True) if a <= begin < b) for a, b in window.sentences
            ]
            logs = tuple(float(torch.tensor(max(m, 1e-6)).log()) for m in mass)
            readings.append(Reading(logit, (row.offsets[first][0], row.offsets[last][1]), logs))
        return readings


def open_reader(embedder: Embedder) -> Reader | None:
    """The trained reader over an embedding model, one for each; None for another model than the bundled one."""
    if not isinstance(embedder, SentenceEmbedder) or embedder.name != BUNDLED_MODEL:
        return None
    with _OPENING:
        if embedder not in _OPENED:
            _OPENED[embedder] = Reader.of(*embedder.network)
        return _OPENED[embedder]
