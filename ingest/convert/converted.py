"""What every converter gives back, and how metadata is sifted."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from rag.errors import CorpusError
from rag.types import Removal, Span

WIDE = r"[　-〿㐀-鿿豈-﫿！-｠“”‘’—…]"  # what stands in a square of its own: no space is written beside it
# What programs write where nobody gave a title or an author.
_NO_TITLE = re.compile(
    r"(?i)untitled.*|无标题.*|未命名.*|microsoft (?:word|powerpoint) - .*|word document|about:blank|首页|home"
    r"|anonymous|unspecified|(?:新建 )?(?:microsoft )?(?:word )?文档\s*\(?\d*\)?|(?:document|slide|页面|网页|\W)*\d*"
    r"|.*\.(?:docx?|pdf|wps|rtf|html?|indd|pptx?)"
)
_NO_AUTHOR = re.compile(
    r"(?i)administrator|admin|users?|windows|windows (?:user|用户)|microsoft(?: office(?: user)?)?|微软用户|用户"
    r"|python-docx|apache poi|openpyxl|anonymous|unspecified|unknown|author|作者|作者未知|佚名"
    r"|lenovo|dell|hp|asus|pc|owner|root|\W*|\d*"
)


@dataclass(frozen=True)
class Converted:
    """The text of a file and what the file says about itself.

    Offsets of `removed` and of the article refer to `text`. `metadata` has the values as the file states them, of
    those of metadata.FIELDS that it states; tags are separated by commas. `converted`: `text` is not the file's own,
    but taken out of it. `title`: where the largest letters stand at its top, in a form that has sizes.
    """

    text: str = field(repr=False)
    removed: tuple[Removal, ...] = field(default=(), repr=False)
    metadata: dict[str, str] = field(default_factory=dict)
    converted: bool = False
    title: Span | None = None


def sift(pairs: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    """The first value of each field that says something."""
    found: dict[str, str] = {}
    for name, value in pairs:
        value = " ".join((value or "").split())
        said_nothing = {"title": _NO_TITLE, "author": _NO_AUTHOR}.get(name, _EMPTY).fullmatch(value.strip("()"))
        if value and name not in found and not said_nothing:
            found[name] = value
    return found


_EMPTY = re.compile("")


_SUPERSCRIPT = str.maketrans("0123456789+-−n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ⁿ")


def raised(text: str) -> str:
    """What a superscript says: a figure in the letters for it, since 10 and a raised 8 are not 108; else as it is."""
    above = text.translate(_SUPERSCRIPT)
    return above if not any(char in text for char in above) else text


def struck(text: str) -> str:
    """Words that are crossed out, with the marks that the cleaning knows them by; nothing but blanks has none."""
    words = text.strip()
    return text.replace(words, f"~~{words}~~") if words else text


def broken(path: Path, kind: str, reason: object) -> CorpusError:
    """The error for a file that is not of the form its suffix says, or is damaged."""
    return CorpusError(
        f"{path.name} is not a readable {kind} file ({reason}): save it again, or as .md or .txt",
        f"{path.name} 不是能读的 {kind} 文件，可能损坏了，或者后缀不对：请重新保存，或者另存为 .md 或 .txt",
    )
