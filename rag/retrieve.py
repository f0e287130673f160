"""The hybrid retriever: vectors and character bigrams, fused, as a LangChain retriever."""

from collections.abc import Mapping
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from rag.embed import Embedder, Vector
from rag.index import Generation
from rag.settings import Settings
from rag.text import index_terms
from rag.types import ALL, Hit, Passage, Query, Ranked, Scope, Search


def min_max(scores: Mapping[str, float]) -> dict[str, float]:
    """Scores moved to 0 for the lowest and 1 for the highest; all 1 when they are all the same."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if high == low:
        return dict.fromkeys(scores, 1.0)
    return {key: (score - low) / (high - low) for key, score in scores.items()}


def convex_fusion(dense: Mapping[str, float], lexical: Mapping[str, float], dense_weight: float) -> dict[str, float]:
    """Fused score of every chunk: dense_weight * dense + (1 - dense_weight) * lexical, each after min_max.

    Both mappings hold the same chunks. Raises ValueError otherwise, or for a weight outside 0 to 1.
    Source: Bruch, Gai and Ingber, ACM TOIS 2023, doi:10.1145/3596512 (convex combination with min-max scaling).
    """
    if dense.keys() != lexical.keys():
        raise ValueError("both legs must score the same chunks")
    if not 0 <= dense_weight <= 1:
        raise ValueError(f"the weight must be from 0 to 1, not {dense_weight}")
    scaled_dense, scaled_lexical = min_max(dense), min_max(lexical)
    return {key: dense_weight * scaled_dense[key] + (1 - dense_weight) * scaled_lexical[key] for key in dense}


SHOWN = 20  # candidates that are kept as passages, to tell how they were ranked
READ_COST = 2  # results of the vector index that take as long as reading one chunk's sentence vectors


class HybridRetriever(BaseRetriever):
    """Passages of one generation for a query, best first, from the articles that the scope allows.

    Each leg names its `candidates` best chunks, the dense one by the mean vector of a chunk's sentences. Every one
    of them is scored by both legs, the dense score being that of its nearest sentence, and the scores are fused.
    Ties go to the higher dense score, then to the smaller chunk id, so that the order is always the same.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    generation: Generation
    embedder: Any  # an Embedder; pydantic cannot check protocols
    candidates: int
    dense_weight: float
    passages: int
    scope: Scope = ALL
    found: Search | None = None  # of the last query that was invoked; a retriever is made for each question

    @classmethod
    def of(
        cls, generation: Generation, embedder: Embedder, settings: Settings, scope: Scope = ALL
    ) -> "HybridRetriever":
        """The retriever that the settings describe, for one scope."""
        return cls(
            generation=generation,
            embedder=embedder,
            candidates=settings.candidates,
            dense_weight=settings.dense_weight,
            passages=settings.passages,
            scope=scope,
        )

    def retrieve(self, query: str) -> list[Passage]:
        """Up to `passages` passages for a query, with rank and scores."""
        return list(self.search(query).passages)

    def search(self, query: str) -> Search:
        """Every candidate for a query, the best SHOWN of them as passages; the first `passages` have a place."""
        embedder: Embedder = self.embedder
        library = self.generation.library
        query_vector = embedder.embed_query(query)
        allowed = library.chunks_within(self.scope)
        near = self._near(query_vector, allowed)
        matches = [hit for hit in library.search(index_terms(query)) if allowed is None or hit.chunk_id in allowed]
        union = dict.fromkeys(hit.chunk_id for hit in [*near, *matches[: self.candidates]])
        dense = {chunk_id: self._nearest_sentence(chunk_id, query_vector) for chunk_id in union}
        scores = {hit.chunk_id: hit.score for hit in matches}
        lexical = {chunk_id: scores.get(chunk_id, 0.0) for chunk_id in union}
        fused = convex_fusion(dense, lexical, self.dense_weight)
        order = sorted(fused, key=lambda c: (-fused[c], -dense[c], c))
        shown = order[: max(self.passages, SHOWN)]
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

        The vector index cannot filter quickly: either more is asked of it, as much as it should take to find enough
        and then twice that, or the allowed chunks are scored one by one where that is less work.
        """
        vectors, chunks = self.generation.vectors, self.generation.manifest.chunks
        if allowed is None:
            return vectors.search(query_vector, self.candidates)
        if READ_COST * len(allowed) ** 2 <= self.candidates * chunks:
            hits = [Hit(chunk_id, self._nearest_sentence(chunk_id, query_vector)) for chunk_id in allowed]
            return sorted(hits, key=lambda hit: (-hit.score, hit.chunk_id))[: self.candidates]
        count = self.candidates * chunks // len(allowed)
        while True:
            found = [hit for hit in vectors.search(query_vector, count) if hit.chunk_id in allowed]
            if len(found) >= self.candidates or count >= chunks:
                return found[: self.candidates]
            count *= 2

    def _nearest_sentence(self, chunk_id: str, query_vector: Vector) -> float:
        """Cosine of the query with the nearest sentence of a chunk."""
        return float((self.generation.library.sentence_vectors(chunk_id) @ query_vector).max())

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
