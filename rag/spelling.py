"""Typing errors in a question, found through the words of the articles: 小红数 becomes 小红书, Mao Wenchao 毛文超.

A noisy channel: a question is read with each change that a slip could undo, and the change is made where the articles
make it far more likely than what was typed. How likely, a bigram model of the articles and of general Chinese says;
what is general Chinese, is in the articles, or stands in quotation marks is left as it is.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from weakref import WeakKeyDictionary, proxy

from rag.latin import LatinNames
from rag.library import Library
from rag.misquoted import MisquotedNames
from rag.pinyin import nearly, sounds
from rag.romanized import RomanizedNames
from rag.text import CJK, content_of, without_quotations
from rag.words import Words, general_words

LEAST = 3  # chunks that hold the name that a correction makes
COMMON = 0.003  # share of the chunks that hold it, where it has two characters
OF_A_PAIR = 0.1  # a name is at least this share of what its characters are followed and preceded by
MOST_CORRECTIONS = 3  # in one question
GAIN = 5.0  # nats by which a correction must be likelier than what was typed, its cost counted
MARGIN = 1.0  # nats by which it must be likelier than any other
COSTS = {"sound": 2.5, "near sound": 4.0, "order": 4.0}  # nats
_CORPUS = 0.7  # weight of the articles in the model
_FLOOR = 1e-6
# Characters that are words of their own in most places: nobody mistypes a name by them, and none is corrected to them.
_FUNCTION = frozenset("的了是在有和与就也都不为到说要去会可么没着好还但被把让哪谁几什怎这那个一从以于而其之")
_RUN = re.compile(f"[{CJK}]{{2,}}")


@dataclass(frozen=True)
class Correction:
    """Characters `start` to `end` of a question replaced by `text`, and by how many nats that is likelier."""

    start: int
    end: int
    text: str
    gain: float

    def applied(self, question: str) -> str:
        """The question after it."""
        return question[: self.start] + self.text + question[self.end :]


class Speller:
    """Corrections of names for the articles of one library; `frequencies` are those of its index terms."""

    def __init__(self, library: Library, frequencies: dict[str, int], words: Words) -> None:
        self._library: Library = proxy(library)  # a speller that is kept for its library must not keep it open
        self._words = words
        self._latin = LatinNames(frequencies, lambda word: self._library.document_frequencies([word])[word] > 0)
        self._misquoted = MisquotedNames(self._library, lambda: self._by_sound, _FUNCTION)
        self._pairs = {term: count for term, count in frequencies.items() if len(term) == 2 and not term.isascii()}
        self._after: dict[str, set[str]] = defaultdict(set)
        self._before: dict[str, set[str]] = defaultdict(set)
        self._seen: dict[str, int] = defaultdict(int)
        self._ended: dict[str, int] = defaultdict(int)
        self._chunks = library.counts()[1]
        for pair, count in self._pairs.items():
            self._after[pair[0]].add(pair[1])
            self._before[pair[1]].add(pair[0])
            self._seen[pair[0]] += count
            self._ended[pair[1]] += count

    @cached_property
    def _by_sound(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for char in sorted(self._after.keys() | self._before.keys()):
            for sound in nearly(sounds(char)):
                found[sound].append(char)
        return found

    @cached_property
    def _romanized(self) -> RomanizedNames:
        by_sound: dict[str, list[str]] = defaultdict(list)
        for char in sorted(self._after.keys() | self._before.keys()):
            for sound in sounds(char):
                by_sound[sound].append(char)
        return RomanizedNames(dict(by_sound), lambda left, right: left + right in self._pairs, self._name_frequency)

    def corrected(self, question: str) -> str:
        """A question in simplified characters with its typing errors corrected; itself where nothing is sure."""
        for _ in range(MOST_CORRECTIONS):
            best = max(self._corrections(question), key=lambda c: (c.gain, -c.start, c.text), default=None)
            if best is None:
                break
            question = best.applied(question)
        question = self._misquoted.corrected(question, without_quotations(question))
        question = self._latin.corrected(question, without_quotations(question))
        return self._romanized.restored(question, without_quotations(question))

    def _corrections(self, question: str) -> Iterator[Correction]:
        content = content_of(question)
        if len(content) != len(question):  # an odd character was normalised to several
            return
        for run in _RUN.finditer(without_quotations(content)):
            by_place: dict[int, list[Correction]] = defaultdict(list)
            for candidate in self._candidates(run[0]):
                by_place[candidate.start].append(candidate)
            for candidates in by_place.values():
                first, *others = sorted(candidates, key=lambda c: (-c.gain, c.text))
                sure = all(first.gain - other.gain >= MARGIN for other in others[:1])
                if first.gain >= GAIN and sure and self._is_attested(run[0], first):
                    yield Correction(first.start + run.start(), first.end + run.start(), first.text, first.gain)

    def _candidates(self, run: str) -> Iterator[Correction]:
        for at in range(len(run)):
            if not self._is_odd(run, at):
                continue
            for kind, start, end, text in self._slips(run, at):
                gain = self._likelihood(run, start, end, text) - self._likelihood(run, start, end, run[start:end])
                yield Correction(start, end, text, gain - COSTS[kind])

    def _is_odd(self, run: str, at: int) -> bool:
        """Whether a character makes a pair that neither the articles nor any word has, and is in no word itself."""
        if run[at] in _FUNCTION:
            return False
        pairs = [run[i : i + 2] for i in (at - 1, at) if 0 <= i < len(run) - 1]
        if all(pair in self._pairs for pair in pairs):
            return False
        starts = range(max(0, at - 3), at + 1)
        return not any(
            run[s:e] in self._words for s in starts for e in range(max(s + 2, at + 1), min(s + 4, len(run)) + 1)
        )

    def _slips(self, run: str, at: int) -> Iterator[tuple[str, int, int, str]]:
        char, left, right = run[at], run[at - 1 : at], run[at + 1 : at + 2]
        fitting = self._after.get(left, set()) | self._before.get(right, set())
        meant = sounds(char, every=True)  # who types 行 for 航 reads it háng
        alike = {other for sound in nearly(meant) for other in self._by_sound[sound]} - {char}
        for other in sorted((alike & fitting) - _FUNCTION):
            yield ("sound" if sounds(other) & meant else "near sound"), at, at + 1, other
        if right and right != char and right not in _FUNCTION:
            yield "order", at, at + 2, right + char

    def _likelihood(self, run: str, start: int, end: int, text: str) -> float:
        stretch = run[max(0, start - 1) : start] + text + run[end : end + 1]
        total = 0.0 if start else math.log(self._words.starts(stretch[0]) + _FLOOR)
        return total + sum(math.log(self._follows(a, b)) for a, b in pairwise(stretch))

    def _follows(self, left: str, right: str) -> float:
        here = self._pairs.get(left + right, 0) / max(1, self._seen.get(left, 0))
        return _CORPUS * here + (1 - _CORPUS) * self._words.follows(left, right) + _FLOOR

    def _is_attested(self, run: str, found: Correction) -> bool:
        """Whether the corrected characters are part of a name that the articles have, and of no word beside it."""
        text, end = found.applied(run), found.start + max(1, len(found.text))
        return any(
            self._is_name(text[at : at + length]) and not self._cuts_a_word(text, at, at + length)
            for length in (3, 2)
            for at in range(max(0, found.start - length + 1), end)
            if at + length <= len(text)
        )

    def _is_name(self, text: str) -> bool:
        """Whether two or three characters belong together: beside a part of them, the rest often stands."""
        if len(text) == 2:
            count, least = self._pairs.get(text, 0), max(LEAST, COMMON * self._chunks)
            sides = self._seen[text[0]], self._ended[text[1]]
        else:
            count, least = self._library.phrase_frequency(text, self._chunks), LEAST
            sides = self._pairs.get(text[:2], 0), self._pairs.get(text[1:], 0)
        return count >= least and count >= OF_A_PAIR * max(sides)

    def _name_frequency(self, text: str) -> int:
        """Number of chunks that hold a text, counted from LEAST; 0 for fewer."""
        count = self._library.phrase_frequency(text, self._chunks)
        return count if count >= LEAST else 0

    def _cuts_a_word(self, text: str, start: int, end: int) -> bool:
        """Whether a word of two characters lies across an end of a stretch."""
        return any(text[at - 1 : at + 1] in self._words for at in (start, end) if 0 < at < len(text))


_SPELLERS: WeakKeyDictionary[Library, Speller] = WeakKeyDictionary()


def speller_of(library: Library) -> Speller:
    """The speller of a library, made once."""
    if library not in _SPELLERS:
        _SPELLERS[library] = Speller(library, library.frequent_terms(), general_words())
    return _SPELLERS[library]
