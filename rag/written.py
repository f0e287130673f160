"""Everyday words of a question as articles write them, by a table: 邮费 becomes 运费."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from rag.words import LONGEST, general_words

_TABLE = Path(__file__).with_name("written.tsv")


@cache
def _written() -> dict[str, str]:
    """What is written for each everyday phrase."""
    return dict(line.split("\t") for line in _TABLE.read_text(encoding="utf-8").splitlines())


@cache
def _phrases() -> re.Pattern[str]:
    longest_first = sorted(_written(), key=lambda phrase: (-len(phrase), phrase))
    return re.compile("|".join(map(re.escape, longest_first)))


def in_written_words(question: str, uses: Callable[[str], int]) -> str:
    """A question with the written words for everyday ones, unless the articles use (`uses` counts them) those as much.

    What only part of a word makes stays: 头一批 in 巨头一批.
    """

    def replaced(match: re.Match[str]) -> str:
        phrase, written = match[0], _written()[match[0]]
        if any(_cuts_word(question, at) for at in match.span()) or 0 < uses(phrase) >= uses(written):
            return phrase
        return written

    return _phrases().sub(replaced, question)


def _cuts_word(text: str, at: int) -> bool:
    """Whether a general word has characters on both sides of a place."""
    words = general_words()
    return any(
        text[start:end] in words
        for start in range(max(0, at - LONGEST + 1), at)
        for end in range(at + 1, min(len(text), start + LONGEST) + 1)
    )
