"""How far yes-or-no judgements of the same things agree, and how far repeated ones spread."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass

Verdicts = Sequence[bool | None]  # None: no judgement


@dataclass(frozen=True)
class Agreement:
    """Over `n` things that both judged: the share judged alike, and Cohen's kappa (None where it is undefined)."""

    n: int
    share: float | None
    kappa: float | None

    def to_json(self) -> dict[str, float | None]:
        """Its fields."""
        return asdict(self)


def agreement(one: Verdicts, other: Verdicts) -> Agreement:
    """How far two judges agree, where both judged.

    kappa = (share - chance) / (1 - chance), chance being the share that judges with the same rates would have alike.
    Source: Cohen, Educational and Psychological Measurement 1960, doi:10.1177/001316446002000104.
    """
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    if not pairs:
        return Agreement(0, None, None)
    share = sum(a == b for a, b in pairs) / len(pairs)
    yes, also = (sum(judged) / len(pairs) for judged in zip(*pairs, strict=True))
    chance = yes * also + (1 - yes) * (1 - also)
    return Agreement(len(pairs), share, None if chance == 1 else (share - chance) / (1 - chance))


@dataclass(frozen=True)
class Spread:
    """A share measured several times: each value, their mean, and the lowest and highest; None where none judged."""

    values: tuple[float | None, ...]

    def to_json(self) -> dict[str, object]:
        """The values with their mean, low, high and standard deviation (None for fewer than two)."""
        known = [value for value in self.values if value is not None]
        return {
            "values": list(self.values),
            "mean": statistics.fmean(known) if known else None,
            "low": min(known, default=None),
            "high": max(known, default=None),
            "deviation": statistics.stdev(known) if len(known) > 1 else None,
        }


def share_of(verdicts: Verdicts) -> float | None:
    """Share of yes among the judgements; None without any."""
    judged = [verdict for verdict in verdicts if verdict is not None]
    return sum(judged) / len(judged) if judged else None


def majority(runs: Sequence[Verdicts]) -> list[bool | None]:
    """What most runs say of each thing; None for a tie, and where none judged."""
    voted: list[bool | None] = []
    for verdicts in zip(*runs, strict=True):
        yes, no = verdicts.count(True), verdicts.count(False)
        voted.append(None if yes == no else yes > no)
    return voted
