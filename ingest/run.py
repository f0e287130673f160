"""One ingest: what changed in the corpus, and the generation that holds it."""

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ingest.chunk import VERSION, chunk_article, find_headings, quotable_sentences, sentence_texts
from ingest.clean import rules_version
from ingest.load import SUFFIXES, article_files, article_id, load_article, read_bytes
from rag.embed import Embedder
from rag.errors import CorpusError
from rag.index import IndexWriter
from rag.types import Article, Chunk

BATCH_CHUNKS = 64  # chunks embedded and written together
SHRINK_LIMIT = 0.5  # share of the articles that may go without being asked for

Progress = Callable[[str, int, int], None]  # stage, done, of how many


@dataclass
class Summary:
    """What one ingest did. `failed` has the reason by file; `embedded` counts sentences."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    articles: int = 0
    chunks: int = 0
    embedded: int = 0
    generation: int = 0
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The summary with counts instead of lists, and the lists beside them."""
        lists = {"added": self.added, "changed": self.changed, "removed": self.removed}
        counts = {name: len(ids) for name, ids in lists.items()}
        rest = {name: value for name, value in asdict(self).items() if name not in lists}
        rest["failed"] = len(self.failed)
        return {
            **counts,
            **rest,
            "seconds": round(self.seconds, 2),
            "articles_by_change": lists,
            "failures": self.failed,
        }


def chunker_version(chunk_tokens: int) -> str:
    """Changes whenever the same article would be chunked otherwise."""
    return f"{VERSION}-{chunk_tokens}"


def ingest(
    corpus: Path,
    index: Path,
    embedder: Embedder,
    *,
    chunk_tokens: int = 300,
    allow_shrink: bool = False,
    progress: Progress = lambda *_: None,
) -> Summary:
    """Bring the index up to date with a corpus folder; publishes nothing when nothing changed.

    A file that cannot be read keeps the version indexed before, if any, and is reported.
    Raises CorpusError for an empty corpus or one that lost more than half of its articles
    (unless `allow_shrink`), IndexLocked while another process indexes.
    """
    started = time.monotonic()
    files = article_files(corpus)
    with IndexWriter.locked(index, embedder, chunker_version(chunk_tokens)) as writer:
        known = writer.published_digests()
        summary, changed = _plan(corpus, files, known, progress)
        if not files or not (known or changed):
            raise CorpusError(_empty_message(corpus, summary))
        if known and len(summary.removed) > SHRINK_LIMIT * len(known) and not allow_shrink:
            raise CorpusError(
                f"{len(summary.removed)} of {len(known)} indexed articles are gone from {corpus}: "
                "give --allow-shrink if that is meant"
            )
        if changed or summary.removed:
            writer.begin([*summary.removed, *summary.changed])
            _write(writer, changed, chunk_tokens, summary, progress)
            manifest = writer.publish()
        else:
            assert writer.base is not None
            manifest = writer.base
    summary.generation, summary.articles, summary.chunks = manifest.generation, manifest.articles, manifest.chunks
    summary.seconds = time.monotonic() - started
    return summary


def _empty_message(corpus: Path, summary: Summary) -> str:
    if summary.failed:
        reasons = "; ".join(summary.failed.values())
        return f"no file in {corpus} can be indexed: {reasons}"
    return f"there is no article in {corpus}: put .md or .txt files into it"


def _plan(
    corpus: Path, files: list[Path], known: dict[str, str], progress: Progress
) -> tuple[Summary, list[tuple[Article, str]]]:
    """Compare the files with what is indexed: the summary, and the articles to write with their digests."""
    summary = Summary()
    changed: list[tuple[Article, str]] = []
    seen: dict[str, Path] = {}
    for number, path in enumerate(files, 1):
        progress("读取文章", number, len(files))
        id_ = article_id(path, corpus)
        try:
            content = read_bytes(path)
            if id_ in seen:
                raise CorpusError(f"{path.name} and {seen[id_].name} would have the same id {id_}: rename one")
            seen[id_] = path
            digest = hashlib.sha256(rules_version().encode() + path.suffix.encode() + content).hexdigest()
            if known.get(id_) == digest:
                summary.unchanged += 1
                continue
            article = load_article(path, corpus, content)
            if not quotable_sentences(article, find_headings(article)):
                raise CorpusError(f"{path.name} holds nothing but headings: there is no sentence to index")
            changed.append((article, digest))
            (summary.changed if id_ in known else summary.added).append(id_)
        except CorpusError as error:
            summary.failed[path.relative_to(corpus).as_posix()] = str(error)
            if path.suffix.lower() in SUFFIXES:
                seen.setdefault(id_, path)
    summary.removed = sorted(set(known) - set(seen))
    return summary, changed


def _write(
    writer: IndexWriter,
    changed: list[tuple[Article, str]],
    chunk_tokens: int,
    summary: Summary,
    progress: Progress,
) -> None:
    chunked = [
        (article, digest, chunk_article(article, writer.embedder.count_tokens, chunk_tokens))
        for article, digest in changed
    ]
    total = sum(len(chunks) for _, _, chunks in chunked)
    done = 0
    progress("计算向量", 0, total)
    for batch in _batches(chunked):
        texts = [[sentence_texts(article, chunk) for chunk in chunks] for article, _, chunks in batch]
        vectors, embedded = writer.embed([text for article in texts for chunk in article for text in chunk])
        summary.embedded += embedded
        for (article, digest, chunks), of_article in zip(batch, texts, strict=True):
            writer.put(
                article, digest, chunks, [np.array([vectors[text] for text in of_chunk]) for of_chunk in of_article]
            )
            done += len(chunks)
        progress("计算向量", done, total)


def _batches(
    chunked: list[tuple[Article, str, list[Chunk]]],
) -> Iterator[list[tuple[Article, str, list[Chunk]]]]:
    """Articles together until they have BATCH_CHUNKS chunks."""
    batch: list[tuple[Article, str, list[Chunk]]] = []
    for item in chunked:
        batch.append(item)
        if sum(len(chunks) for _, _, chunks in batch) >= BATCH_CHUNKS:
            yield batch
            batch = []
    if batch:
        yield batch
