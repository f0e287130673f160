"""python -m eval accept RUN…: make runs the baselines that the gates hold later ones against.

A baseline is a run folder without the answers, small enough to be committed: the scores of each question, and what they
were measured with.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eval.gate import GATES
from eval.gates import Gates, GatesError, load_gates, of_set, table_of
from eval.records import KEYS, LINES, SETTINGS, Line, Recorded, RunError, read_run

EPILOG = """exit codes: 0 every baseline is written; 1 a run is none, failed or is not whole, the gates do not say
where, or a file cannot be written; 2 wrong arguments"""
DIGITS = 4
OF_THE_CLOCK = "milliseconds"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval accept", description=__doc__, epilog=EPILOG)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="folder of python -m eval run --out")
    parser.add_argument("--gates", type=Path, default=GATES, metavar="FILE", help="gates (default: eval/gates.toml)")
    options = parser.parse_args(arguments)
    try:
        gates = load_gates(options.gates)
        for folder in options.runs:
            accept(read_run(folder), gates)
    except (GatesError, RunError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def accept(run: Recorded, gates: Mapping[str, Gates]) -> None:
    """Write the baseline of each set of a run.

    Raises RunError for one with failures, without gates or not whole, and where a baseline would be written over the
    run, over that of another set, or cannot be written.
    """
    for name in run.sets:
        lines = run.of_set(name)
        if name not in gates:
            raise RunError(f"{name} has no gates, which would say where its baseline is: add a table {table_of(name)}")
        if failed := [line["id"] for line in lines if line["error"]]:
            raise RunError(f"{run.folder} is no baseline: {failed[0]} failed ({len(failed)} in all)")
        if len(lines) != (asked := run.settings["sets"][name]["questions"]):
            raise RunError(f"{run.folder} is no baseline: {len(lines)} of {asked} questions were asked")
        folder = gates[name].baseline
        if folder.resolve() == run.folder.resolve():
            told = f"{folder} is the run itself, whose answers a baseline leaves out"
            raise RunError(f"{told}: name another folder in {table_of(name)}")
        if others := [other for other in gates if other != name and gates[other].baseline == folder]:
            both = f"{table_of(name)} and {table_of(others[0])}"
            raise RunError(f"{both} have the same baseline, {folder}: give each its own")
        rows = "".join(json.dumps(_small(line), ensure_ascii=False) + "\n" for line in lines)
        settings = json.dumps(of_set(run, name), ensure_ascii=False, indent=1)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / LINES).write_text(rows, encoding="utf-8")
            (folder / SETTINGS).write_text(settings + "\n", encoding="utf-8")
        except OSError as error:
            raise RunError(f"the baseline of {name} cannot be written: {error}") from error
        print(f"{folder}: {len(lines)} questions")


def _small(line: Line) -> dict[str, Any]:
    """A line without question and answer, and without what the clock said."""
    scores = {
        name: round(value, DIGITS)
        for name, value in line["scores"].items()
        if value is not None and name != OF_THE_CLOCK
    }
    return {**{key: line[key] for key in line if key in KEYS}, "scores": scores}
