"""What an index folder holds, and what could not be read into it: for a terminal, and for who watches a server."""

import fcntl
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from ingest.failures import Failure, read_failures
from rag.embedded import CHROMA, EMBEDDED
from rag.errors import IndexDamaged, RagError
from rag.index import Manifest, read_manifest
from rag.library import Library
from rag.locks import locked


def read_status(index: Path) -> dict[str, Any]:
    """What an index folder holds, as far as it can be read: the published generation, its state, and the failures."""
    status: dict[str, Any] = {"index": str(index), "usable": False, "problem": "", "writing": _is_locked(index)}
    try:
        manifest = read_manifest(index)
        status |= {
            name: getattr(manifest, name)
            for name in ("generation", "articles", "chunks", "model", "chunker", "created", "directory")
        }
        _check(index, manifest)
        status["usable"] = True
    except RagError as error:
        status["problem"] = error.chinese
    failures = read_failures(index)
    status["failures"] = {path: {"reason": f.reason, **_failure_json(f)} for path, f in failures.items()}
    return status


def _failure_json(failure: Failure) -> dict[str, Any]:
    since = datetime.fromtimestamp(failure.since).astimezone().isoformat(timespec="seconds")
    return {"message": failure.chinese, "since": since, "tries": failure.tries, "dead": failure.dead}


def _check(index: Path, manifest: Manifest) -> None:
    """Raises IndexDamaged where the published generation lacks what its manifest says; does not open the vectors."""
    folder = index / manifest.directory
    library = Library.open(folder / "library.sqlite")
    try:
        counts = library.counts()
    finally:
        library.close()
    lost = manifest.backend == EMBEDDED.name and not (folder / CHROMA).is_dir()
    if counts != (manifest.articles, manifest.chunks, manifest.chunks) or lost:
        raise IndexDamaged(
            f"{folder} does not hold what its manifest says: run python -m ingest again",
            f"{folder.name} 的内容与清单不符：请重新运行 python -m ingest",
        )


def _is_locked(index: Path) -> bool:
    """Whether a process is writing the index at this moment, as far as this one may tell."""
    try:
        with locked(index / "LOCK", fcntl.LOCK_SH | fcntl.LOCK_NB, os.O_RDONLY):
            return False
    except BlockingIOError:
        return True
    except OSError:  # there is no lock yet, or none that this process may open
        return False
