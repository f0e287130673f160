"""The sentences of what an LLM writes, as it comes, without their marks, Markdown and labels; what the marks name."""

import re
import unicodedata
from dataclasses import dataclass

LONGEST_MARK = 24  # code points

_OPEN, _CLOSE = "[【［〔", "]】］〕"
_ENDS = "。！？!?"
_LABEL = rf"[^\d{re.escape(_OPEN + _CLOSE)}]{{0,8}}"
_WORDS = ("资料", "来源", "编号", "出处", "文章", "段落", "参考", "引用", "依据")
_WORD = f"(?:{'|'.join(_WORDS)})"
_NUMBERS = r"\d{1,2}(?:\s*(?:[,，、;；/&~–和与及-]|\s)\s*[^\W\d_]{0,4}\d{1,2})*"  # 1,3 and 1-3 and 编号1、编号3
_FENCE = r"(?:资料-[0-9a-f]{6}\s*)?"  # as the prompt names a passage: 【资料-ab12cd 编号=1】
_LINK = r"(?:\((?:#|/|https?:)[^()\s]*\))?"  # [1](#1)
_SQUARE = (
    rf"(?:<sup>)?(?:[{re.escape(_OPEN)}]{_FENCE}{_LABEL}){{1,2}}(?P<square>{_NUMBERS})\s*[条段篇号]?\s*"
    rf"(?:†[^{re.escape(_CLOSE)}]*)?[{re.escape(_CLOSE)}]+{_LINK}(?:</sup>)?"
)
_ROUND = rf"[（(「][见据]?{_WORD}{{1,2}}[:：=]?\s*(?P<round>{_NUMBERS})\s*[）)」]"
_TAG = rf"(?<![A-Za-z0-9])<sup>(?P<tag>{_NUMBERS})</sup>"  # not m<sup>2</sup>
_LINE = rf"{_WORD}{{1,2}}[:：]\s*(?P<line>{_WORD}?{_NUMBERS})(?=\s*(?:[。\n]|$))"  # 来源：1
_LABELLED = rf"(?:{_WORD}{{1,2}}[:：]\s*)?{_SQUARE}|{_ROUND}|{_TAG}|{_LINE}"
# A number alone in other signs is a mark only where a sentence or a clause ends: （1）甲 is an item, 5m² a measure.
_BARE = r"[（(「]\s*(?P<bare>\d{1,2}(?:\s*[,，、]\s*\d{1,2})*)\s*[）)」]|(?P<small>[①-⑳]+|(?<![A-Za-z0-9])[¹²³⁴-⁹]+)"
_MARK = re.compile(rf"{_LABELLED}|(?:{_BARE})(?=\s*(?:[{_ENDS}；;，,、.（(「{re.escape(_OPEN)}]|$))")
_MARK_BEHIND = re.compile(rf"\s*[、,，]?\s*(?:{_LABELLED})|(?<!\n)[ \t]*(?:{_BARE})")
_SEVERAL = re.compile("\0(?:\\s*[、,，和]?\\s*\0)*")

_ROW = r"[ \t]*\|[^\n]*\n+"
_SENTENCE = re.compile(rf"{_ROW}|(?![ \t]*\|)[^{_ENDS}\n]*(?:[{_ENDS}]+[”」』\"）)]*(?:\*\*|`)*\n*|\n+)")
_TABLE_HEAD = re.compile(rf"{_ROW}[ \t]*\|?[ \t:|]*-[ \t:|-]*(?:\n|$)")

_LIST_PREFIX = re.compile(
    r"^\s*(?:[-*•#>]+\s+|\d{1,2}[.、）)](?!\d{1,3}(?!\d))\s*"  # not 3.5亿
    r"|[（(](?:\d{1,2}|[一二三四五六七八九十]{1,3})[）)]\s*|[①-⑳]\s*|[一二三四五六七八九十]{1,3}、(?![一二三四五六七八九十]))+"
)
_ITEM = re.compile(r"(?<=[；;：:，,])\s*(?:[（(]\d{1,2}[）)]|[①-⑳])\s*")
_PREFIX = re.compile(r"^(?:回答|答案|答复|解答|答|问题|提问|问|结论|总结)\s*[:：]\s*")
_MARKDOWN = re.compile(r"```\w*|`|\*\*")
_EMPHASIS = re.compile(r"(?<![0-9A-Za-z*_])(\*|__)(?=\S)([^*\n]+?)(?<=\S)\1(?![0-9A-Za-z*_])")
_HEADING = re.compile(r"\s*(?:#+\s.*|\*\*[^*\n]+\*\*[:：]?|[一二三四五六七八九十]{1,3}、[^，。；！？,;!?\n]{1,15})\s*")


@dataclass(frozen=True)
class Draft:
    """One sentence that an LLM wrote, without its marks, and the numbers that they name."""

    text: str
    marks: tuple[int, ...]
    heading: bool = False


def read_marks(text: str) -> tuple[int, ...]:
    """The numbers of all marks in a text, in order: [1], 【2】, [编号3], [来源:资料[4]], [1,3], [1-3], （资料5）, ⑥."""
    numbers: list[int] = []
    for match in _MARK.finditer(text):
        named = match[str(match.lastgroup)]
        if match.lastgroup == "small":
            numbers += [int(unicodedata.numeric(char)) for char in named]
        else:
            for first, last in re.findall(r"(\d+)(?:\s*[~–-]\s*[^\W\d_]{0,4}(\d+))?", named):
                numbers += range(int(first), int(last or first) + 1)
    return tuple(dict.fromkeys(numbers))


def split_drafts(text: str, *, finished: bool, broken: bool = False) -> tuple[list[Draft], str]:
    """The whole sentences of what an LLM wrote so far, and the rest, which may go on.

    A sentence is whole once something follows that cannot be a mark of it; a row of a table is one, its head is none.
    With `finished` there is no rest; where the text is `broken` off, it is what stands behind its last full stop.
    """
    drafts: list[Draft] = []
    at = 0
    while at < len(text):
        sentence = _SENTENCE.match(text, at)
        end = sentence.end() if sentence else len(text)
        while (mark := _MARK_BEHIND.match(text, end)) and mark[0]:
            end = mark.end()
        if not finished and (sentence is None or (may_go_on(text[at:end], text[end:]) and not broken)):
            break
        if head := _TABLE_HEAD.match(text, at):
            end = head.end()
        elif draft := draft_of(text[at:end]):
            drafts.append(draft)
        at = end
    return drafts, text[at:]


def may_go_on(sentence: str, rest: str) -> bool:
    """Whether what follows a sentence may turn out to be a mark of it, or to make it the head of a table."""
    if re.fullmatch(_ROW, sentence) and re.fullmatch(r"[ \t:|]*", rest):
        return True
    rest = rest.lstrip(" ")
    closes = not rest.strip("*`")
    begins = rest[:1] in (*_OPEN, *"（(「<、") or any(word.startswith(rest[:2]) for word in _WORDS)
    return closes or (begins and len(rest) < LONGEST_MARK)


def draft_of(written: str) -> Draft | None:
    """A sentence as it was written, as a draft; None where it has no words. Cells of a row are told as a list."""
    text = _EMPHASIS.sub(r"\2", _MARKDOWN.sub("", written.replace("\0", "")))
    text = _LIST_PREFIX.sub("", text)
    marks = read_marks(text)
    text = _ITEM.sub("", _SEVERAL.sub("", _MARK.sub("\0", text)))
    text = _PREFIX.sub("", text.strip()).strip()
    if text.startswith("|"):
        cells = [cell.strip() for cell in text.split("|") if cell.strip()]
        text = ("：" if len(cells) == 2 else "，").join(cells)
    return Draft(text, marks, bool(_HEADING.fullmatch(written))) if any(c.isalnum() for c in text) else None
