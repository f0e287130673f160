"""python -m eval.fit --index DIR --set FILE: fit the weights of rag/measure.py (rag/weights.json).

Two linear models on the features of rag/features.py: which sentence answers (conditional logit over the
candidate sentences of a question, L2 penalty), and whether the corpus holds the topic at all (logistic
regression over random sub-corpora of several sizes). The set needs answerable questions and ones of type
absent-topic: `python -m eval.convert --keep`.
"""

import argparse
import json
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from eval.metrics import overlap
from eval.sets import SetQuestion, load_set, locate
from eval.wording import contains
from rag.embed import Embedder, SentenceEmbedder
from rag.features import (
    SENTENCE_FEATURES,
    TOPIC_FEATURES,
    Candidate,
    Matrix,
    covered,
    heading_terms,
    topic_features,
)
from rag.index import Generation, IndexReader
from rag.lexical import content_terms, inverse_document_frequency
from rag.measure import READ_PASSAGES, measure
from rag.retrieve import HybridRetriever
from rag.settings import load_settings
from rag.text import index_terms

Labels = npt.NDArray[np.bool_]
Group = tuple[Matrix, Labels]

PENALTY = 1e-3
SUB_CORPORA = (5, 20, 80, 320, 10**6)  # articles


def right_sentences(question: SetQuestion, candidates: Sequence[Candidate], generation: Generation) -> Labels:
    """Which candidate sentences lie in the evidence and hold a gold answer."""
    places = locate(question, generation.library)
    alternatives = [alternative for group in question.gold for alternative in group]
    return np.array(
        [
            any(overlap((c.passage.article.id, c.start, c.end), place) for place in places)
            and any(contains(c.text, alternative) for alternative in alternatives)
            for c in candidates
        ]
    )


def fit_sentences(groups: Sequence[Group]) -> npt.NDArray[np.float64]:
    """Weights that maximise the likelihood of a right sentence among the candidates of each question."""

    def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        value, gradient = PENALTY * weights @ weights, 2 * PENALTY * weights
        for features, right in groups:
            scores = features @ weights
            value += (logsumexp(scores) - logsumexp(scores[right])) / len(groups)
            gradient += (softmax(scores) @ features - softmax(scores[right]) @ features[right]) / len(groups)
        return float(value), gradient

    return np.asarray(minimize(loss, np.zeros(len(SENTENCE_FEATURES)), method="L-BFGS-B", jac=True).x)


def found_at(groups: Sequence[Group], weights: npt.NDArray[np.float64], k: int) -> float:
    """Share of questions with a right sentence among the k best."""
    return float(np.mean([right[np.argsort(-(x @ weights), kind="stable")[:k]].any() for x, right in groups]))


def topic_sampler(generation: Generation, embedder: Embedder, seed: int) -> Callable[[SetQuestion], list[Matrix]]:
    """A function that measures a question's topic in one random sub-corpus of each size.

    The sub-corpora of an answerable question hold the article of its evidence.
    """
    chance = random.Random(seed)
    library = generation.library
    chunks_of: dict[str, list[str]] = {}
    sentence_terms: dict[str, list[set[str]]] = {}
    for chunk_id in library.chunk_ids():
        chunk = library.chunk(chunk_id)
        article = library.article(chunk.article_id)
        chunks_of.setdefault(article.id, []).append(chunk_id)
        heading = heading_terms(article, chunk)
        sentence_terms[chunk_id] = [set(index_terms(article.text[a:b])) | heading for a, b in chunk.sentences]
    chunk_terms = {chunk_id: set().union(*terms) for chunk_id, terms in sentence_terms.items()}
    vectors = {chunk_id: library.sentence_vectors(chunk_id) for chunk_id in chunk_terms}

    def in_sub_corpus(question: SetQuestion, size: int) -> Matrix:
        ids = chance.sample(sorted(chunks_of), min(size, len(chunks_of)))
        if question.evidence and question.evidence[0].article not in ids:
            ids[0] = question.evidence[0].article
        chunks = [chunk_id for id_ in ids for chunk_id in chunks_of[id_]]
        query = embedder.embed_query(question.question.text)
        dense = {chunk_id: float((vectors[chunk_id] @ query).max()) for chunk_id in chunks}
        weights = {
            term: inverse_document_frequency(sum(term in chunk_terms[c] for c in chunks), len(chunks))
            for term in content_terms(question.question.text)
        }
        nearest = sorted(chunks, key=lambda c: -dense[c])[:READ_PASSAGES]
        coverage = max(covered(weights, terms) for c in nearest for terms in sentence_terms[c])
        return topic_features(max(dense.values()), coverage, len(chunks))

    return lambda question: [in_sub_corpus(question, size) for size in SUB_CORPORA]


def write_weights(path: Path, weights: dict[str, Any]) -> None:
    """Write the weights as JSON."""
    path.write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")


def main() -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval.fit", description=__doc__)
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--set", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=1500, help="questions of each kind, present and absent")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--sentence-only", action="store_true", help="keep the weights of the topic that --out has")
    parser.add_argument("--out", type=Path, default=Path("rag/weights.json"))
    options = parser.parse_args()
    settings = load_settings(index=options.index)
    embedder = SentenceEmbedder(settings.embedding_model)
    generation = IndexReader(settings.index, embedder).current()
    questions = load_set(options.set)
    random.Random(options.seed).shuffle(questions)
    present = [q for q in questions if q.evidence][: options.limit]
    absent = [q for q in questions if not q.answerable][: options.limit]

    retriever = HybridRetriever.of(generation, embedder, settings)
    groups: list[Group] = []
    for question in present:
        text = question.question.text
        measured = measure(text, retriever.retrieve(text), generation, embedder)
        right = right_sentences(question, measured.candidates, generation)
        if right.any():
            groups.append((measured.features, right))
    half = len(groups) // 2
    held_out = fit_sentences(groups[:half])
    for k in (1, 2, 3):
        share = found_at(groups[half:], held_out, k)
        print(f"right sentence among the {k} best, fitted on one half, found in the other: {share:.3f}")

    sentence = dict(zip(SENTENCE_FEATURES, fit_sentences(groups).round(3).tolist(), strict=True))
    if options.sentence_only:
        kept = json.loads(options.out.read_text(encoding="utf-8"))
        write_weights(options.out, {**kept, "sentence": sentence})
        print(f"{len(groups)} questions with a right sentence; their weights in {options.out}")
        return 0

    sample = topic_sampler(generation, embedder, options.seed)
    topics = np.array([features for q in [*present, *absent] for features in sample(q)])
    labels = np.repeat([True] * len(present) + [False] * len(absent), len(SUB_CORPORA))
    even = np.arange(len(labels)) // len(SUB_CORPORA) % 2 == 0
    model = LogisticRegression(C=1e3, max_iter=9999)
    probability = model.fit(topics[even], labels[even]).predict_proba(topics[~even])[:, 1]
    auroc = roc_auc_score(labels[~even], probability)
    print(f"topic present or absent, fitted on one half, AUROC in the other: {auroc:.3f}")
    model.fit(topics, labels)

    weights = {
        "sentence": sentence,
        "topic": dict(zip(TOPIC_FEATURES, model.coef_[0].round(3).tolist(), strict=True)),
        "topic_intercept": round(float(model.intercept_[0]), 3),
    }
    write_weights(options.out, weights)
    counts = f"{len(groups)} questions with a right sentence, {len(present)} present, {len(absent)} absent"
    print(f"{counts}; weights in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
