"""What a report of a run shows, worked out of its folder: numbers and texts, no HTML."""

import json
import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from eval.reasons import ORDER, failure_reasons
from eval.run import percentile

Line = Mapping[str, Any]
LINES = "lines.jsonl"
REQUIRED = {"id", "type", "question", "answerable", "gold", "evidence", "scores"}
OPTIONAL = {"history": [], "forbid": [], "answer": None, "error": None, "evidence outcome": None, "evidence rank": None}
JITTER = 0.04  # of the scatter's width: questions with equal scores stay apart
BINS_PER_DECADE = 6  # of the latencies


class ReportError(ValueError):
    """A run folder that cannot be reported; the message names the file."""


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
    """A run: its settings, the summary of each set, and its lines."""

    settings: Mapping[str, Any]
    summary: Mapping[str, Any]
    lines: tuple[Line, ...]

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
        """The lines with an answer."""
        return [line for line in self.lines if line["answer"]]

    @property
    def confusion(self) -> dict[tuple[bool, bool], int]:
        """Number of questions by (answerable, refused)."""
        counts = Counter((bool(line["answerable"]), bool(line["answer"]["refused"])) for line in self.answered)
        return {
            (answerable, refused): counts[answerable, refused]
            for answerable in (True, False)
            for refused in (False, True)
        }

    @property
    def refusals(self) -> list[tuple[str, int, int]]:
        """Each type of unanswerable questions, never averaged: how many were refused, of how many."""
        asked = [line for line in self.answered if not line["answerable"]]
        types = dict.fromkeys(line["type"] for line in asked)
        of_type = {type_: [line for line in asked if line["type"] == type_] for type_ in types}
        return [(type_, sum(line["answer"]["refused"] for line in of), len(of)) for type_, of in of_type.items()]

    @property
    def milliseconds(self) -> list[float]:
        """What each question took."""
        return [ms for line in self.lines if (ms := line["scores"].get("milliseconds")) is not None]

    @property
    def percentiles(self) -> dict[int, float]:
        """The p50 and p95 of the milliseconds; empty without any."""
        return {percent: percentile(self.milliseconds, percent) for percent in (50, 95) if self.milliseconds}

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
                answer = line["scores"].get("gold containment") or 0.0
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


def read_report(folder: Path) -> Report:
    """The report of a run folder. Raises ReportError for a file that is missing or no part of a run, and no line."""
    settings, summary = _read_json(folder / "settings.json"), _read_json(folder / "summary.json")
    path = folder / LINES
    lines = []
    for number, text in enumerate(_read_text(path).split("\n"), 1):
        if text.strip():
            lines.append(_to_line(text, f"{path}, line {number}"))
    if not lines:
        raise ReportError(f"{path} holds no question")
    return Report(settings, summary, tuple(lines))


def _to_line(text: str, where: str) -> Line:
    try:
        line = {**OPTIONAL, **json.loads(text)}
    except (ValueError, TypeError) as error:
        raise ReportError(f"{where} is no line of a run: {error}") from error
    if missing := REQUIRED - line.keys():
        raise ReportError(f"{where} is no line of a run: it has no {', '.join(sorted(missing))}")
    return line


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError(f"{path} cannot be read ({error}): give a folder that python -m eval run wrote") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(_read_text(path))
    except ValueError as error:
        raise ReportError(f"{path} is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise ReportError(f"{path} should hold an object, not {type(value).__name__}")
    return value


def run_folders(parent: Path) -> Sequence[Path]:
    """The run folders in a folder, the newest first."""
    found = [path.parent for path in parent.glob(f"*/{LINES}")] if parent.is_dir() else []
    return sorted(found, key=lambda folder: (folder / LINES).stat().st_mtime, reverse=True)
