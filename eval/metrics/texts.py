"""How answers are read by every metric of words: normalised, searched for an alternative of the gold, cut into tokens.

Gold is a list of groups, each a list of alternatives: an answer is right when it holds one alternative of every group.
"""

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from math import prod

from rag.text import NUMBER, hanzi_value
from rag.types import Answer

Gold = Sequence[Sequence[str]]

_THOUSANDS = re.compile(r"(?<![\d.])(\d{1,3})((?:,\d{3})+)(?!\d)")
_NOT_WORD = re.compile(r"[\W_]+")
_LATIN = re.compile("[a-z]")
_SIGNS = re.compile("(?<=[a-z])[+#]+")
_BARE = re.compile(r"\d+(?:\.\d+)?")
_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
_TWO_DIGITS = re.compile("[一二三四五六七八九]{2}")
_YEAR = re.compile("[零〇一二三四五六七八九]{4}(?=年)")
_ONE = "[一二三四五六七八九十]"
_MONTH_OR_DAY = re.compile(f"(?<!{_ONE}){_ONE}(?=月)|(?<=月){_ONE}(?=[日号])")
_DAY = re.compile(r"(月\s*\d{1,2}\s*)号")
_TO = re.compile(r"(\d%?\s*)[至到](?=\s*\d)")
GAP = "\n"
_TOKEN = re.compile(r"[a-z0-9.%‰]+|[^\W_]")


def said(answer: Answer) -> str:
    """What the statements say, one a line, without the marks: their numbers are no part of it. No notice either."""
    return "\n".join(statement.text for statement in answer.statements)


def normalize_answer(text: str) -> str:
    """NFKC, lower case, without white space, punctuation and the commas of 1,000.

    What stands after or between digits matters: % ‰ and the point of 3.5 stay, and anything else between two
    digits becomes one space, so that 8、12 is not 812.
    """
    return _NOT_WORD.sub(_kept_punctuation, _folded(text))


def _folded(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).lower()
    return _THOUSANDS.sub(lambda match: match[1] + match[2].replace(",", ""), text)


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
    """Whether an answer holds an alternative, whatever marks stand between its words and however figures are written.

    A figure is found whole: 5% is not in 15%, 3 neither in 3.5 nor in 3%, 三家 not in 十三家, 5万 not in 5万亿. So is a
    word in Latin letters: AI is not in email, C not in C++. One figure has many forms: 3.2亿 and 32000万, 百分之五十
    and 50%, 11月16号 and 十一月十六日, 3至5 and 3-5. Digits alone, whose unit the question names, are found before any:
    31.7 is in 31.7亿.
    """
    words = _with_gaps(_in_one_form(alternative)).replace(GAP, "")
    if not words:
        return False
    found = re.compile(_before(words[0]) + f"{GAP}?".join(map(re.escape, words)) + _after(words[-1]))
    forms = (_in_one_form, _folded) if _BARE.fullmatch(words) else (_in_one_form,)
    return any(found.search(_with_gaps(form(answer))) for form in forms)


def _before(first: str) -> str:
    """What may not stand before words that begin so."""
    if first.isdecimal():
        return r"(?<!\d)(?<!\d\.)"
    return "(?<![a-z])" if _LATIN.fullmatch(first) else "(?<![几数])" if first in _SCALES else ""


def _after(last: str) -> str:
    """What may not stand after words that end so."""
    if last.isdecimal():
        return r"(?!\d)(?!\.\d)(?![%‰])"
    return r"(?![a-z#]|\+\+)" if _LATIN.fullmatch(last) else r"(?!\+)" if last == "+" else ""


@lru_cache(maxsize=64)
def _in_one_form(text: str) -> str:
    """A folded text whose figures of more than digits are written in digits, and its dates as 11月16日."""
    text = NUMBER.sub(_in_digits, _folded(text))
    text = _YEAR.sub(lambda year: "".join(f"{hanzi_value(digit):.0f}" for digit in year[0]), text)
    text = _MONTH_OR_DAY.sub(lambda one: f"{hanzi_value(one[0]):.0f}", text)
    return _TO.sub(r"\1-", _DAY.sub(r"\1日", text))


def _in_digits(match: re.Match[str]) -> str:
    """A figure with a scale or 百分之 in digits: 3.2亿 gives 320000000. Others, 几十万 and 七八十 stay as they are."""
    digits, scale, hanzi = match["digits"], match["scale"] or "", match["hanzi"]
    before = match.string[: match.start()]
    if digits:
        named = scale in ("百", "千") and len(digits) > 1  # 2024百度
        if named or not (scale or match["percent"]) or before.endswith("."):  # the rest of a version
            return match[0]
        value = Decimal(digits) * prod(_SCALES[unit] for unit in scale)
    else:
        counted = match["percent"] or (len(hanzi) > 1 and not _SCALES.keys().isdisjoint(hanzi))
        vague = before.endswith(("几", "数")) or _TWO_DIGITS.search(hanzi)
        known = None if vague or not counted else hanzi_value(hanzi)
        if known is None:
            return match[0]
        value = Decimal(f"{known:.15g}")
    return f"{value.normalize():f}{'%' if match['percent'] else match['unit'] or ''} "


@lru_cache(maxsize=64)
def _with_gaps(text: str) -> str:
    """A folded text with a GAP in place of the marks, and of the blanks between Latin words."""
    return _NOT_WORD.sub(_gap, text)


def _gap(match: re.Match[str]) -> str:
    if kept := _kept_punctuation(match):
        return kept
    between = _LATIN.match(match.string, match.end()) is not None
    if signs := _SIGNS.match(match.string, match.start()):  # C++, A+轮; but Python+SQL are two words
        return GAP if between and signs[0] == match[0] else signs[0] + GAP
    after = _LATIN.fullmatch(match.string[: match.start()][-1:]) is not None
    return "" if match[0].isspace() and "\n" not in match[0] and not (after and between) else GAP


def tokens(text: str) -> list[str]:
    """The tokens of a normalised text: runs of Latin letters and digits with . % ‰, else single characters."""
    return _TOKEN.findall(normalize_answer(text))
