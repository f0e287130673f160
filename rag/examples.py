"""Questions that the articles themselves suggest, for an empty page."""

import re
from collections import Counter

from rag.embed import Embedder
from rag.index import Generation
from rag.measure import measure, topic_probability
from rag.retrieve import HybridRetriever
from rag.settings import Settings

READ_ARTICLES = 200
_NAME = re.compile(r"[“「]([^“”「」，。！？、：；,.!?:;\s]{3,10})[”」]")
_TEMPLATES = ("“{}”是什么？", "关于“{}”，文章里怎么说？")


def example_questions(generation: Generation, embedder: Embedder, settings: Settings, count: int = 4) -> list[str]:
    """Up to `count` questions about names that the articles put in quotation marks most often.

    Each is checked: the articles must hold its topic.
    """
    names: Counter[str] = Counter()
    spread: Counter[str] = Counter()
    for article_id in generation.library.article_ids()[:READ_ARTICLES]:
        found = Counter(_NAME.findall(generation.library.article(article_id).text))
        names.update(found)
        spread.update(found.keys())
    retriever = HybridRetriever.of(generation, embedder, settings)
    questions: list[str] = []
    for name, _ in sorted(names.items(), key=lambda item: (-spread[item[0]], -item[1], item[0])):
        if len(questions) == count:
            break
        if names[name] < 2 or any(name in question for question in questions):
            continue
        question = _TEMPLATES[len(questions) % len(_TEMPLATES)].format(name)
        measured = measure(question, retriever.retrieve(question), generation, embedder)
        if topic_probability(measured) >= settings.refusal_threshold:
            questions.append(question)
    return questions
