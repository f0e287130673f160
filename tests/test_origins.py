from pathlib import Path

import pytest
from fakes import FakeEmbedder

from ingest.run import ingest
from rag.index import Generation, IndexReader
from rag.origins import number_origins
from rag.types import Citation

STORY = "小红书在三月推出了出海领航计划，首期覆盖美国、中国香港和中国澳门三个市场，商家无需另外开店就能卖货。"
EDITED = STORY.replace("，商家", "；商家").replace("推出了", "推出")
OTHER = "另一篇文章说的是另一回事，农夫在春天种下了稻谷，到秋天才有收成，一年就这样过去了，谁也没有话说。"


@pytest.fixture
def generation(tmp_path: Path) -> Generation:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    texts = {"甲": STORY, "乙": EDITED, "丙": OTHER, "丁": STORY.replace("三月", "四月").replace("三个", "12个")}
    for name, text in texts.items():
        (corpus / f"{name}.txt").write_text(f"{text}\n", encoding="utf-8")
    ingest(corpus, tmp_path / "index", FakeEmbedder())
    return IndexReader(tmp_path / "index", FakeEmbedder()).current()


def cite(generation: Generation, *names: str) -> list[Citation]:
    articles = [generation.library.article(name) for name in names]
    return [Citation(n, article, 0, len(article.text) - 1) for n, article in enumerate(articles, 1)]


def test_a_near_copy_is_the_same_origin_and_another_text_is_not(generation: Generation) -> None:
    assert number_origins(cite(generation, "甲", "丙", "乙"), generation.library) == (1, 2, 1)


def test_a_copy_with_another_figure_says_something_else(generation: Generation) -> None:
    assert number_origins(cite(generation, "甲", "丁"), generation.library) == (1, 2)


def test_citations_of_one_article_have_one_origin(generation: Generation) -> None:
    article = generation.library.article("丙")
    citations = [Citation(1, article, 0, 5), Citation(2, article, 6, 12)]
    assert number_origins(citations, generation.library) == (1, 1)


def test_a_removed_copy_is_no_link_any_more(tmp_path: Path, generation: Generation) -> None:
    end = len(generation.library.article("甲").text)
    assert len(generation.library.repeated("甲", 0, end)) == 1
    (tmp_path / "corpus" / "乙.txt").unlink()
    ingest(tmp_path / "corpus", tmp_path / "index", FakeEmbedder())
    library = IndexReader(tmp_path / "index", FakeEmbedder()).current().library
    assert library.repeated("甲", 0, end) == frozenset()
