"""python -m bench.publishing: what it costs to publish ten new chunks into indexes of growing size.

Vectors are generated (unit, 384 dimensions), sentences too; nothing is embedded.
"""

import argparse
import hashlib
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from rag.embed import Vector, unit_rows
from rag.library import IndexedFile
from rag.types import Article, Chunk
from rag.writer import IndexWriter

SIZES = (1_000, 10_000, 100_000)
DIMENSIONS = 384
CHUNKS_PER_ARTICLE = 20
ADDED = 10  # chunks of the one new article


@dataclass
class Generated:
    """An embedder whose vectors are random, the same for the same text."""

    name: str = "generated"
    fingerprint: str = "generated@1"
    dimensions: int = DIMENSIONS

    def count_tokens(self, text: str) -> int:
        """One a code point."""
        return len(text)

    def embed_query(self, text: str) -> Vector:
        """(d,) float32."""
        return self.embed_texts([text])[0]

    def everyday_cosine(self, question: str) -> float:  # noqa: ARG002
        """0: nothing is asked of it that an everyday question is near to."""
        return 0.0

    def embed_texts(self, texts: Sequence[str]) -> Vector:
        """(texts, d) float32, unit rows."""
        seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) for text in texts]
        return unit_rows(np.array([np.random.default_rng(seed).normal(size=DIMENSIONS) for seed in seeds]))


def put_article(writer: IndexWriter, name: str, count: int) -> None:
    """Write an article of `count` chunks of three sentences."""
    sentences = [f"第{number}段说{name}的第{line}件事。" for number in range(count) for line in range(3)]
    text = "".join(sentences)
    ends = np.cumsum([len(sentence) for sentence in sentences]).tolist()
    starts = [0, *ends[:-1]]
    article = Article(name, f"{name}.md", text, title=name)
    chunks, vectors = [], []
    for at in range(0, len(sentences), 3):
        spans = tuple(zip(starts[at : at + 3], ends[at : at + 3], strict=True))
        start, end = spans[0][0], spans[-1][1]
        chunks.append(Chunk(f"{name}-{at}", name, start, end, text[start:end], "", spans))
        vectors.append(writer.embedder.embed_texts(sentences[at : at + 3]))
    writer.put(article, IndexedFile(name), chunks, vectors)


def measure(size: int, work: Path) -> tuple[float, float]:
    """Seconds to build an index of `size` chunks, and to add and publish ten more."""
    index, embedder = work / f"index-{size}", Generated()
    started = time.perf_counter()
    with IndexWriter.locked(index, embedder, "1") as writer:
        writer.begin()
        for number in range(size // CHUNKS_PER_ARTICLE):
            put_article(writer, f"文{number}", CHUNKS_PER_ARTICLE)
        writer.publish()
    built = time.perf_counter()
    with IndexWriter.locked(index, embedder, "1") as writer:
        writer.begin()
        put_article(writer, "新", ADDED)
        writer.publish()
    published = time.perf_counter()
    shutil.rmtree(index)
    return built - started, published - built


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code: 1 when the cost grows faster than the index."""
    parser = argparse.ArgumentParser(prog="python -m bench.publishing", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="CHUNKS", help="sizes of the index")
    options = parser.parse_args(arguments)
    table = Table("chunks", "first build, s", "add 10 and publish, s", "cost ÷ cost before", "size ÷ size before")
    costs: list[tuple[int, float]] = []
    grew_faster = False
    with tempfile.TemporaryDirectory(prefix="yinju-bench-") as folder:
        for size in sorted(options.sizes):
            built, cost = measure(size, Path(folder))
            ratios = ("", "")
            if costs:
                before, cost_before = costs[-1]
                grew_faster |= cost / cost_before > size / before
                ratios = (f"{cost / cost_before:.2f}", f"{size / before:.2f}")
            costs.append((size, cost))
            table.add_row(f"{size:,}", f"{built:.1f}", f"{cost:.2f}", *ratios)
    Console(width=100).print(table)
    return 1 if grew_faster else 0


if __name__ == "__main__":
    sys.exit(main())
