"""Candidate questions drafted from an article by templates, for a person to judge; no model is needed.

A sentence that states a figure, a date, a holder of an office or a definition becomes a question about it: the sentence
is the evidence, and what was asked away is the gold. What the file states of itself is asked for too.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rag.quantity import without_dates
from rag.text import NUMBER, sentence_spans
from rag.types import Article

SHORTEST, LONGEST = 10, 110  # code points of a sentence that is asked about
LONGEST_QUESTION = 60
_PAUSE = re.compile(r"[，,；;：:。！!]")
_OPENING = re.compile(
    r"^(?:虽然|尽管|但是?|而且?|同时|此外|另外|其中|因此|所以|不过|如今|目前|数据显示|据悉|据了解|例如|比如)[，,：:\s]*"
)
_LISTED = re.compile(r"^(?:[①-⑳]|[\d一二三四五六七八九十]{1,2}[.、．])\s*")
_MORE = re.compile(r"^[多余几]?\s*[+＋]?的?")  # 1万多单, 298万+篇, 68%的人
_PAIRS = ("“”", "‘’", "「」", "《》", "（）", "()", "【】")
_ABOUT = re.compile(r"(?:大约|将近|接近|近|约)\s*$")
_RANGE = re.compile(r"\d\s*[%％]?\s*[-~～–—至到]\s*$")  # 18-25%: neither end is the answer
_ENDS = re.compile(r"\s*[-~～–—至到]\s*[\d今现]")  # 2024年9月至10月, 2024年9月至今
_DATE = re.compile(r"(?:19|20)\d{2}\s*年\s*\d{1,2}\s*月(?:\s*\d{1,2}\s*[日号])?")
_OFFICE = re.compile(
    r"(?P<office>[^\W\d_]{2,14}?(?:联合创始人|创始人|CEO|COO|CMO|CTO|CFO|副总裁|总裁|董事长|总经理|负责人))\s*"
    r"(?P<name>[㐀-鿿]{2,3}?)(?=曾|表示|称|认为|说|指出|强调|宣布|透露|坦言|提到)"
)
_DEFINITION = re.compile(
    r"^(?:所谓)?[“「]?(?P<name>[^，。,“”「」]{2,14}?)[”」]?[，,]?\s*(?:是指|指的是|就是指|的定义是)(?P<what>[^，。；,;]{4,40})(?=[，。；,;]|$)"
)
_POINTS_BACK = re.compile(r"^(?:这|那|它|他|她|其(?!中)|该|此(?!外)|前者|后者)|本文|上述|如下|下图|上图")


@dataclass(frozen=True)
class Draft:
    """A candidate: its type, the question, the words that answer, and the sentence that has them ("" for none)."""

    type: str
    question: str
    gold: str
    quote: str


def drafts_of(article: Article) -> list[Draft]:
    """Every candidate of an article in the order of the text, the types taking turns, what the file states last.

    None asks what another asks.
    """
    sentences = [article.text[start:end] for start, end in sentence_spans(article.text)]
    fit = [s for s in sentences if SHORTEST <= len(s) <= LONGEST and not _POINTS_BACK.search(s) and s[-1] not in "？?"]
    by_type = [[draft for s in fit if (draft := make(s))] for make in MAKERS]
    turns = [draft for row in zip_longest(*by_type) for draft in row if draft] + list(_about(article))
    first: dict[str, Draft] = {}
    for draft in turns:
        first.setdefault(draft.question, draft)
    return list(first.values())


def ask_number(sentence: str) -> Draft | None:
    """A question for the first figure with a unit that is no date."""
    blanked = without_dates(sentence)
    if len(blanked) != len(sentence):  # full-width digits were narrowed
        return None
    figure = next(
        (m for m in NUMBER.finditer(blanked) if m["digits"] and (m["scale"] or m["unit"] or m["percent"])), None
    )
    if figure is None or _RANGE.search(sentence[: figure.start()]):
        return None
    return _asked_away(sentence, "number", figure, "多少")


def ask_date(sentence: str) -> Draft | None:
    """A question for the first date that has a year and a month."""
    date = _DATE.search(sentence)
    if date and (not sentence[date.end() :][:1].strip("，,。；; ") or _ENDS.match(sentence, date.end())):
        return None  # 截至2024年6月，…: a date that only frames what follows, or half of the answer
    return _asked_away(sentence, "date", date, "什么时候") if date else None


def ask_office(sentence: str) -> Draft | None:
    """A question for who holds an office."""
    found = _OFFICE.search(sentence)
    return Draft("who", f"{_OPENING.sub('', found['office'])}是谁？", found["name"], sentence) if found else None


def ask_definition(sentence: str) -> Draft | None:
    """A question for what something is."""
    found = _DEFINITION.search(sentence)
    return Draft("definition", f"什么是{found['name']}？", found["what"], sentence) if found else None


MAKERS: Sequence[Callable[[str], Draft | None]] = (ask_number, ask_date, ask_office, ask_definition)


def _asked_away(sentence: str, type_: str, answer: re.Match[str], word: str) -> Draft | None:
    """The sentence up to the pause after the answer, with the word that asks in the answer's place."""
    pause = _PAUSE.search(sentence, answer.end())
    before = _ABOUT.sub("", sentence[: answer.start()]) if type_ == "number" else sentence[: answer.start()]
    rest = sentence[answer.end() : pause.start() if pause else len(sentence)]
    rest = _MORE.sub("", rest) if type_ == "number" else rest
    asked = f"{before.rstrip()}{word}{rest.strip()}"
    question = _OPENING.sub("", _LISTED.sub("", asked.strip(" “”「」‘’") if _is_cut(asked) else asked)).strip() + "？"
    if _is_cut(question) or not SHORTEST <= len(question) <= LONGEST_QUESTION:
        return None
    return Draft(type_, question, answer[0].strip(), sentence)


def _is_cut(text: str) -> bool:
    """Whether a bracket or a quotation mark stands alone."""
    return any(text.count(opening) != text.count(closing) for opening, closing in _PAIRS)


def _about(article: Article) -> Iterator[Draft]:
    if article.published:
        yield Draft("metadata", f"《{article.title}》是哪天发表的？", article.published, "")
    if article.author:
        yield Draft("metadata", f"《{article.title}》的作者是谁？", article.author, "")
