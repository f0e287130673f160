"""Typing errors in names that the articles put in quotation marks: 红毛计划 becomes 红猫计划.

Such a name may stand there once, and what was typed for a part of it be a word (红毛): so what was typed must stand
nowhere, and all other characters of the name be right.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from rag.library import Library
from rag.pinyin import nearly, sounds
from rag.text import CJK, quoted_names, simplify

SHORTEST = 4  # characters of a name; of a shorter one the others would say too little
MOST_ARTICLES = 5  # that are read for a name
_RUN = re.compile(f"[{CJK}]{{{SHORTEST},}}")


class MisquotedNames:
    """Corrections of one character of a quoted name by another of nearly the same sound.

    `by_sound` are the characters of each sound; `keeps` tells which are never mistyped.
    """

    def __init__(
        self, library: Library, by_sound: Callable[[], Mapping[str, Sequence[str]]], keeps: frozenset[str]
    ) -> None:
        self._library = library
        self._by_sound = by_sound
        self._keeps = keeps

    def corrected(self, question: str, hidden: str) -> str:
        """A question with the first such slip corrected; `hidden` has blanks over what is kept."""
        for run in _RUN.finditer(hidden):
            known = self._library.document_frequencies([run[0][at : at + 2] for at in range(len(run[0]) - 1)])
            for at, char in enumerate(run[0]):
                pairs = [run[0][i : i + 2] for i in (at - 1, at) if 0 <= i < len(run[0]) - 1]
                if char not in self._keeps and not any(known[pair] for pair in pairs):
                    for other in self._alike(run[0], at):
                        meant = run[0][:at] + other + run[0][at + 1 :]
                        if self._is_quoted(meant, at):
                            return question[: run.start()] + meant + question[run.end() :]
        return question

    def _alike(self, run: str, at: int) -> list[str]:
        """The characters of nearly the same sound that the articles have beside a neighbour in the question."""
        by_sound = self._by_sound()
        alike = {other for sound in nearly(sounds(run[at], every=True)) for other in by_sound.get(sound, ())}
        alike -= {run[at], *self._keeps}
        left, right = run[at - 1 : at] if at else "", run[at + 1 : at + 2]
        beside = {other: [pair for pair in (left + other, other + right) if len(pair) > 1] for other in sorted(alike)}
        known = self._library.document_frequencies(pair for pairs in beside.values() for pair in pairs)
        return [other for other, pairs in beside.items() if any(known[pair] for pair in pairs)]

    def _is_quoted(self, run: str, at: int) -> bool:
        """Whether an article quotes a name that stands in a run over a place."""
        for start in range(max(0, at - SHORTEST + 1), min(at, len(run) - SHORTEST) + 1):
            for id_ in sorted(self._library.articles_with(run[start : start + SHORTEST]))[:MOST_ARTICLES]:
                names = quoted_names(simplify(self._library.article(id_).text))
                if any(name in run and run.find(name) <= at < run.find(name) + len(name) for name in names):
                    return True
        return False
