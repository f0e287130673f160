"""How Chinese characters sound, as keys that characters of the same or of nearly the same sound share."""

import re
from functools import cache

# Pairs that many speakers do not tell apart, and that input methods take for each other: zh and z, n and l, in and ing.
_NEAR = [(re.compile(r"^([zcs])h"), r"\1"), (re.compile(r"^l"), "n"), (re.compile(r"(?<=[aei])ng$"), "n")]


@cache
def sounds(char: str, *, every: bool = False) -> frozenset[str]:
    """The usual reading of a character without its tone, or every one; none for a character that has no reading."""
    from pypinyin import Style, pinyin  # a second of imports, paid by the first question that needs it

    readings = pinyin(char, style=Style.NORMAL, errors="ignore", heteronym=every)
    return frozenset(readings[0]) if readings else frozenset()


def nearly(readings: frozenset[str]) -> frozenset[str]:
    """Readings as keys that nearly equal ones share."""
    return frozenset(map(_folded, readings))


@cache
def _folded(sound: str) -> str:
    for pattern, replacement in _NEAR:
        sound = pattern.sub(replacement, sound)
    return sound
