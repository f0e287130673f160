"""Questions that lead on from an answer, each checked: the articles answer it in a sentence not yet cited."""

import re

from rag.embed import Embedder
from rag.examples import TEMPLATES
from rag.extract import extract
from rag.index import Generation
from rag.measure import measure, topic_probability
from rag.retrieve import HybridRetriever
from rag.settings import Settings
from rag.text import quoted_names
from rag.types import Answer, Question

TRIED = 6  # names
_SPEECH = re.compile("[的了吗呢吧我你他她它谁哪]|怎么|什么|不是|没有")  # words in quotation marks that are no name


def follow_up_questions(
    answer: Answer, generation: Generation, embedder: Embedder, settings: Settings, count: int = 3
) -> list[str]:
    """Up to `count` questions about names in quotation marks that what was found holds, the nearest first.

    The articles use each name again, though not as their topic; those that answer are within the answer's scope.
    A refusal has none.
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
    for name in repeated[:TRIED]:
        if len(questions) == count:
            break
        question = TEMPLATES[len(questions) % len(TEMPLATES)].format(name)
        found = _answer(Question(question, scope=answer.scope), generation, embedder, settings)
        new = [c for c in found.citations if name in c.quote and c.quote not in quotes] if found else []
        if new and not any(name in other for other in questions):
            questions.append(question)
            quotes |= {citation.quote for citation in new}
    return questions


def _answer(question: Question, generation: Generation, embedder: Embedder, settings: Settings) -> Answer | None:
    """What the articles say, without a model; None where they do not hold the topic."""
    retriever = HybridRetriever.of(generation, embedder, settings, question.scope)
    passages = tuple(retriever.retrieve(question.text))
    if not passages:
        return None
    measured = measure(question.text, passages, generation, embedder)
    if topic_probability(measured) < settings.refusal_threshold:
        return None
    *_, answer = extract(question, measured, passages)
    return answer
