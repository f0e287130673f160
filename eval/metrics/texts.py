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
_TO = re.compile(r"(\d%?\s*)[至到~–—](?=\s*\d)")
_MONTH, _OF_MONTH = "(0?[1-9]|1[0-2])", r"(0?[1-9]|[12]\d|3[01])"
_ISO_DATE = re.compile(rf"(?<!\d)((?:19|20)\d\d)([-/.]){_MONTH}\2{_OF_MONTH}(?![\d.]|[-/]\d)")
_ISO_MONTH = re.compile(r"(?<!\d)((?:19|20)\d\d)-(0[1-9]|1[0-2])(?![\d.]|[-/]\d)")
_LEADING_ZERO = re.compile(r"(?<![\d.])0(?=[1-9]\s*[月日号])")
_TWO_SCALES = re.compile(
    r"(?<![\d.])(\d+)\s*(?:亿\s*(\d+)\s*([百千]?万)|万(?:\s*(\d)\s*([百千])|(\d{3,4})))(?![\d.%‰百千万亿年])"
)
# A hyphen is a minus where it opens a text, a bracket or a clause, or stands between a word and a share or a
# temperature; behind a digit or its unit it is the dash of a range (3-5天, 10度-15℃), behind a letter part of a name.
_MINUS_SIGN = "\u2212"
_MINUS = re.compile(
    r"(?:(?<![^(\[{<:,;=|。、“‘《])|(?<=[为是])|(?<=[㐀-鿿])(?<![度点成倍])(?=\s*-\d+(?:\.\d+)?\s*[%‰°度]))\s*-(?=\d)"
)
_DASH = re.compile(rf"(?<=\d){_MINUS_SIGN}")
# 不得不, 不能不 and 不可不 affirm, and 淹没 denies nothing.
_UNDENIED = "(?:(?<![不没未无])|(?<=不[得能可]不)|(?<=[出吞埋沉淹]没))(?<!零下)"
GAP = "\n"
_TOKEN = re.compile(r"[a-z0-9.%‰]+|[^\W_]")


def said(answer: Answer) -> str:
    """What the statements say, one a line, without the marks: their numbers are no part of it. No notice either."""
    return "\n".join(statement.text for statement in answer.statements)


def normalize_answer(text: str) -> str:
    """NFKC, lower case, without white space, punctuation and the commas of 1,000.

    What stands around digits matters: % ‰, a minus and the point of 3.5 stay, and anything else between two digits
    becomes one space, so that 8、12 is not 812.
    """
    return _NOT_WORD.sub(_kept_punctuation, _folded(text))


def _folded(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).lower()
    text = _MINUS.sub(_MINUS_SIGN, _DASH.sub("-", text))
    return _THOUSANDS.sub(lambda match: match[1] + match[2].replace(",", ""), text)


def _kept_punctuation(match: re.Match[str]) -> str:
    run = "".join(match[0].split())
    after_digit = match.string[: match.start()][-1:].isdecimal()
    before_digit = match.string[match.end() :][:1].isdecimal()
    minus = _MINUS_SIGN if before_digit and run.endswith(_MINUS_SIGN) else ""
    if after_digit and run[:1] in ("%", "‰"):
        return run[0] + minus
    if after_digit and before_digit:
        return "." if match[0] == "." else " " + minus
    return minus


def contains(answer: str, alternative: str) -> bool:
    """Whether an answer holds an alternative, whatever marks stand between its words and however figures are written.

    A figure is found whole: 5% is not in 15%, 3 neither in 3.5 nor in 3%, 三家 not in 十三家, 5万 not in 5万亿. So is a
    word in Latin letters: AI is not in email, C not in C++. One figure has many forms: 3.2亿 and 32000万, 1万5千 and
    1.5万, 百分之五十 and 50%, 11月16号 and 十一月十六日, 2024-06-01 and 2024年6月1日, 3至5 and 3-5. Digits alone, whose
    unit the question names, are found before any: 31.7 is in 31.7亿.
    What is denied is not found: 可以 not in 不可以, 3% not in -3%, 5度 not in 零下5度.
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
        return rf"(?<!\d)(?<!\d\.)(?<!{_MINUS_SIGN})(?<!零下)"
    return _UNDENIED + ("(?<![a-z])" if _LATIN.fullmatch(first) else "(?<![几数])" if first in _SCALES else "")


def _after(last: str) -> str:
    """What may not stand after words that end so."""
    if last.isdecimal():
        return r"(?!\d)(?!\.\d)(?![%‰])"
    return r"(?![a-z#]|\+\+)" if _LATIN.fullmatch(last) else r"(?!\+)" if last == "+" else ""


@lru_cache(maxsize=64)
def _in_one_form(text: str) -> str:
    """A folded text whose figures of more than digits are written in digits, and its dates as 2024年11月16日."""
    text = _ISO_DATE.sub(r"\1年\3月\4日", _folded(text))
    text = _LEADING_ZERO.sub("", _ISO_MONTH.sub(r"\1年\2月", text))
    text = NUMBER.sub(_in_digits, _TWO_SCALES.sub(_sum_in_digits, text))
    text = _YEAR.sub(lambda year: "".join(f"{hanzi_value(digit):.0f}" for digit in year[0]), text)
    text = _MONTH_OR_DAY.sub(lambda one: f"{hanzi_value(one[0]):.0f}", text)
    return _TO.sub(r"\1-", _DAY.sub(r"\1日", text))


def _sum_in_digits(match: re.Match[str]) -> str:
    """A figure of two scales in digits: 1万5千 gives 15000."""
    scale = 10**8 if match[2] else 10**4
    rest = int(match[2] or match[4] or match[6]) * prod(_SCALES[unit] for unit in match[3] or match[5] or "")
    return f"{int(match[1]) * scale + rest} " if rest < scale else match[0]


def _in_digits(match: re.Match[str]) -> str:
    """A figure with a scale or 百分之 in digits: 3.2亿 gives 320000000, and 12.50% 12.5%.

    Others, 几十万 and 七八十 stay as they are.
    """
    digits, scale, hanzi = match["digits"], match["scale"] or "", match["hanzi"]
    before = match.string[: match.start()]
    if digits:
        named = scale in ("百", "千") and len(digits) > 1  # 2024百度
        measured = match["unit"] or match.string.startswith("元", match.end())
        rounded = "." in digits and measured  # 1.10版 is not 1.1版
        if named or not (scale or match["percent"] or rounded) or before.endswith("."):  # the rest of a version
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
        return "-" if match[0].strip() == "-" else kept
    between = _LATIN.match(match.string, match.end()) is not None
    if signs := _SIGNS.match(match.string, match.start()):  # C++, A+轮; but Python+SQL are two words
        return GAP if between and signs[0] == match[0] else signs[0] + GAP
    after = _LATIN.fullmatch(match.string[: match.start()][-1:]) is not None
    return "" if match[0].isspace() and "\n" not in match[0] and not (after and between) else GAP


def tokens(text: str) -> list[str]:
    """The tokens of a normalised text: runs of Latin letters and digits with . % ‰, else single characters."""
    return _TOKEN.findall(normalize_answer(text))
