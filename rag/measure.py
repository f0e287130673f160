"""How likely the corpus holds a question's topic, and how well each sentence would answer it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.alternatives import alternatives_of
from rag.embed import Embedder
from rag.features import (
    READ_PASSAGES,
    SENTENCE_FEATURES,
    TOPIC_FEATURES,
    Candidate,
    Matrix,
    candidates_of,
    sentence_features,
    term_weights,
    topic_features,
)
from rag.index import Generation
from rag.named import of_what_is_named_first
from rag.offices import of_whose_office
from rag.text import content_of, normalize, quoted_names
from rag.timeline import without_order
from rag.types import Passage

NAMED = 0.95  # a name in quotation marks may be near to nothing: 出海领航计划要交保证金吗
SAID = 0.5  # probability from which a few passages that were read are enough


@dataclass(frozen=True)
class Measured:
    """The candidate sentences of a question with their features, and the features of its topic.

    `answers` is the logarithm of the sum of the odds that the reader gives each passage; None where it read too few.
    With `own_topic` the question takes an earlier one along and yet refers to nothing before it. `offered` has the
    features once more for each of the two things that a question offers to choose between. `named` is whether it holds
    a name that one of the passages puts in quotation marks; `office_told` whether a candidate tells who holds the
    office that is asked for; None where none is.
    """

    candidates: list[Candidate]
    features: Matrix
    topic: npt.NDArray[Any]
    answers: float | None = None
    own_topic: bool = False
    offered: tuple[Matrix, ...] = ()
    named: bool = False
    office_told: bool | None = None

    def only(self, kept: Sequence[int]) -> "Measured":
        """The same of some of the candidates, by their indices."""
        return replace(
            self,
            candidates=[self.candidates[i] for i in kept],
            features=self.features[kept],
            offered=tuple(features[kept] for features in self.offered),
        )


@cache
def _weights() -> dict[str, Any]:
    """Fitted by `python -m eval fit`."""
    weights: dict[str, Any] = json.loads(Path(__file__).with_name("weights.json").read_text(encoding="utf-8"))
    return weights


def measure(
    query: str,
    passages: Sequence[Passage],
    generation: Generation,
    embedder: Embedder,
    *,
    newest: str | None = None,
    own_topic: bool = False,
    most: int = READ_PASSAGES,
) -> Measured:
    """Measure a query against the first `most` of its passages, of which there must be one.

    Those are left out whose articles lack the rare name that the query begins with, and the sentences that do not tell
    whose office is asked for, if others do.

    `newest` is the part of the query that the reader asked last, where the query takes an earlier question along:
    sentences are then chosen for that part as much as for the whole. With `own_topic` that part refers to nothing
    before it, and the topic is judged by it as much as by the whole. It is judged with and without the words that ask
    for a sequence of events, and is the more probable.
    """
    first = [p for p in passages if (p.copy_of or p.rank) <= most]
    read = of_what_is_named_first(query, first, generation.library)
    candidates = candidates_of(read)
    chunks = generation.manifest.chunks
    weights = term_weights(query, generation.library, chunks)
    vectors = [embedder.embed_query(query)] + ([embedder.embed_query(newest)] if newest else [])
    direction = np.mean(vectors, axis=0)
    features = sentence_features(newest or query, direction, candidates, weights, generation.library)
    offered = tuple(
        sentence_features(
            alternative,
            (direction + embedder.embed_query(alternative)) / 2,
            candidates,
            weights,
            generation.library,
        )
        for alternative in alternatives_of(newest or query)
    )
    coverage = features[:, SENTENCE_FEATURES.index("coverage")].max()
    own_topic = own_topic and newest is not None

    def cosines(text: str) -> tuple[float, float]:
        vector = embedder.embed_query(text)
        nearest = max((generation.library.sentence_vectors(p.chunk.id) @ vector).max() for p in read)
        return float(nearest), embedder.everyday_cosine(text)

    judged = [(max(p.dense for p in read), embedder.everyday_cosine(query))]
    if (alone := without_order(query)) not in (query, ""):
        judged.append(cosines(alone))
    own = [cosines(newest)] if newest and own_topic else []
    means = [np.mean([pair, *own], axis=0) for pair in judged]
    topics = [topic_features(query, dense, everyday, coverage, chunks) for dense, everyday in means]
    topic = max(topics, key=_topic_logit)
    logits = [p.reading.answers for p in read if p.reading]
    most_were_read = len(logits) > len(read) / 2  # else, where those that were do not answer, another may
    known = most_were_read or said_probability(logits) >= SAID
    about = content_of(newest if own_topic and newest else query)
    named = any(normalize(name) in about for passage in read for name in quoted_names(passage.chunk.text))
    telling = of_whose_office(query, candidates, generation.library)
    office_told = None if telling is None else bool(telling)
    answers = _log_of_sum(logits) if known else None
    measured = Measured(candidates, features, topic, answers, own_topic, offered, named, office_told)
    return measured.only(telling) if telling else measured


def topic_probability(measured: Measured) -> float:
    """Probability, 0 to 1, that the corpus holds the topic of the question; at least NAMED where it holds its name."""
    return max(_logistic(_topic_logit(measured.topic)), NAMED if measured.named else 0.0)


def _topic_logit(topic: npt.NDArray[Any]) -> float:
    weights = _weights()
    return float(topic @ [weights["topic"][name] for name in TOPIC_FEATURES] + weights["topic_intercept"])


def answer_probability(measured: Measured) -> float | None:
    """Probability, 0 to 1, that the passages say what is asked; None where the reader has not read enough of them."""
    return None if measured.answers is None else _said(measured.answers)


def said_probability(logits: Sequence[float]) -> float:
    """The same of passages by the logits that each answers; 0 of none."""
    return _said(_log_of_sum(logits)) if logits else 0.0


def _said(answers: float) -> float:
    """The logit of the reader's odds, scaled to fit what questions turned out to be (Platt 1999)."""
    weights = _weights()["answered"]
    return _logistic(answers * weights["slope"] + weights["intercept"])


def _log_of_sum(logits: Sequence[float]) -> float:
    return float(np.logaddexp.reduce(logits))


def _logistic(z: float) -> float:
    return float(1 / (1 + np.exp(-z)))


def sentence_probabilities(measured: Measured) -> Matrix:
    """(candidates,) float64 that sum to 1: how likely each candidate is the sentence that answers.

    Where a question offers a choice, the mean over the question and what it offers.
    """
    weights = _weights()["sentence" if measured.answers is None else "sentence_read"]
    scores = np.array([measured.features, *measured.offered]) @ [weights[name] for name in SENTENCE_FEATURES]
    exponentials = np.exp(scores - scores.max(axis=1, initial=0.0, keepdims=True))
    return np.asarray((exponentials / exponentials.sum(axis=1, keepdims=True)).mean(axis=0))
