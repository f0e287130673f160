"""Items of a list, each a sentence that begins with its number: 3.1 零克查词, 3.2 句易网."""

import re

from rag.features import Candidate

_MARKER = re.compile(
    r"\s*(?P<before>[（(第]?(?:\d{1,2}\.)*)(?P<number>\d{1,2}|[一二三四五六七八九十]|[①-⑳])"
    r"(?P<after>[)）.、．，,：:]|[是步点个]|(?<=[①-⑳])|\s)(?!\d)"
)
_NUMERALS = {numeral: number for number, numeral in enumerate("一二三四五六七八九十", 1)}


def _marked(sentence: str) -> tuple[str, int] | None:
    """What stands around the number that begins a sentence, and that number; None where none does."""
    if not (marker := _MARKER.match(sentence)):
        return None
    numeral = marker["number"]
    number = _NUMERALS.get(numeral) or (int(numeral) if numeral.isdecimal() else ord(numeral) - ord("①") + 1)
    return f"{marker['before']}#{marker['after']}", number


def items_beside(candidate: Candidate) -> list[Candidate]:
    """The sentences of a passage that begin the items of one list, in order, where the candidate begins one; else none.

    Their numbers follow on each other. What an item says in further sentences is not among them.
    """
    article, spans = candidate.passage.article, candidate.passage.chunk.sentences
    marked = [_marked(article.text[start:end]) for start, end in spans]
    at = spans.index((candidate.start, candidate.end))
    if not (own := marked[at]):
        return []
    shape, number = own
    numbers = [(i, of[1]) for i, of in enumerate(marked) if of and of[0] == shape]
    middle = numbers.index((at, number))
    first = last = middle
    while first > 0 and numbers[first - 1][1] == numbers[first][1] - 1:
        first -= 1
    while last + 1 < len(numbers) and numbers[last + 1][1] == numbers[last][1] + 1:
        last += 1
    return [Candidate(candidate.passage, *spans[i]) for i, _ in numbers[first : last + 1]] if last > first else []
