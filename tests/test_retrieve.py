from pathlib import Path

import pytest
from fakes import FakeEmbedder

from ingest.run import ingest
from rag.index import Generation, IndexReader
from rag.retrieve import HybridRetriever, from_document
from rag.settings import Settings


@pytest.fixture
def generation(tiny_index: Path, fake_embedder: FakeEmbedder) -> Generation:
    return IndexReader(tiny_index, fake_embedder).current()


def test_the_passage_that_both_legs_prefer_comes_first(generation: Generation, fake_embedder: FakeEmbedder) -> None:
    passages = HybridRetriever.of(generation, fake_embedder, Settings()).retrieve("鸟会飞吗")
    assert passages[0].article.id == "子/丙"
    assert [p.rank for p in passages] == [1, 2, 3]
    assert passages[0].score == 1.0


def test_passages_survive_the_way_through_a_langchain_document(
    generation: Generation, fake_embedder: FakeEmbedder
) -> None:
    retriever = HybridRetriever.of(generation, fake_embedder, Settings())
    documents = retriever.invoke("猫怕谁")
    assert [from_document(d, generation) for d in documents] == retriever.retrieve("猫怕谁")
    assert documents[0].page_content == generation.library.chunk(documents[0].id or "").text


def test_a_query_without_any_known_term_still_has_dense_passages(
    generation: Generation, fake_embedder: FakeEmbedder
) -> None:
    assert len(HybridRetriever.of(generation, fake_embedder, Settings()).retrieve("😀")) == 3


def test_chunks_that_say_the_same_are_ordered_by_their_ids(tmp_path: Path, fake_embedder: FakeEmbedder) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for name in "甲乙丙":
        (corpus / f"{name}.txt").write_text("同题\n\n猫吃鱼。\n", encoding="utf-8")
    (corpus / "丁.txt").write_text("别的\n\n鸟会飞。\n", encoding="utf-8")
    ingest(corpus, tmp_path / "index", fake_embedder)
    generation = IndexReader(tmp_path / "index", fake_embedder).current()
    passages = HybridRetriever.of(generation, fake_embedder, Settings()).retrieve("猫吃什么")
    assert passages[3].article.id == "丁"
    assert [p.chunk.id for p in passages[:3]] == sorted(p.chunk.id for p in passages[:3])
    assert len({(p.score, p.dense, p.lexical) for p in passages[:3]}) == 1
