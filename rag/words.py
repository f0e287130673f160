"""How Chinese words are built in general, from the word list of jieba: which characters follow each other inside them.

Only the list is read; nothing is segmented.
"""

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

LONGEST = 4  # characters; longer words are names and sayings that a question seldom holds
LEAST = 4  # occurrences in jieba's texts; nearly half of its list is at 3


class Words:
    """Frequencies of words, and of the transitions between characters that they make."""

    def __init__(self, frequencies: Mapping[str, int]) -> None:
        self._frequencies = frequencies
        self._inside: dict[str, int] = defaultdict(int)  # pairs of neighbours in a word
        self._first: dict[str, int] = defaultdict(int)
        self._last: dict[str, int] = defaultdict(int)
        self._seen: dict[str, int] = defaultdict(int)
        for word, count in frequencies.items():
            self._first[word[0]] += count
            self._last[word[-1]] += count
            for char in word:
                self._seen[char] += count
            for at in range(len(word) - 1):
                self._inside[word[at : at + 2]] += count
        self._total = max(1, sum(self._first.values()))

    def starts(self, char: str) -> float:
        """Probability that a word starts with a character."""
        return self._first.get(char, 0) / self._total

    def follows(self, left: str, right: str) -> float:
        """Probability of a character after another, inside a word or across its end."""
        across = self._last.get(left, 0) * self.starts(right)
        return (self._inside.get(left + right, 0) + across) / max(1, self._seen.get(left, 0))

    def common_characters(self, most: int) -> list[str]:
        """The most frequent characters, most frequent first."""
        return sorted(self._seen, key=lambda char: (-self._seen[char], char))[:most]

    def __contains__(self, word: str) -> bool:
        return word in self._frequencies


@cache
def general_words() -> Words:
    """The words of general Chinese."""
    spec = find_spec("jieba")  # not imported: its segmenter is not needed
    assert spec is not None and spec.origin is not None
    lines = Path(spec.origin).with_name("dict.txt").read_text(encoding="utf-8").splitlines()
    rows = (line.split(" ") for line in lines)
    return Words({word: int(n) for word, n, _ in rows if len(word) <= LONGEST and int(n) >= LEAST})
