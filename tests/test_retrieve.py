import random
from pathlib import Path

import pytest
from fakes import FakeEmbedder

from ingest.run import ingest
from rag.index import Generation, IndexReader
from rag.retrieve import HybridRetriever, convex_fusion, from_document, min_max
from rag.settings import Settings


@pytest.fixture
def generation(tiny_index: Path, fake_embedder: FakeEmbedder) -> Generation:
    return IndexReader(tiny_index, fake_embedder).current()


def test_min_max_scales_to_0_and_1() -> None:
    assert min_max({"a": 2.0, "b": 4.0, "c": 3.0}) == {"a": 0.0, "b": 1.0, "c": 0.5}
    assert min_max({"a": 2.0, "b": 2.0}) == {"a": 1.0, "b": 1.0}
    assert min_max({}) == {}


def test_convex_fusion_of_a_hand_computed_case() -> None:
    fused = convex_fusion({"a": 0.9, "b": 0.8, "c": 0.7}, {"a": 0.0, "b": 5.0, "c": 10.0}, 0.6)
    assert fused == pytest.approx({"a": 0.6, "b": 0.5, "c": 0.4})


def test_convex_fusion_agrees_with_a_second_implementation_on_random_scores() -> None:
    chance = random.Random(5)
    for _ in range(50):
        ids = [f"c{i}" for i in range(chance.randint(2, 9))]
        dense, lexical = ({i: chance.uniform(-1, 9) for i in ids} for _ in range(2))
        weight = chance.random()
        spans = [(min(leg.values()), max(leg.values()) - min(leg.values())) for leg in (dense, lexical)]
        expected = {
            i: weight * (dense[i] - spans[0][0]) / spans[0][1] + (1 - weight) * (lexical[i] - spans[1][0]) / spans[1][1]
            for i in ids
        }
        assert convex_fusion(dense, lexical, weight) == pytest.approx(expected)


def test_convex_fusion_refuses_legs_that_scored_different_chunks() -> None:
    with pytest.raises(ValueError, match="same chunks"):
        convex_fusion({"a": 1.0}, {"b": 1.0}, 0.5)
    with pytest.raises(ValueError, match="from 0 to 1"):
        convex_fusion({"a": 1.0}, {"a": 1.0}, 1.5)


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


def test_other_forms_are_asked_of_the_lexical_leg_only(generation: Generation, fake_embedder: FakeEmbedder) -> None:
    plain = HybridRetriever.of(generation, fake_embedder, Settings()).retrieve("鸟")
    also = HybridRetriever.of(generation, fake_embedder, Settings(), also="3.5亿").retrieve("鸟")
    assert {p.article.id: p.dense for p in plain} == {p.article.id: p.dense for p in also}
    assert [p.article.id for p in plain if p.lexical] == []
    assert [p.article.id for p in also if p.lexical] == ["乙"]


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
