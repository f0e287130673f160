"""What a report of a run shows, worked out of its folder: numbers and texts, no HTML."""

import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from eval.gates import BASELINE, Gates, Verdict, judge_runs
from eval.intervals import Estimate, estimate
from eval.metrics import percentile
from eval.reasons import CARRIED, ORDER, failure_reasons
from eval.records import LINES, Line, RunError, read_run

REQUIRED = {"question", "history", "answerable", "gold", "forbid", "evidence", "answer", "passages"}
OF_AN_ANSWER = {"refused", "notice", "statements", "citations", "passages"}
JITTER = 0.04  # of the scatter's width: questions with equal scores stay apart
BINS_PER_DECADE = 6  # of the latencies


@dataclass(frozen=True)
class Bin:
    """Number of questions that took from `low` to `high` milliseconds."""

    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Point:
    """A line, by its place, in the scatter: how much of its evidence was retrieved and of its gold answered, 0 to 1.

    `x` and `y` are the same moved by up to JITTER.
    """

    id: str
    place: int
    retrieval: float
    answer: float
    x: float
    y: float
    failed: bool


@dataclass(frozen=True)
class Report:
    """A run: its settings, the summary of each set, its lines, and what the gates say where it was held to any."""

    settings: Mapping[str, Any]
    summary: Mapping[str, Any]
    lines: tuple[Line, ...]
    verdicts: tuple[Verdict, ...] = ()

    @property
    def left(self) -> int:
        """How many questions of its sets were not asked: the run was broken off."""
        return max(0, sum(of["questions"] for of in self.settings["sets"].values()) - len(self.lines))

    @property
    def gates_failed(self) -> list[tuple[Verdict, list[tuple[str, int | None]]]]:
        """The gates that fail, each with its questions and, of those that are listed as failed, their places."""
        places = {(self.lines[at]["set"], self.lines[at]["id"]): at for at in self.reasons}
        return [
            (verdict, [(id_, places.get((verdict.set, id_))) for id_ in verdict.questions])
            for verdict in self.verdicts
            if not verdict.passed
        ]

    @property
    def changed(self) -> list[Verdict]:
        """What changed since the baselines."""
        return [verdict for verdict in self.verdicts if verdict.gate == BASELINE and verdict.passed]

    @cached_property
    def reasons(self) -> dict[int, tuple[str, ...]]:
        """Why each failed line failed, by its place among the lines."""
        found = {place: failure_reasons(line) for place, line in enumerate(self.lines)}
        return {place: reasons for place, reasons in found.items() if reasons}

    @property
    def failures(self) -> list[tuple[str, list[tuple[int, Line, tuple[str, ...]]]]]:
        """The failed lines under the earliest of their reasons, with their places and all reasons."""
        return [
            (reason, listed)
            for reason in ORDER
            if (listed := [(at, self.lines[at], why) for at, why in self.reasons.items() if why[0] == reason])
        ]

    @property
    def answered(self) -> list[Line]:
        """The lines with an answer, which what a follow-up became is not: it refuses nothing."""
        return [line for line in self.lines if line["answer"] and CARRIED not in line["scores"]]

    @property
    def confusion(self) -> dict[tuple[bool, bool], Estimate | None]:
        """By (answerable, refused), the share of the questions that are as answerable; None without such questions."""
        found: dict[tuple[bool, bool], Estimate | None] = {}
        for answerable in (True, False):
            own = [bool(line["answer"]["refused"]) for line in self.answered if line["answerable"] == answerable]
            for refused in (False, True):
                found[answerable, refused] = estimate([float(one == refused) for one in own]) if own else None
        return found

    @property
    def refusals(self) -> list[tuple[str, Estimate]]:
        """Each type of unanswerable questions, never averaged: the share that was refused."""
        asked = [line for line in self.answered if not line["answerable"]]
        types = dict.fromkeys(line["type"] for line in asked)
        of_type = {type_: [line for line in asked if line["type"] == type_] for type_ in types}
        return [(type_, estimate([float(line["answer"]["refused"]) for line in of])) for type_, of in of_type.items()]

    @property
    def milliseconds(self) -> list[float]:
        """What each question took."""
        return [ms for line in self.lines if (ms := line["scores"].get("milliseconds")) is not None]

    @property
    def percentiles(self) -> dict[int, Estimate]:
        """The p50 and p95 of the milliseconds; empty without any."""
        values = self.milliseconds
        return {percent: estimate(values, partial(percentile, percent=percent)) for percent in (50, 95) if values}

    @property
    def latency(self) -> list[Bin]:
        """The distribution of the milliseconds, in steps of equal ratio, without empty ends."""
        return bins(self.milliseconds)

    @property
    def points(self) -> list[Point]:
        """The answerable questions with evidence; a refusal answers nothing of the gold."""
        found = []
        for place, line in enumerate(self.lines):
            retrieval = line["scores"].get("evidence recall@10")
            if line["answer"] and line["answerable"] and retrieval is not None:
                answer = line["scores"].get("gold share") or 0.0
                chance = random.Random(line["id"])  # the same place in every report
                x, y = retrieval + chance.uniform(-JITTER, JITTER), answer + chance.uniform(-JITTER, JITTER)
                found.append(Point(line["id"], place, retrieval, answer, x, y, place in self.reasons))
        return found


def bins(values: Iterable[float]) -> list[Bin]:
    """Values counted in steps of equal ratio, BINS_PER_DECADE for a factor of ten; values below 1 count as 1."""
    steps = Counter(math.floor(math.log10(max(1.0, value)) * BINS_PER_DECADE + 1e-9) for value in values)
    if not steps:
        return []
    return [
        Bin(10 ** (step / BINS_PER_DECADE), 10 ** ((step + 1) / BINS_PER_DECADE), steps[step])
        for step in range(min(steps), max(steps) + 1)
    ]


def read_report(folder: Path, gates: Mapping[str, Gates] | None = None) -> Report:
    """The report of a run folder, with what these gates say of its sets.

    Raises RunError where it is no run, or holds scores alone, as a baseline does.
    """
    run = read_run(folder)
    for line in run.lines:
        missing = REQUIRED - line.keys()
        if line.get("answer") is not None:
            missing |= OF_AN_ANSWER - line["answer"].keys()
        if missing:
            told = f"{folder} cannot be reported, {line['id']} has no {', '.join(sorted(missing))}"
            raise RunError(f"{told}: give a folder that python -m eval run wrote")
    own = {name: of for name, of in (gates or {}).items() if name in run.sets}
    verdicts = judge_runs([folder], own) if gates else []
    return Report(run.settings, run.summary(), tuple(run.lines), tuple(verdicts))


def run_folders(parent: Path) -> Sequence[Path]:
    """The run folders in a folder, the newest first."""
    found = [path.parent for path in parent.glob(f"*/{LINES}")] if parent.is_dir() else []
    return sorted(found, key=lambda folder: (folder / LINES).stat().st_mtime, reverse=True)
