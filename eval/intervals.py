"""How sure a figure is: it with its 95% interval, over the questions that it was measured on."""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

SEED = 20251125
RESAMPLES = 2000
Z = 1.959964  # of the normal distribution, 97.5%

Statistic = Callable[..., Any]  # of an array and axis=, such as numpy.mean


@dataclass(frozen=True)
class Estimate:
    """A figure, the ends of its 95% interval, and the number of questions that it was measured on."""

    value: float
    low: float
    high: float
    n: int

    def to_json(self) -> dict[str, float]:
        """The figure as in summary.json."""
        return asdict(self)


def share_interval(hits: float, n: int) -> tuple[float, float]:
    """The 95% interval of a share of n questions.

    Source: Wilson, JASA 1927, doi:10.1080/01621459.1927.10502953 (the score interval, without correction).
    """
    share, square = hits / n, Z * Z / n
    middle = (share + square / 2) / (1 + square)
    half = Z * math.sqrt(share * (1 - share) / n + square / (4 * n)) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)


def resampled(values: Sequence[float], statistic: Statistic = np.mean, seed: int = SEED) -> Any:
    """(RESAMPLES,) the statistic of as many samples with replacement, always the same ones for the same values."""
    samples = np.random.default_rng(seed).choice(np.asarray(values, dtype=float), (RESAMPLES, len(values)))
    return statistic(samples, axis=1)


def ends(values: Any) -> tuple[float, float]:
    """The 2.5th and the 97.5th percentile."""
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def is_share(values: Sequence[float]) -> bool:
    """Whether every value is 0 or 1."""
    return set(values) <= {0, 1}


def estimate(values: Sequence[float], statistic: Statistic = np.mean) -> Estimate:
    """A statistic of one value a question, at least one: Wilson's interval for a share, else the percentile bootstrap.

    Source: Efron, Annals of Statistics 1979, doi:10.1214/aos/1176344552 (percentile bootstrap).
    """
    n = len(values)
    if statistic is np.mean and is_share(values):
        return Estimate(sum(values) / n, *share_interval(sum(values), n), n)
    return Estimate(float(statistic(np.asarray(values, dtype=float), axis=0)), *ends(resampled(values, statistic)), n)
