"""What an ingest may not lose unasked: more than half of the published articles, those removed on the page aside."""

import json
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from ingest.failures import Failure
from ingest.trash import trashed
from rag.errors import CorpusError, RagError
from rag.index import CURRENT, open_library

LIMIT = 0.5  # share of the articles that may go without being asked for
FAILURES_SHOWN = 3  # of those that are in the way of an index built anew


@dataclass(frozen=True)
class Published:
    """The articles of the published generation, also of one that is not built on.

    `paths` in the corpus by their ids; empty where they cannot be read, and then only the count is known, which is
    None where nothing can be.
    """

    paths: dict[str, str]
    count: int | None


def published_articles(index: Path) -> Published:
    """What is published, of whatever format; nothing where that cannot be read."""
    try:
        library = open_library(index)
        try:
            return Published(library.paths, len(library.paths))
        finally:
            library.close()
    except RagError:
        return Published({}, _count(index))


def _count(index: Path) -> int | None:
    try:
        return int(json.loads((index / CURRENT).read_text(encoding="utf-8"))["articles"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def may_be_empty(published: Published, corpus: Path) -> bool:
    """Whether no article may be left: some were removed on the page, or there were none.

    The folder of a disk that is not there is empty, too, and has no trash.
    """
    return published.count == 0 or bool(published.paths.keys() & _removed(corpus))


def _removed(corpus: Path) -> set[str]:
    return {discarded.id for discarded in trashed(corpus)}


def refuse_loss(next_ids: Set[str], published: Published, corpus: Path, failures: Sequence[Failure]) -> None:
    """Raises CorpusError where the next generation has less than half of the published articles.

    What was removed on the page is no loss. `failures` are those that lose an article since its old version cannot be
    kept: of an index that is built anew.
    """
    count = published.count or 0
    lost = len(published.paths.keys() - next_ids - _removed(corpus)) if published.paths else count - len(next_ids)
    if lost > LIMIT * count:
        raise CorpusError(*_messages(lost, count, corpus, failures))


def _messages(lost: int, of: int, corpus: Path, failures: Sequence[Failure]) -> tuple[str, str]:
    if not failures:
        return (
            f"{lost} of {of} indexed articles are gone from {corpus}: give --allow-shrink if that is meant",
            f"已索引的 {of} 篇文章里有 {lost} 篇不在 {corpus} 了：如确要移除，请加 --allow-shrink",
        )
    reasons = "; ".join(failure.reason for failure in failures[:FAILURES_SHOWN])
    chinese = "；".join(failure.chinese for failure in failures[:FAILURES_SHOWN])
    return (
        f"the index must be built anew, and {lost} of {of} indexed articles fail or are gone from {corpus} "
        f"({reasons}): mend them, or give --allow-shrink if that is meant",
        f"索引要重建，而已索引的 {of} 篇文章里有 {lost} 篇读不成或不在 {corpus} 了（{chinese}）："
        "请先修好；如确要移除，请加 --allow-shrink",
    )
