"""The numbers that Word counts and does not write: 第一条, 1.1 and （三） in front of paragraphs."""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from ingest.convert.docx_words import WORD
from rag.numerals import to_hanzi

_ORDERED = {"ideographTraditional": "甲乙丙丁戊己庚辛壬癸", "ideographZodiac": "子丑寅卯辰巳午未申酉戌亥"}
_LARGEST = 3_999  # of a list that is numbered; Roman numerals end there, too
_MOST_STYLES = 10  # each based on the next; a damaged file has circles of them
_ROMAN = (
    *((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X")),
    *((9, "IX"), (5, "V"), (4, "IV"), (1, "I")),
)
_NO_BLANK = tuple("、）．")


@dataclass
class Numbers:
    """The numbers of the paragraphs of a document, which are to be asked for in order."""

    levels: dict[str, dict[int, Any]] = field(default_factory=dict)  # by the id of a definition
    lists: dict[str, tuple[str, dict[int, int]]] = field(default_factory=dict)  # definition, numbers it begins anew at
    counts: defaultdict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    begun: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, document: Any) -> "Numbers":
        """The lists that a document defines."""
        numbers = cls()
        for relation in document.part.rels.values():
            if not relation.is_external and relation.reltype.endswith("/numbering"):
                numbers._read(relation.target_part.element)
        return numbers

    def _read(self, root: Any) -> None:
        for definition in root.iterchildren(WORD + "abstractNum"):
            levels = {int(level.get(WORD + "ilvl", "0")): level for level in definition.iterchildren(WORD + "lvl")}
            self.levels[definition.get(WORD + "abstractNumId")] = levels
        for one in root.iterchildren(WORD + "num"):
            anew = {}
            for override in one.iterchildren(WORD + "lvlOverride"):
                if (start := _value(override, "startOverride")) is not None:
                    anew[int(override.get(WORD + "ilvl", "0"))] = int(start)
            self.lists[one.get(WORD + "numId")] = (_value(one, "abstractNumId") or "", anew)

    def next(self, paragraph: Any, style: Any) -> str:
        """The number of a paragraph, "" for none or a mere dot; `style` is that of its paragraph (None for none)."""
        list_id, level = _place(paragraph, style)
        definition, anew = self.lists.get(list_id, ("", {}))
        levels = self.levels.get(definition, {})
        if style is not None and list_id and _of(paragraph, "numPr") is None:
            named = (at for at, one in levels.items() if _value(one, "pStyle") == style.style_id)
            level = next(named, level)
        if level not in levels:
            return ""
        counts = self.counts[definition]
        if list_id not in self.begun:
            self.begun.add(list_id)
            counts.update({at: start - 1 for at, start in anew.items()})
        counts[level] = counts.get(level, _start(levels[level]) - 1) + 1
        for deeper in [at for at in counts if at > level]:
            del counts[deeper]
        if _value(levels[level], "numFmt") in ("bullet", "none"):
            return ""

        plain = levels[level].find(WORD + "isLgl") is not None  # 9.1 below 第九条

        def number(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            if at not in levels:
                return ""
            form = "decimal" if plain else _value(levels[at], "numFmt") or "decimal"
            return written(counts.get(at, _start(levels[at])), form)

        text = re.sub(r"%(\d)", number, _value(levels[level], "lvlText") or "").strip()
        return text if not text or text.endswith(_NO_BLANK) else text + " "


def _of(paragraph: Any, name: str) -> Any:
    return paragraph.find(f"{WORD}pPr/{WORD}{name}")


def _value(element: Any, name: str) -> str | None:
    child = element.find(WORD + name)
    return None if child is None else child.get(WORD + "val")


def _start(level: Any) -> int:
    return int(_value(level, "start") or "1")


def _place(paragraph: Any, style: Any) -> tuple[str, int]:
    """The list that a paragraph or its style belongs to, "" for none, and its level."""
    for _ in range(_MOST_STYLES):
        if (place := _of(paragraph, "numPr")) is not None:
            return _value(place, "numId") or "", int(_value(place, "ilvl") or "0")
        if style is None:
            break
        paragraph, style = style.element, style.base_style
    return "", 0


def written(number: int, form: str) -> str:
    """A number as a list of that form writes it; in digits where the form is not known."""
    if not 0 < number <= _LARGEST:
        return str(number)
    if form in _ORDERED and number <= len(_ORDERED[form]):
        return _ORDERED[form][number - 1]
    if "Letter" in form:
        letters = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letters.upper() if form == "upperLetter" else letters
    if "Roman" in form:
        roman, rest = "", number
        for value, letters in _ROMAN:
            roman += letters * (rest // value)
            rest %= value
        return roman.lower() if form == "lowerRoman" else roman
    if "EnclosedCircle" in form and number <= 20:
        return chr(ord("①") + number - 1)
    if form == "decimalZero":
        return f"{number:02}"
    return to_hanzi(number) if form.startswith(("chinese", "taiwanese", "japanese", "ideograph")) else str(number)
