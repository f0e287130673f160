"""A text cut into stretches, each with what it is to a reader: gold, cited, both or neither."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from rag.types import Span

Stretch = tuple[str, str]  # the words, and the names of what they are, joined by blanks


def stretches(text: str, **kinds: Iterable[Span]) -> list[Stretch]:
    """The text in order, cut wherever a span of one of the kinds begins or ends. Spans may overlap."""
    spans = [(name, start, end) for name, given in kinds.items() for start, end in given if start < end]
    cuts = sorted({0, len(text), *(at for _, start, end in spans for at in (start, end) if 0 < at < len(text))})
    pieces = []
    for start, end in pairwise(cuts):
        names = {name for name, a, b in spans if a <= start and end <= b}
        pieces.append((text[start:end], " ".join(name for name in kinds if name in names)))
    return pieces


def spans_of(text: str, words: Iterable[str]) -> list[Span]:
    """Every place where one of the words stands."""
    found = []
    for word in words:
        at = text.find(word)
        while word and at >= 0:
            found.append((at, at + len(word)))
            at = text.find(word, at + len(word))
    return found


def quote_spans(text: str, quotes: Sequence[str]) -> list[Span]:
    """Where quotes stand in a passage; of one that the passage cuts off, the part that it holds, if that is half."""
    found = spans_of(text, quotes)
    for quote in quotes:
        if quote in text:
            continue
        for length in range(len(quote) - 1, (len(quote) + 1) // 2 - 1, -1):
            if text.startswith(quote[-length:]):
                found.append((0, length))
                break
            if text.rstrip().endswith(quote[:length]):
                found.append((len(text.rstrip()) - length, len(text.rstrip())))
                break
    return found
