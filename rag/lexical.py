"""The lexical leg: which words of a query are searched, and how much of them each candidate has."""

import math
from collections.abc import Iterable, Mapping
from statistics import fmean

from rag.fusion import min_max
from rag.text import content_of, index_terms, quotations, search_terms

K1, B = 1.2, 0.75  # of BM25, as SQLite has them
MOST_POSTINGS = 20_000  # entries of the full-text index that are read for a query, about a millisecond a thousand


def inverse_document_frequency(frequency: int, documents: int) -> float:
    """ln(1 + (N - df + 0.5) / (df + 0.5)), never negative. Source: Lucene's BM25Similarity."""
    return math.log(1 + (documents - frequency + 0.5) / (frequency + 0.5))


def content_terms(query: str) -> list[str]:
    """The index terms of what a query is about, without single characters that are left between its other words."""
    return [term for term in index_terms(content_of(query)) if len(term) > 1 or term.isascii()]


def quoted_phrases(query: str) -> list[str]:
    """What a query has in quotation marks: the index terms of each, joined by blanks, so that it is one term."""
    quoted = (text for text in quotations(query) if len(text) > 1)
    return [phrase for text in quoted if (phrase := " ".join(index_terms(text)))]


def searched_terms(query: str) -> list[str]:
    """The terms that a query is searched by, then its quoted phrases."""
    return list(dict.fromkeys([*search_terms(query), *quoted_phrases(query)]))


def affordable(frequencies: Mapping[str, int]) -> list[str]:
    """The rarest terms, as many as have MOST_POSTINGS entries together; one at least.

    What a frequent term would name besides is named by the others too, and every candidate is scored by all terms.
    """
    terms: list[str] = []
    postings = 0
    for term in sorted(frequencies, key=lambda t: (frequencies[t], t)):
        postings += frequencies[term]
        if terms and postings > MOST_POSTINGS:
            break
        terms.append(term)
    return terms


def lexical_scores(
    query: str, texts: Mapping[str, str], frequencies: Mapping[str, int], chunks: int
) -> dict[str, float]:
    """How much of a query's words each candidate has, 0 to 1: the mean of three measures, each after min_max.

    BM25 of all its terms; the share of its content's terms and phrases, and of its content's characters, that are
    there. `texts` have the index terms of the candidates, joined by blanks; `frequencies` tells for each of the
    query's searched_terms how many of the `chunks` of the index have it.
    """
    rarity = {term: inverse_document_frequency(df, chunks) for term, df in frequencies.items()}
    padded = {id_: f" {text} " for id_, text in texts.items()}
    content = {term: rarity[term] for term in (*content_terms(query), *quoted_phrases(query)) if term in rarity}
    measures = (
        bm25(rarity, padded),
        {id_: sum(weight for term, weight in content.items() if f" {term} " in text) for id_, text in padded.items()},
        _characters(query, padded),
    )
    scaled = [min_max(measure) for measure in measures]
    return {id_: fmean(measure[id_] for measure in scaled) for id_ in texts}


def bm25(rarity: Mapping[str, float], padded: Mapping[str, str]) -> dict[str, float]:
    """BM25 of texts whose terms stand between blanks; a text's length is compared with the mean of these texts.

    A term that follows itself (哈哈 哈哈) counts once.
    Source: Robertson and Zaragoza, 2009, doi:10.1561/1500000019.
    """
    lengths = {id_: text.count(" ") - 1 for id_, text in padded.items()}
    mean = fmean(lengths.values()) if lengths else 0.0
    scores = {}
    for id_, text in padded.items():
        damping = K1 * (1 - B + B * lengths[id_] / mean)
        counts = ((weight, text.count(f" {term} ")) for term, weight in rarity.items())
        scores[id_] = sum(weight * count * (K1 + 1) / (count + damping) for weight, count in counts if count)
    return scores


def _characters(query: str, padded: Mapping[str, str]) -> dict[str, float]:
    """Weight of the characters of a query's content that each text has: a word is met by a part of it or a synonym's.

    A character weighs as much as it is rare among these texts, which are about the same thing.
    """
    wanted = sorted({char for char in content_of(query) if char.isalnum()})
    having = {id_: [char for char in wanted if char in text] for id_, text in padded.items()}
    counts = _counts(having.values())
    weights = {char: inverse_document_frequency(df, len(padded)) for char, df in counts.items()}
    return {id_: sum(weights[char] for char in chars) for id_, chars in having.items()}


def _counts(lists: Iterable[list[str]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for items in lists:
        for item in items:
            counts[item] = counts.get(item, 0) + 1
    return counts
