"""Locks that the kernel frees however a process ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path, kind: int, mode: int = os.O_RDWR | os.O_CREAT) -> Iterator[None]:
    """Hold a lock on a file, or with O_RDONLY on what may only be read. Raises BlockingIOError with LOCK_NB."""
    descriptor = os.open(path, mode, 0o644)
    try:
        fcntl.flock(descriptor, kind)
        yield
    finally:
        os.close(descriptor)
