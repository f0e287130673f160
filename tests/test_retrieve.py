import random
from pathlib import Path

import pytest
from fakes import FakeEmbedder

from rag.index import Generation, IndexReader
from rag.retrieve import HybridRetriever, convex_fusion, min_max
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
