"""What the pages know of the corpus and its index, and the one way to bring the index up to date."""

from dataclasses import dataclass
from pathlib import Path

from ingest.background import BackgroundIngest
from ingest.failures import Failure, read_failures
from ingest.listing import Listed, list_articles
from ingest.trash import trashed
from rag.index import Generation


@dataclass(frozen=True)
class Shelf:
    """The corpus folder, the index folder, the published generation (None before the first) and the ingest."""

    corpus: Path
    index: Path
    generation: Generation | None
    indexing: BackgroundIngest

    def articles(self) -> list[Listed]:
        """Every article with its state."""
        library = self.generation.library if self.generation else None
        return list_articles(self.corpus, library, self.failures())

    def failures(self) -> dict[str, Failure]:
        """The files that failed, by their path in the corpus."""
        return read_failures(self.index)

    def update(self) -> None:
        """Start an ingest. That it loses many articles is meant when each of them was removed from the page."""
        gone = {article.id for article in self.articles() if article.status == "gone"}
        removed = {discarded.id for discarded in trashed(self.corpus)}
        self.indexing.request(allow_shrink=bool(gone) and gone <= removed)
