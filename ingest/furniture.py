"""Furniture of sites that no rule knows: lines that many articles of one source repeat.

Articles of woshipm.com (300): every line of 12 letters or more that 3 of them share is furniture, and no body line is
shared by more than 2; of the shorter ones, headings such as 参考资料 are shared by up to 4%.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Set
from hashlib import blake2b
from urllib.parse import urlsplit

from ingest.clean import line_key
from rag.library import IndexedFile
from rag.types import Article

FEWEST_ARTICLES = 3
SHARE = 0.02  # of a source's articles that repeat a line of MEDIUM letters or more
SHARE_OF_SHORT = 0.3  # the same for a shorter line
MEDIUM, LONG = 12, 30  # letters and digits of a line
COPY_ABOVE = 0.5  # share of the long lines that makes two articles copies of each other, which have one vote
MOST_OF_ARTICLE = 0.5  # of its lines; an article that is more than that repeats another one
SEARCHED_BELOW = 50  # articles: a line that more of them have tells nothing about copies


def line_number(key: str) -> int:
    """A number for a line's key, the same everywhere; its last two bits say whether it is short, medium or long."""
    length = (len(key) >= MEDIUM) + (len(key) >= LONG)
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), signed=True) & ~3 | length


def line_numbers(text: str) -> dict[int, str]:
    """The numbers of the lines of a text, each with its key."""
    return {line_number(key): key for line in text.splitlines() if (key := line_key(line))}


def source_of(article: Article) -> str:
    """Whose furniture an article carries: host of its address, else its publisher, else its folder."""
    host = urlsplit(article.url or "").hostname or ""
    folder = article.source_path.rpartition("/")[0]
    return host.removeprefix("www.") or article.publisher or f"folder {folder}"


def repeated_lines(files: Iterable[IndexedFile]) -> dict[str, dict[int, int]]:
    """By source, the numbers of the lines that are furniture, each with the number of articles; copies count once."""
    by_source: defaultdict[str, list[frozenset[int]]] = defaultdict(list)
    for file in files:
        by_source[file.source].append(file.lines)
    found = {}
    for source, articles in by_source.items():
        voters = _without_copies(articles)
        counts = Counter(line for lines in voters for line in lines)
        found[source] = {
            line: count
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


def learned_of(file: IndexedFile, repeated: Mapping[str, Set[int] | Mapping[int, int]]) -> frozenset[int]:
    """The lines of an article that its source repeats; none where they are most of it, for then they are its body."""
    learned = file.lines & frozenset(repeated.get(file.source, ()))
    return learned if len(learned) <= MOST_OF_ARTICLE * len(file.lines) else frozenset()
