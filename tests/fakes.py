"""Embedders that one can compute in one's head, importable by other processes too."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from rag.embed import Vector, unit_rows

ANIMALS = "猫狗鱼鸟"


@dataclass
class FakeEmbedder:
    """Counts 猫, 狗, 鱼 and 鸟, and a small 0.1 so that no vector is zero; one token per code point.

    `embedded` has every text given to embed_texts; `seconds_per_text` makes it slow.
    """

    name: str = "fake"
    seconds_per_text: float = 0.0
    embedded: list[str] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        return f"{self.name}@1"

    @property
    def dimensions(self) -> int:
        return len(ANIMALS) + 1

    def count_tokens(self, text: str) -> int:
        return len(text)

    def embed_query(self, text: str) -> Vector:
        return unit_rows(np.array([[*map(text.count, ANIMALS), 0.1]]))[0]

    def everyday_cosine(self, question: str) -> float:
        return 0.65

    def embed_texts(self, texts: Sequence[str]) -> Vector:
        self.embedded += texts
        time.sleep(self.seconds_per_text * len(texts))
        return np.array([self.embed_query(text) for text in texts])
