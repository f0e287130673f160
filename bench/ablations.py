"""python -m bench.ablations INDEX SET: what each part gains, each taken away from the whole for a question set.

Evidence hit@1 and hit@5 without the reader; with --reader joint accuracy and right refusals without each of its heads.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from statistics import fmean
from typing import Any
from unittest.mock import patch

import rag.features
from eval.run import EVERYTHING_READ
from eval.scoring import answer_scores, retrieval_scores
from eval.sets import SetQuestion, load_set, locate
from rag.chain import AnswerChain
from rag.embed import SentenceEmbedder
from rag.reader import Reader, Reading, Window
from rag.retrieve import HybridRetriever
from rag.settings import load_settings
from rag.types import Passage


class _Unchanged:
    """Corrects and names nothing."""

    def corrected(self, text: str) -> str:
        return text

    def canonical(self, text: str) -> str:
        return text


@contextmanager
def _plain_questions() -> Iterator[None]:
    with patch.object(SentenceEmbedder, "_query_model", SentenceEmbedder._model):
        yield


def first_stage(chain: AnswerChain) -> dict[str, Callable[[], Any]]:
    """A context for each part of the first stage, in which it is left out; one for the weight of either score."""
    store = type(chain.index.current().store)

    def dense_weight(weight: float) -> Any:
        return patch.object(chain, "settings", chain.settings.model_copy(update={"dense_weight": weight}))

    return {
        "whole": nullcontext,
        "without dense scores": lambda: dense_weight(0.0),
        "without lexical scores": lambda: dense_weight(1.0),
        "without dense candidates": lambda: patch.object(HybridRetriever, "_near", lambda *_: []),
        "without lexical candidates": lambda: patch.object(store, "matching", lambda *_: []),
        "without BM25 in the score": lambda: patch("rag.lexical.bm25", lambda _, texts: dict.fromkeys(texts, 0.0)),
        "without content terms": lambda: patch("rag.lexical.content_terms", lambda _: []),
        "without characters": lambda: patch("rag.lexical._characters", lambda _, texts: dict.fromkeys(texts, 0.0)),
        "without spelling": lambda: patch("rag.understand.speller_of", lambda _: _Unchanged()),
        "without aliases": lambda: patch("rag.chain.load_aliases", lambda _: _Unchanged()),
        "without the adapter of questions": _plain_questions,
    }


def heads() -> dict[str, Callable[[], Any]]:
    """A context for each head of the reader and each use of them, in which it is left out."""
    read = rag.features._read

    def without_spans(*given: Any) -> tuple[float, float]:
        return 0.0, read(*given)[1]

    def first_order(passages: Sequence[Passage]) -> tuple[Passage, ...]:
        return tuple(passages)

    return {
        "whole": nullcontext,
        "spans do not choose sentences": lambda: patch("rag.features._read", without_spans),
        "does-it-answer does not order": lambda: patch("rag.chain.in_order_read", first_order),
        "does-it-answer does not refuse": lambda: patch("rag.refuse.answer_probability", lambda _: None),
    }


def mean_of(scores: Sequence[float | None]) -> float:
    """The mean of what was judged."""
    return fmean(score for score in scores if score is not None)


def retrieved(chain: AnswerChain, questions: Sequence[SetQuestion]) -> dict[str, float]:
    """Evidence hit@1 and hit@5 of the questions that have evidence."""
    generation = chain.index.current()
    scored = [
        retrieval_scores(q, chain.retrieve(q.question, generation).passages, locate(q, generation.library))
        for q in questions
        if q.evidence
    ]
    return {name: mean_of([scores[name] for scores in scored]) for name in ("evidence hit@1", "evidence hit@5")}


def answered(chain: AnswerChain, questions: Sequence[SetQuestion]) -> dict[str, float]:
    """Joint accuracy, and the share of what is to be refused that is."""
    library = chain.index.current().library
    scored = [answer_scores(q, chain.invoke(q.question), locate(q, library)) for q in questions]
    return {name: mean_of([scores[name] for scores in scored]) for name in ("joint accuracy", "refusal")}


@contextmanager
def _each_window_once() -> Iterator[None]:
    """What is read of a window is kept for all variants."""
    read, kept = Reader._read, {}

    def once(reader: Reader, question: str, window: Window) -> Reading:
        if (question, window) not in kept:
            kept[question, window] = read(reader, question, window)
        return kept[question, window]

    with patch.object(Reader, "_read", once):
        yield


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.ablations", description=__doc__)
    parser.add_argument("index", type=Path)
    parser.add_argument("set", type=Path)
    parser.add_argument("--reader", action="store_true", help="the reader's heads instead of the first stage")
    options = parser.parse_args(arguments)
    questions = load_set(options.set)
    with _each_window_once():
        chain = AnswerChain(load_settings(index=options.index, reader=options.reader, **EVERYTHING_READ))
        variants = heads() if options.reader else first_stage(chain)
        for name, without in variants.items():
            chain.embedder = SentenceEmbedder(chain.settings.embedding_model)  # it remembers questions
            with without():
                measured = (answered if options.reader else retrieved)(chain, questions)
            told = "  ".join(f"{metric} {value:.3f}" for metric, value in measured.items())
            print(f"{name:<34}{told}", flush=True)
        chain.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
