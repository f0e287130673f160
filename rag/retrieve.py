"""The hybrid retriever: vectors and character bigrams, fused, as a LangChain retriever."""

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from rag.embed import Embedder
from rag.fusion import convex_fusion
from rag.index import Generation
from rag.lexical import affordable, lexical_scores, searched_terms
from rag.settings import Settings
from rag.types import Passage


class HybridRetriever(BaseRetriever):
    """Passages of one generation for a query, best first.

    Each leg names its `candidates` best chunks: the dense one by the mean vector of a chunk's sentences, the lexical
    one by BM25. Every one of them is scored by both legs, the dense score being that of its nearest sentence and the
    lexical one of rag/lexical.py, and the scores are fused.
    Ties go to the higher dense score, then to the smaller chunk id, so that the order is always the same.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    generation: Generation
    embedder: Any  # an Embedder; pydantic cannot check protocols
    candidates: int
    dense_weight: float
    passages: int

    @classmethod
    def of(
        cls, generation: Generation, embedder: Embedder, settings: Settings, *, passages: int | None = None
    ) -> "HybridRetriever":
        """The retriever that the settings describe; `passages` where a second stage wants more of them."""
        return cls(
            generation=generation,
            embedder=embedder,
            candidates=settings.candidates,
            dense_weight=settings.dense_weight,
            passages=passages or settings.passages,
        )

    def retrieve(self, query: str) -> list[Passage]:
        """Up to `passages` passages for a query, with rank and scores."""
        embedder: Embedder = self.embedder
        library = self.generation.library
        query_vector = embedder.embed_query(query)
        near = self.generation.vectors.search(query_vector, self.candidates)
        frequencies = library.document_frequencies(searched_terms(query))
        matches = library.search(affordable(frequencies), self.candidates)
        union = list(dict.fromkeys(hit.chunk_id for hit in [*near, *matches]))
        dense = library.nearest_sentences(union, query_vector)
        chunks = self.generation.manifest.chunks
        lexical = lexical_scores(query, library.indexed_terms(union), frequencies, chunks)
        fused = convex_fusion(dense, lexical, self.dense_weight)
        best = sorted(fused, key=lambda c: (-fused[c], -dense[c], c))[: self.passages]
        return [
            Passage(
                article=library.article((chunk := library.chunk(chunk_id)).article_id),
                chunk=chunk,
                rank=rank,
                score=fused[chunk_id],
                dense=dense[chunk_id],
                lexical=lexical[chunk_id],
            )
            for rank, chunk_id in enumerate(best, 1)
        ]

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002  # LangChain's signature
    ) -> list[Document]:
        return [to_document(passage) for passage in self.retrieve(query)]


def to_document(passage: Passage) -> Document:
    """A passage as LangChain's Document, with all that from_document needs."""
    article, chunk = passage.article, passage.chunk
    metadata = {
        "article": article.id,
        "title": article.title,
        "published": article.published,
        "start": chunk.start,
        "end": chunk.end,
        "rank": passage.rank,
        "score": passage.score,
        "dense": passage.dense,
        "lexical": passage.lexical,
        "rerank": passage.rerank,
    }
    return Document(id=chunk.id, page_content=chunk.text, metadata=metadata)


def from_document(document: Document, generation: Generation) -> Passage:
    """The passage that a document of `to_document` stands for, in the same generation."""
    assert document.id is not None
    chunk = generation.library.chunk(document.id)
    scores = {name: document.metadata[name] for name in ("rank", "score", "dense", "lexical", "rerank")}
    return Passage(article=generation.library.article(chunk.article_id), chunk=chunk, **scores)
