"""Articles taken out of a corpus: they wait in its hidden folder .trash, from where they can be put back.

corpus/.trash/1732561200123456789-3f2a/丙.txt    a removed file, under the path that it had, and its sidecar beside it
"""

import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ingest.add import named_alike
from ingest.load import NOT_ARTICLES
from ingest.sidecar import is_sidecar, sidecar_of
from rag.errors import CorpusError

TRASH = ".trash"
_MADE = re.compile(r"(?P<when>[0-9]{19})-[0-9a-f]{4}")  # nanoseconds since 1970


@dataclass(frozen=True)
class Discarded:
    """A removed article: its path in the corpus, where its file waits, and when it was removed (since 1970)."""

    name: str
    path: Path
    when: float

    @property
    def id(self) -> str:
        """The article's id."""
        return Path(self.name).with_suffix("").as_posix()


def discard(name: str, corpus: Path) -> Discarded:
    """Take the article file at a path in the corpus out of it, with its sidecar. Raises CorpusError where it cannot."""
    relative, now = Path(name), time.time_ns()
    target = corpus / TRASH / f"{now}-{secrets.token_hex(2)}" / relative
    with _moving(name):
        outside = relative.is_absolute() or ".." in relative.parts
        if outside or relative.name.lower() in NOT_ARTICLES or (corpus / relative).is_dir():
            raise CorpusError(f"{name} is no article of {corpus}: nothing was removed", f"{name} 不是文章库里的文章")
        _move(corpus / relative, target)
    return Discarded(name, target, now / 1e9)


def restore(discarded: Discarded, corpus: Path) -> None:
    """Put a removed article back where it was. Raises CorpusError when another file has its name by now."""
    target = corpus / discarded.name
    if target.exists() or named_alike(target):
        raise CorpusError(
            f"there is another file named {discarded.name}: rename that one first",
            f"已经有另一个文件叫 {discarded.name}：请先给它改名",
        )
    with _moving(discarded.name):
        _move(discarded.path, target)


def trashed(corpus: Path) -> list[Discarded]:
    """What waits in the trash, the last removed first."""
    found = []
    for folder in (corpus / TRASH).glob("*"):
        if not (made := _MADE.fullmatch(folder.name)):
            continue
        for path in folder.rglob("*"):
            if path.is_file() and not is_sidecar(path):
                found.append(Discarded(path.relative_to(folder).as_posix(), path, int(made["when"]) / 1e9))
    return sorted(found, key=lambda one: (-one.when, one.name))


def _move(path: Path, target: Path) -> None:
    sidecar = sidecar_of(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    path.rename(target)
    if sidecar:
        sidecar.rename(target.with_name(sidecar.name))


@contextmanager
def _moving(name: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise CorpusError(f"{name} is gone already: reload the page", f"{name} 已经不在了：请刷新页面") from error
    except OSError as error:
        raise CorpusError(
            f"{name} cannot be moved ({error.strerror}): check the rights of the folder",
            f"{name} 移动不了（{error.strerror}）：请检查文件夹的权限",
        ) from error
