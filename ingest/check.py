"""A whole check of an index: every byte by its hash, every span, every vector, and the embedding cache."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from rag.cache import EmbeddingCache
from rag.embed import Vector, unit_rows
from rag.embedded import EMBEDDED
from rag.errors import IndexDamaged, RagError
from rag.index import CURRENT, Generation, Manifest, read_manifest, verify
from rag.library import Library
from rag.seal import check_seal, sealed_files
from rag.store import Backend
from rag.text import index_terms
from rag.types import Chunk

HASHES, CHUNKS, CACHE = "核对文件", "核对文本块", "核对向量缓存"
BATCH = 1000  # chunks
SAME = 1e-3  # most by which a stored vector may differ from the mean of its sentences' in any component

Progress = Callable[[str, int, int], None]  # stage, done, of how many: bytes, chunks, vectors


@dataclass(frozen=True)
class Check:
    """What is wrong with the published generation, and with what lies beside it: the one kept, and cached vectors."""

    published: list[RagError]
    beside: list[RagError]

    @property
    def problems(self) -> list[RagError]:
        """All of them; [] for an index that is whole."""
        return self.published + self.beside


def check_index(index: Path, progress: Progress = lambda *_: None, backend: Backend = EMBEDDED) -> Check:
    """What is wrong with an index, each problem with what to do.

    Raises IndexMissing where there is none, IndexMismatch for one of another format or backend, BackendUnavailable.
    """
    cache = _check_cache(index, progress)
    try:
        manifest = read_manifest(index)
    except IndexDamaged as error:
        return Check([error], cache)
    published = index / manifest.directory
    kept = [folder for folder in sorted(index.glob("gen-*")) if folder != published]
    before = [problem for folder in kept for problem in _seal_problems(folder, progress)]
    now = _seal_problems(published, progress) or _check_published(index, manifest, progress, backend)
    return Check(now, before + cache)


def _seal_problems(folder: Path, progress: Progress) -> list[RagError]:
    total, done = sum(path.stat().st_size for path in sealed_files(folder)), 0

    def read(size: int) -> None:
        nonlocal done
        done += size
        progress(HASHES, done, total)

    try:
        check_seal(folder, read)
    except IndexDamaged as error:
        return [error]
    return []


def _check_published(index: Path, manifest: Manifest, progress: Progress, backend: Backend) -> list[RagError]:
    folder = index / manifest.directory
    try:
        if (index / CURRENT).read_bytes() != (folder / "manifest.json").read_bytes():
            return [
                _damaged(f"{CURRENT} is not the manifest of {folder.name}", f"{CURRENT} 与 {folder.name} 的清单不符")
            ]
        verify(folder, manifest, backend)
        generation = Generation(folder, manifest, backend)
    except (IndexDamaged, OSError) as error:
        return [
            error if isinstance(error, IndexDamaged) else _damaged(str(error), f"{folder.name} 读不出来（{error}）")
        ]
    try:
        wrong = list(_wrong_chunks(generation, progress))
    finally:
        generation.close()
    if not wrong:
        return []
    names = ", ".join(wrong[:5])
    return [
        _damaged(
            f"{len(wrong)} chunks do not agree with their article or their vectors: {names}",
            f"有 {len(wrong)} 个文本块与文章或向量不符：{names}",
        )
    ]


def _wrong_chunks(generation: Generation, progress: Progress) -> Iterator[str]:
    """Ids of chunks whose span, sentences, terms or vectors are not what their article gives."""
    ids = generation.library.chunk_ids()
    for at in range(0, len(ids), BATCH):
        batch = ids[at : at + BATCH]
        terms = generation.library.indexed_terms(batch)
        vectors = generation.store.vectors(batch)
        for id_ in batch:
            try:
                good = _agrees(generation.library, id_, terms[id_], vectors[id_])
            except (RagError, KeyError, ValueError):
                good = False
            if not good:
                yield id_
        progress(CHUNKS, at + len(batch), len(ids))


def _agrees(library: Library, id_: str, terms: str, vector: Vector) -> bool:
    chunk = library.chunk(id_)
    article = library.article(chunk.article_id)
    mean = unit_rows(library.sentence_vectors(id_).mean(axis=0, keepdims=True))[0]
    return (
        0 <= chunk.start < chunk.end <= len(article.text)
        and _in_order(chunk)
        and all(article.raw_span(*span) for span in chunk.sentences)
        and terms.split() == index_terms(f"{article.title}\n{chunk.section}\n{chunk.text}")
        and bool(np.abs(mean - vector).max() <= SAME)
    )


def _in_order(chunk: Chunk) -> bool:
    """Whether the sentences of a chunk lie inside it, one behind the other."""
    borders: Sequence[int] = [chunk.start, *(offset for span in chunk.sentences for offset in span), chunk.end]
    return all(left <= right for left, right in pairwise(borders)) and all(a < b for a, b in chunk.sentences)


def _check_cache(index: Path, progress: Progress) -> list[RagError]:
    path = index / "cache.sqlite"
    if not path.exists():
        return []
    progress(CACHE, 0, 1)
    try:
        cache = EmbeddingCache(path, mend=False)
        try:
            spoiled = len(cache.spoiled())
        finally:
            cache.close()
    except RagError as error:
        return [error]
    progress(CACHE, 1, 1)
    if not spoiled:
        return []
    return [_damaged(f"{spoiled} vectors in the embedding cache are spoiled", f"向量缓存里有 {spoiled} 个向量已损坏")]


def _damaged(problem: str, chinese: str) -> IndexDamaged:
    return IndexDamaged(f"{problem}: run python -m ingest repair", f"{chinese}：请运行 python -m ingest repair")
