"""Retrieval for the questions of eval/sets/articles-300.jsonl, beside a plain Chroma search over the same chunks.

On a given index, and on one of generated chunks: sentences of that index shuffled, their vectors with noise.
"""

import json
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.process import ROOT, run_python
from rag.embed import Embedder, SentenceEmbedder, Vector

if TYPE_CHECKING:
    from rag.index import Generation

GENERATED = 100_000  # chunks
WARM_UP = 5  # questions


@dataclass
class TimedEmbedder(SentenceEmbedder):
    """The embedder, adding up the seconds that it takes for queries."""

    seconds: float = 0.0

    def embed_query(self, text: str) -> Vector:
        """(d,) float32 of unit length."""
        started = time.perf_counter()
        vector = super().embed_query(text)
        self.seconds += time.perf_counter() - started
        return vector


def measure_retrieval(index: Path, work: Path, generated: int = GENERATED) -> dict[str, float]:
    """Times in ms on the index, and on generated chunks; none of these with 0."""
    measured: dict[str, float] = json.loads(run_python("-m", "bench.retrieval", str(index)).output)
    if generated:
        run_python("-m", "bench.generated", str(index), str(work / "generated"), str(generated))
        large = run_python("-m", "bench.retrieval", str(work / "generated")).output
        measured |= {f"generated: {name}": value for name, value in json.loads(large).items()}
    return measured


def retrieve_all(index: Path) -> dict[str, float]:
    """Retrieve for every question in this process, each next to a plain search, so that both see the same load."""
    from eval.sets import load_set
    from eval.summary import percentile
    from rag.chain import AnswerChain
    from rag.settings import load_settings

    embedder = TimedEmbedder()
    chain = AnswerChain(load_settings(index=index, reader=False), embedder=embedder)
    generation = chain.index.current()
    questions = [q.question for q in load_set(ROOT / "eval" / "sets" / "articles-300.jsonl")]
    times: dict[str, list[float]] = {"retrieval": [], "of it embedding": [], "the rest": [], "plain Chroma": []}
    for number, question in enumerate([*questions[:WARM_UP], *questions]):
        # The blanks keep the embedder from remembering a question: every search pays for its vector.
        started, embedder.seconds = time.perf_counter(), 0.0
        search = chain.retrieve(type(question)(question.text + " " * (number < WARM_UP), question.history), generation)
        total, embedding = time.perf_counter() - started, embedder.seconds
        begun = time.perf_counter()
        plain_search(generation, embedder, f"{search.query.text}  ", chain.settings.passages)
        plain = time.perf_counter() - begun
        if number >= WARM_UP:
            for name, seconds in zip(times, (total, embedding, total - embedding, plain), strict=True):
                times[name].append(seconds * 1000)
    result: dict[str, float] = {"chunks": generation.manifest.chunks}
    for name, values in times.items():
        result |= {f"{name} p50, ms": statistics.median(values), f"{name} p95, ms": float(percentile(values, 95))}
    return result


def plain_search(generation: "Generation", embedder: Embedder, query: str, count: int) -> list[str]:
    """What a plain vector search gives: the texts of the nearest chunks."""
    hits = generation.store.nearest(embedder.embed_query(query), count)
    return [generation.library.chunk(hit.chunk_id).text for hit in hits]


if __name__ == "__main__":
    print(json.dumps(retrieve_all(Path(sys.argv[1]))))
