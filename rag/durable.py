"""Files and lines that are on the disk, whole, when the call returns, whatever happens to the machine next."""

import os
import secrets
from pathlib import Path


def write_durably(path: Path, text: str) -> None:
    """Replace a file: after a crash at any moment it has the old text or the new one."""
    temporary = path.with_name(path.name + ".new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync(path.parent)


def write_new(target: Path, content: bytes) -> bool:
    """Write a file whole or not at all; False if there is one of that name by now."""
    temporary = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, target)  # unlike a rename, it never replaces what someone else put there meanwhile
        except FileExistsError:
            return False
        except OSError:  # a file system without links
            temporary.replace(target)
        sync(target.parent)
        return True
    finally:
        temporary.unlink(missing_ok=True)


def append_line(path: Path, line: str) -> None:
    """Add a line to a file, below the last one even where a crash or an editor left that without a line break."""
    with path.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                line = f"\n{line}"
        file.write(f"{line}\n".encode())
        file.flush()
        os.fsync(file.fileno())


def sync_tree(folder: Path) -> None:
    """Return when a folder and everything in it are on the disk."""
    for path in [*folder.rglob("*"), folder]:
        sync(path)


def sync(path: Path) -> None:
    """Return when a file or a folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
