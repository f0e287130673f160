"""API keys: random, shown once, and kept only as hashes, in a file of one JSON object."""

import fcntl
import hashlib
import json
import os
import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from rag.durable import sync
from rag.errors import SettingsError
from rag.locks import locked

PREFIX = "yj_"  # so that a key is known for one, in a log or in a repository
RANDOM_BYTES = 32
_NAME = re.compile(r"[\w.@-]{1,64}")


@dataclass(frozen=True)
class Key:
    """A key that was given to `name`: the SHA-256 of it, and when.

    A plain hash is enough, since a key is 256 random bits: there is no dictionary to try.
    """

    name: str
    sha256: str
    created: str


def hashed(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def read_keys(path: Path) -> dict[str, Key]:
    """Every key by its hash, read again when the file has changed; none without the file. Raises SettingsError."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return {}
    return _read(path, status.st_mtime_ns, status.st_ino)


@lru_cache(maxsize=8)
def _read(path: Path, _changed: int, _file: int) -> dict[str, Key]:
    try:
        keys = [Key(**row) for row in json.loads(path.read_text(encoding="utf-8"))["keys"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(
            f"the API keys in {path} cannot be read ({type(error).__name__}): mend the file, or delete it and make new "
            "keys",
            f"{path} 里的 API 密钥读不出来：请修好这个文件，或删掉它再重新生成密钥",
        ) from error
    return {key.sha256: key for key in keys}


def add_key(path: Path, name: str) -> str:
    """A new key for a name, which is nowhere else from now on. Raises SettingsError for a name that is taken or odd."""
    if not _NAME.fullmatch(name):
        raise SettingsError(
            f"{name!r} is no name of a key: up to 64 letters, digits and . _ @ -",
            f"密钥的名字不能是 {name!r}：请用不超过 64 个字母、数字、汉字和 . _ @ -",
        )
    secret = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    with _changing(path) as keys:
        if any(key.name == name for key in keys):
            raise SettingsError(
                f"{name} has a key already: remove it first, or choose another name",
                f"{name} 已经有密钥了：请先移除，或换一个名字",
            )
        keys.append(Key(name, hashed(secret), datetime.now(UTC).isoformat(timespec="seconds")))
    return secret


def remove_key(path: Path, name: str) -> None:
    """Make the key of a name invalid at once. Raises SettingsError where there is none."""
    with _changing(path) as keys:
        left = [key for key in keys if key.name != name]
        if left == keys:
            raise SettingsError(f"{name} has no key: see python -m service keys list", f"{name} 没有密钥：请先看列表")
        keys[:] = left


@contextmanager
def _changing(path: Path) -> Iterator[list[Key]]:
    """The keys, to be changed: they are written at the end, and until then nobody else writes them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path.with_name(path.name + ".lock"), fcntl.LOCK_EX):
        keys = list(read_keys(path).values())
        yield keys
        _write(path, keys)


def _write(path: Path, keys: list[Key]) -> None:
    """Replace the file whole, readable by its owner only."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".api-keys-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"keys": [asdict(key) for key in keys]}, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)
    sync(path.parent)
