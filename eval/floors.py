"""Floors and ceilings of a summary: a TOML file with [least] and [most], a metric and its limit a line."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

Limits = dict[str, dict[str, float]]


class FloorsError(ValueError):
    """A floors file that cannot be used; the message names it."""


def load_floors(path: Path) -> Limits:
    """The limits under "least" and "most". Raises FloorsError for anything else in the file, and for no limits."""
    try:
        limits: Limits = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FloorsError(f"{path} cannot be read: {error}") from error
    if not limits or not limits.keys() <= {"least", "most"}:
        raise FloorsError(f"{path} should hold [least], [most] or both, not {sorted(limits)}")
    if not all(isinstance(table, dict) and table for table in limits.values()):
        raise FloorsError(f"{path}: [least] and [most] should each hold a metric and a number")
    return limits


def missed_limits(summary: Mapping[str, float], limits: Limits) -> list[str]:
    """One sentence for each limit that a summary misses; a metric that was not measured misses too."""
    missed = []
    for name, floor in limits.get("least", {}).items():
        if name not in summary or not summary[name] >= floor:  # not "<": that lets NaN pass
            missed.append(f"{name} is {_shown(summary, name)}, the least is {floor:g}")
    for name, ceiling in limits.get("most", {}).items():
        if name not in summary or not summary[name] <= ceiling:
            missed.append(f"{name} is {_shown(summary, name)}, the most is {ceiling:g}")
    return missed


def _shown(summary: Mapping[str, float], name: str) -> str:
    return f"{summary[name]:.4g}" if name in summary else "not measured"
