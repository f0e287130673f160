"""The optional second stage: the first passages of the fusion, put in the order of a model that reads them whole."""

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rag.cores import fastest_numbers
from rag.embed import PADDED_TO
from rag.errors import ModelError
from rag.settings import Settings
from rag.types import Passage

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

log = logging.getLogger(__name__)

BATCH = 4  # passages between two looks at the clock
HEADS = ("ForSequenceClassification", "ForCausalLM")  # endings of the architectures that score a pair
_OPENING = threading.Lock()


class SecondStage(Protocol):
    """Whatever scores passages for a query once the fusion has found them."""

    def order(self, query: str, passages: Sequence[Passage]) -> list[float] | None:
        """A score for each passage, higher is better; None where it cannot give all of them in time."""


def rerank(stage: SecondStage, query: str, passages: Sequence[Passage], candidates: int) -> tuple[Passage, ...]:
    """The passages with the first `candidates` of them in the order of a second stage, numbered anew.

    Equal scores keep the order of the fusion. Without a finite score for each candidate that order stands whole.
    """
    head, tail = passages[:candidates], passages[candidates:]
    scores = stage.order(query, head)
    if scores is None or not all(map(math.isfinite, scores)):
        log.warning("the second stage gave no order for %d passages: the first stage's stands", len(head))
        return tuple(passages)
    pairs = sorted(zip(head, scores, strict=True), key=lambda pair: -pair[1])
    reordered = [*(replace(passage, rerank=score) for passage, score in pairs), *tail]
    return tuple(replace(passage, rank=rank) for rank, passage in enumerate(reordered, 1))


class CrossEncoderStage:
    """A cross-encoder of sentence-transformers, with a limit to the seconds that one question may take.

    The clock is looked at between batches of BATCH passages. Threads take turns, batch by batch.
    """

    def __init__(self, model: "CrossEncoder", seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._model, self._seconds, self._clock = model, seconds, clock
        self._turn = threading.Lock()  # a tokenizer of transformers serves one thread at a time

    def order(self, query: str, passages: Sequence[Passage]) -> list[float] | None:
        """The logit of each passage; None once the limit is passed."""
        pairs = [(query, text_of(passage)) for passage in passages]
        ends = self._clock() + self._seconds
        scores: list[float] = []
        for at in range(0, len(pairs), BATCH):
            left = ends - self._clock()
            if left <= 0 or not self._turn.acquire(timeout=left):
                log.warning("reranking passed its %g s after %d of %d passages", self._seconds, at, len(pairs))
                return None
            try:
                scores += score_pairs(self._model, pairs[at : at + BATCH])
            finally:
                self._turn.release()
        return scores


def text_of(passage: Passage) -> str:
    """What a second stage reads of a passage: its title, its section where it has one, its text."""
    return "\n".join(filter(None, (passage.article.title, passage.chunk.section, passage.chunk.text)))


def score_pairs(model: "CrossEncoder", pairs: list[tuple[str, str]]) -> list[float]:
    """The logit of each pair: a sigmoid over it would round the best ones to the same bfloat16."""
    from torch.nn import Identity

    scores = model.predict(pairs, batch_size=BATCH, activation_fn=Identity(), show_progress_bar=False)
    return [float(score) for score in scores]


def open_second_stage(settings: Settings) -> SecondStage | None:
    """The cross-encoder that the settings name, loaded once in a process; None where they name none.

    Raises ModelError where it cannot be loaded or does not give one score for a pair.
    """
    if not settings.reranker:
        return None
    with _OPENING:
        return _open(settings.reranker, settings.rerank_seconds)


@cache
def _open(name: str, seconds: float) -> SecondStage:
    return CrossEncoderStage(load_cross_encoder(name), seconds)


def load_cross_encoder(name: str) -> "CrossEncoder":
    """A cross-encoder by hub name or folder, warmed up. Raises ModelError where it cannot be used as one."""
    import torch
    from sentence_transformers import CrossEncoder
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    dtype = torch.bfloat16 if fastest_numbers() == "bfloat16" else torch.float32
    try:
        model: CrossEncoder = CrossEncoder(
            name, device="cpu", local_files_only=Path(name).is_dir(), model_kwargs={"dtype": dtype}
        )
    except (OSError, ValueError) as error:
        raise ModelError(
            f"the reranker {name!r} cannot be loaded ({type(error).__name__}): give YINJU_RERANKER a local folder, "
            "connect to the model hub once, or leave it empty",
            f"重排模型 {name!r} 加载不了：请把 YINJU_RERANKER 设为本地文件夹，或联网下载一次；不需要重排就留空",
        ) from error
    architectures = (model.config.architectures if model.config else None) or []
    if model.num_labels != 1 or not any(architecture.endswith(HEADS) for architecture in architectures):
        raise ModelError(
            f"{name!r} is no reranker ({', '.join(architectures)}, {model.num_labels} labels): name a cross-encoder "
            "that gives one score, such as BAAI/bge-reranker-v2-m3",
            f"{name!r} 不是重排模型：请把 YINJU_RERANKER 设为只输出一个分数的交叉编码器，如 BAAI/bge-reranker-v2-m3",
        )
    model[0].processing_kwargs = {"text": {"pad_to_multiple_of": PADDED_TO}}  # type: ignore[assignment]
    score_pairs(model, [("问", "答")])
    return model
