"""Which words of an earlier question a follow-up leaves out: every span of it, scored by a small linear model.

The features know no names: which of the words in mentions.toml stand at the ends of a span and in it, whether the
follow-up or the reply repeats it, how long it is. `python -m eval fit_followups` fits the weights (mentions.json).
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase

from rag.types import Span

READ = 48  # code points of an earlier question
READ_REPLY = 200
LONGEST = 16  # code points of a span
DETAILED = 14  # code points; a question as long may describe what it asks about
MODIFIER = 8  # code points between a name and the 的 of what it describes
PRONOUN = re.compile(r"(?<!其)(?:它们?|(?<![吉其])他(?!人)们?|她们?)(?![俩们])|\b(?:it|they|he|she)\b", re.IGNORECASE)
GROUPS = ("asking", "linking", "framing", "generic")  # of mentions.toml
PERSONS = ("他", "她")
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_LONGEST_WORD = 4

Weights = Mapping[str, float]


@cache
def words() -> dict[str, str]:
    """The words that name nothing, with their group."""
    groups = tomllib.loads((Path(__file__).parent / "mentions.toml").read_text(encoding="utf-8"))
    return {word: group for group, listed in groups.items() for word in listed.split()}


@cache
def weights() -> dict[str, dict[str, float]]:
    """The weights by feature: of a span (carried), and of a question that needs an earlier one (leans)."""
    return json.loads((Path(__file__).parent / "mentions.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def score(features: Iterable[str], by_feature: Weights) -> float:
    """The sum of their weights; a feature that the fit has not seen weighs nothing."""
    return sum(by_feature.get(feature, 0.0) for feature in features)


def word_at(text: str, at: int) -> str:
    """The longest listed word that begins at a place, or an empty one."""
    return next((text[at:end] for end in range(at + _LONGEST_WORD, at, -1) if text[at:end] in words()), "")


def word_before(text: str, at: int) -> str:
    """The longest listed word that ends at a place, or an empty one."""
    return next((text[start:at] for start in range(max(0, at - _LONGEST_WORD), at) if text[start:at] in words()), "")


def _word_spans(text: str) -> list[Span]:
    spans: list[Span] = []
    at = 0
    while at < len(text):
        word = word_at(text, at)
        spans += [(at, at + len(word))] * bool(word)
        at += len(word) or 1
    return spans


def listed(text: str) -> set[str]:
    """The listed words of a text, longest first from its beginning."""
    return {text[start:end] for start, end in _word_spans(text)}


def unlisted(text: str, groups: Sequence[str] = GROUPS) -> list[str]:
    """What is left of a text without the listed words of some groups: 商家要另外交钱吗 leaves 交."""
    for start, end in _word_spans(text):
        if _group(text[start:end]) in groups:
            text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    return re.findall(r"[^\W_]+", text)


class Spans:
    """The spans of an earlier question that a follow-up may leave out, with their features."""

    def __init__(self, asked: str, text: str, reply: str) -> None:
        self._asked = asked = asked[:READ].translate(_LOWER)
        self._text, self._reply = text.translate(_LOWER), reply[:READ_REPLY].translate(_LOWER)
        self._pronoun = _pronoun_of(text)
        self._kinds = (
            f"{self._pronoun}, length",
            f"after {min(sum(map(len, unlisted(text))), 4)} names, length",
            f"after {min(len(text), 12) // 2} letters, length",
            f"after {_group(word_at(text, 0))}, length",
            f"of {min(len(asked), 16) // 2} letters, length",
        )
        spans = _word_spans(asked)
        self._listed = [any(start <= at < end for start, end in spans) for at in range(len(asked))]
        self._before = [word_before(asked, at) for at in range(len(asked) + 1)]
        self._at = [word_at(asked, at) for at in range(len(asked) + 1)]
        self._again = [char in self._text for char in asked]
        self._pairs_again = [asked[at : at + 2] in self._text for at in range(len(asked))]
        self._pairs_replied = [asked[at : at + 2] in self._reply for at in range(len(asked))]
        inside_words = {at for start, end in spans for at in range(start + 1, end)}
        edges = [at for at in range(len(asked) + 1) if at not in inside_words and not self._cuts_a_word(at)]
        self.begin = {at: self._edge("begin", at, at) for at in edges if asked[at : at + 1].isalnum()}
        self.end = {at: self._edge("end", at, at - 1) for at in edges if at and asked[at - 1].isalnum()}
        self.inside = [f"holds {word}" for word in self._at[:-1]]

    def all(self) -> list[Span]:
        """The spans that name something and do not ask, or else every span; the first and shortest first."""
        spans = [(start, end) for start in self.begin for end in self.end if start < end <= start + LONGEST]
        return [span for span in spans if self._may_name(span)] or spans

    def _may_name(self, span: Span) -> bool:
        asks = any(_group(word) == "asking" for word in self._at[slice(*span)])
        return not asks and not all(self._listed[slice(*span)])

    def text_of(self, span: Span) -> str:
        """The words of a span, Latin letters small."""
        return self._asked[slice(*span)]

    def features(self, span: Span) -> list[str]:
        """All features of a span."""
        return [*self.begin[span[0]], *self.end[span[1]], *self.inside[slice(*span)], *self.pair(span)]

    def pair(self, span: Span) -> list[str]:
        """The features that need both ends of a span."""
        start, end = span
        size, stretch = min(end - start, 5), self._asked[start:end]
        replied = min(3, sum(self._pairs_replied[start : end - 1]))
        found = [f"{kind} {size}" for kind in self._kinds]
        found += [
            f"length {min(end - start, 8)}",
            f"new {min(5, self._again[start:end].count(False))}",
            f"listed {min(4, sum(self._listed[start:end]))} of {size}",
            f"replied {replied} of {min(size - 1, 3)}",
        ]
        if start == 0 and end == len(self._asked):
            found.append("whole")
        if any(self._pairs_again[start : end - 1]):
            found.append("again in part")
        if stretch in self._text:
            found.append("again")
        if stretch in self._reply:
            longer = {self._asked[max(0, start - 1) : end], self._asked[start : end + 1]} - {stretch}
            found += [f"replied {size}", f"replied first {self._reply.startswith(stretch)}"]
            found += [f"replied, no longer {size}"] * all(wider not in self._reply for wider in longer)
        return found

    def _cuts_a_word(self, at: int) -> bool:
        before, after = self._asked[at - 1 : at], self._asked[at : at + 1]
        in_a_date = before.isdigit() and after in {*"年月日号"}
        return in_a_date or _class_of(before) + _class_of(after) in ("LL", "DD", "LD", "DL")

    def _edge(self, name: str, at: int, inner: int) -> list[str]:
        """The features of one end of a span; `inner` is the place of its character inside."""
        asked, outer = self._asked, 2 * at - 1 - inner
        found = [
            f"{name} {_class_of(asked[at - 1 : at] if at else '')}{_class_of(asked[at : at + 1])}",
            f"{name} between {self._before[at]} _",
            f"{name} between _ {self._at[at]}",
            f"{name} between {_group(self._before[at])} _",
            f"{name} between _ {_group(self._at[at])}",
            f"{name} at {min(at if name == 'begin' else len(asked) - at, 6)}",
            f"{name} at {min(at if name == 'begin' else len(asked) - at, 6)}, {self._pronoun}",
            f"{name} between {_group(self._before[at])} {_group(self._at[at])}, {self._pronoun}",
            f"{name} between {self._before[at]} {_group(self._at[at])}",
            f"{name} between {_group(self._before[at])} {self._at[at]}",
            f"{name} again {self._again[inner]}",
            f"{name} replied {asked[inner] in self._reply}",
        ]
        if 0 <= outer < len(asked):
            found += [
                f"{name} beside again {self._again[outer]}",
                f"{name} beside replied {asked[outer] in self._reply}",
            ]
        return found


def _pronoun_of(text: str) -> str:
    pronoun = PRONOUN.search(text)
    if pronoun is None:
        return "none"
    return "person" if pronoun[0] in PERSONS else "thing"


def _group(word: str) -> str:
    return words().get(word, "other")


@lru_cache(maxsize=256)
def left_out(asked: str, text: str, reply: str = "") -> str:
    """The words of an earlier question that a follow-up most likely leaves out; empty where it has no letter."""
    spans = Spans(asked, text, reply)
    carried = weights()["carried"]
    begin = {at: score(features, carried) for at, features in spans.begin.items()}
    end = {at: score(features, carried) for at, features in spans.end.items()}
    inside = [0.0]
    for feature in spans.inside:
        inside.append(inside[-1] + carried.get(feature, 0.0))

    def total(span: Span) -> float:
        both = begin[span[0]] + end[span[1]] + inside[span[1]] - inside[span[0]]
        return both + score(spans.pair(span), carried)

    best = max(spans.all(), key=total, default=(0, 0))
    return asked[slice(*best)]


def with_head(asked: str, topic: str) -> str:
    """A span with the noun that it describes, in a detailed question: 小红书 as 小红书在日本推出的Uniik."""
    _, found, rest = asked.partition(topic)
    of = rest.find("的", 0, MODIFIER)
    if not found or of < 0 or len(asked) < DETAILED or _cut(rest, ("asking",)) < of:
        return topic
    head = rest[of + 1 :][: _cut(rest[of + 1 :], ("asking", "linking"))]
    return f"{topic}{rest[:of]}的{head}" if sum(map(len, unlisted(head))) > 1 else topic


def _cut(text: str, groups: Sequence[str]) -> int:
    """Where the first word of some groups, or the first sign, begins."""
    found = [start for start, end in _word_spans(text) if _group(text[start:end]) in groups]
    found += [at for at, char in enumerate(text) if not char.isalnum()]
    return min(found, default=len(text))


def _class_of(char: str) -> str:
    """L a Latin letter, D a digit, C another letter, P anything else, E the end of the text."""
    if not char:
        return "E"
    if char.isdigit():
        return "D"
    return "L" if char.isascii() and char.isalpha() else "C" if char.isalnum() else "P"
