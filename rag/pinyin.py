"""How Chinese characters sound, as keys that characters of the same or of nearly the same sound share."""

import re
from functools import cache

# Pairs that many speakers do not tell apart, and that input methods take for each other: zh and z, n and l, in and ing.
_NEAR = [(re.compile(r"^([zcs])h"), r"\1"), (re.compile(r"^l"), "n"), (re.compile(r"(?<=[aei])ng$"), "n")]


@cache
def sounds(char: str) -> frozenset[str]:
    """The usual reading of a character without its tone; none for a character that has no reading."""
    from pypinyin import Style, pinyin  # a second of imports, paid by the first question that needs it

    readings = pinyin(char, style=Style.NORMAL, errors="ignore")
    return frozenset(readings[0]) if readings else frozenset()


@cache
def near_sounds(char: str) -> frozenset[str]:
    """The readings of a character, as keys that nearly equal readings share."""
    return frozenset(map(_folded, sounds(char)))


def _folded(sound: str) -> str:
    for pattern, replacement in _NEAR:
        sound = pattern.sub(replacement, sound)
    return sound
