"""Furniture of sites that no rule knows: lines that many articles of one source repeat and that state nothing.

What a shop or an office says on each of its pages is no furniture, and to the eye its terms may look like it
(支持七天无理由退货). So a statement stays everywhere, and of any other line one article keeps a copy: a question about
what it says finds it there.

Articles of woshipm.com (300): every line of 12 letters or more that 3 of them share is furniture, and no body line is
shared by more than 2; of the shorter ones, headings such as 参考资料 are shared by up to 4%.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from urllib.parse import urlsplit

from ingest.clean import is_statement, line_key
from rag.library import IndexedFile
from rag.types import Article

FEWEST_ARTICLES = 3
SHARE = 0.02  # of a source's articles that repeat a line of MEDIUM letters or more
SHARE_OF_SHORT = 0.3  # the same for a shorter line
MEDIUM, LONG = 12, 30  # letters and digits of a line
COPY_ABOVE = 0.5  # share of the long lines that makes two articles copies of each other, which have one vote
MOST_OF_ARTICLE = 0.5  # of its lines; an article that is more than that repeats another one
SEARCHED_BELOW = 50  # articles: a line that more of them have tells nothing about copies


@dataclass(frozen=True)
class Repeated:
    """How many articles of a source have a line, copies counted once, and the id of the one that keeps it."""

    articles: int
    keeper: str


def line_number(key: str, statement: bool = False) -> int:
    """A number for a line's key, the same everywhere; 4 is set in that of a statement.

    Its last two bits say whether it is short, medium or long.
    """
    length = (len(key) >= MEDIUM) + (len(key) >= LONG)
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), signed=True) & ~7 | statement << 2 | length


def line_numbers(text: str) -> dict[int, str]:
    """The numbers of the lines of a text, each with its key."""
    return {line_number(key, is_statement(line)): key for line in text.splitlines() if (key := line_key(line))}


def source_of(article: Article) -> str:
    """Whose furniture an article carries: host of its address, else its publisher; "" for what is of no site."""
    host = urlsplit(article.url or "").hostname or ""
    return host.removeprefix("www.") or article.publisher or ""


def repeated_lines(files: Mapping[str, IndexedFile]) -> dict[str, dict[int, Repeated]]:
    """By source, the numbers of the lines that are furniture. `files` by the ids of their articles."""
    by_source: defaultdict[str, list[str]] = defaultdict(list)
    for id_ in sorted(files):
        if source := files[id_].source:
            by_source[source].append(id_)
    found = {}
    for source, ids in by_source.items():
        voters = _without_copies([files[id_].lines for id_ in ids])
        counts = Counter(line for lines in voters for line in lines if not line & 4)
        keepers = {line: id_ for id_ in reversed(ids) for line in files[id_].lines}
        found[source] = {
            line: Repeated(count, keepers[line])
            for line, count in counts.items()
            if count >= max(FEWEST_ARTICLES, len(voters) * (SHARE if line & 3 else SHARE_OF_SHORT))
        }
    return found


def _without_copies(articles: list[frozenset[int]]) -> list[frozenset[int]]:
    """The articles but those that share most of their long lines with one before."""
    counts = Counter(line for lines in articles for line in lines)
    holders: defaultdict[int, list[int]] = defaultdict(list)
    kept = []
    for number, lines in enumerate(articles):
        long = [line for line in lines if line & 3 == 2 and counts[line] < SEARCHED_BELOW]
        shared = Counter(other for line in long for other in holders[line])
        if not shared or max(shared.values()) < COPY_ABOVE * len(long):
            kept.append(lines)
        for line in long:
            holders[line].append(number)
    return kept


def learned_of(id_: str, file: IndexedFile, repeated: Mapping[str, Mapping[int, Repeated]]) -> frozenset[int]:
    """The lines of an article that its source repeats and another article keeps.

    None where the source repeats most of the article, for then that is its body.
    """
    of_source = repeated.get(file.source, {})
    learned = file.lines & of_source.keys()
    if len(learned) > MOST_OF_ARTICLE * len(file.lines):
        return frozenset()
    return frozenset(line for line in learned if of_source[line].keeper != id_)
