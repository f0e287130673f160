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


def test_convex_fusion_depends_on_no_scale_or_origin_of_a_leg() -> None:
    chance = random.Random(5)
    for _ in range(50):
        ids = [f"c{i}" for i in range(chance.randint(2, 9))]
        dense, lexical = ({i: chance.uniform(-1, 9) for i in ids} for _ in range(2))
        weight, scale, origin = chance.random(), chance.uniform(0.1, 9), chance.uniform(-9, 9)
        moved = {i: score * scale + origin for i, score in lexical.items()}
        assert convex_fusion(dense, moved, weight) == pytest.approx(convex_fusion(dense, lexical, weight))
        assert convex_fusion(dense, lexical, 1) == pytest.approx(min_max(dense))
        assert convex_fusion(dense, lexical, 0) == pytest.approx(min_max(lexical))


def test_convex_fusion_refuses_legs_that_scored_different_chunks() -> None:
    with pytest.raises(ValueError, match="same chunks"):
        convex_fusion({"a": 1.0}, {"b": 1.0}, 0.5)
    with pytest.raises(ValueError, match="from 0 to 1"):
        convex_fusion({"a": 1.0}, {"a": 1.0}, 1.5)
