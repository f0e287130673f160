"""Who founded or heads something that is asked of by name, and where it sits: only what is said of that very thing.

拼多多的创始人是谁 is not answered by what 小红书的创始人瞿芳 said.
"""

import re
from collections.abc import Sequence

from rag.features import Candidate
from rag.library import Library
from rag.text import normalize, sentence_spans
from rag.types import Article

SUBJECT = 0.25  # share of an article's sentences that name what it is about; of what that is compared with 0.13 at most
SHARE_OF_TITLE = 0.5  # code points
_BETWEEN = r"[^，。；、,;和与及\n]{0,6}"  # a name and its office: 京东刘强东总裁
_BETWEEN_PARTS = re.compile("[：:｜|]|——")  # of a title
_ITS = r"(?:[其它该此]|这[家个支]|公司|企业|平台|品牌)"
_FOUNDED = "创[始办立建]|联创|创业(?!以来)|成立(?!以来|之初)"
_CHIEF = "ceo|首席执行官|(?<!副)总裁|(?<!副)总经理"
_CHAIR = "(?<!副)董事长"
_OF_EITHER = "掌门人|一把手"
_CAME_TO_IT = "掌舵|接任|执掌"
_BELOW_HEAD = (  # CTO is in no doctor
    *(
        rf"(?<![a-z])c{letter}o(?![a-z])|首席(?:{of})官"
        for letter, of in {"m": "营销|市场", "f": "财务", "t": "技术", "o": "运营", "p": "产品"}.items()
    ),
    "副总裁",
    "副总经理",
    "发言人",
)
_OFFICES = {  # what may be asked for, and how it is told
    r"(?:联合)?创[始办]人": _FOUNDED,
    rf"(?:现任|前)?(?:{_CHIEF})": f"{_CHIEF}|{_OF_EITHER}|{_CAME_TO_IT}",
    rf"(?:现任|前)?(?:{_CHAIR})": f"{_CHAIR}|{_OF_EITHER}|{_CAME_TO_IT}",
    rf"(?:现任|前)?(?:{_OF_EITHER})": f"{_CHIEF}|{_CHAIR}|{_OF_EITHER}|{_CAME_TO_IT}",
    r"总部": "总部|位于|坐落|地处|[设落迁搬]在|落户",
    **{rf"(?:现任|前)?(?:{office})": office for office in _BELOW_HEAD},
}
_NAME = r"(?P<name>[^这那的是在谁哪什啥何，,：:？?。\s][^的是在谁哪什啥何，,：:？?。]{1,11}?)(?:公司|集团)?"
_NO_NAME = re.compile(r"[你我他她它].*|(?:一?家|某)?(?:公司|企业|品牌|平台|集团|店铺?|网站|团队|作者)")
_WHICH = r"\s?[是叫在设于]{0,3}(?:谁|哪一?[位个](?:人|城市)?|哪[里儿座]?(?:城市)?|什么(?:名字|人|地方)?)"
_ASKS = [
    (re.compile(rf"(?:请问)?(?:{form})的?[呀啊呢]?[?？]?"), told)
    for form, told in (
        *((rf"{_NAME}\s?的?\s?(?:{office})(?:{_WHICH})?", told) for office, told in _OFFICES.items()),
        *((rf"(?:谁是|哪位是){_NAME}\s?的?\s?(?:{office})", told) for office, told in _OFFICES.items()),
        (rf"{_NAME}\s?(?:是|由)谁创[办立建]", _FOUNDED),
        (rf"谁创[办立建]了?{_NAME}", _FOUNDED),
    )
]


def of_whose_office(question: str, candidates: Sequence[Candidate], library: Library) -> list[int] | None:
    """Which candidates tell who holds the office that a question asks for, or where the seat is, of what it names.

    Such a sentence speaks of the office, and its article is about the thing, or it begins with its name or has it
    directly before or after the office, or begins with the office or with a word for the thing where the sentence
    before it has the name. None for a question for something else, or of what no article names.
    """
    asked = next(((m["name"], told) for asks, told in _ASKS if (m := asks.fullmatch(normalize(question)))), None)
    if asked is None or _NO_NAME.fullmatch(asked[0]) or not library.phrase_frequency(asked[0], 1):
        return None
    name, told = asked
    about = {c.passage.article.id: _is_about(c.passage.article, name) for c in candidates}
    named = re.escape(name)
    by_it = rf"{named}{_BETWEEN}(?:{told})|(?:{told})[了的]?{named}"
    beside = re.compile(rf"{by_it}|(?:\A|\n){named}.*\Z|{named}.*\n(?:{_ITS}.*\Z|(?:{told}))")
    return [
        i
        for i, candidate in enumerate(candidates)
        if re.search(told, normalize(candidate.text))
        and (about[candidate.passage.article.id] or beside.search(_with_the_one_before(candidate)))
    ]


def _is_about(article: Article, name: str) -> bool:
    title = normalize(article.title)
    if any(part.strip().startswith(name) for part in _BETWEEN_PARTS.split(title)):
        return True
    shorter, longer = sorted((name, title), key=len)
    if shorter in longer and len(shorter) >= SHARE_OF_TITLE * len(longer):
        return True
    sentences = [normalize(article.text[start:end]) for start, end in sentence_spans(article.text)]
    return sum(name in sentence for sentence in sentences) >= SUBJECT * len(sentences)


def _with_the_one_before(candidate: Candidate) -> str:
    """A sentence below the one before it in its passage, each on one line."""
    spans = candidate.passage.chunk.sentences
    at = spans.index((candidate.start, candidate.end))
    lines = (candidate.passage.article.text[start:end] for start, end in spans[max(0, at - 1) : at + 1])
    return "\n".join(" ".join(normalize(line).split()) for line in lines)
