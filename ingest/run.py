"""One ingest: the generation that holds what changed in the corpus."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from ingest.bulk import RayCluster
from ingest.chunk import VERSION, chunk_article, sentence_texts
from ingest.compare import Comparison, Progress, Summary
from ingest.copies import link_copies
from ingest.failures import write_failures
from ingest.load import article_files
from rag.embed import Embedder
from rag.embedded import EMBEDDED
from rag.errors import CorpusError
from rag.index import read_manifest
from rag.settings import CHUNK_TOKENS
from rag.store import Backend
from rag.types import Article, Chunk
from rag.writer import IndexWriter, published_files, usable_base

BATCH_CHUNKS = 64  # chunks embedded and written together
EMBEDDING = "计算向量"


def chunker_version(chunk_tokens: int) -> str:
    """Changes whenever the same article would be chunked otherwise."""
    return f"{VERSION}-{chunk_tokens}"


def plan(
    corpus: Path,
    index: Path,
    embedder: Embedder,
    *,
    backend: Backend = EMBEDDED,
    chunk_tokens: int = CHUNK_TOKENS,
    allow_shrink: bool = False,
    progress: Progress = lambda *_: None,
) -> Summary:
    """What ingest() would do. Writes nothing. Raises what ingest() would."""
    base = usable_base(index, embedder, chunker_version(chunk_tokens), backend)
    run = Comparison(corpus, index, published_files(index, base), progress, patient=False)
    run.compare(allow_shrink)
    summary = replace(run.summary, dry_run=True)
    if base:
        summary.generation, summary.articles, summary.chunks = base.generation, base.articles, base.chunks
    return summary


def ingest(
    corpus: Path,
    index: Path,
    embedder: Embedder,
    *,
    backend: Backend = EMBEDDED,
    chunk_tokens: int = CHUNK_TOKENS,
    allow_shrink: bool = False,
    patient: bool = False,
    anew: bool = False,
    cluster: RayCluster | None = None,
    progress: Progress = lambda *_: None,
) -> Summary:
    """Bring the index up to date with a corpus folder; publishes nothing when nothing changed.

    A file that cannot be read keeps the version indexed before, if any, and is reported; `patient` tries a file
    that failed before only when its time has come. With `anew`, nothing of what is published is used.
    A `cluster` embeds, and this process writes.
    Raises CorpusError where nothing would be left, or more than half of the indexed articles would be lost (unless
    `allow_shrink`), but for what was removed on the page; IndexLocked while another process indexes.
    """
    started = time.monotonic()
    files = article_files(corpus)  # a missing folder is told before an index folder is made
    with IndexWriter.locked(index, embedder, chunker_version(chunk_tokens), backend, anew=anew) as writer:
        known = published_files(index, writer.base)
        run = Comparison(corpus, index, known, progress, patient=patient, files=files)
        try:
            run.compare(allow_shrink)
            if run.jobs or run.summary.removed:
                if cluster:
                    _embed_ahead(run, cluster, writer, chunk_tokens)
                _write(run, writer, chunk_tokens)
                run.refuse_loss(allow_shrink)  # once more: files may have failed since they were compared
                run.summary.seconds = time.monotonic() - started
                manifest = writer.publish(run.summary.to_history())
            else:
                manifest = read_manifest(index)
        finally:
            if run.summary.failures != run.before:
                write_failures(index, run.summary.failures)
    summary = run.summary
    summary.generation, summary.articles, summary.chunks = manifest.generation, manifest.articles, manifest.chunks
    summary.seconds = time.monotonic() - started
    return summary


def _embed_ahead(run: Comparison, cluster: RayCluster, writer: IndexWriter, chunk_tokens: int) -> None:
    """Let a cluster embed into the cache what _write() is going to need."""
    total, done = run.size, 0

    def count(characters: int) -> None:
        nonlocal done
        done += characters
        run.progress(EMBEDDING, min(done, total), total)

    run.summary.embedded = cluster.fill(writer, _texts(run, writer.embedder, chunk_tokens), count)


def _texts(run: Comparison, embedder: Embedder, chunk_tokens: int) -> Iterator[list[str]]:
    """What _write() is going to embed, BATCH_CHUNKS chunks at a time, if no file changes meanwhile."""
    chunks = _chunks(run, embedder, chunk_tokens)
    while some := list(islice(chunks, BATCH_CHUNKS)):
        yield [text for item in some for text in sentence_texts(*item)]


def _chunks(run: Comparison, embedder: Embedder, chunk_tokens: int) -> Iterator[tuple[Article, Chunk]]:
    for job in run.jobs.values():
        with suppress(CorpusError):
            article = run.load_again(job)
            for chunk in chunk_article(article, embedder.count_tokens, chunk_tokens):
                yield article, chunk


def _write(run: Comparison, writer: IndexWriter, chunk_tokens: int) -> None:
    """Build the next generation: the published one without what is gone, and with what is new."""
    writer.begin()
    for id_ in run.known.keys() & set(run.summary.removed):  # of an index that is built anew nothing is taken out
        writer.remove(id_)
    waiting: list[tuple[Article, Chunk]] = []
    total, done = run.size, 0
    run.progress(EMBEDDING, 0, total)
    for id_, job in list(run.jobs.items()):
        try:
            article = run.load_again(job)
        except CorpusError as error:
            run.drop(id_, error)
            continue
        if id_ in run.known:
            writer.remove(id_)
        writer.put(article, job.file)
        link_copies(writer.library, article)
        for chunk in chunk_article(article, writer.embedder.count_tokens, chunk_tokens):
            waiting.append((article, chunk))
            if len(waiting) == BATCH_CHUNKS:
                run.summary.embedded += _put(waiting, writer)
                waiting.clear()
        done += job.size
        run.progress(EMBEDDING, done - sum(len(chunk.text) for _, chunk in waiting), total)
    run.summary.embedded += _put(waiting, writer)
    run.progress(EMBEDDING, total, total)


def _put(chunks: list[tuple[Article, Chunk]], writer: IndexWriter) -> int:
    """Embed chunks and write them; gives the number of sentences that were embedded."""
    texts = [sentence_texts(article, chunk) for article, chunk in chunks]
    vectors, embedded = writer.embed([text for of_chunk in texts for text in of_chunk])
    rows = (np.array([vectors[text] for text in of_chunk]) for of_chunk in texts)
    writer.put_chunks([(*item, of_chunk) for item, of_chunk in zip(chunks, rows, strict=True)])
    return embedded
