"""Chinese names that a question writes in pinyin: Zhang Xiaoquan becomes 张小泉, where the articles have that name."""

import re
from collections.abc import Callable, Iterator, Mapping

from rag.text import CJK, count_tokens

LONGEST = 6  # syllables
CLEARLY = 3  # times that a name is more frequent than the next one of the same sound
_WORDS = re.compile(r"(?<![A-Za-z0-9])[A-Z][a-z]+(?: [A-Z][a-z]+){0,2}(?![A-Za-z0-9])")
_ANY_WORD = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][a-z]{4,}(?![A-Za-z0-9])")
_CHINESE = re.compile(f"[{CJK}]")


class RomanizedNames:
    """Names by their pinyin.

    `by_sound` are the characters of each syllable, `follows` tells whether two characters stand beside each other in
    the articles, and `frequency` how many chunks hold a name, 0 for what is none.
    """

    def __init__(
        self, by_sound: Mapping[str, list[str]], follows: Callable[[str, str], bool], frequency: Callable[[str], int]
    ) -> None:
        self._by_sound = by_sound
        self._follows = follows
        self._frequency = frequency

    def restored(self, question: str, hidden: str) -> str:
        """A question with the names in Chinese; `hidden` has blanks over what is kept.

        In an English sentence only words with a capital are names.
        """
        pattern = _ANY_WORD if len(_CHINESE.findall(question)) > 3 else _WORDS
        for match in reversed(list(pattern.finditer(hidden))):
            found = self._longest(match[0])
            if found:
                start, end, name = found
                question = question[: match.start() + start] + name + question[match.start() + end :]
        return question

    def _longest(self, words: str) -> tuple[int, int, str] | None:
        """The longest stretch of whole words that is a name: its span and the name."""
        spans = [match.span() for match in re.finditer(r"[A-Za-z]+", words)]
        stretches = sorted(((a, b) for a, _ in spans for _, b in spans if a < b), key=lambda s: (s[0] - s[1], s))
        for start, end in stretches:
            if name := self._name_of(words[start:end]):
                return start, end, name
        return None

    def _name_of(self, words: str) -> str:
        # An ordinary English word, or a place that every reader knows, is one token of the vocabulary of LLMs.
        if " " not in words and any(count_tokens(f"{blank}{words}") == 1 for blank in ("", " ")):
            return ""
        found = {
            name: count
            for syllables in self._syllables(words.lower().replace(" ", ""))
            for name in self._spelt(syllables)
            if (count := self._frequency(name))
        }
        first, *others = sorted(found, key=lambda name: (-found[name], name)) or [""]
        return first if all(found[first] >= CLEARLY * found[other] for other in others[:1]) else ""

    def _syllables(self, letters: str, most: int = LONGEST) -> Iterator[list[str]]:
        """Every way to read letters as two or more syllables."""
        if not letters:
            yield []
        elif most:
            for end in range(1, min(6, len(letters)) + 1):
                if letters[:end] in self._by_sound:
                    for rest in self._syllables(letters[end:], most - 1):
                        yield [letters[:end], *rest]

    def _spelt(self, syllables: list[str]) -> list[str]:
        names = list(self._by_sound[syllables[0]]) if len(syllables) > 1 else []
        for syllable in syllables[1:]:
            names = [
                name + char for name in names for char in self._by_sound[syllable] if self._follows(name[-1], char)
            ]
        return names
