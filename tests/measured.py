"""Passages whose sentences differ in nothing but their cosine."""

import numpy as np

from rag.features import SENTENCE_FEATURES, candidates_of
from rag.measure import Measured
from rag.text import sentence_spans
from rag.types import Article, Chunk, Passage


def passage(rank: int, text: str, published: str | None = None) -> Passage:
    article = Article(id=f"文{rank}", source_path=f"文{rank}.txt", raw=text, title=f"文{rank}", published=published)
    chunk = Chunk(f"c{rank}", article.id, 0, len(text), text, "", tuple(sentence_spans(text)))
    return Passage(article, chunk, rank, 1.0)


def measured(passages: list[Passage], cosines: list[float]) -> Measured:
    """Sentences that differ in nothing but their cosine, in steps of 0.05 below the best."""
    features = np.zeros((len(cosines), len(SENTENCE_FEATURES)))
    features[:, 0] = cosines
    return Measured(candidates_of(passages), features, np.zeros(3))
