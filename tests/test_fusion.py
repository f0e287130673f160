import random

import pytest

from rag.fusion import convex_fusion, min_max


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
