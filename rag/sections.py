"""Under which headings of its article a sentence stands, and which sections a question names by their number."""

import re
from collections.abc import Sequence

from rag.features import Candidate
from rag.text import normalize

_NUMBER = re.compile(r"第[一二三四五六七八九十\d]+[天章节条步课讲]|(?<![\d.])\d+(?:\.\d+)+(?![\d.%万亿])|day ?\d+")


def headings_of(candidate: Candidate) -> list[str]:
    """The nearest heading above a sentence and those that it is under, the highest first; empty above the first."""
    chunk, text = candidate.passage.chunk, candidate.passage.article.text
    above: list[str] = []
    at = chunk.start
    for path in filter(None, chunk.section.split(" / ")):
        *_, heading = headings = path.split(" › ")
        line = re.compile(rf"^[^\S\n]*{re.escape(heading)}[^\S\n]*$", re.MULTILINE)
        found = line.search(text, at, candidate.start)
        if not found and (above or line.search(chunk.text)):
            break
        above, at = headings, found.end() if found else at
    return above


def in_named_section(question: str, candidates: Sequence[Candidate]) -> set[int]:
    """Which candidates stand under a heading with a number that the question names: 第四天, 4.1.0."""
    named = set(_NUMBER.findall(normalize(question)))
    numbers = [set(_NUMBER.findall(normalize("\n".join(headings_of(c))))) for c in candidates] if named else []
    return {i for i, of in enumerate(numbers) if of & named}
