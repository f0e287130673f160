"""python -m eval fit --source INDEX SET…: fit the weights of rag/measure.py (rag/weights.json).

Two linear models on the features of rag/features.py: which sentence answers (conditional logit over the
candidate sentences of a question, L2 penalty; one without the reader and one with it), and whether the corpus
holds the topic at all (logistic regression over random sub-corpora of several sizes). A third says how likely the
passages answer by the reader's odds (logistic regression on their logarithm). Questions with the tag "report"
are never fitted on. Absent topics are questions of type absent-topic (`python -m eval convert --keep`) or off-topic.
"""

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from eval.metrics import contains, overlap
from eval.sets import SetError, SetQuestion, load_set, locate
from rag.backend import open_backend
from rag.chain import AnswerChain
from rag.embed import Embedder, SentenceEmbedder
from rag.errors import RagError
from rag.features import (
    READ_PASSAGES,
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
from rag.measure import Measured, measure
from rag.settings import load_settings
from rag.text import index_terms

Labels = npt.NDArray[np.bool_]
Group = tuple[Matrix, Labels]
Source = tuple[Path, list[SetQuestion]]  # an index, and the questions to fit on

EPILOG = """exit codes: 0 the weights are written; 1 an index or a set cannot be used, or a file cannot be written;
2 wrong arguments"""
PENALTY = 1e-3
SUB_CORPORA = (5, 20, 80, 320, 10**6)  # articles
ABSENT = ("absent-topic", "off-topic")  # types of questions


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


def fit_sentences(groups: Sequence[Group], shares: Sequence[float]) -> npt.NDArray[np.float64]:
    """Weights that maximise the likelihood of a right sentence among the candidates of each question.

    `shares` are those of the groups in the likelihood, and sum to 1.
    """

    def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        value, gradient = PENALTY * weights @ weights, 2 * PENALTY * weights
        for (features, right), share in zip(groups, shares, strict=True):
            scores = features @ weights
            value += share * (logsumexp(scores) - logsumexp(scores[right]))
            gradient += share * (softmax(scores) @ features - softmax(scores[right]) @ features[right])
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
        text = question.question.text
        query = embedder.embed_query(text)
        dense = {chunk_id: float((vectors[chunk_id] @ query).max()) for chunk_id in chunks}
        weights = {
            term: inverse_document_frequency(sum(term in chunk_terms[c] for c in chunks), len(chunks))
            for term in content_terms(text)
        }
        nearest = sorted(chunks, key=lambda c: -dense[c])[:READ_PASSAGES]
        coverage = max(covered(weights, terms) for c in nearest for terms in sentence_terms[c])
        everyday = embedder.everyday_cosine(text)
        return topic_features(text, max(dense.values()), everyday, coverage, len(chunks))

    sizes = sorted({min(size, len(chunks_of)) for size in SUB_CORPORA})
    return lambda question: [in_sub_corpus(question, size) for size in sizes]


def each_measured(chain: AnswerChain, questions: Sequence[SetQuestion]) -> Iterator[Measured]:
    """What the chain measures of each question."""
    generation = chain.index.current()
    for question in questions:
        search = chain.retrieve(question.question, generation)
        yield measure(search.query.text, search.passages, generation, chain.embedder)


def sentence_groups(chain: AnswerChain, questions: Sequence[SetQuestion]) -> list[Group]:
    """For each question with a right sentence among its candidates: their features, and which of them are right."""
    generation = chain.index.current()
    groups: list[Group] = []
    for question, measured in zip(questions, each_measured(chain, questions), strict=True):
        right = right_sentences(question, measured.candidates, generation)
        if right.any():
            groups.append((measured.features, right))
    return groups


def fit_sources(sources: Sequence[Source], limit: int, seed: int, *, reader: bool) -> dict[str, float]:
    """Weights of the sentence model over several indexes with their questions; prints what they find in the other half.

    Every source counts as much, however many questions it has.
    """
    groups: list[list[Group]] = []
    for index, asked in sources:
        questions = [q for q in asked if q.evidence]
        random.Random(seed).shuffle(questions)
        chain = AnswerChain(load_settings(index=index, reader=reader))
        groups.append(sentence_groups(chain, questions[:limit]))
        chain.close()
    halves = [[of[k::2] for of in groups] for k in (0, 1)]
    held_out = fit_sentences(*evened(halves[0]))
    for k in (1, 2, 3):
        shares = ", ".join(f"{found_at(of, held_out, k):.3f}" for of in halves[1])
        print(f"right sentence among the {k} best, fitted on one half, found in the other of each set: {shares}")
    return dict(zip(SENTENCE_FEATURES, fit_sentences(*evened(groups)).round(3).tolist(), strict=True))


def evened(sources: Sequence[Sequence[Group]]) -> tuple[list[Group], list[float]]:
    """All groups, and for each the share that it has: the sources have equal shares."""
    return (
        [group for groups in sources for group in groups],
        [1 / len(sources) / len(groups) for groups in sources for _ in groups],
    )


def topic_samples(
    index: Path, questions: Sequence[SetQuestion], limit: int, seed: int
) -> list[tuple[Matrix, npt.NDArray[Any]]]:
    """The features of questions that an index answers and of ones that it does not, a row for each sub-corpus of each.

    Gives two pairs of features and labels: of every other question, and of the rest.
    """
    settings = load_settings(index=index)
    embedder = SentenceEmbedder(settings.embedding_model)
    shuffled = list(questions)
    random.Random(seed).shuffle(shuffled)
    present = [q for q in shuffled if q.evidence][:limit]
    absent = [q for q in shuffled if q.type in ABSENT][:limit]
    opened = IndexReader(settings.index, embedder, open_backend(settings))
    sample = topic_sampler(opened.current(), embedder, seed)
    measured = [(sample(q), True) for q in present] + [(sample(q), False) for q in absent]
    opened.close()
    return [
        (
            np.array([row for rows, _ in measured[half::2] for row in rows]),
            np.array([label for rows, label in measured[half::2] for _ in rows]),
        )
        for half in (0, 1)
    ]


def fit_topics(samples: Sequence[tuple[Matrix, npt.NDArray[Any]]]) -> LogisticRegression:
    """The topic model. Every sample, and in it present and absent topics, count as much, however many they are."""
    weights = [1 / np.bincount(labels)[labels.astype(int)] / len(samples) for _, labels in samples]
    features, labels = (np.concatenate(parts) for parts in zip(*samples, strict=True))
    return LogisticRegression(C=1e3, max_iter=9999).fit(features, labels, np.concatenate(weights) * len(labels) / 2)


def fit_topic(sources: Sequence[Source], limit: int, seed: int) -> dict[str, Any]:
    """Weights of the topic model over several indexes; prints its AUROC in the other half of each."""
    samples = [topic_samples(index, questions, limit, seed) for index, questions in sources]
    model = fit_topics([of[0] for of in samples])
    aurocs = [roc_auc_score(labels, model.predict_proba(x)[:, 1]) for _, (x, labels) in samples]
    told = ", ".join(f"{auroc:.3f}" for auroc in aurocs)
    print(f"topic present or absent, fitted on one half, AUROC in the other of each source: {told}")
    model = fit_topics([half for of in samples for half in of])
    return {
        "topic": dict(zip(TOPIC_FEATURES, model.coef_[0].round(3).tolist(), strict=True)),
        "topic_intercept": round(float(model.intercept_[0]), 3),
    }


def fit_answered(sources: Sequence[Source], limit: int, seed: int) -> dict[str, Any]:
    """Weights of how likely passages say what is asked, by what the reader makes of them; prints its AUROC.

    Questions on topics that the articles do not hold are left out: the topic model refuses them.
    """
    odds: list[float | None] = []
    labels: list[bool] = []
    for index, asked in sources:
        questions = [q for q in asked if q.type not in ABSENT]
        random.Random(seed).shuffle(questions)
        del questions[limit:]
        chain = AnswerChain(load_settings(index=index, reader=True))
        of = [measured.answers for measured in each_measured(chain, questions)]
        chain.close()
        assert None not in of  # nothing else is asked meanwhile
        answered = [q.answerable for q in questions]
        if len(set(answered)) == 2:
            told = f"{sum(answered)} of {len(answered)} questions are answered by {index}"
            print(f"{told}: AUROC of the reader's odds {roc_auc_score(answered, of):.3f}")
        odds += of
        labels += answered
    model = LogisticRegression(C=1e3).fit(np.array(odds)[:, None], labels)
    slope, intercept = round(float(model.coef_[0][0]), 3), round(float(model.intercept_[0]), 3)
    return {"answered": {"slope": slope, "intercept": intercept}}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval fit", description=__doc__, epilog=EPILOG)
    parser.add_argument(
        "--source", nargs="+", action="append", required=True, metavar=("INDEX", "SET"), help="may be repeated"
    )
    parser.add_argument(
        "--only", choices=["sentence", "topic", "answered"], help="keep the other weights that --out has"
    )
    parser.add_argument("--reader", action="store_true", help="fit the sentence model that is used with the reader")
    parser.add_argument("--limit", type=int, default=1500, help="questions of a set, present and absent ones each")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, default=Path("rag/weights.json"))
    options = parser.parse_args(arguments)
    if alone := [index for index, *sets in options.source if not sets]:
        parser.error(f"--source {alone[0]} needs a SET, too")
    try:
        write_weights(options)
    except (RagError, OSError, ValueError) as error:  # a SetError is a ValueError
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"weights in {options.out}")
    return 0


def write_weights(options: argparse.Namespace) -> None:
    """Fit and write what the options of the command ask for. Raises SetError for a source without such questions."""
    weights = json.loads(options.out.read_text(encoding="utf-8")) if options.out.exists() else {}
    sources = [
        (Path(index), [q for set_ in sets for q in load_set(Path(set_)) if "report" not in q.tags])
        for index, *sets in options.source
    ]
    if empty := [index for index, questions in sources if not questions]:
        raise SetError(f"the sets of {empty[0]} hold no question without the tag report")
    if options.only in (None, "sentence"):
        name = "sentence_read" if options.reader else "sentence"
        weights[name] = fit_sources(sources, options.limit, options.seed, reader=options.reader)
    if options.only in (None, "topic"):
        weights |= fit_topic(sources, options.limit, options.seed)
    if options.only in (None, "answered"):
        weights |= fit_answered(sources, options.limit, options.seed)
    options.out.write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")
