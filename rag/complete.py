"""What an LLM leaves out, added from the extracts: another article's view, events, things, what surely answers."""

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.choose import Group, says_the_same
from rag.extract import asking_words, disagreement
from rag.features import Candidate, asks_for
from rag.generate import add_statement
from rag.ground import FRAGMENT
from rag.measure import SAID, said_probability
from rag.text import CJK, index_terms, is_foreign, normalize
from rag.timeline import asks_for_sequence
from rag.types import Answer, Question

REST = "模型只说了一部分，另补上原文里的 {count} 句，供对照。"
MERGED = "模型把几篇文章的说法合成了一句，另补上各篇的原文 {count} 句，请对照。"
OTHERS = "下面最后 {count} 句出自模型没有提到的文章，说法不一定与前面一致，请对照原文。"
_ASKS_HOW_OR_WHY = re.compile("怎么|怎样|如何|为什么|为何|为啥")  # no things
_CHINESE = re.compile(f"[{CJK}]+")
_AND_SO_ON = re.compile(r"(?:^|(?<=\w\w))等\w{0,6}$")  # 等企业, and not that of 平等
_BETWEEN_ITEMS = re.compile(r"[、，,；;\s]+|[和与及]|以及")


def completed(answer: Answer, question: Question, groups: Sequence[Group], *, told: bool) -> Answer:
    """An LLM's answer with what articles that may not agree say, and with the events and things that it leaves out.

    What it sums up of several such articles in one sentence is said by none of them: their own sentences are added.

    `groups` are the statements that answer the question without an LLM; `told` is whether they are in the order of
    events or by what is compared, and so do not differ.
    """
    views, differ = ("", False) if told else disagreement(question, groups)
    article_of = {citation.marker: citation.article.id for citation in answer.citations}
    cited = [{article_of[marker] for marker in statement.citations} for statement in answer.statements]
    alone = {article for articles in cited if len(articles) == 1 for article in articles}
    others: list[Group] = []
    merged: list[Group] = []
    for group in groups if views else ():
        article = group.candidates[0].passage.article.id
        if article not in alone:
            (merged if article in article_of.values() else others).append(group)
    rest = [group for group in left_out(question, groups, answer) if group not in (*others, *merged)]
    for group in (*rest, *merged, *others):
        answer = add_statement(answer, group.candidates[0].text, group.candidates[:1])
    parts = ((REST, rest), (MERGED, merged), (OTHERS, others))
    notices = [notice.format(count=len(added)) for notice, added in parts if added]
    return replace(answer, differ=differ, notice="".join([answer.notice, *notices]))


def left_out(question: Question, groups: Sequence[Group], answer: Answer) -> list[Group]:
    """Which statements an answer lacks: events, things, what is compared, or the one that answers best.

    It does not lack one that says the same as a cited sentence, nor one whose words that answer, as the reader sees
    them, it tells, nor one of a subject that it names; where it names not every subject, it may lack one of all of
    them. Where one thing is asked, in the articles' language, it must tell some of those words: their sentence
    cited for others (the size of an office, not its place) is no answer. A sentence cited for some of the names
    that it lists, or for a mere name, is lacking while it names more.
    """
    asked = asking_words(question)
    told = normalize(" ".join(statement.text for statement in answer.statements))
    quotes = [citation.quote for citation in answer.citations]
    lacking = [group for group in groups if not any(says_the_same(q, group.candidates[0].text) for q in quotes)]
    if asks_for_sequence(asked):
        return lacking
    if "several" in asks_for(asked) and not _ASKS_HOW_OR_WHY.search(asked):
        known = f"{told} {normalize(asked)}"
        return [g for g in groups if (_tells_more(g, told) if g in lacking else _tells_more_names(g, told, known))]
    if any(group.subject for group in groups):
        unnamed = {group.subject for group in groups if normalize(group.subject) not in told}
        return [group for group in lacking if group.subject in {"", *unnamed}] if unnamed else []
    if _ASKS_HOW_OR_WHY.search(asked):
        return []
    highest = max((group.probability for group in groups), default=0.0)
    best = [group for group in groups if group.probability == highest]
    untold = [group for group in best if not is_foreign(told) and _tells_others(group, told)]
    bare = all(len(index_terms(statement.text)) <= FRAGMENT for statement in answer.statements)
    return untold or [group for group in best if (bare or group in lacking) and _tells_more(group, told)]


def _tells_more(group: Group, told: str) -> bool:
    return not all(_is_told(item, told) for item in _items(group.candidates[0]))


def _tells_others(group: Group, told: str) -> bool:
    items = _items(group.candidates[0])
    return bool(items) and not any(_is_told(item, told) for item in items)


def _tells_more_names(group: Group, told: str, known: str) -> bool:
    """Whether of the short names that a sentence lists (阿里巴巴、Apple) some are told and one is not known."""
    items = _items(group.candidates[0])
    are_names = all(len(index_terms(item)) <= FRAGMENT for item in items)
    return are_names and any(_is_told(item, told) for item in items) and _tells_more(group, known)


def _items(candidate: Candidate) -> list[str]:
    """The things that the reader takes for the answer, where it takes them from this sentence and thinks it one."""
    reading = candidate.passage.reading
    if reading is None or said_probability([reading.answers]) < SAID:
        return []
    items = (_AND_SO_ON.sub("", item) for item in _BETWEEN_ITEMS.split(candidate.words_read))
    return [item for item in items if len(item) > 1]


def _is_told(item: str, told: str) -> bool:
    """Whether words name a thing, or all characters of a Chinese name occur in them: 港澳 is told by 香港和澳门."""
    item = normalize(item)
    return item in told or (bool(_CHINESE.fullmatch(item)) and set(item) <= set(told))
