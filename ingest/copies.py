"""Near-copies: paragraphs that another article repeats, found by MinHash and confirmed shingle by shingle.

Source: Broder, On the resemblance and containment of documents, SEQUENCES 1997, doi:10.1109/SEQUEN.1997.666900.
"""

import hashlib
import re
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.library import Library
from rag.text import figures, letters, normalize
from rag.types import Article, Span

Signature = npt.NDArray[np.uint32]

SHINGLE = 5  # letters and digits
SHORTEST = 30  # letters and digits of a paragraph; a shorter one may be written twice by chance
PERMUTATIONS = 64
BANDS = 16  # of 4 rows: two paragraphs of similarity 0.8 share a band in 99.98% of cases (8 of 8 rows: 77%)
COPY = 0.8  # similarity: below it, paragraphs of one template with another subject are as many as copies


@cache
def _empty() -> Any:
    from datasketch import MinHash  # half a second

    return MinHash(num_perm=PERMUTATIONS, seed=1, scheme="affine32")


def shingles(text: str) -> frozenset[str]:
    """Runs of SHINGLE letters and digits of a text, normalised; a shorter text is one run."""
    run = letters(text)
    return frozenset(run[at : at + SHINGLE] for at in range(max(1, len(run) - SHINGLE + 1)))


def paragraphs(article: Article) -> list[Span]:
    """Spans of the lines of an article with at least SHORTEST letters and digits, without white space around them."""
    spans = []
    for line in re.finditer(r"\S(?:[^\n]*\S)?", article.text):
        if sum(char.isalnum() for char in line[0]) >= SHORTEST:
            spans.append(line.span())
    return spans


def signature(text: str) -> Signature:
    """MinHash of the shingles of a text, (PERMUTATIONS,); the same on every machine."""
    minhash = _empty().copy()
    minhash.update_batch([shingle.encode() for shingle in shingles(text)])
    return np.asarray(minhash.hashvalues, np.uint32)


def band_keys(signature: Signature) -> list[int]:
    """A signed 64-bit key of every band of a signature, which holds the number of the band."""
    bands = signature.reshape(BANDS, -1).astype("<u4")
    hashes = [hashlib.blake2b(band.tobytes(), digest_size=8, salt=bytes([number])) for number, band in enumerate(bands)]
    return [int.from_bytes(hash_.digest(), "little", signed=True) for hash_ in hashes]


def similarity(a: str, b: str) -> float:
    """Shingles that two texts share, as a part of those that either has (Jaccard)."""
    first, second = shingles(a), shingles(b)
    return len(first & second) / len(first | second)


def same_figures(a: str, b: str) -> bool:
    """Whether two texts state the same figures in the same order.

    Their order is left open where one writes 3.5亿 and the other 350,000,000.
    """
    first, second = normalize(a), normalize(b)
    if figures(first) != figures(second):
        return False
    numbers, others = (re.findall(r"\d+(?:\.\d+)?", text) for text in (first, second))
    return numbers == others or len(numbers) != len(others)


def is_copy(a: str, b: str) -> bool:
    """Whether one paragraph repeats the other: nearly the same words, and the same figures."""
    return same_figures(a, b) and similarity(a, b) >= COPY


def link_copies(library: Library, article: Article) -> None:
    """Add the paragraphs of an article to a library that holds it, linked to those of other articles they repeat."""

    def repeats(span: Span, other_id: str, other_span: Span) -> bool:
        other = library.article(other_id).text
        return is_copy(article.text[slice(*span)], other[slice(*other_span)])

    spans = paragraphs(article)
    keys = (band_keys(signature(article.text[start:end])) for start, end in spans)
    library.put_paragraphs(article.id, zip(spans, keys, strict=True), repeats)
