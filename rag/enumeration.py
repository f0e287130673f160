"""Items of a list, each a sentence that begins with its number, or a line with its bullet: 3.1 零克查词, - 句易网."""

import re
from collections.abc import Sequence

from rag.features import Candidate
from rag.text import begins_line, numeral
from rag.types import Article, Span

_MARKER = re.compile(
    r"\s*(?P<before>[（(第]?(?:\d{1,2}\.)*)(?P<number>\d{1,2}|[一二三四五六七八九十]|[①-⑳])"
    r"(?P<after>[)）.、．，,：:]|[是步点个]|(?<=[①-⑳])|\s(?!\s*[年月日号时分万亿%]))(?!\d)"  # 3 月 10 日 begins no item
)
_LINE = re.compile(r"\S(?:[^\n]*\S)?")
_BULLET = re.compile(r"[ \t]*[-*+•·▪■●]\s+")


def _marked(sentence: str) -> tuple[str, int] | None:
    """What stands around the number that begins a sentence, and that number; None where none does."""
    if not (marker := _MARKER.match(sentence)):
        return None
    return f"{marker['before']}#{marker['after']}", numeral(marker["number"])


def items_beside(candidate: Candidate, *, bullets: bool = False) -> list[Candidate]:
    """The sentences of a passage that begin the items of one list, in order, where the candidate begins one; else none.

    Their numbers follow on each other, or, with `bullets`, their lines. What an item says in further sentences is not
    among them.
    """
    spans, marked = _sentences(candidate)
    if bullets:
        marked = [number or bullet for number, bullet in zip(marked, _bulleted(candidate), strict=True)]
    return [Candidate(candidate.passage, *spans[i]) for i in _list_around(spans.index(_span(candidate)), marked)]


def items_after(announcement: Candidate) -> list[Candidate]:
    """The items of the numbered list that begins right after a sentence, in order; else none."""
    spans, marked = _sentences(announcement)
    first = spans.index(_span(announcement)) + 1
    items = _list_around(first, marked) if first < len(spans) else []
    return [Candidate(announcement.passage, *spans[i]) for i in items if i >= first]


def items_of_a_list_of(count: int, candidate: Candidate) -> list[Candidate]:
    """The items of the first numbered list of so many that begins in the passage after a sentence; else none."""
    spans, marked = _sentences(candidate)
    for at in range(spans.index(_span(candidate)) + 1, len(spans)):
        items = _list_around(at, marked)
        if len(items) == count and items[0] == at:
            return [Candidate(candidate.passage, *spans[i]) for i in items]
    return []


def headings_of_a_list_of(count: int, announcement: Candidate) -> list[Candidate]:
    """The numbered headings after a sentence of its passage where they are so many, 1. 预告式 to 5. …; else none."""
    chunk, text = announcement.passage.chunk, announcement.passage.article.text
    lines: list[Span] = []
    last = announcement.end
    for start, end in [*(span for span in chunk.sentences if span[0] >= last), (chunk.end, chunk.end)]:
        lines += [(last + line.start(), last + line.end()) for line in _LINE.finditer(text[last:start])]
        last = end
    marked = [_marked(text[start:end]) for start, end in lines]
    for items in (_list_around(at, marked) for at in range(len(lines))):
        if len(items) == count:
            return [Candidate(announcement.passage, *lines[i]) for i in items]
    return []


def _span(candidate: Candidate) -> Span:
    return candidate.start, candidate.end


def _sentences(candidate: Candidate) -> tuple[Sequence[Span], list[tuple[str, int] | None]]:
    """The sentences of a candidate's passage, and what marks each as an item."""
    spans, text = candidate.passage.chunk.sentences, candidate.passage.article.text
    return spans, [_marked(text[start:end]) for start, end in spans]


def _bulleted(candidate: Candidate) -> list[tuple[str, int] | None]:
    """What marks each sentence of a passage as the n-th line of a list with bullets, which the text does not show."""
    article = candidate.passage.article
    marked: list[tuple[str, int] | None] = []
    lists = items = last = 0
    for start, end in candidate.passage.chunk.sentences:
        at_start = begins_line(article.text, start)
        bullet = at_start and _BULLET.match(_raw_line(article, start))
        heading = article.text[last:start].strip()
        last = end
        if heading or (at_start and not bullet):
            lists, items = lists + 1, 0
        items += bool(bullet)
        marked.append((f"{lists}•", items) if bullet else None)
    return marked


def _raw_line(article: Article, start: int) -> str:
    """What stands in the file before a sentence, on its line, and the sentence's first character."""
    at, _ = article.raw_span(start, start + 1)
    return article.raw[article.raw.rfind("\n", 0, at) + 1 : at + 1]


def _list_around(at: int, marked: Sequence[tuple[str, int] | None]) -> list[int]:
    """Which sentences begin the items of the list of which one sentence begins an item; none where it has no other."""
    if not (own := marked[at]):
        return []
    shape, number = own
    numbers = [(i, of[1]) for i, of in enumerate(marked) if of and of[0] == shape]
    first = last = numbers.index((at, number))
    while first > 0 and numbers[first - 1][1] == numbers[first][1] - 1:
        first -= 1
    while last + 1 < len(numbers) and numbers[last + 1][1] == numbers[last][1] + 1:
        last += 1
    return [i for i, _ in numbers[first : last + 1]] if last > first else []
