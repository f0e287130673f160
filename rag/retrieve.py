"""The hybrid retriever: vectors and character bigrams, fused, as a LangChain retriever."""

from collections.abc import Mapping
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from rag.embed import Embedder
from rag.index import Generation
from rag.settings import Settings
from rag.text import search_terms
from rag.types import Passage

NEWEST = 0.02  # of the fused score: passages nearer to each other than this are ordered by their articles' dates


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


class HybridRetriever(BaseRetriever):
    """Passages of one generation for a query, best first.

    Each leg names its `candidates` best chunks, the dense one by the mean vector of a chunk's sentences. Every one
    of them is scored by both legs, the dense score being that of its nearest sentence, and the scores are fused.
    Ties go to the higher dense score, then to the smaller chunk id, so that the order is always the same.
    `also` are words that only the lexical leg is asked; with `newest` near ties go to the newer article.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    generation: Generation
    embedder: Any  # an Embedder; pydantic cannot check protocols
    candidates: int
    dense_weight: float
    passages: int
    also: str = ""
    newest: bool = False

    @classmethod
    def of(
        cls, generation: Generation, embedder: Embedder, settings: Settings, *, also: str = "", newest: bool = False
    ) -> "HybridRetriever":
        """The retriever that the settings describe."""
        return cls(
            generation=generation,
            embedder=embedder,
            candidates=settings.candidates,
            dense_weight=settings.dense_weight,
            passages=settings.passages,
            also=also,
            newest=newest,
        )

    def retrieve(self, query: str) -> list[Passage]:
        """Up to `passages` passages for a query, with rank and scores."""
        embedder: Embedder = self.embedder
        library = self.generation.library
        query_vector = embedder.embed_query(query)
        near = self.generation.vectors.search(query_vector, self.candidates)
        matches = library.search(search_terms(f"{query} {self.also}"))
        union = dict.fromkeys(hit.chunk_id for hit in [*near, *matches[: self.candidates]])
        dense = {chunk_id: float((library.sentence_vectors(chunk_id) @ query_vector).max()) for chunk_id in union}
        scores = {hit.chunk_id: hit.score for hit in matches}
        lexical = {chunk_id: scores.get(chunk_id, 0.0) for chunk_id in union}
        fused = convex_fusion(dense, lexical, self.dense_weight)
        rating = self._newer_first(fused) if self.newest else fused
        best = sorted(fused, key=lambda c: (-rating[c], -dense[c], c))[: self.passages]
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
    }
    return Document(id=chunk.id, page_content=chunk.text, metadata=metadata)


def from_document(document: Document, generation: Generation) -> Passage:
    """The passage that a document of `to_document` stands for, in the same generation."""
    assert document.id is not None
    chunk = generation.library.chunk(document.id)
    scores = {name: document.metadata[name] for name in ("rank", "score", "dense", "lexical")}
    return Passage(article=generation.library.article(chunk.article_id), chunk=chunk, **scores)
