"""Files that could not be indexed: why, since when, and when to try again. Kept in the index as failures.json."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from ingest.sidecar import sidecars_of
from rag.durable import write_durably
from rag.errors import CorpusError

FAILURES = "failures.json"
MOST_TRIES = 5  # after them a file waits until it changes
FIRST_WAIT = 30.0  # seconds until the second try; doubled each time
LONGEST_WAIT = 3600.0


@dataclass(frozen=True)
class Failure:
    """A file that failed. `stamp` changes with the file; times are seconds since 1970."""

    reason: str
    chinese: str
    stamp: str
    since: float
    tries: int = 1
    retry_at: float = 0.0

    @property
    def dead(self) -> bool:
        """Whether it is tried again only after it changed."""
        return self.tries >= MOST_TRIES

    def waits(self, stamp: str, now: float) -> bool:
        """Whether a file with this stamp should not be tried yet. A clock set back never makes it wait longer."""
        return stamp == self.stamp and (self.dead or 0 < self.retry_at - now <= LONGEST_WAIT)


def failed(error: CorpusError, stamp: str, now: float, before: Failure | None = None) -> Failure:
    """The failure of a file that fails, one try after `before`; from the start if there was none, or it has changed."""
    if before is None or stamp != before.stamp:
        return Failure(str(error), error.chinese, stamp, now, 1, now + FIRST_WAIT)
    wait = min(FIRST_WAIT * 2**before.tries, LONGEST_WAIT)
    return Failure(str(error), error.chinese, stamp, before.since, before.tries + 1, now + wait)


def stamp_of(path: Path) -> str:
    """Changes with a file's content, or that of the file a link leads to; needs no right to read it."""
    for look in (path.stat, path.lstat):  # a link to nothing has a stamp of its own
        with suppress(OSError):
            status = look()
            return f"{status.st_mtime_ns}-{status.st_size}-{status.st_mode:o}"
    return ""


def stamp_with_sidecars(path: Path) -> str:
    """Changes with a file's content, and with that of the sidecars that it may have: either can be why it fails."""
    return " ".join(filter(None, map(stamp_of, (path, *sidecars_of(path)))))


def read_failures(index: Path) -> dict[str, Failure]:
    """The failures of the last run by path in the corpus; none where there is no readable list."""
    try:
        table = json.loads((index / FAILURES).read_text(encoding="utf-8"))
        return {path: Failure(**entry) for path, entry in table.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def write_failures(index: Path, failures: dict[str, Failure]) -> None:
    """Replace the list."""
    table = {path: asdict(failure) for path, failure in sorted(failures.items())}
    write_durably(index / FAILURES, json.dumps(table, ensure_ascii=False, indent=1))
