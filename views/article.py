"""The whole article behind a citation, line by line, as the reader pane draws it: plain data, no HTML."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from ingest.chunk import find_headings
from ingest.pieces import KIND_NAMES, UNANNOTATED, count_rules, pieces_of
from ingest.rule_sets import reason_of
from rag.tables import is_head, is_row, is_rule
from rag.types import Article, Removal, Span
from views.messages import language, t
from views.said import said

HIGHEST_HEADING = 3  # the title of the pane is an h2
_BAR = re.compile(r"(?<!\\)\|")  # between two cells


@dataclass(frozen=True)
class Words:
    """Words within one line: of the clean text from `at` on, with the markers of the quotes that hold them.

    Those of kind "removed" are only in the raw file; those of kind "note" say why the words before were removed.
    """

    text: str
    kind: str = ""
    marks: tuple[int, ...] = ()
    at: int = -1


@dataclass
class Line:
    """A line of the raw file; `level` is the n of the h<n> that it is as a heading, 0 where it is none.

    A row of a table has its words in `cells` too; `head` tells whether they say what the cells below them are.
    """

    words: list[Words] = field(default_factory=list)
    level: int = 0
    cells: list[list[Words]] = field(default_factory=list)
    head: bool = False

    @property
    def kept(self) -> str:
        """What the clean text has of it."""
        return "".join(words.text for words in self.words if not words.kind)


def article_lines(article: Article, quotes: Mapping[int, Span]) -> list[Line]:
    """The lines of the raw file that hold anything, in order, with the quotes, spans of the clean text, marked."""
    lines = [Line()]
    for words in _raw_in_order(article, quotes):
        at = words.at
        for number, text in enumerate(words.text.split("\n")):
            if number:
                lines.append(Line())
            if text:
                lines[-1].words.append(Words(text, words.kind, words.marks, at))
            at += len(text) + 1
    levels = _heading_levels(article)
    for line in lines:
        start = next((words.at for words in line.words if not words.kind), -1)
        line.level = levels.get(start, 0)
        if is_row(line.kept.strip()):
            line.cells = _cells(line.words)
            line.head = is_head(article.text, start + len(line.kept))
    return [
        line for line in lines if any(words.text.strip() for words in line.words) and not is_rule(line.kept.strip())
    ]


def _cells(words: Sequence[Words]) -> list[list[Words]]:
    """The words of a row by its cells; what was removed before the first bar or after the last one beside those."""
    cells: list[list[Words]] = [[]]
    for each in words:
        at = each.at
        for number, text in enumerate([each.text] if each.kind else _BAR.split(each.text)):
            if number:
                cells.append([])
            if text:
                cells[-1].append(replace(each, text=text, at=at))
            at += len(text) + 1
    before, *cells = cells
    cells[0][:0] = before
    if len(cells) > 1 and not any(each.text.strip() for each in cells[-1] if not each.kind):
        after = cells.pop()
        cells[-1] += after
    return cells


def _heading_levels(article: Article) -> dict[int, int]:
    """The n of the h<n> of each heading, by its start in the clean text; without gaps from HIGHEST_HEADING on."""
    headings = find_headings(article)
    used = sorted({heading.level for heading in headings})
    return {heading.start: min(HIGHEST_HEADING + used.index(heading.level), 6) for heading in headings}


def _raw_in_order(article: Article, quotes: Mapping[int, Span]) -> Iterator[Words]:
    """The whole raw file, cut where a removal or a quote begins or ends, with a note after each removal."""
    borders = sorted({border for span in quotes.values() for border in span})
    at = 0
    for piece in pieces_of(article):
        if piece.removal:
            text = piece.text.rstrip("\n")
            yield Words(text, "removed")
            yield Words(_note(piece.removal) if text.strip() else "", "note")
            yield Words(piece.text[len(text) :], "removed")
            continue
        end = at + len(piece.text)
        for start, stop in pairwise([at, *(border for border in borders if at < border < end), end]):
            marks = tuple(marker for marker, (first, last) in quotes.items() if first <= start and stop <= last)
            yield Words(article.text[start:stop], "", marks, start)
        at = end


def _note(removal: Removal) -> str:
    """The kind of a removal and the reason of its rule; "" for mark-up, which is everywhere."""
    if removal.kind in UNANNOTATED:
        return ""
    return t("removed_note", kind=_kind_name(removal.kind), reason=said(reason_of(removal.rule)) or removal.rule)


def _kind_name(kind: str) -> str:
    """The name of a kind of removal in the reader's language; the kinds are English names."""
    return KIND_NAMES.get(kind, kind) if language() == "zh" else kind


def removed_summary(article: Article) -> str:
    """How much was removed from an article, and how often what kind of thing."""
    rules = count_rules(article)
    if not rules:
        return t("removed_nothing")
    times: Counter[str] = Counter()
    for rule in rules:
        times[_kind_name(rule.kind)] += rule.count
    kinds = t("removed_join").join(f"{kind} {count}" for kind, count in times.most_common())
    return t("removed_summary", characters=sum(rule.characters for rule in rules), kinds=kinds)
