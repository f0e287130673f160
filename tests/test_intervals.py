"""Intervals by hand and against scipy; figures of a run out of its lines."""

import random
import statistics
from typing import Any

import numpy as np
import pytest
from scipy import stats

from eval.intervals import SEED, Estimate, estimate, resampled, share_interval
from eval.metrics import percentile
from eval.summary import by_type, figures_of, summary_of


def line(type_: str = "fact", id_: str = "q", error: str | None = None, **scores: float | None) -> dict[str, Any]:
    return {"id": id_, "type": type_, "scores": scores, "outcome": None, "error": error}


def values(lines: list[dict[str, Any]]) -> dict[str, float]:
    return {name: figure.value for name, figure in figures_of(lines).items()}


def test_the_interval_of_a_share_by_hand() -> None:
    low, high = share_interval(5, 10)  # (0.5 + z²/20 ± z √(0.25/10 + z²/400)) / (1 + z²/10), z² = 3.8415
    assert (round(low, 4), round(high, 4)) == (0.2366, 0.7634)
    assert (share_interval(0, 10)[0], share_interval(10, 10)[1]) == pytest.approx((0, 1))


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (1, 1), (0, 30), (3, 7), (149, 217), (3218, 3219)])
def test_the_interval_of_a_share_agrees_with_scipy(hits: int, n: int) -> None:
    theirs = stats.binomtest(hits, n).proportion_ci(method="wilson")
    assert share_interval(hits, n) == pytest.approx((theirs.low, theirs.high), abs=1e-6)


@pytest.mark.parametrize("statistic", [np.mean, np.median])
def test_other_intervals_agree_with_the_bootstrap_of_scipy(statistic: Any) -> None:
    chance = random.Random(5)
    data = [chance.gauss(3, 1) for _ in range(80)]
    ours = estimate(data, statistic)
    theirs = stats.bootstrap((data,), statistic, method="percentile", n_resamples=9999, rng=1).confidence_interval
    assert ours.value == pytest.approx(float(statistic(data)))
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.05)


def test_an_interval_is_the_same_every_time_and_only_of_the_values_seen() -> None:
    assert estimate([0.5, 0.25, 1.0]) == estimate([0.5, 0.25, 1.0])
    assert estimate([0.5] * 9) == Estimate(0.5, 0.5, 0.5, 9)
    assert list(resampled([1.0, 2.0])) != list(resampled([1.0, 2.0], seed=SEED + 1))


def test_an_interval_of_a_share_holds_the_truth_in_95_of_100_cases() -> None:
    chance = random.Random(11)
    hits = [sum(chance.random() < 0.7 for _ in range(60)) for _ in range(1000)]
    held = sum(low <= 0.7 <= high for low, high in (share_interval(h, 60) for h in hits))
    assert 925 <= held <= 975


# summaries


def test_a_summary_is_the_mean_of_what_was_judged_with_how_many_were() -> None:
    figures = figures_of([line(a=1.0, b=None), line(a=0.0, b=0.5), line(c=None)])
    assert {name: (figure.value, figure.n) for name, figure in figures.items()} == {"a": (0.5, 2), "b": (0.5, 1)}
    assert figures["a"] == Estimate(0.5, *share_interval(1, 2), 2)
    assert figures_of([]) == {}


def test_brevity_is_a_median_and_time_two_percentiles() -> None:
    lines = [line(brevity=value, milliseconds=value * 10) for value in (1.0, 2.0, 30.0)]
    assert values(lines) == {"brevity": 2.0, "p50 ms": 20.0, "p95 ms": 300.0}


def test_refusal_is_told_by_type_and_never_averaged_over_types() -> None:
    lines = [
        line("off-topic", refusal=1.0, **{"over-refusal": None}),
        line("near-miss", refusal=0.0),
        line("near-miss", refusal=1.0),
        line("fact", refusal=None, **{"over-refusal": 0.25}),
    ]
    assert values(lines) == {
        "over-refusal": 0.25,
        "refusal off-topic": 1.0,
        "balanced accuracy off-topic": (1 + 0.75) / 2,
        "refusal near-miss": 0.5,
        "balanced accuracy near-miss": (0.5 + 0.75) / 2,
    }
    assert values(lines[:3]) == {"refusal off-topic": 1.0, "refusal near-miss": 0.5}
    balanced = figures_of(lines)["balanced accuracy near-miss"]
    assert (balanced.low, balanced.high, balanced.n) == (0.375, 0.875, 3)


def test_types_are_summarized_apart_in_order_of_appearance_and_failures_are_named() -> None:
    lines = [line("b", x=1.0), line("a", x=0.0), line("b", x=0.0), line("a", "bad", "KeyError: y")]
    assert list(by_type(lines)) == ["b", "a"]
    summary = summary_of(lines)
    assert summary["questions"] == 4
    assert {type_: figures["x"]["value"] for type_, figures in summary["types"].items()} == {"b": 0.5, "a": 0.0}
    assert summary["failed"] == {"bad": "KeyError: y"}


def test_outcomes_are_counted_from_the_best_to_the_worst() -> None:
    found = ["ranked low", None, "cited", "ranked low"]
    lines = [{**line(), "outcome": outcome} for outcome in found]
    assert list(summary_of(lines)["evidence"].items()) == [("cited", 1), ("ranked low", 2)]


@pytest.mark.parametrize(
    ("count", "percent", "value"), [(100, 95, 95), (20, 95, 19), (3, 95, 3), (1, 95, 1), (4, 50, 2)]
)
def test_a_percentile_is_the_nearest_rank(count: int, percent: int, value: int) -> None:
    assert percentile([float(v) for v in range(count, 0, -1)], percent) == value


def test_percentiles_agree_with_their_definition() -> None:
    data = [float(v * v % 37) for v in range(50)]
    for percent in range(1, 101):
        enough = [v for v in data if sum(w <= v for w in data) * 100 >= percent * len(data)]
        assert percentile(data, percent) == min(enough)
    assert percentile(sorted(data)[:49], 50) == statistics.median(sorted(data)[:49])
