"""Questions that the articles themselves suggest, by theme, for an empty page."""

from collections import Counter
from collections.abc import Iterable, Iterator

from rag.embed import Embedder
from rag.index import Generation
from rag.measure import measure, topic_probability
from rag.retrieve import HybridRetriever
from rag.settings import Settings
from rag.text import quoted_names

READ_ARTICLES = 200
THEMES = 3
PER_THEME = 2
TRIED = 8  # names of a theme
TEMPLATES = ("“{}”是什么？", "关于“{}”，文章里怎么说？")


def example_questions(generation: Generation, embedder: Embedder, settings: Settings) -> dict[str, list[str]]:
    """Up to PER_THEME questions for each of the commonest tags, then under "" for what has none of them.

    They are about names that the articles put in quotation marks most often. Each is checked: the articles must hold
    its topic. A theme without a question is left out.
    """
    library = generation.library
    found = {id_: Counter(quoted_names(library.article(id_).text)) for id_ in library.article_ids()[:READ_ARTICLES]}
    retriever = HybridRetriever.of(generation, embedder, settings)
    taken: list[str] = []

    def checked(names: Iterable[str]) -> Iterator[str]:
        for name in names:
            if any(name in question or question in name for question in taken):
                continue
            question = TEMPLATES[len(taken) % len(TEMPLATES)].format(name)
            measured = measure(question, retriever.retrieve(question), generation, embedder)
            if topic_probability(measured) >= settings.refusal_threshold:
                taken.append(question)
                yield question

    questions: dict[str, list[str]] = {}
    for theme, articles in _themes({id_: library.metadata[id_].tags for id_ in found}).items():
        names = checked(_names_by_spread([found[id_] for id_ in articles])[:TRIED])
        questions[theme] = [question for question, _ in zip(names, range(PER_THEME), strict=False)]
    return {theme: listed for theme, listed in questions.items() if listed}


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
