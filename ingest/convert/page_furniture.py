"""Page numbers and running heads: lines at the edge of pages that say the same, or count the pages.

Lines of the text may differ in figures only, too (本月利润12,500元): where figures differ, a line is furniture only if
one of them grows by one from page to page and stands where page numbers do.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set

EDGE_LINES = 2  # lines at the top and at the bottom of a page that may be furniture
REPEATED = 0.6  # share of the pages on which a running head says the same
FEWEST, FEWEST_SENTENCES = 2, 3  # pages on which one does; two pages of a text may end with the same sentence
NEAR, AGREEING = 4, 3  # of so many pages on either side, so many count on with one: its own side of the sheet is enough
FEW_PAGES = 3  # of which two that count from the first are enough
SHORTEST_HEAD = 4  # letters beside its number: 附件 1, 附件 2 are headings, as is Chapter 1
FAR = 1000  # pages: no file goes on with the numbers of one that long

_PAGE_NUMBER = re.compile(  # in so many words, or between dashes
    r"(?i)[-—–·\s]*(?:第\s*\d+\s*页(?:\s*[,，/／]?\s*共\s*\d+\s*页)?|page\s*\d+(?:\s*of\s*\d+)?)[-—–·\s]*"
    r"|[-—–·]+\s*\d{1,4}\s*[-—–·]+"
)
_BARE_NUMBER = re.compile(r"(\d{1,4})(?:\s*[/／]\s*\d{1,4})?")
_NUMBER_OF_HEAD = re.compile(  # in so many words; at the start, but no 3 月; or at the end, but not of 2024-05-03
    r"(?i)第\s*(?P<said>\d{1,4})(?=\s*页)|\bpage\s*(?P<page>\d{1,4})\b"
    r"|^[-—–·|｜\s]*(?P<first>\d{1,4})(?=\s*[-—–·|｜]\D|\s)(?!\s*[年月日号期周季天届章节条款项部篇个件名人位家次元万亿千百吨])"
    r"|(?<=[\s|｜·—–-])(?<!\d[·—–-])(?P<last>\d{1,4})(?=(?:\s*[/／]\s*\d+)?[-—–·|｜\s]*$)"
)
_WORD = re.compile(r"[A-Za-z]+")
_SENTENCE = re.compile(r"[。！？!?…；][”’」』）)】》\"']*$")


def page_furniture(pages: Sequence[Sequence[str]]) -> dict[tuple[int, int], str]:
    """The rule by which a line, given by page and place, is page furniture; `pages` are the lines of each."""
    edges = {
        (number, place): place if place < EDGE_LINES else place - len(page)
        for number, page in enumerate(pages)
        for place in [*range(min(EDGE_LINES, len(page))), *range(max(EDGE_LINES, len(page) - EDGE_LINES), len(page))]
    }
    said: dict[tuple[int, str], int] = Counter()  # pages that say the same in the same place
    counted: dict[tuple[int, str, int], set[int]] = defaultdict(set)  # pages that count on beside the same words
    for (number, place), edge in edges.items():
        said[edge, _words(pages[number][place])] += 1
        for words, ahead in _counts(pages[number][place], number):
            counted[edge, words, ahead].add(number)
    found: dict[tuple[int, int], str] = {}
    for (number, place), edge in edges.items():
        text = pages[number][place]
        counts_on = any(
            _count_on(counted[edge, words, ahead], number, ahead, len(pages)) for words, ahead in _counts(text, number)
        )
        if _PAGE_NUMBER.fullmatch(text) or (counts_on and _BARE_NUMBER.fullmatch(text)):
            found[number, place] = "pdf/page-number"
        elif counts_on or said[edge, _words(text)] >= _enough(text, len(pages)):
            found[number, place] = "pdf/running-head"
    return found


def _enough(text: str, total: int) -> float:
    return max(FEWEST_SENTENCES if _SENTENCE.search(text) else FEWEST, REPEATED * total)


def _words(text: str) -> str:
    return "".join(text.split())


def _counts(text: str, page: int) -> Iterator[tuple[str, int]]:
    """What stands beside a number that may be that of the page, and how far it is ahead of `page`, counted from 0."""
    if bare := _BARE_NUMBER.fullmatch(text):
        ahead = int(bare[1]) - page
        if not (1900 <= int(bare[1]) < 2100 and ahead > FAR):  # 2023 and 2024 are years
            yield _words(text[bare.end(1) :]), ahead
    elif not _SENTENCE.search(text):
        for match in _NUMBER_OF_HEAD.finditer(text):
            group = match.lastgroup or ""
            head, tail = text[: match.start(group)], text[match.end(group) :]
            ahead, beside = int(match[group]) - page, _words(head + tail)
            sure = group in ("said", "page") or ahead <= 1  # 证书编号 1001 and 1002 count as well
            if sure and sum(map(str.isalnum, beside)) >= SHORTEST_HEAD and not _WORD.fullmatch((head + tail).strip()):
                yield f"{_words(head)}\0{_words(tail)}", ahead


def _count_on(pages: Set[int], page: int, ahead: int, total: int) -> bool:
    """Whether enough of the pages near one have a number that is as far ahead."""
    near = sum(other in pages for other in range(page - NEAR, page + NEAR + 1))
    return near >= AGREEING or (total <= FEW_PAGES and ahead <= 1 and near >= min(2, total))
