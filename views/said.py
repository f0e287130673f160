"""What rag and ingest say in Chinese, in the language of the reader.

An answer is kept with its Chinese sentences, so they are known again by their words: views/messages/said.toml.
"""

import re
import tomllib
from functools import cache
from pathlib import Path

from views.messages import language

_FILE = Path(__file__).with_name("messages") / "said.toml"
_SLOT = re.compile(r"\\\{(\w+)\\\}")


@cache
def sayings() -> dict[str, str]:
    """The English of every Chinese saying; both have slots like those of str.format."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


@cache
def _patterns() -> list[tuple[re.Pattern[str], bool, str]]:
    """Each saying as a pattern, whether it may stand among others, and its English; those without slots first."""
    patterns = [
        (re.compile(_SLOT.sub(r"(?P<\1>.+?)", re.escape(chinese))), chinese.endswith("。"), english)
        for chinese, english in sayings().items()
    ]
    return sorted(patterns, key=lambda entry: entry[0].groups)


def said(text: str) -> str:
    """The text with every saying in the language of the session; words that are none stay as they are."""
    if language() == "zh":
        return text
    for pattern, among_others, english in _patterns():
        if among_others:
            text = pattern.sub(lambda match, english=english: _english(match, english), text)  # type: ignore[misc]
        elif match := pattern.fullmatch(text):
            return _english(match, english)
    return text


def _english(match: re.Match[str], english: str) -> str:
    slots = {
        name: scope_said(value) if name in ("scope", "days") else value for name, value in match.groupdict().items()
    }
    more = match.end() < len(match.string) and not match.string[match.end()].isspace()
    return english.format(**slots) + " " * more


def scope_said(described: str) -> str:
    """A scope as rag.scope describes it, in the language of the session."""
    if language() == "zh":
        return described
    parts = (part.partition("：") for part in described.split("；"))
    return "; ".join(f"{said(name)}{': ' if colon else ''}{said(of.replace('、', ', '))}" for name, colon, of in parts)
