"""Questions that the articles suggest, for an empty page and after an answer; each checked to have an answer."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from rag.chain import AnswerChain
from rag.text import quoted_names
from rag.types import Answer, Question

READ_ARTICLES = 200
THEMES = 3
PER_THEME = 2
TRIED_OF_A_THEME = 8  # names
TRIED_OF_AN_ANSWER = 6
TEMPLATES = ("“{}”是什么？", "关于“{}”，文章里怎么说？")
_SPEECH = re.compile("[的了吗呢吧我你他她它谁哪]|怎么|什么|不是|没有")  # words in quotation marks that are no name


def example_questions(chain: AnswerChain) -> dict[str, list[str]]:
    """Up to PER_THEME questions for each of the commonest tags, then under "" for what has none of them.

    They are about names that the articles put in quotation marks most often. A theme without a question is left out.
    """
    library = chain.index.current().library
    found = {id_: Counter(quoted_names(library.article(id_).text)) for id_ in library.article_ids()[:READ_ARTICLES]}
    taken: list[str] = []

    def checked(names: Iterable[str]) -> Iterator[str]:
        for name in names:
            if any(name in question or question in name for question in taken):
                continue
            question = _about(name, len(taken))
            if not chain.quick_answer(Question(question)).refused:
                taken.append(question)
                yield question

    questions: dict[str, list[str]] = {}
    for theme, articles in _themes({id_: library.metadata[id_].tags for id_ in found}).items():
        names = checked(_names_by_spread([found[id_] for id_ in articles])[:TRIED_OF_A_THEME])
        questions[theme] = list(islice(names, PER_THEME))
    return {theme: listed for theme, listed in questions.items() if listed}


def follow_up_questions(answer: Answer, chain: AnswerChain, count: int = 3) -> list[str]:
    """Up to `count` questions about names in quotation marks that what was found holds, the nearest first.

    The articles use each name again, though not as their topic, and answer with a sentence that has it and is not
    cited yet, within the answer's scope. A refusal has none.
    """
    if answer.refused:
        return []
    quotes = {citation.quote for citation in answer.citations}
    near = [statement.text for statement in answer.statements] + [p.chunk.text for p in answer.passages]
    names = dict.fromkeys(name for text in near for name in quoted_names(text) if name not in answer.question.text)
    articles = {passage.article.id: passage.article for passage in answer.passages}.values()
    known = [name for name in names if not _SPEECH.search(name) and not any(name in a.title for a in articles)]
    repeated = [name for name in known if sum(article.text.count(name) for article in articles) > 1]
    questions: list[str] = []
    for name in repeated[:TRIED_OF_AN_ANSWER]:
        if len(questions) == count:
            break
        question = _about(name, len(questions))
        found = chain.quick_answer(Question(question, scope=answer.scope))
        new = [c for c in found.citations if name in c.quote and c.quote not in quotes]
        if new and not any(name in other for other in questions):
            questions.append(question)
            quotes |= {citation.quote for citation in new}
    return questions


def _about(name: str, number: int) -> str:
    """The question about a name that is to follow a number of others: no two in a row are worded alike."""
    return TEMPLATES[number % len(TEMPLATES)].format(name)


def _themes(tags: dict[str, tuple[str, ...]]) -> dict[str, list[str]]:
    """The articles of each of the commonest tags, then under "" those that have none of them."""
    counts = Counter(tag for tags_of in tags.values() for tag in set(tags_of))
    common = sorted(counts, key=lambda tag: (-counts[tag], tag))[:THEMES]
    themes = {tag: [id_ for id_, tags_of in tags.items() if tag in tags_of] for tag in common}
    return themes | {"": [id_ for id_, tags_of in tags.items() if not set(tags_of) & set(common)]}


def _names_by_spread(articles: list[Counter[str]]) -> list[str]:
    """The names that are there twice or more: first those of most articles, then the most frequent."""
    total = sum(articles, Counter[str]())
    spread = Counter(name for article in articles for name in article)
    names = [name for name in total if total[name] > 1]
    return sorted(names, key=lambda name: (-spread[name], -total[name], name))
