"""The articles of a corpus and of its index as one list: what is indexed, what waits, what failed and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Literal

from ingest.failures import Failure, stamp_of, stamp_with_sidecars
from ingest.load import article_files, article_id, digest_of, owners, readable
from ingest.sidecar import sidecar_of
from rag.errors import CorpusError
from rag.library import IndexedFile, Library
from rag.types import Metadata

Status = Literal["indexed", "new", "changed", "failed", "failed, kept", "gone"]
UNCHANGED = ("indexed", "failed", "failed, kept")  # a run now would do nothing for them


@dataclass(frozen=True)
class Listed:
    """An article: the path of its file in the corpus ("" when it is gone), and what the index holds of it.

    "new" and "changed" wait for the next run; "gone" is still indexed, its file is not there any more; of one that
    "failed, kept", or stands in a folder that cannot be listed, the version indexed before answers. `length` is in code
    points of the clean text.
    """

    id: str
    name: str
    status: Status
    metadata: Metadata
    chunks: int = 0
    length: int = 0
    failure: Failure | None = None


def list_articles(corpus: Path, library: Library | None, failures: Mapping[str, Failure]) -> list[Listed]:
    """Every article file of the corpus, then what is only in the index; a missing folder has no files."""
    known = library.files() if library else {}
    paths = library.paths if library else {}
    sizes = library.sizes if library else {}
    stated = library.metadata if library else {}
    listed = []
    files = article_files(corpus) if corpus.is_dir() else []
    owned = owners(files, corpus, paths)
    for path in files:
        name = readable(path.relative_to(corpus).as_posix())
        id_, failure = article_id(path, corpus), failures.get(name)
        status = _status(path, known.get(id_) if owned.get(id_) == path else None, failure)
        own = status not in ("new", "failed")
        metadata = stated[id_] if own else Metadata(path.stem)
        chunks, length = sizes[id_] if own else (0, 0)
        listed.append(Listed(id_, name, status, metadata, chunks, length, failure))
    unseen = [_unseen(id_, paths[id_], failures, library) for id_ in known if id_ not in owned] if library else []
    return [*listed, *unseen]


def _unseen(id_: str, path: str, failures: Mapping[str, Failure], library: Library) -> Listed:
    """An indexed article whose file is gone, or stands in a folder that failed."""
    about = library.metadata[id_]
    for folder in PurePosixPath(path).parents:
        if failure := failures.get(folder.as_posix()):
            return Listed(id_, path, "failed, kept", about, *library.sizes[id_], failure)
    return Listed(id_, "", "gone", about, *library.sizes[id_])


def _status(path: Path, known: IndexedFile | None, failure: Failure | None) -> Status:
    if failure and failure.stamp == stamp_with_sidecars(path):
        return "failed, kept" if known else "failed"
    if not known:
        return "new"
    return "indexed" if _digest(path) == known.digest else "changed"


def _digest(path: Path) -> str:
    try:
        sidecar = sidecar_of(path)
        return _remembered_digest(path, stamp_of(path), stamp_of(sidecar) if sidecar else "")
    except (OSError, CorpusError):
        return ""  # the next run will tell why


@lru_cache(maxsize=100_000)
def _remembered_digest(path: Path, _stamp: str, _sidecar: str) -> str:
    return digest_of(path, path.read_bytes())
