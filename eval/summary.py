"""The figures of a run, of all its questions and of each type, each with its interval."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from eval.intervals import SEED, Estimate, Statistic, ends, estimate, resampled
from eval.metrics import balanced_accuracy, percentile
from eval.outcomes import ORDER

Line = Mapping[str, Any]
Figures = dict[str, Estimate]

JUDGED_APART = "refusal"
SHOWN = 20  # questions named in a sentence


STATISTICS: dict[str, dict[str, Statistic]] = {  # of what is no mean
    "brevity": {"brevity": np.median},
    "milliseconds": {"p50 ms": partial(percentile, percent=50), "p95 ms": partial(percentile, percent=95)},
}


def summary_of(lines: Sequence[Line]) -> dict[str, Any]:
    """What summary.json holds of one set: all questions, each type, what became of the evidence, what failed."""
    outcomes = Counter(line["outcome"] for line in lines)
    return {
        "questions": len(lines),
        "all": _to_json(figures_of(lines)),
        "types": {type_: _to_json(figures_of(own)) for type_, own in by_type(lines).items()},
        "evidence": {reason: outcomes[reason] for reason in ORDER if outcomes[reason]},
        "failed": {line["id"]: line["error"] for line in lines if line["error"]},
    }


def _to_json(figures: Figures) -> dict[str, dict[str, float]]:
    return {name: found.to_json() for name, found in figures.items()}


def by_type(lines: Sequence[Line]) -> dict[str, list[Line]]:
    """The lines of each question type, in the order in which the types first appear."""
    types = dict.fromkeys(line["type"] for line in lines)
    return {type_: [line for line in lines if line["type"] == type_] for type_ in types}


def figures_of(lines: Sequence[Line]) -> Figures:
    """Every metric over the questions that it judges: a mean, or what STATISTICS says. None judged: no figure.

    Refusal is told by type of question, never averaged over types, since some absences are far easier to see.
    """
    figures: Figures = {}
    for name in dict.fromkeys(name for line in lines for name in line["scores"] if name != JUDGED_APART):
        if values := judged(lines, name):
            for told, statistic in STATISTICS.get(name, {name: np.mean}).items():
                figures[told] = estimate(values, statistic)
    return figures | refusal_figures(lines)


def judged(lines: Sequence[Line], metric: str) -> list[float]:
    """The values of a metric over the questions that it judges."""
    return [value for line in lines if (value := line["scores"].get(metric)) is not None]


def refusal_figures(lines: Sequence[Line]) -> Figures:
    """Of each type with unanswerable questions, the share that is refused, and its balanced accuracy."""
    answered = [1 - value for value in judged(lines, "over-refusal")]
    figures: Figures = {}
    for type_, own in by_type(lines).items():
        if not (refused := judged(own, JUDGED_APART)):
            continue
        figures[f"refusal {type_}"] = estimate(refused)
        if answered:
            value = balanced_accuracy(np.mean(refused), np.mean(answered))
            low, high = ends(balanced_accuracy(resampled(refused), resampled(answered, seed=SEED + 1)))
            figures[f"balanced accuracy {type_}"] = Estimate(float(value), low, high, len(refused) + len(answered))
    return figures


def shown(figure: dict[str, float] | None) -> str:
    """A figure with its interval and the number of questions, such as 0.69 (0.62-0.75, 217); a dash for None."""
    if figure is None:
        return "–"
    digits = 3 if abs(figure["value"]) < 10 else 0
    value, low, high = (f"{figure[key]:.{digits}f}" for key in ("value", "low", "high"))
    return f"{value} ({low}-{high}, {figure['n']})"


def shown_share(values: Sequence[bool]) -> str:
    """The share of what is true, at least one value, as `shown` tells it."""
    return shown(estimate(values).to_json())


def shown_ids(ids: Sequence[str]) -> str:
    """The first questions of a sentence by their ids, and how many more there are: q1, q2 and 3 more."""
    more = len(ids) - SHOWN
    return f"{', '.join(ids[:SHOWN])}{f' and {more} more' if more > 0 else ''}"
