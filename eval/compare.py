"""python -m eval compare BEFORE AFTER: what changed between two runs of a question set.

BEFORE and AFTER are written by `python -m eval run SET --lines FILE`. Prints for each metric how many questions it
lost and won, with the exact McNemar test; then every such question with both answers. Both runs must be made
in the same way, over the same set.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

EPILOG = """exit codes: 0 no metric lost; 1 a metric lost significantly or more than --max-loss, or the runs cannot be
compared; 2 wrong arguments"""
METRICS = ("joint accuracy", "evidence hit@1", "evidence hit@5", "citation hit", "gold containment", "citations exact")
SIGNIFICANT = 0.05
SHOWN_LETTERS = 300  # of an answer

Lines = dict[str, dict[str, Any]]


class CompareError(ValueError):
    """Runs that cannot be compared; the message says why."""


@dataclass(frozen=True)
class Change:
    """The questions, by id, that a metric lost and won between two runs of `questions` questions."""

    metric: str
    questions: int
    lost: tuple[str, ...]
    won: tuple[str, ...]

    @property
    def loss(self) -> float:
        """Share of the questions lost less those won; below 0 for a gain."""
        return (len(self.lost) - len(self.won)) / self.questions

    @property
    def p_value(self) -> float:
        """How probable so uneven a change is where losing and winning are equally likely.

        Two-sided exact test of McNemar, min(1, 2 P(X <= min(lost, won))) for X ~ Binomial(lost + won, 1/2); 1 without
        a change. Source: McNemar, Psychometrika 1947, doi:10.1007/BF02295996, in its exact form.
        """
        changed, fewer = len(self.lost) + len(self.won), min(len(self.lost), len(self.won))
        return min(1.0, 2 * sum(comb(changed, k) for k in range(fewer + 1)) / 2**changed)

    def is_loss(self, allowed: float) -> bool:
        """Whether more was lost than is allowed, a share of the questions, or significantly more lost than won."""
        return self.loss > allowed or (self.loss > 0 and self.p_value < SIGNIFICANT)


def read_lines(path: Path) -> Lines:
    """The lines of a run by the id of their question. Raises CompareError for a file that is none, and for no line."""
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
        lines = {row["id"]: row for row in rows if isinstance(row["scores"], dict)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CompareError(f"{path} cannot be read as lines of python -m eval run --lines: {error!r}") from error
    if not lines or len(lines) < len(rows):
        raise CompareError(f"{path} holds {len(rows)} lines of {len(lines)} questions")
    return lines


def compare(before: Lines, after: Lines) -> list[Change]:
    """The changes of the METRICS that the first run judged, where a question counts as won when the metric is 1.

    A question that the second run did not judge is lost. Raises CompareError where they are not of the same questions,
    and where the second run judged what the first did not.
    """
    if before.keys() != after.keys():
        odd = sorted(before.keys() ^ after.keys())
        raise CompareError(
            f"the runs are of different questions: only one has {', '.join(odd[:5])} ({len(odd)} in all)"
        )
    if missing := [metric for metric in METRICS if _judges(after, metric) and not _judges(before, metric)]:
        raise CompareError(f"the run before did not judge {', '.join(missing)}: run both in the same way")
    return [_change(metric, before, after) for metric in METRICS if _judges(before, metric)]


def _judges(lines: Lines, metric: str) -> bool:
    return any(line["scores"].get(metric) is not None for line in lines.values())


def _change(metric: str, before: Lines, after: Lines) -> Change:
    judged = [id_ for id_ in before if before[id_]["scores"].get(metric) is not None]
    then = {id_: before[id_]["scores"][metric] == 1 for id_ in judged}
    now = {id_: after[id_]["scores"].get(metric) == 1 for id_ in judged}
    lost = tuple(id_ for id_ in judged if then[id_] and not now[id_])
    won = tuple(id_ for id_ in judged if now[id_] and not then[id_])
    return Change(metric, len(judged), lost, won)


def print_changes(changes: Sequence[Change], before: Lines, after: Lines, console: Console) -> None:
    """A row for each metric, then every question that one of them lost or won, with both answers."""
    table = Table("metric", "questions", "lost", "won", "p")
    for change in changes:
        row = (change.metric, change.questions, len(change.lost), len(change.won), f"{change.p_value:.3f}")
        table.add_row(*map(str, row))
    console.print(table)
    for id_ in before:
        lost = [f"LOST {change.metric}" for change in changes if id_ in change.lost]
        won = [f"WON {change.metric}" for change in changes if id_ in change.won]
        if lost or won:
            console.print(f"\n[bold]{escape(id_)}: {', '.join([*lost, *won])}[/bold]")
            console.print(f"before: {escape(_told(before[id_]))}")
            console.print(f"after: {escape(_told(after[id_]))}")


def _told(line: Mapping[str, Any]) -> str:
    """What became of the evidence, and the beginning of the answer."""
    text = (line.get("answer") or {}).get("text", "")
    return f"({line.get('evidence') or 'no evidence'}) {text[:SHOWN_LETTERS]}"


def share(text: str) -> float:
    """A share, 0 to 1. Raises ValueError, which argparse reports."""
    value = float(text)
    if not 0 <= value <= 1:  # NaN is neither
        raise ValueError(f"{text} is no share")
    return value


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval compare", description=__doc__, epilog=EPILOG)
    parser.add_argument("before", type=Path, metavar="BEFORE")
    parser.add_argument("after", type=Path, metavar="AFTER")
    parser.add_argument(
        "--max-loss", type=share, default=0.02, metavar="SHARE", help="share of the questions that may be lost (0.02)"
    )
    options = parser.parse_args(arguments)
    try:
        before, after = read_lines(options.before), read_lines(options.after)
        changes = compare(before, after)
        if not changes:
            raise CompareError(f"{options.before} judged none of {', '.join(METRICS)}")
    except CompareError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print_changes(changes, before, after, Console(width=120))
    losses = [change for change in changes if change.is_loss(options.max_loss)]
    for change in losses:
        text = f"{change.metric} lost {len(change.lost)} of {change.questions} questions and won {len(change.won)}"
        print(f"FAILED: {text}", file=sys.stderr)
    return 1 if losses else 0
