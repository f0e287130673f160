"""Other names of the same thing, from aliases.toml in the folder of the articles; for matching only."""

import re
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from rag.errors import CorpusError

FILE = "aliases.toml"
LONGEST_CAPITALS = 3  # letters of an abbreviation that is a word when it is written small: RED
_LATIN = re.compile(r"[A-Za-z0-9]")


class Aliases:
    """Groups of names; the first of each is the one that the articles use."""

    def __init__(self, groups: Sequence[Sequence[str]] = ()) -> None:
        self._first = {_key(name): names[0] for names in groups for name in names}
        longest_first = sorted((name for names in groups for name in names), key=lambda name: (-len(name), name))
        self._names = re.compile("|".join(map(_pattern, longest_first))) if longest_first else None

    def canonical(self, text: str) -> str:
        """A text with every name replaced by the first name of its group.

        A Latin name counts as a whole word, in any case; one of up to three capitals (RED) only as it is written.
        """
        if self._names is None:
            return text
        return self._names.sub(lambda match: self._replaced(match[0]), text)

    def _replaced(self, name: str) -> str:
        first = self._first[_key(name)]
        return name if _key(name) == _key(first) else first


def _key(name: str) -> str:
    return name.lower()


def _pattern(name: str) -> str:
    words = re.escape(name)
    if not _LATIN.match(name):
        return words
    capitals = name.isupper() and len(name) <= LONGEST_CAPITALS
    return rf"(?<![A-Za-z0-9]){words if capitals else f'(?i:{words})'}(?![A-Za-z0-9])"


def load_aliases(corpus: Path) -> Aliases:
    """The aliases of a corpus folder, read again when the file has changed; none without the file.

    Raises CorpusError for a file that cannot be read or used.
    """
    path = corpus / FILE
    try:
        return _read(path, path.stat().st_mtime_ns)
    except (FileNotFoundError, NotADirectoryError):
        return Aliases()
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise CorpusError(
            f"{path} cannot be used ({error}): write [[alias]] tables with names = [first name, others]",
            f"{path} 不能用（{error}）：请写成 [[alias]]，names = [正名, 别名…]",
        ) from error


@lru_cache(maxsize=8)
def _read(path: Path, _changed: int) -> Aliases:
    groups = [group["names"] for group in tomllib.loads(path.read_text(encoding="utf-8"))["alias"]]
    if not all(names and isinstance(name, str) and name.strip() for names in groups for name in names):
        raise ValueError("a name is no text")
    return Aliases([[name.strip() for name in names] for names in groups])
