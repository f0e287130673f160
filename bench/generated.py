"""python -m bench.generated SOURCE INDEX CHUNKS: an index of generated chunks, to measure retrieval on.

A chunk is some sentences of the index SOURCE, which may be of any articles; their vectors get noise, so that no two
are the same.
"""

import random
import sys
from itertools import islice
from pathlib import Path

import numpy as np

from rag.backend import open_backend
from rag.embed import SentenceEmbedder, Vector, unit_rows
from rag.index import Generation, IndexReader
from rag.library import IndexedFile
from rag.settings import load_settings
from rag.types import Article, Chunk
from rag.writer import IndexWriter

SENTENCES = 6  # in a chunk
CHUNKS_PER_ARTICLE = 20
NOISE = 0.5  # length of what is added to a sentence's vector


def generate(source: Path, index: Path, chunks: int) -> None:
    """Build an index of `chunks` chunks, each of SENTENCES sentences of another index in random order."""
    embedder = SentenceEmbedder()
    texts, vectors = sentences_of(IndexReader(source, embedder).current())
    order, noise = random.Random(5), np.random.default_rng(5)
    with IndexWriter.locked(index, embedder, "1", open_backend(load_settings())) as writer:
        writer.begin()
        for number in range(0, chunks, CHUNKS_PER_ARTICLE):
            rows = order.choices(range(len(texts)), k=SENTENCES * min(CHUNKS_PER_ARTICLE, chunks - number))
            added = noise.normal(scale=NOISE / np.sqrt(vectors.shape[1]), size=(len(rows), vectors.shape[1]))
            put_article(writer, f"文{number}", [texts[row] for row in rows], unit_rows(vectors[rows] + added))
        writer.publish()


def sentences_of(generation: Generation) -> tuple[list[str], Vector]:
    """Every sentence of an index, and their vectors, (sentences, d) float32."""
    texts: list[str] = []
    vectors: list[Vector] = []
    for chunk_id in generation.library.chunk_ids():
        chunk = generation.library.chunk(chunk_id)
        texts += [chunk.text[start - chunk.start : end - chunk.start] for start, end in chunk.sentences]
        vectors.append(generation.library.sentence_vectors(chunk_id))
    return texts, np.concatenate(vectors)


def put_article(writer: IndexWriter, name: str, sentences: list[str], vectors: Vector) -> None:
    """Write an article whose chunks have SENTENCES sentences each."""
    ends = np.cumsum([len(sentence) for sentence in sentences]).tolist()
    spans = iter(zip([0, *ends[:-1]], ends, strict=True))
    article = Article(name, f"{name}.md", "".join(sentences), title=name)
    chunks: list[Chunk] = []
    while some := tuple(islice(spans, SENTENCES)):
        start, end = some[0][0], some[-1][1]
        chunks.append(Chunk(f"{name}-{len(chunks)}", name, start, end, article.text[start:end], "", some))
    rows = [vectors[at : at + SENTENCES] for at in range(0, len(vectors), SENTENCES)]
    writer.put(article, IndexedFile(name), chunks, rows)


if __name__ == "__main__":
    generate(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
