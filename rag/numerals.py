"""The other ways to write the figures of a question: 三百五十万 is 350万. For the full-text index only."""

import re
from collections.abc import Iterator

from rag.text import CJK, NUMBER, hanzi_value

_DIGITS = "零一二三四五六七八九"
_UNITS = ("", "十", "百", "千")
_MYRIADS = ("", "万", "亿", "万亿")
_UNITLESS = re.compile("[零〇一二两三四五六七八九]+")  # 二〇二五 is a year, 三四 is three or four
# A numeral of one character is a figure before these; 一个, 两者 and 三方 are mostly none.
_SINGLE = re.compile(r"(?<![零〇一二两三四五六七八九十百千万亿第周])([一二两三四五六七八九十])(?=[月日号岁倍成])")
_COUNTED = re.compile(rf"\s*([{CJK}])")


def to_hanzi(number: int) -> str:
    """A whole number from 1 below 10**16 as a Chinese numeral: 3500000 gives 三百五十万, 12 gives 十二."""
    groups = []
    while number:
        number, group = divmod(number, 10**4)
        groups.append(group)
    text = ""
    for group, myriad in reversed(list(zip(groups, _MYRIADS, strict=False))):
        if group:
            text += ("零" if text and group < 1000 else "") + _below_myriad(group) + myriad
    return re.sub("^一十", "十", text)


def _below_myriad(number: int) -> str:
    digits = str(number)
    written = "".join(
        _DIGITS[int(digit)] + (_UNITS[len(digits) - at - 1] if digit != "0" else "") for at, digit in enumerate(digits)
    )
    return re.sub("零+", "零", written).rstrip("零")


def _in_index(number: str, counted: str) -> str:
    """A figure with what it counts, as far as the index holds both together: digits are a term of their own there."""
    return number if number[-1].isdigit() else number + counted


def to_digits(number: float) -> str:
    """A number with digits as articles write it: 3500000 gives 350万, 12 gives 12."""
    for myriad, name in ((10**8, "亿"), (10**4, "万")):
        if number >= myriad and round(number / myriad, 4) == number / myriad:
            return f"{number / myriad:.15g}{name}"
    return f"{number:.15g}"


def other_forms(text: str) -> list[tuple[str, str]]:
    """The figures of a text, each with the character behind it, and the other ways to write them.

    3月10日 gives (3月, 三月) and (10日, 十日). Years stay as they are.
    """
    return list(dict.fromkeys(_forms(text)))


def _forms(text: str) -> Iterator[tuple[str, str]]:
    for match in _SINGLE.finditer(text):
        counted = text[match.end()]
        yield match[1] + counted, f"{hanzi_value(match[1]):.15g}"
    for match in NUMBER.finditer(text):
        after = _COUNTED.match(text, match.end())
        counted = after[1] if after else ""
        for form in _of_digits(match, counted) if match["digits"] else _of_hanzi(match, counted):
            if form not in text:
                yield _in_index(match[0].strip(), counted), form


def _of_digits(match: re.Match[str], counted: str) -> Iterator[str]:
    value = float(match["digits"].replace(",", ""))
    if match["unit"] == "%" and value.is_integer() and value:
        yield f"百分之{to_hanzi(int(value))}"
    scale = 1.0
    for unit in match["scale"] or "":
        scale *= {"百": 100, "千": 1000, "万": 10**4, "亿": 10**8}[unit]
    value *= scale
    year = counted == "年" and 1900 < value < 2100
    if match["unit"] or year or not value.is_integer() or not 0 < value < 10**16:
        return
    if value >= 10 or counted:
        yield to_hanzi(int(value)) + counted
    if value >= 10**4:
        yield f"{value:.15g}" if match["scale"] else _in_index(to_digits(value), counted)


def _of_hanzi(match: re.Match[str], counted: str) -> Iterator[str]:
    hanzi = match["hanzi"]
    if _UNITLESS.fullmatch(hanzi) and not match["percent"]:
        if len(hanzi) == 4 and counted == "年":
            yield "".join(f"{hanzi_value(char):.0f}" for char in hanzi)
        return
    value = hanzi_value(hanzi) if len(hanzi) > 1 or match["percent"] else None
    if value:
        yield f"{value:.15g}%" if match["percent"] else _in_index(to_digits(value), counted)
