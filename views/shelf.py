"""What the pages know of the corpus and its index, and the one way to bring the index up to date."""

from dataclasses import dataclass
from pathlib import Path

from ingest.background import BackgroundIngest
from ingest.failures import Failure, read_failures
from ingest.listing import Listed, list_articles
from rag.index import Generation


@dataclass(frozen=True)
class Shelf:
    """The corpus folder, the index folder, the published generation (None before the first) and the ingest."""

    corpus: Path
    index: Path
    generation: Generation | None
    indexing: BackgroundIngest

    @property
    def filled(self) -> Generation | None:
        """The published generation where it holds an article."""
        return self.generation if self.generation and self.generation.manifest.articles else None

    def articles(self) -> list[Listed]:
        """Every article with its state."""
        library = self.generation.library if self.generation else None
        return list_articles(self.corpus, library, self.failures())

    def failures(self) -> dict[str, Failure]:
        """The files that failed, by their path in the corpus."""
        return read_failures(self.index)

    def update(self) -> None:
        """Start an ingest."""
        self.indexing.request()
