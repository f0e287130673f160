"""Memory that is free goes back to the system."""

import platform
from pathlib import Path

import numpy as np

from rag.memory import give_back

PIECE = 100_000  # bytes: less than the C library would give back by itself


def memory_mb() -> float:
    """Memory of this process in MB, without the pages of files; Linux only."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines())
    return int(fields["RssAnon"].split()[0]) / 1e3


def test_free_memory_between_used_is_given_back() -> None:
    if platform.libc_ver()[0] != "glibc":
        give_back()  # does nothing, without an error
        return
    pieces = [np.ones(PIECE, np.uint8) for _ in range(1000)]
    kept = pieces[::100]
    full = memory_mb()
    del pieces
    give_back()
    assert memory_mb() < full - 60
    assert all(piece.all() for piece in kept)
