"""Metrics of one question; each is None where there is nothing to judge, and never 0 for that.

Passages and citations are spans of articles; gold evidence is spans too, so that no metric depends on chunk ids.
"""

import math
import re
import unicodedata
from collections.abc import Sequence

from rag.text import figures
from rag.types import Answer

Place = tuple[str, int, int]  # article id, start, end

_KEPT = re.compile(r"(?<=\d)\.(?=\d)|(?<=\d)[%‰]")


def normalize_answer(text: str) -> str:
    """NFKC, lower case, without white space and punctuation except . between digits and % ‰ after them."""
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text).lower())
    kept = {match.start() for match in _KEPT.finditer(text)}
    return "".join(char for i, char in enumerate(text) if char.isalnum() or i in kept)


def contains(answer: str, alternative: str) -> bool:
    """Whether a normalised answer holds an alternative; 5% is not found in 15%, nor 3 in 3.5."""
    needle = re.escape(normalize_answer(alternative))
    if not needle:
        return False
    before = r"(?<!\d)(?<!\d\.)" if needle[0].isdigit() else ""
    after = r"(?!\d)(?!\.\d)" if needle[-1].isdigit() else ""
    return re.search(before + needle + after, normalize_answer(answer)) is not None


def gold_containment(answer: str, gold: Sequence[Sequence[str]]) -> float | None:
    """Share of the gold groups of which the answer holds an alternative."""
    if not gold:
        return None
    return sum(any(contains(answer, alternative) for alternative in group) for group in gold) / len(gold)


def brevity(answer: str, gold: Sequence[Sequence[str]]) -> float | None:
    """Length of the answer over that of the gold (the longest alternative of each group), both normalised."""
    length = sum(max((len(normalize_answer(alternative)) for alternative in group), default=0) for group in gold)
    return len(normalize_answer(answer)) / length if length and answer else None


def overlap(place: Place, other: Place) -> int:
    """Code points that two places share."""
    return max(0, min(place[2], other[2]) - max(place[1], other[1])) if place[0] == other[0] else 0


def covers_evidence(passage: Place, gold: Place) -> bool:
    """Whether a passage covers at least half of a gold interval."""
    return overlap(passage, gold) * 2 >= gold[2] - gold[1]


def evidence_hit(passages: Sequence[Place], gold: Sequence[Place], k: int) -> float | None:
    """1 when one of the first k passages covers at least half of some gold interval, else 0."""
    if not gold:
        return None
    return float(any(covers_evidence(passage, interval) for passage in passages[:k] for interval in gold))


def evidence_recall(passages: Sequence[Place], gold: Sequence[Place], k: int) -> float | None:
    """Gold code points that the first k passages cover, over all gold code points."""
    if not gold:
        return None
    points = {(article, offset) for article, start, end in gold for offset in range(start, end)}
    covered = {(a, offset) for a, start, end in passages[:k] for offset in range(start, end)} & points
    return len(covered) / len(points)


def reciprocal_rank(passages: Sequence[Place], gold: Sequence[Place], k: int = 10) -> float | None:
    """1 / rank of the first passage that covers evidence, 0 when none of the first k does. Mean: MRR@k."""
    if not gold:
        return None
    hits = (rank for rank, p in enumerate(passages[:k], 1) if any(covers_evidence(p, g) for g in gold))
    return next((1 / rank for rank in hits), 0.0)


def ndcg(passages: Sequence[Place], gold: Sequence[Place], k: int = 10) -> float | None:
    """nDCG@k with gain 1 for a passage that covers evidence not covered before it.

    The ideal order finds one gold interval at each rank. Source: Järvelin and Kekäläinen, ACM TOIS 2002,
    doi:10.1145/582415.582418 (discount 1 / log2(rank + 1)).
    """
    if not gold:
        return None
    missing = list(dict.fromkeys(gold))
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(k, len(missing)) + 1))
    gained = 0.0
    for rank, passage in enumerate(passages[:k], 1):
        found = [interval for interval in missing if covers_evidence(passage, interval)]
        if found:
            gained += sum(1 / math.log2(rank + 1) for _ in found)
            missing = [interval for interval in missing if interval not in found]
    return min(1.0, gained / ideal)


def citation_hit(answer: Answer, gold: Sequence[Place]) -> float | None:
    """1 when a cited sentence overlaps a gold interval, else 0; None without citations or gold."""
    cited = [(c.article.id, c.start, c.end) for c in answer.citations]
    if not gold or not cited:
        return None
    return float(any(overlap(place, interval) for place in cited for interval in gold))


def citation_precision(answer: Answer, gold: Sequence[Place]) -> float | None:
    """Share of the citations that overlap a gold interval; None without citations or gold."""
    if not gold or not answer.citations:
        return None
    places = [(c.article.id, c.start, c.end) for c in answer.citations]
    return sum(any(overlap(place, interval) for interval in gold) for place in places) / len(places)


def citations_exact(answer: Answer) -> float | None:
    """Share of the citations whose quote equals the text of a passage at their span; None without citations.

    Read from the answer's JSON, so that it judges what a reader of the answer gets.
    """
    row = answer.to_json()
    if not row["citations"]:
        return None
    return sum(any(_quotes(p, c) for p in row["passages"]) for c in row["citations"]) / len(row["citations"])


def _quotes(passage: dict[str, object], citation: dict[str, object]) -> bool:
    start, end = int(str(citation["start"])), int(str(citation["end"]))
    offset = int(str(passage["start"]))
    text = str(passage["text"])[max(0, start - offset) : end - offset]
    return passage["article"] == citation["article"] and start >= offset and text == citation["quote"]


def unsupported_figures(answer: Answer) -> float | None:
    """Share of the figures in the statements that no quote of the same statement has; None without figures."""
    stated = unsupported = 0
    quotes = {c.marker: c.quote for c in answer.citations}
    for statement in answer.statements:
        found = figures(statement.text)
        stated += len(found)
        unsupported += len(found - figures(" ".join(quotes[n] for n in statement.citations)))
    return unsupported / stated if stated else None


def gold_figures(answer: str, gold: Sequence[Sequence[str]]) -> float | None:
    """Share of the gold groups with a figure of which the answer has a figure; None without figures."""
    groups = [wanted for group in gold if (wanted := set().union(*(figures(alternative) for alternative in group)))]
    if not groups:
        return None
    found = figures(answer)
    return sum(bool(wanted & found) for wanted in groups) / len(groups)


def is_right(answer: Answer, answerable: bool, gold: Sequence[Sequence[str]], evidence: Sequence[Place]) -> bool:
    """Joint accuracy of one question: rightly refused, or answered with all gold groups and a cited gold sentence."""
    if not answerable:
        return answer.refused
    cited = citation_hit(answer, evidence)
    return (
        not answer.refused
        and gold_containment(answer.text, gold) == 1
        and ((cited is None and not evidence) or cited == 1)
    )
