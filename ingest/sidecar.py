"""The sidecar of an article: a TOML file beside it that says its title, author, publisher, date, address or tags."""

import errno
import re
import tomllib
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from ingest.day import parse_date
from ingest.metadata import FIELDS, is_url
from rag.errors import CorpusError, unreadable

SIDECAR = ".meta.toml"
_PLACE = re.compile(r"at line (?P<line>\d+), column (?P<column>\d+)")  # in what tomllib says


def is_sidecar(path: Path) -> bool:
    """Whether a file says something about an article and is none itself."""
    return path.name.lower().endswith(SIDECAR)


def sidecars_of(path: Path) -> tuple[Path, Path]:
    """Where an article's sidecar may be: NAME.meta.toml and NAME.EXT.meta.toml."""
    return path.with_name(path.stem + SIDECAR), path.with_name(path.name + SIDECAR)


def strays(sidecars: Iterable[Path], articles: Iterable[Path]) -> list[Path]:
    """Those of the sidecars that stand beside no article that they could be of: misspelt, or it was renamed."""
    described = {sidecar for article in articles for sidecar in sidecars_of(article)}
    return [sidecar for sidecar in sidecars if sidecar not in described]


def sidecar_of(path: Path) -> Path | None:
    """The sidecar of an article; None without one. Raises CorpusError for two."""
    found = [sidecar for sidecar in sidecars_of(path) if _is_file(sidecar)]
    if len(found) > 1:
        raise CorpusError(
            f"{found[0].name} and {found[1].name} describe the same article: keep one",
            f"{found[0].name} 和 {found[1].name} 说的是同一篇文章，请只留一个。",
        )
    return found[0] if found else None


def _is_file(sidecar: Path) -> bool:
    """Whether a sidecar is there. Raises CorpusError where that cannot be told."""
    try:
        return sidecar.is_file()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:  # the article's name fits, but not with the suffix of a sidecar
            return False
        raise unreadable(sidecar, error) from error


def sidecar_bytes(path: Path) -> bytes | None:
    """What is in the sidecar of the article at `path`; None without one. Raises CorpusError where it cannot be read."""
    sidecar = sidecar_of(path)
    try:
        return sidecar.read_bytes() if sidecar else None
    except OSError as error:
        raise unreadable(sidecar or path, error) from error


def read_sidecar(path: Path) -> dict[str, str]:
    """What the sidecar of the article at `path` says, by field; empty without one. Raises CorpusError for a bad one.

    Tags are one a line. An empty value says that the field is unknown, whatever the article states.
    """
    sidecar, content = sidecar_of(path), sidecar_bytes(path)
    if sidecar is None or content is None:
        return {}
    try:
        table = tomllib.loads(content.decode("utf-8-sig"))
    except ValueError as error:
        raise CorpusError(
            f"{sidecar.name} is not readable TOML ({error}): correct it or remove it",
            f"{sidecar.name} 不是能读的 TOML 文件（{_reason(error)}），请改正或删除。",
        ) from error
    return {key: _value(sidecar.name, key, value) for key, value in table.items()}


def _reason(error: ValueError) -> str:
    """Why a sidecar is no TOML, in Chinese."""
    if isinstance(error, UnicodeDecodeError):
        return "编码不是 UTF-8，请另存为 UTF-8"
    place = _PLACE.search(str(error))
    where = f"第 {place['line']} 行第 {place['column']} 列" if place else "结尾处"
    return f'{where}写法不对；每行应像 title = "标题"，项目名用英文'


def _value(name: str, key: str, value: object) -> str:
    if key not in FIELDS:
        raise CorpusError(
            f"{name}: unknown key {key!r}: use {', '.join(FIELDS)}",
            f"{name} 里的“{key}”不认识，可用的有：{'、'.join(FIELDS)}。",
        )
    if key == "tags" and isinstance(value, list) and all(isinstance(tag, str) for tag in value):
        return "".join(f"{tag.strip()}\n" for tag in value)
    if key == "published" and isinstance(value, date):
        value = value.isoformat()
    if not isinstance(value, str):
        raise CorpusError(
            f"{name}: {key} is {value!r}: write it as a text in quotes",
            f"{name} 里的 {key} 类型不对，请写成带引号的文字。",
        )
    value = " ".join(value.split())
    if value and key == "published" and not parse_date(value):
        raise CorpusError(
            f"{name}: published is {value!r}, no possible date: write it as 2025-04-03",
            f"{name} 里的日期“{value}”不成立，请写成 2025-04-03 这样。",
        )
    if value and key == "url" and not is_url(value):
        raise CorpusError(
            f"{name}: url is {value!r}: write an address that begins with http:// or https://",
            f"{name} 里的网址“{value}”不对，应以 http:// 或 https:// 开头。",
        )
    return value
