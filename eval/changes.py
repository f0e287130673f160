"""What a metric lost and won between two runs of the same questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import comb

import numpy as np

from eval.intervals import ends, is_share, resampled
from eval.records import STALE, Line

SIGNIFICANT = 0.05
LOWER_IS_BETTER = {"over-refusal", "unsupported figures", "forbidden", "fell back"}  # all from 0 to 1
NO_SHARES = {"brevity", "milliseconds", "prompt tokens", "reply tokens"}  # what is no value from 0 to 1
FAULTS = {"unsupported figures", "forbidden"}  # an answer without figures, or a refusal, has none
SMALL = 1e-3  # less is no change: baselines are rounded


class ChangeError(ValueError):
    """Runs that cannot be compared; the message says why."""


@dataclass(frozen=True)
class Change:
    """How good a metric was, from 0 to 1, of each question by its id, in two runs."""

    metric: str
    before: Mapping[str, float]
    after: Mapping[str, float]

    @cached_property
    def lost(self) -> tuple[str, ...]:
        """The questions of which it is now worse."""
        return tuple(id_ for id_, then in self.before.items() if self.after[id_] < then - SMALL)

    @cached_property
    def won(self) -> tuple[str, ...]:
        """The questions of which it is now better."""
        return tuple(id_ for id_, then in self.before.items() if self.after[id_] > then + SMALL)

    @property
    def losses(self) -> list[float]:
        """What each question lost; below 0 for a gain, 0 where nothing changed."""
        changed = {*self.lost, *self.won}
        return [then - self.after[id_] if id_ in changed else 0.0 for id_, then in self.before.items()]

    @property
    def loss(self) -> float:
        """What the mean over the questions lost; below 0 for a gain."""
        return float(np.mean(self.losses))

    @property
    def graded(self) -> bool:
        """Whether a value is something else than yes or no, 1 or 0."""
        return not is_share([*self.before.values(), *self.after.values()])

    @cached_property
    def p_value(self) -> float:
        """How probable so large a change is where nothing changed: McNemar's test for a share, else the bootstrap."""
        return paired_bootstrap(self.losses) if self.graded else mcnemar(len(self.lost), len(self.won))

    @cached_property
    def interval(self) -> tuple[float, float]:
        """The ends of the 95% interval of the loss: the percentile bootstrap over the questions, as `estimate`."""
        return ends(resampled(self.losses))

    def is_loss(self, allowed: float) -> bool:
        """Whether more was lost than is allowed, or significantly more lost than won."""
        return self.loss > allowed or (self.loss > 0 and self.p_value < SIGNIFICANT)

    def __str__(self) -> str:
        counts = f"lost {len(self.lost)} of {len(self.before)} questions and won {len(self.won)}"
        low, high = self.interval
        return f"{self.metric} {counts}: a loss of {self.loss:.3f} ({low:.3f} to {high:.3f}), p {self.p_value:.3f}"


def mcnemar(lost: int, won: int) -> float:
    """How probable so uneven a change is where losing and winning are equally likely; 1 without a change.

    Two-sided exact test of McNemar, min(1, 2 P(X <= min(lost, won))) for X ~ Binomial(lost + won, 1/2).
    Source: McNemar, Psychometrika 1947, doi:10.1007/BF02295996, in its exact form.
    """
    changed = lost + won
    return min(1.0, 2 * sum(comb(changed, k) for k in range(min(lost, won) + 1)) / 2**changed)


def paired_bootstrap(losses: Sequence[float]) -> float:
    """Twice the share of the resampled mean losses that lie on the other side of 0; 1 without a change.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 16, on the differences of pairs.
    """
    means = resampled(losses)
    return min(1.0, 2 * float(min(np.mean(means <= 0), np.mean(means >= 0))))


def change_of(metric: str, before: Sequence[Line], after: Sequence[Line]) -> Change | None:
    """The change of a metric over the questions that the first run judged; None where it judged none.

    A question that the second run did not judge counts as worst, or as best where it has no fault that could be judged;
    one whose label is stale in either is left out. Raises ChangeError where the runs are not of the same questions.
    """
    then, now = ({line["id"]: line for line in lines} for lines in (before, after))
    if odd := sorted(then.keys() ^ now.keys()):
        raise ChangeError(f"the runs are of different questions: only one has {', '.join(odd[:5])} ({len(odd)} in all)")
    both = [id_ for id_ in then if not (is_stale(then[id_]) or is_stale(now[id_]))]
    judged = [id_ for id_ in both if then[id_]["scores"].get(metric) is not None]
    if not judged:
        return None
    measured = any(line["scores"].get(metric) is not None for line in after)
    faultless = {id_: 1.0 for id_ in judged if measured and is_faultless(now[id_], metric)}
    was, is_ = ({id_: goodness(run[id_], metric) for id_ in judged} for run in (then, now))
    return Change(metric, was, is_ | faultless)


def is_faultless(line: Line, metric: str) -> bool:
    """Whether a metric judged nothing since nothing is wrong: of an answer without figures, of a right refusal."""
    unjudged = line["scores"].get(metric) is None and not line["error"]
    return unjudged and (metric in FAULTS or line["scores"].get("refusal") == 1)


def is_stale(line: Line) -> bool:
    """Whether the evidence of a question is no longer in its article."""
    return bool(line["error"] and line["error"].startswith(STALE))


def goodness(line: Line, metric: str) -> float:
    """The value of a metric, turned round where lower is better; 0 where it was not judged."""
    value = line["scores"].get(metric)
    if value is None:
        return 0.0
    return 1 - value if metric in LOWER_IS_BETTER else float(value)
