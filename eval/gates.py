"""What a run must hold: invariants, floors and ceilings, and what it may lose against the committed baseline.

A TOML file with a table for each set, by the name of its file:

[corpus]
baseline = "results/corpus"            # a run folder made by python -m eval accept, from the folder of this file
optional = true                        # the set need not be among the runs (default: it must)
invariants = {"citations exact" = 1}   # of every question that it judges
least = {"joint accuracy" = 0.655}     # of a figure of the summary; "follow-up: joint accuracy" is that of a type
most = {"over-refusal" = 0.1}
loss = {"joint accuracy" = 0.02}       # what the mean may lose; a significant loss is never allowed

Whatever is missing fails: a baseline, a set, a question, a metric.
"""

import json
import math
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from eval.changes import LOWER_IS_BETTER, NO_SHARES, ChangeError, change_of, goodness, is_stale
from eval.provenance import changed_parts, void_parts
from eval.records import Line, Recorded, RunError, read_run
from eval.summary import JUDGED_APART, STATISTICS, shown, summary_of

Limits = dict[str, float]
BASELINE = "baseline"  # the gate that says what changed since
QUOTES = 'names of other letters than A-Z, a-z, 0-9, _ and - stand in quotes, as in ["质量"] and "joint accuracy" = 0.8'
_BARE = re.compile(r"[\w-]+", re.ASCII)


class GatesError(ValueError):
    """A gates file that cannot be used; the message names it."""


@dataclass(frozen=True)
class Gates:
    """What the runs of one set are held to."""

    baseline: Path
    invariants: Limits = field(default_factory=dict)
    least: Limits = field(default_factory=dict)
    most: Limits = field(default_factory=dict)
    loss: Limits = field(default_factory=dict)
    optional: bool = False


@dataclass(frozen=True)
class Verdict:
    """What one gate says of one set: a sentence, and the questions that it is about."""

    set: str
    gate: str
    passed: bool
    told: str
    questions: tuple[str, ...] = ()


def load_gates(path: Path) -> dict[str, Gates]:
    """The gates by the name of their set. Raises GatesError for a file that is none, or would check nothing."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        told = f"{error}; {QUOTES}" if isinstance(error, tomllib.TOMLDecodeError) else error
        raise GatesError(f"{path} cannot be read as gates: {told}") from error
    if not tables:
        raise GatesError(f"{path} holds no gates")
    for name, table in tables.items():
        if wrong := _wrong(name, table):
            raise GatesError(f"{path}: {wrong}")
    return {name: Gates(**{**table, "baseline": path.parent / table["baseline"]}) for name, table in tables.items()}


def table_of(name: str) -> str:
    """The head of the table of a set as TOML wants it: [mine], ["质量"], ["mine.v2"]."""
    return f"[{name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)}]"


def _wrong(name: str, table: Any) -> str:
    """What is wrong with the table of a set, and what to write; "" where nothing is."""
    if not isinstance(table, dict):
        return f"{name} stands in no table: write [SET], the name of the set's file, above it"
    keys = [key.name for key in fields(Gates)]
    if unknown := sorted(table.keys() - set(keys)):
        dotted = f"{name}.{unknown[0]}"
        quoted = f"; the gates of a set {dotted} stand in {table_of(dotted)}"
        told = quoted if isinstance(table[unknown[0]], dict) else ""
        return f"{name} has {unknown[0]}, which is none of {', '.join(keys)}{told}"
    if not isinstance(table.get("baseline"), str):
        return f'{name} needs baseline = "FOLDER", which python -m eval accept fills'
    if not isinstance(table.get("optional", False), bool):
        return f"optional of {name} should be true or false, without quotes"
    limits = {key: table[key] for key in ("invariants", "least", "most", "loss") if key in table}
    for key, limit in limits.items():
        if not isinstance(limit, dict) or not all(map(_is_number, limit.values())):
            return f"{key} of {name} should be metrics with a number each"
    loss = limits.pop("loss", {})
    if not loss or not any(limits.values()):
        return f"{name} should have loss, and one of invariants, least and most"
    for key in ("least", "most"):
        for metric, limit in limits.get(key, {}).items():
            if not (0 <= limit <= 1 or _is_no_share(metric)):
                return f"the {key} of {metric} in {name} should be a share from 0 to 1: 0.08 for 8 %"
    if lower := [key for key in limits.get("least", {}) if _is_better_lower(key)]:
        return f"the least of {lower[0]} in {name} holds nothing, as less of it is better: give it a most"
    if of_types := [key for key in [*loss, *limits.get("invariants", {})] if ": " in key]:
        return f"{name} names a type in {of_types[0]}, which only least and most can"
    if no_shares := sorted(NO_SHARES & loss.keys()):
        return f"{name} cannot limit the loss of {no_shares[0]}, which is no value from 0 to 1"
    if unmet := sorted(metric for metric, allowed in loss.items() if not 0 <= allowed < 1):
        return f"the loss of {unmet[0]} that {name} allows should be a share from 0 to below 1: 0.04 for 4 %"
    return ""


def _is_no_share(key: str) -> bool:
    """Whether a figure of the summary, of all questions or of a type, is no value from 0 to 1."""
    metric = key.rpartition(": ")[2]
    return metric in NO_SHARES or any(metric in STATISTICS[name] for name in NO_SHARES & STATISTICS.keys())


def _is_better_lower(key: str) -> bool:
    return key.rpartition(": ")[2] in LOWER_IS_BETTER or _is_no_share(key)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def judge_runs(folders: Sequence[Path], gates: Mapping[str, Gates]) -> list[Verdict]:
    """What every gate says, in the order of the runs; a run that cannot be read and a set that is missing fail."""
    verdicts: list[Verdict] = []
    seen: set[str] = set()
    for folder in folders:
        try:
            run = read_run(folder)
        except RunError as error:
            verdicts.append(Verdict(folder.name, "run", False, str(error)))
            continue
        for name in run.sets:
            gate = gates.get(name)
            verdicts += judge(run, name, gate) if gate else [Verdict(name, "run", False, f"{name} has no gates")]
        seen |= set(run.sets)
    missing = [name for name, gate in gates.items() if name not in seen and not gate.optional]
    return verdicts + [Verdict(name, "run", False, f"{name} was not run") for name in missing]


def judge(run: Recorded, name: str, gates: Gates) -> list[Verdict]:
    """What every gate of a set says of a run."""
    lines = run.of_set(name)
    return [
        *_about_the_run(name, lines, run.settings["sets"][name]["questions"]),
        *_invariants(name, lines, gates.invariants),
        *_limits(name, lines, gates),
        *_losses(run, name, lines, gates),
    ]


def _about_the_run(name: str, lines: list[Line], asked: int) -> Iterator[Verdict]:
    told = f"{len(lines)} of {asked} questions were asked"
    yield Verdict(name, "complete", 0 < len(lines) == asked, told)
    stale = [line for line in lines if is_stale(line)]
    crashed = [line for line in lines if line["error"] and not is_stale(line)]
    for gate, wrong in (("labels", stale), ("no failure", crashed)):
        told = "; ".join(dict.fromkeys(line["error"] for line in wrong)) or "none"
        yield Verdict(name, gate, not wrong, told, _ids(wrong))


def _ids(lines: Sequence[Line]) -> tuple[str, ...]:
    return tuple(line["id"] for line in lines)


def _meant(name: str, names: Collection[str]) -> str:
    """Which names may have been meant in place of one that is not there, all where none is near; else empty."""
    if name in names:
        return ""
    near = [other for other in sorted(names) if other.startswith(name)] or get_close_matches(name, names)
    return f"; is {' or '.join(near)} meant?" if near else f"; there is {', '.join(sorted(names)) or 'none'}"


def _metrics(lines: Sequence[Line]) -> set[str]:
    return {metric for line in lines for metric in line["scores"]}


def _invariants(name: str, lines: list[Line], invariants: Limits) -> Iterator[Verdict]:
    for metric, wanted in invariants.items():
        judged = [line for line in lines if line["scores"].get(metric) is not None]
        wrong = [line for line in judged if line["scores"][metric] != wanted]
        told = f"{metric} is {wanted:g} of {len(judged) - len(wrong)} of {len(judged)} questions"
        if not judged:
            told = f"{metric} judged no question{_meant(metric, _metrics(lines))}"
        yield Verdict(name, f"always {metric}", bool(judged) and not wrong, told, _ids(wrong))


def _limits(name: str, lines: list[Line], gates: Gates) -> Iterator[Verdict]:
    summary = summary_of(lines)
    for kind, limits in (("least", gates.least), ("most", gates.most)):
        for key, limit in limits.items():
            type_, _, metric = key.rpartition(": ")
            figures = summary["types"].get(type_, {}) if type_ else summary["all"]
            figure = figures.get(metric)
            passed = figure is not None and (figure["value"] >= limit if kind == "least" else figure["value"] <= limit)
            told = f"{key} is {shown(figure) if figure else 'not measured'}, the {kind} is {limit:g}"
            if not figure and type_ and not figures:
                told += _meant(type_, summary["types"])
            elif figure and kind == "most" and not _is_better_lower(key):
                passed, told = False, f"{told}, which holds nothing, as more of it is better: give it a least"
            elif not figure:
                told += _meant(metric, (_metrics(lines) - {JUDGED_APART, *STATISTICS}) | figures.keys())
            own = [line for line in lines if type_ in ("", line["type"]) and line["scores"].get(metric) is not None]
            wrong = () if passed else _ids([line for line in own if goodness(line, metric) == 0])
            yield Verdict(name, f"{kind} {key}", passed, told, wrong)


def _losses(run: Recorded, name: str, lines: list[Line], gates: Gates) -> Iterator[Verdict]:
    if gates.baseline.resolve() == run.folder.resolve():
        yield Verdict(name, BASELINE, False, f"{gates.baseline} is the run itself, which loses nothing against itself")
        return
    try:
        baseline = read_run(gates.baseline)
        if void := void_parts(of_set(baseline, name), of_set(run, name)):
            raise ChangeError(f"{gates.baseline} cannot be held against this run: {'; '.join(void)}")
        changes = {metric: change_of(metric, baseline.of_set(name), lines) for metric in gates.loss}
    except (RunError, ChangeError) as error:
        yield Verdict(name, BASELINE, False, f"{error}; python -m eval accept makes a new one")
        return
    changed = changed_parts(of_set(baseline, name), of_set(run, name)).values()
    yield Verdict(name, BASELINE, True, f"changed since the baseline: {'; '.join(changed) or 'nothing'}")
    for metric, allowed in gates.loss.items():
        if (change := changes[metric]) is None:
            meant = _meant(metric, _metrics([*baseline.of_set(name), *lines]))
            yield Verdict(name, f"loss of {metric}", False, f"the baseline did not judge {metric}{meant}")
        else:
            yield Verdict(
                name, f"loss of {metric}", not change.is_loss(allowed), f"{change}, allowed {allowed:g}", change.lost
            )


def of_set(run: Recorded, name: str) -> dict[str, Any]:
    """What a run was made with, as if it had been of this set only."""
    return {**run.settings, "sets": {name: run.settings["sets"].get(name)}}
