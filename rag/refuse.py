"""Which questions are refused, and what their readers are told."""

import re
from dataclasses import replace

from rag.courtesy import asks, courtesy_of
from rag.extract import asking_words, nearest_citations
from rag.library import Library
from rag.measure import Measured, answer_probability, topic_probability
from rag.missing import unsaid
from rag.named import RARE
from rag.quantity import says_there_is_none
from rag.scope import ABSENT_WITHIN, describe_scope, unmet_notice
from rag.settings import Settings
from rag.text import content_of, index_terms, normalize, simplify
from rag.types import ALL, Answer, Citation, Passage, Query, Question, Scope, Search

EMPTY = "请输入一个问题。"
TOO_LONG = "问题太长：有 {length} 个字，最多 {limit} 个字。请缩短后再问。"
ONLY_ORDERS = "这句话没有问文章里的内容，只是要求改变回答的方式。请直接写下想问的问题。"
NO_ARTICLES = "文章库是空的，请先加入文章再问。"
INSTEAD = {  # of a question
    "greeting": "你好！想知道文章里写了什么，直接问就可以。",
    "who": "这里用文章里的原话回答问题，并注明出处。想知道什么，直接问就可以。",
    "fine": "好的。还想知道什么，可以接着问。",
}
MORE = "请写明还想知道什么，例如某个名称、时间或数字。"
MENTIONED = "文章里提到了“{name}”，但没有找到问题所问的内容。下面是提到它的原文，供参考。"
WROTE = "没有找到问题所问的内容，只知道“{name}”是《{title}》的作者。"
ABSENT = "文章库里没有找到与这个问题有关的内容。可以换个说法再问，或先把相关文章加入文章库。"
UNSURE = "文章库里大概没有与这个问题有关的内容。下面是最相近的原文，供参考。"
NOT_SPOKEN_OF = "文章里没有找到问题所问的内容。下面是最相近的原文，供参考。"
OUTSIDE = "问题要的是这段时间的文章（{days}），不在所选的范围内（{scope}）。请改变范围或问题后再问。"
NEARLY = "下面是文章里最接近的说法，不一定直接回答了这个问题。"  # of an answer
OWN_TOPIC = 6  # times the refusal threshold: what a question needs that takes along an earlier one it does not refer to
UNSURE_ABOVE = 0.5  # of the refusal threshold: above it the nearest sentences are worth a look
SPOKEN_OF = 0.3  # probability of the topic from which it is said that the articles speak of it

_HAPPENS = re.compile(r"(?<=[年月日])(?:都|又|还)?(?:发生|出|有|做)过?$")  # 2013年发生了什么
_NO_WORD = re.compile(r"\\[nrt]|[\W_]")  # line breaks and tabs that were sent as they are escaped, too
_ORDERS = re.compile(
    r"(?:忽略|无视|忘掉|忘记)(?:以上|之前|前面|上面|上述|所有|全部|一切|你的|系统)[^，。]{0,6}(?:指示|指令|规则|提示|要求|设定)|系统提示"
    r"|假装(?:文章|你|自己)|你现在是|从现在(?:起|开始)[，,]?(?:请?你|每次)|照(?:这个|此|我说的)回答|每次(?:回答|回复)"
    r"|^\W*(?:system|assistant)\s*[:：]|\bignore\b.{0,20}\binstructions?\b|\bpretend\b",
    re.IGNORECASE,
)  # to who answers


def refuse_text(question: Question, limit: int) -> Answer | None:
    """The refusal of what has no word, more than `limit` characters, or only courtesy or orders; else None."""
    letters = question.text.strip()
    if is_empty(letters):
        notice = EMPTY
    elif is_too_long(letters, limit):
        notice = TOO_LONG.format(length=len(letters), limit=limit)
    elif courteous := INSTEAD.get(courtesy_of(letters)):
        notice = courteous
    elif _ORDERS.search(plain := simplify(letters)) and not asks(plain):
        notice = ONLY_ORDERS
    else:
        return None
    return Answer(question, refused=True, notice=notice)


def is_empty(text: str) -> bool:
    """Whether a question has no word, only marks and spaces."""
    return not _NO_WORD.sub("", text)


def is_too_long(text: str, limit: int) -> bool:
    """Whether a question has more than `limit` characters, the spaces around it not counted."""
    return len(text.strip()) > limit


def without_too_long(question: Question, limit: int) -> Question:
    """A question without those before it that were refused as too long, and without what they were told."""
    history = []
    kept = True
    for message in question.history:
        if message.role == "user":
            kept = not is_too_long(message.content, limit)
        if kept:
            history.append(message)
    return replace(question, history=tuple(history))


def judge(
    question: Question, search: Search, measured: Measured | None, library: Library, settings: Settings
) -> Answer:
    """An answer without a word yet, with its confidence.

    Where that is too low it is refused; where it is not high, its notice says so.
    """
    scope = search.query.scope
    least = settings.refusal_threshold * (OWN_TOPIC if measured and measured.own_topic else 1)
    refusal = Answer(question, passages=search.passages, refused=True)
    if courtesy_of(question.text) == "more" and search.query.text.endswith(question.text):  # no LLM has completed it
        return replace(refusal, notice=MORE)
    topic = topic_probability(measured) if measured else 0.0
    if measured is None or not measured.candidates or topic < least:
        nearest = nearest_citations(measured) if measured and topic >= UNSURE_ABOVE * least else ()
        notice = UNSURE if nearest and scope == ALL else absent_notice(scope, library)
        if not nearest and measured and (named := _that_name(search.query.text, measured, library)):
            notice, nearest = named
        return replace(refusal, notice=notice, nearest=nearest, confidence=topic)
    said = answer_probability(measured)
    untold = measured.office_told is False
    unsaid_there = said is not None and said < settings.unsaid_threshold and not measured.office_told
    if untold or unsaid_there:
        asked, nearest = asking_words(question), nearest_citations(measured)
        if untold or not says_there_is_none(asked, nearest[0].quote):  # of which the reader sees no number
            notice = unsaid(asked) if topic >= SPOKEN_OF else NOT_SPOKEN_OF
            return replace(refusal, notice=notice, nearest=nearest, confidence=topic if said is None else said)
    notice = NEARLY if said is not None and said < settings.sure_threshold else ""
    return replace(refusal, refused=False, notice=notice, confidence=topic if said is None else said)


def _that_name(text: str, measured: Measured, library: Library) -> tuple[str, tuple[Citation, ...]] | None:
    """What is told of the rare name that a text begins with, and the nearest sentences that have it.

    None where no sentence has it, and no article is by somebody of that name.
    """
    words = content_of(text).split()
    name = _HAPPENS.sub("", words[0]) if words else ""
    if len(name) < 2 or library.phrase_frequency(name, RARE + 1) > RARE:
        return None
    phrase = f" {' '.join(index_terms(name))} "
    having = [i for i, c in enumerate(measured.candidates) if phrase in f" {' '.join(index_terms(c.text))} "]
    if having:
        return MENTIONED.format(name=name), nearest_citations(measured.only(having))
    title = next((said.title for said in library.metadata.values() if normalize(said.author or "") == name), None)
    return (WROTE.format(name=name, title=title), ()) if title else None


def refuse_outside_days(
    question: Question, query: Query, library: Library, passages: tuple[Passage, ...]
) -> Answer | None:
    """The refusal of a question that wants articles of days which its scope leaves out; None of any other question."""
    if query.outside == ALL:
        return None
    days, scope = (describe_scope(days, library.metadata) for days in (query.outside, query.scope))
    return Answer(question, passages=passages, refused=True, notice=OUTSIDE.format(days=days, scope=scope))


def absent_notice(scope: Scope, library: Library) -> str:
    """Why nothing was found: no article meets the scope, or those that do hold nothing on the topic."""
    allowed = library.articles_within(scope)
    if allowed is None:
        return ABSENT
    if not allowed:
        return unmet_notice(scope, library.metadata)
    return ABSENT_WITHIN.format(scope=describe_scope(scope, library.metadata))
