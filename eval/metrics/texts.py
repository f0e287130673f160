"""How answers are read by every metric of words: normalised, searched for an alternative of the gold, cut into tokens.

Gold is a list of groups, each a list of alternatives: an answer is right when it holds one alternative of every group.
"""

import re
import unicodedata
from collections.abc import Sequence

from rag.types import Answer

Gold = Sequence[Sequence[str]]

_THOUSANDS = re.compile(r"(?<![\d.])(\d{1,3})((?:,\d{3})+)(?!\d)")
_NOT_WORD = re.compile(r"[\W_]+")
_TOKEN = re.compile(r"[a-z0-9.%‰]+|[^\W_]")


def said(answer: Answer) -> str:
    """What the statements say, one a line, without the marks: their numbers are no part of it. No notice either."""
    return "\n".join(statement.text for statement in answer.statements)


def normalize_answer(text: str) -> str:
    """NFKC, lower case, without white space, punctuation and the commas of 1,000.

    What stands after or between digits matters: % ‰ and the point of 3.5 stay, and anything else between two
    digits becomes one space, so that 8、12 is not 812.
    """
    text = unicodedata.normalize("NFKC", text).lower()
    text = _THOUSANDS.sub(lambda match: match[1] + match[2].replace(",", ""), text)
    return _NOT_WORD.sub(_kept_punctuation, text)


def _kept_punctuation(match: re.Match[str]) -> str:
    run = "".join(match[0].split())
    after_digit = match.string[: match.start()][-1:].isdecimal()
    before_digit = match.string[match.end() :][:1].isdecimal()
    if after_digit and run[:1] in ("%", "‰"):
        return run[0]
    if after_digit and before_digit:
        return "." if match[0] == "." else " "
    return ""


def contains(answer: str, alternative: str) -> bool:
    """Whether a normalised answer holds an alternative; 5% is not found in 15%, 3 neither in 3.5 nor in 3%."""
    needle = normalize_answer(alternative)
    if not needle:
        return False
    before = r"(?<!\d)(?<!\d\.)" if needle[0].isdecimal() else ""
    after = r"(?!\d)(?!\.\d)(?![%‰])" if needle[-1].isdecimal() else ""
    return re.search(before + re.escape(needle) + after, normalize_answer(answer)) is not None


def tokens(text: str) -> list[str]:
    """The tokens of a normalised text: runs of Latin letters and digits with . % ‰, else single characters."""
    return _TOKEN.findall(normalize_answer(text))
