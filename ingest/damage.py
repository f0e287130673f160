"""Damage in an article's text: noticed for the reader of a citation, never repaired."""

import re
from collections.abc import Iterator, Sequence

from rag.text import CJK
from rag.types import Flag, Span

FLAG_NAMES = {
    "broken date": "日期似有缺字",
    "broken figure": "数字似有缺损",
    "cut sentence": "句子似不完整",
    "replacement character": "有无法显示的字符",
}
SHORTEST_CUT = 25  # code points of a sentence that is called cut; a shorter one may be a heading or a label
LONGEST_BRACKET = 120  # code points before the end of a sentence in which an open bracket is looked for

_YEAR = r"(?<![\d.,])(?:19|20)\d\d"
_MONTH = r"(?:1[0-2]|0?[1-9])"
_DAY = r"(?:3[01]|[12]\d|0?[1-9])"
_DAY_MARK = "日(?![元圆均活本语文常产用])"  # 日元 and 日均 are other words; 2001年51号 is an issue
_BROKEN_DATE = re.compile(
    rf"{_YEAR}年?{_MONTH}{_DAY}{_DAY_MARK}"  # 202591日, 2025913日, 2025年91日
    rf"|{_YEAR}{_MONTH}月(?!\d*月|活)"  # 20256月底
    rf"|{_YEAR}年月{_DAY}{_DAY_MARK}"  # 2025年月18日
    rf"|{_YEAR}年{_MONTH}月日(?=[,，。;；、至到起前后)）\s])"  # 2025年9月日，
)

_CHANGE = "(?:增长|增加|上升|上涨|提升|提高|下降|下滑|下跌|减少|降低|缩减)"
_MONEY = "[万亿](?:元|美元|欧元|港元|日元|人次?|台|辆|家|件|个|户|吨)"
_BROKEN_FIGURE = re.compile(
    rf"{_CHANGE}(?:[了至到为][ \u00a0]*[%％‰]|了[ \u00a0]*{_MONEY})"  # 增长了%, 增加了亿元; 达到亿元 is good Chinese
    rf"|(?:{_CHANGE}|占比|达到|高达|超过|约为|仅为)[ \u00a0]*[%％‰](?=[,，。;；、])"  # 占比% alone heads a table
    rf"|[由从自][ \u00a0]*[万亿%％][^\n，。]{{0,4}}[增升降减涨跌][长加到至]{{0,2}}[ \u00a0]*\d*[万亿%％]"  # 由万增至万
    r"|(?<![\d.])[.．]{2}\d+[%％万亿]"  # ..5%
    r"|(?<=[^\s\d])\d+[.．](?:[%％]|[万亿](?:元|美元|人|多|左右|[,，。]))"  # 3.亿元; 1.万科 is an item of a list
)

_REPLACEMENT = re.compile("�+|□{2,}|(?:锟斤拷)+|烫{4,}|屯{4,}|[\ue000-\uf8ff]{2,}")

_NO_END = re.compile(rf"[{CJK}A-Za-z0-9，,、]$")
_UNFINISHED = re.compile(
    "(?:以及|并且|而且|因为|如果|虽然|对于|关于|由于|为了|或者|以便|从而|使得|按照|不仅|尽管|即使|随着|乃至|甚至)$|[（《][^）》)]*$"
)


def find_damage(text: str, sentences: Sequence[Span]) -> tuple[Flag, ...]:
    """Flags over the damaged stretches of an article's text, or the whole sentence where that is cut; in order.

    `sentences` are those that can be quoted: a line without one is a heading.
    """
    found = [Flag(start, end, "cut sentence") for start, end in _cut_sentences(text, sentences)]
    for kind, pattern in (
        ("broken date", _BROKEN_DATE),
        ("broken figure", _BROKEN_FIGURE),
        ("replacement character", _REPLACEMENT),
    ):
        found += [Flag(*match.span(), kind) for match in pattern.finditer(text)]
    return tuple(sorted(found, key=lambda flag: (flag.start, flag.end, flag.kind)))


def _cut_sentences(text: str, sentences: Sequence[Span]) -> Iterator[Span]:
    """Sentences at the end of a paragraph that stop in the middle and are not continued by the next one.

    A missing full stop alone tells nothing: many authors leave it out.
    """
    for at, (start, end) in enumerate(sentences):
        sentence = text[start:end]
        if len(sentence) < SHORTEST_CUT or not _NO_END.search(sentence):
            continue
        last = at + 1 == len(sentences)
        following = "\n\n" if last else text[end : sentences[at + 1][0]]
        if "\n" not in following:
            continue  # an advert that was removed divides the sentence
        before_heading = last or any(char.isalnum() for char in following)
        alone = following.count("\n") > 1  # a line that was broken to fit a page goes on in the next one
        if (before_heading and sentence.endswith(("，", ",", "、"))) or (
            alone and _UNFINISHED.search(sentence[-LONGEST_BRACKET:])
        ):
            yield start, end
