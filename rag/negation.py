"""Whether one text denies what another says, or takes for granted: 不收取额外费用 against 收取额外费用."""

import re

from rag.text import ASKS_DAY, ASKS_WHEN, ASKS_YEAR, content_of, index_terms, normalize

PREMISE_TERMS = 0.5  # share of a question's terms in a sentence that can speak against its premise

# What makes words of 不 and 无 that deny nothing: 不仅, 无论.
NOT_DENIED_BY_BU, NOT_DENIED_BY_WU = "仅但断过少同久管止光只妨及如良足错菲已得", "论数疑限线人"

_NEGATED = re.compile(  # a negation, and what it reaches
    rf"(?:并非|没有|(?<!不得)(?<!不能)(?<!不可)(?<!无)不(?![{NOT_DENIED_BY_BU}])|无(?![{NOT_DENIED_BY_WU}])|未(?!来)|没(?!想到))"
    r"(?:需要?|用|必|会|能|再|是|有|曾|可以|应该?|要|向[^\W\d_]{1,4})*(?P<what>[^\W\d_]{2})[^\W_]{0,8}"
)
_BETWEEN_CLAUSES = re.compile(r"[，；。！？,;!?\n]")
_WHEN = rf"{ASKS_WHEN}|{ASKS_YEAR}|{ASKS_DAY}|\bwhen\b"
_PRESUPPOSES = re.compile(  # the way to do something is asked for whoever does it not: 怎么写
    rf"为什么|为何|为啥|{_WHEN}|多少|怎么(?:会|就|还|没|不|这么|反而|突然)|谁|\b(?:why|who)\b", re.IGNORECASE
)
_ASKS_WHEN = re.compile(_WHEN, re.IGNORECASE)
_IS_OVER = re.compile(r"[了过的](?=[^，,。？?]{0,2}[？?]?$)")  # 什么时候开放的
_TELLS_WHEN = re.compile(r"[尚还暂仍]未|[尚还暂仍]没有?|暂不|\d\s*[年月日]")  # 尚未开放, 6月30日前不开放
_OF_WHICH_THERE_IS_ONE = re.compile("(?:并非|不是)[^，。；,;]*?(?:第一|首[次个家批]|唯一|最)")  # 并非第一次出海


def contradicts(text: str, other: str) -> bool:
    """Whether one of two texts only denies what the other only says."""
    return denies(text, other) or denies(other, text)


def denies(text: str, other: str) -> bool:
    """Whether a text denies, and nowhere says, what another says and nowhere denies."""
    text, other = normalize(text), normalize(other)
    said, also_said = _NEGATED.sub(" ", text), _NEGATED.sub(" ", other)
    also_denied = " ".join(clause for clause in _BETWEEN_CLAUSES.split(other) if _NEGATED.search(clause))
    whats = {match["what"] for match in _NEGATED.finditer(text)}
    return any(what in also_said and what not in also_denied and what not in said for what in whats)


def speaks_against(question: str, sentence: str) -> bool:
    """Whether a sentence denies what a question takes for granted: 为什么收取押金, where it says 不收取押金.

    It must have at least PREMISE_TERMS of what the question is about. When something will be is asked of what is not
    yet, too, and there is a first time of all that has been done.
    """
    asked = set(index_terms(content_of(question)))
    enough = len(asked & set(index_terms(sentence))) >= PREMISE_TERMS * len(asked)
    if not (enough and _PRESUPPOSES.search(question)) or _OF_WHICH_THERE_IS_ONE.search(sentence):
        return False
    not_yet = _ASKS_WHEN.search(question) and not _IS_OVER.search(question) and _TELLS_WHEN.search(sentence)
    return not not_yet and denies(sentence, question)
