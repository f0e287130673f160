"""The hybrid retriever: vectors and character bigrams, fused, as a LangChain retriever."""

from collections.abc import Mapping
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from rag.embed import Embedder, Vector
from rag.fusion import convex_fusion, min_max
from rag.index import Generation
from rag.lexical import affordable, lexical_scores, searched_terms
from rag.settings import Settings
from rag.types import ALL, Hit, Passage, Query, Ranked, Scope, Search

SHOWN = 20  # candidates that are kept as passages, at least: for a second stage, and to tell how they were ranked
READ_COST = 2  # results of the vector index that take as long as reading one chunk's sentence vectors
NEWEST = 0.02  # of the fused score: passages nearer to each other than this are ordered by their articles' dates


class HybridRetriever(BaseRetriever):
    """Passages of one generation for a query, best first, from the articles that the scope allows.

    Each leg names its `candidates` best chunks: the dense one by the mean vector of a chunk's sentences, the lexical
    one by BM25. Every one of them is scored by both legs, the dense score being that of its nearest sentence and the
    lexical one of rag/lexical.py, and the scores are fused.
    Ties go to the higher dense score, then to the smaller chunk id, so that the order is always the same.
    `also` are words that only the lexical leg is asked; with `newest` near ties go to the newer article.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    generation: Generation
    embedder: Any  # an Embedder; pydantic cannot check protocols
    candidates: int
    dense_weight: float
    passages: int
    shown: int = SHOWN
    scope: Scope = ALL
    also: str = ""
    newest: bool = False
    found: Search | None = None  # of the last query that was invoked; a retriever is made for each question

    @classmethod
    def of(
        cls,
        generation: Generation,
        embedder: Embedder,
        settings: Settings,
        scope: Scope = ALL,
        *,
        also: str = "",
        newest: bool = False,
    ) -> "HybridRetriever":
        """The retriever that the settings describe, for one question."""
        return cls(
            generation=generation,
            embedder=embedder,
            candidates=settings.candidates,
            dense_weight=settings.dense_weight,
            passages=settings.passages,
            shown=max(SHOWN, settings.passages, settings.rerank_candidates, settings.read_passages),
            scope=scope,
            also=also,
            newest=newest,
        )

    def retrieve(self, query: str) -> list[Passage]:
        """Up to `passages` passages for a query, with rank and scores."""
        return list(self.search(query).passages)

    def search(self, query: str) -> Search:
        """Every candidate for a query, the best `shown` of them as passages; the first `passages` have a place."""
        embedder: Embedder = self.embedder
        library = self.generation.library
        query_vector = embedder.embed_query(query)
        words = f"{query} {self.also}".strip()
        allowed = library.chunks_within(self.scope)
        near = self._near(query_vector, allowed)
        frequencies = library.document_frequencies(searched_terms(words))
        matches = self.generation.store.matching(affordable(frequencies), self.candidates, self.scope)
        union = list(dict.fromkeys(hit.chunk_id for hit in [*near, *matches]))
        dense = library.nearest_sentences(union, query_vector)
        chunks = self.generation.manifest.chunks
        lexical = lexical_scores(words, library.indexed_terms(union), frequencies, chunks)
        fused = convex_fusion(dense, lexical, self.dense_weight)
        rating = self._newer_first(fused) if self.newest else fused
        order = sorted(fused, key=lambda c: (-rating[c], -dense[c], c))
        shown = order[: self.shown]
        best = [
            Passage(
                article=library.article((chunk := library.chunk(chunk_id)).article_id),
                chunk=chunk,
                rank=rank,
                score=fused[chunk_id],
                dense=dense[chunk_id],
                lexical=lexical[chunk_id],
            )
            for rank, chunk_id in enumerate(shown, 1)
        ]
        scaled_dense, scaled_lexical = min_max(dense), min_max(lexical)
        candidates = [
            Ranked(p, scaled_dense[p.chunk.id], scaled_lexical[p.chunk.id], p.rank if p.rank <= self.passages else None)
            for p in best
        ]
        return Search(Query(query, self.scope), tuple(candidates), tuple(order[len(shown) :]))

    def _near(self, query_vector: Vector, allowed: frozenset[str] | None) -> list[Hit]:
        """The `candidates` nearest of the allowed chunks; all chunks are allowed where None is given.

        They are scored one by one where that is less work than searching among all chunks for them.
        """
        chunks = self.generation.manifest.chunks
        if allowed is None or READ_COST * len(allowed) ** 2 > self.candidates * chunks:
            return self.generation.store.nearest(query_vector, self.candidates, self.scope)
        nearest = self.generation.library.nearest_sentences(sorted(allowed), query_vector)
        hits = [Hit(chunk_id, score) for chunk_id, score in nearest.items()]
        return sorted(hits, key=lambda hit: (-hit.score, hit.chunk_id))[: self.candidates]

    def _newer_first(self, fused: Mapping[str, float]) -> dict[str, float]:
        """Fused scores with up to NEWEST added: all of it for chunks of the newest article, nothing for the undated."""
        library = self.generation.library
        published = {id_: library.article(library.chunk(id_).article_id).published for id_ in fused}
        days = sorted({day for day in published.values() if day})
        return {
            id_: fused[id_] + NEWEST * (days.index(day) + 1) / len(days) if (day := published[id_]) else fused[id_]
            for id_ in fused
        }

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002  # LangChain's signature
    ) -> list[Document]:
        self.found = self.search(query)
        return [to_document(passage) for passage in self.found.passages]


def to_document(passage: Passage) -> Document:
    """A passage as LangChain's Document."""
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
    }
    return Document(id=chunk.id, page_content=chunk.text, metadata=metadata)
