from pathlib import Path

import pytest
from fakes import FakeEmbedder

from ingest.run import ingest
from rag.index import Generation, IndexReader
from rag.retrieve import HybridRetriever
from rag.settings import Settings


@pytest.fixture
def generation(tiny_index: Path, fake_embedder: FakeEmbedder) -> Generation:
    return IndexReader(tiny_index, fake_embedder).current()


def test_the_passage_that_both_legs_prefer_comes_first(generation: Generation, fake_embedder: FakeEmbedder) -> None:
    passages = HybridRetriever.of(generation, fake_embedder, Settings()).retrieve("鸟会飞吗")
    assert passages[0].article.id == "子/丙"
    assert [p.rank for p in passages] == [1, 2, 3]
    assert passages[0].score == 1.0


def test_a_document_holds_the_text_and_the_scores_of_its_passage(
    generation: Generation, fake_embedder: FakeEmbedder
) -> None:
    retriever = HybridRetriever.of(generation, fake_embedder, Settings())
    first = retriever.invoke("猫怕谁")[0]
    best = retriever.retrieve("猫怕谁")[0]
    assert (first.id, first.page_content) == (best.chunk.id, best.chunk.text)
    assert (first.metadata["article"], first.metadata["rank"], first.metadata["score"]) == ("甲", 1, best.score)


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


def test_other_forms_are_asked_of_the_lexical_leg_only(generation: Generation, fake_embedder: FakeEmbedder) -> None:
    plain = HybridRetriever.of(generation, fake_embedder, Settings()).retrieve("鸟")
    also = HybridRetriever.of(generation, fake_embedder, Settings(), also="3.5亿").retrieve("鸟")
    assert {p.article.id: p.dense for p in plain} == {p.article.id: p.dense for p in also}
    assert max(plain, key=lambda p: p.lexical).article.id == "子/丙"
    assert max(also, key=lambda p: p.lexical).article.id == "乙"


@pytest.fixture
def dated(tmp_path: Path, fake_embedder: FakeEmbedder) -> Generation:
    corpus = tmp_path / "dated"
    corpus.mkdir()
    for name, day, text in (
        ("a", "2024-01-01", "猫吃鱼。"),
        ("b", "2025-01-01", "猫吃鱼。"),
        ("c", "2026-01-01", "狗。"),
    ):
        (corpus / f"{name}.md").write_text(f"---\ntitle: 题\ndate: {day}\n---\n{text}\n", encoding="utf-8")
    ingest(corpus, tmp_path / "dated-index", fake_embedder)
    return IndexReader(tmp_path / "dated-index", fake_embedder).current()


def test_near_ties_go_to_the_newer_article_when_the_newest_is_asked_for(
    dated: Generation, fake_embedder: FakeEmbedder
) -> None:
    def order(newest: bool) -> list[tuple[str, float]]:
        passages = HybridRetriever.of(dated, fake_embedder, Settings(), newest=newest).retrieve("猫吃鱼")
        return [(passage.article.id, round(passage.score, 2)) for passage in passages]

    assert dict(order(newest=True)) == dict(order(newest=False))
    assert [id_ for id_, _ in order(newest=True)] == ["b", "a", "c"]
    assert sorted(order(newest=False)[:2]) == [("a", 1.0), ("b", 1.0)]
