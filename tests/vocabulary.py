"""A library of one-sentence articles, for tests that need only its words."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rag.library import IndexedFile, Library
from rag.types import Article, Chunk


def library_of(sentences: Sequence[str], folder: Path) -> Library:
    """A library in which each sentence is an article of one chunk."""
    library = Library.create(folder / "library.sqlite")
    for number, sentence in enumerate(sentences):
        article = Article(f"a{number}", f"a{number}.txt", sentence)
        chunk = Chunk(f"c{number}", article.id, 0, len(sentence), sentence, "", ((0, len(sentence)),))
        library.put(article, IndexedFile("digest"))
        library.put_chunks([(article, chunk, np.zeros((1, 2), np.float32))])
    return library
