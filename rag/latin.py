"""Latin names of the articles that a question misspells by one letter: Tiktk becomes tiktok."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

from rag.text import CJK, count_tokens

SHORTEST = 5  # letters of a name; shorter ones are one letter apart from too many words
LEAST = 3  # chunks that hold a name
_WORD = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{4,}(?![A-Za-z0-9])")
_CHINESE = re.compile(f"[{CJK}]")


class LatinNames:
    """The Latin words among index terms; `is_known` tells whether a word is in any article at all."""

    def __init__(self, frequencies: Mapping[str, int], is_known: Callable[[str], bool]) -> None:
        self._is_known = is_known
        self._by_rest: dict[str, set[str]] = defaultdict(set)
        for term, count in frequencies.items():
            if count >= LEAST and len(term) >= SHORTEST and term.isascii() and term.isalpha():
                for rest in _rests(term):
                    self._by_rest[rest].add(term)

    def corrected(self, question: str, hidden: str) -> str:
        """A question with each misspelt name that has one near name only; `hidden` has blanks over what is kept."""
        in_chinese = _CHINESE.search(question) is not None
        for match in reversed(list(_WORD.finditer(hidden))):
            # In an English sentence only what is written like a name is one.
            is_name = in_chinese or (match.start() > 0 and question[match.start()].isupper())
            if is_name and (name := self._near(match[0].lower())):
                question = question[: match.start()] + name + question[match.end() :]
        return question

    def _near(self, word: str) -> str | None:
        # An ordinary English word, or a well-known name, is one token of the vocabulary that LLMs read.
        if any(count_tokens(form) == 1 for form in (word, f" {word}", f" {word.title()}")) or self._is_known(word):
            return None
        near = {name for rest in _rests(word) for name in self._by_rest.get(rest, ()) if _is_one_slip(word, name)}
        return near.pop() if len(near) == 1 else None


def _rests(word: str) -> Iterator[str]:
    """A word, and the word without each of its letters."""
    yield word
    yield from {word[:at] + word[at + 1 :] for at in range(len(word))}


def _is_one_slip(typed: str, name: str) -> bool:
    """Whether a letter was dropped, added, exchanged with the next one or mistyped; not the first, nor a final s."""
    if typed[0] != name[0] or typed.removesuffix("s") == name.removesuffix("s"):
        return False
    if len(typed) != len(name):
        longer, shorter = sorted((typed, name), key=len, reverse=True)
        return len(longer) - len(shorter) == 1 and shorter in _rests(longer)
    differing = [at for at in range(len(typed)) if typed[at] != name[at]]
    first, last = differing[0], differing[-1]
    exchanged = last == first + 1 and typed[first] == name[last] and typed[last] == name[first]
    return len(differing) == 1 or (len(differing) == 2 and exchanged)
