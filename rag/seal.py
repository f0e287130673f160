"""The seal of a folder: a file SHA256SUMS with the hash of every other file in it, as `sha256sum -c` reads it."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from rag.errors import IndexDamaged

SEAL = "SHA256SUMS"
NOT_SEALED = {SEAL, "IN_USE"}  # the lock of readers is empty


def sealed_files(folder: Path) -> list[Path]:
    """The files that a seal covers, in order."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in NOT_SEALED)


def seal_text(folder: Path, progress: Callable[[int], None] = lambda _: None) -> str:
    """The seal of a folder as it is now; `progress` is told the bytes of each file that was read."""
    lines = []
    for path in sealed_files(folder):
        with path.open("rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.relative_to(folder).as_posix()}\n")
        progress(path.stat().st_size)
    return "".join(lines)


def check_seal(folder: Path, progress: Callable[[int], None] = lambda _: None) -> None:
    """Raises IndexDamaged where a file of a folder is not, to the byte, what was sealed, or is missing or new."""
    try:
        now = seal_text(folder, progress)
        sealed = (folder / SEAL).read_bytes().decode(errors="replace")
    except OSError as error:
        raise IndexDamaged(
            f"{folder} cannot be read ({error}): run python -m ingest repair",
            f"{folder.name} 读不出来（{error}）：请运行 python -m ingest repair",
        ) from error
    if now != sealed:
        lines = set(now.splitlines()) ^ set(sealed.splitlines())
        names = ", ".join(sorted({line.partition("  ")[2] for line in lines}) or [SEAL])
        raise IndexDamaged(
            f"{folder} is not as it was sealed ({names}): run python -m ingest repair",
            f"{folder.name} 里有文件和封存时不同（{names}）：请运行 python -m ingest repair",
        )
