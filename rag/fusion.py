"""Scores of several indexes made into one."""

from collections.abc import Mapping


def min_max(scores: Mapping[str, float]) -> dict[str, float]:
    """Scores moved to 0 for the lowest and 1 for the highest; all 1 when they are all the same."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if high == low:
        return dict.fromkeys(scores, 1.0)
    return {key: (score - low) / (high - low) for key, score in scores.items()}


def convex_fusion(dense: Mapping[str, float], lexical: Mapping[str, float], dense_weight: float) -> dict[str, float]:
    """Fused score of every chunk: dense_weight * dense + (1 - dense_weight) * lexical, each after min_max.

    Both mappings hold the same chunks. Raises ValueError otherwise, or for a weight outside 0 to 1.
    Source: Bruch, Gai and Ingber, ACM TOIS 2023, doi:10.1145/3596512 (convex combination with min-max scaling).
    """
    if dense.keys() != lexical.keys():
        raise ValueError("both legs must score the same chunks")
    if not 0 <= dense_weight <= 1:
        raise ValueError(f"the weight must be from 0 to 1, not {dense_weight}")
    scaled_dense, scaled_lexical = min_max(dense), min_max(lexical)
    return {key: dense_weight * scaled_dense[key] + (1 - dense_weight) * scaled_lexical[key] for key in dense}
