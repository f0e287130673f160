"""The folder of a run: settings.json, lines.jsonl (a question a line, in order) and summary.json.

A line is written whole or not at all, so that a run that was broken off goes on after its last whole line.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB
from pathlib import Path
from typing import Any

from eval.provenance import OF_ANSWERS, differences
from eval.schemas import schema, wrong_in
from eval.summary import summary_of
from rag.locks import locked

SETTINGS, LINES, SUMMARY = "settings.json", "lines.jsonl", "summary.json"
STALE = "stale label"
OF_A_RUN = {"sets": dict, "answerer": str, "settings": dict}
KEYS = frozenset(schema("line").schema["required"])  # of a line, those that a baseline has

Line = dict[str, Any]


class RunError(ValueError):
    """A run folder that cannot be used; the message names it and says why."""


@dataclass(frozen=True)
class Recorded:
    """A run as it was written: what it was made with, and its lines in order."""

    folder: Path
    settings: dict[str, Any]
    lines: list[Line]

    @property
    def sets(self) -> list[str]:
        """The names of its sets."""
        return list(self.settings["sets"])

    def of_set(self, name: str) -> list[Line]:
        """The lines of one of its sets."""
        return [line for line in self.lines if line["set"] == name]

    def summary(self) -> dict[str, Any]:
        """What summary.json holds: a summary by the name of the set."""
        return {name: summary_of(self.of_set(name)) for name in self.sets}


def read_run(folder: Path) -> Recorded:
    """A run from its folder. Raises RunError for a missing file, an unreadable line, a question twice, and no line."""
    settings = _read_settings(folder)
    try:
        text = (folder / LINES).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{folder / LINES} cannot be read: {error}") from error
    lines = list(_parsed(folder / LINES, text))
    keys = {(line["set"], line["id"]) for line in lines}
    if not lines or len(keys) < len(lines):
        told = f"{len(lines)} lines of {len(keys)} questions"
        raise RunError(f"{folder / LINES} holds {told}: make the run again in another folder")
    if unknown := {name for name, _ in keys} - set(settings["sets"]):
        raise RunError(f"{folder / LINES} holds questions of {unknown.pop()}, which {SETTINGS} does not name")
    return Recorded(folder, settings, lines)


def _read_settings(folder: Path) -> dict[str, Any]:
    path = folder / SETTINGS
    try:
        run: dict[str, Any] = {"settings": {}, **json.loads(path.read_text(encoding="utf-8"))}
        if not all(isinstance(run.get(key), type_) for key, type_ in OF_A_RUN.items()):
            raise ValueError(f"it should hold {', '.join(OF_A_RUN)}")
        if not all(isinstance(of, dict) and isinstance(of.get("questions"), int) for of in run["sets"].values()):
            raise ValueError("each of its sets should hold questions, a number")
    except (OSError, ValueError, TypeError) as error:
        told = error.strerror if isinstance(error, OSError) else error
        raise RunError(f"{path} cannot be read as that of a run: {told}") from error
    given = run["settings"].items()
    return {**run, "settings": {name: value for name, value in given if name in OF_ANSWERS}}  # old runs hold all others


def _parsed(path: Path, text: str) -> Iterator[Line]:
    for number, row in enumerate(text.split("\n"), 1):
        if not row.strip():
            continue
        try:
            line = json.loads(row, parse_constant=_no_number)
            if wrong := wrong_in(line, "line"):
                raise ValueError("; ".join(wrong))
        except ValueError as error:
            raise RunError(f"{path}, line {number}, cannot be read: {error}") from error
        yield line


def _no_number(constant: str) -> None:
    """Refuses NaN and Infinity, which Python reads as numbers and which no limit holds."""
    raise ValueError(f"{constant} is no number")


@contextmanager
def claimed(folder: Path) -> Iterator[Path]:
    """A folder, made where it is none, that only this process writes a run into.

    Raises RunError where it cannot be written, or another process writes into it.
    """
    with ExitStack() as held:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            held.enter_context(locked(folder / LINES, LOCK_EX | LOCK_NB))
        except BlockingIOError as error:
            raise RunError(
                f"another run is writing into {folder}: wait for its end, or choose another folder"
            ) from error
        except OSError as error:
            raise RunError(f"{folder} cannot be the folder of a run: {error.strerror}") from error
        yield folder


class RunFolder:
    """A run that is being written; `done` are the set and the id of each question that it has."""

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        """Begins a run, or goes on with one. Raises RunError where the folder has one made in another way."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.lines_path = folder / LINES
        if (folder / SETTINGS).exists():
            if changed := differences(_read_settings(folder), settings, ignored=("started",)):
                told = "; ".join(changed.values())
                raise RunError(f"{folder} holds a run made in another way, choose another folder: {told}")
        elif self.lines_path.exists() and self.lines_path.stat().st_size:
            raise RunError(f"{folder} holds lines, and no {SETTINGS} says how they were made: choose another folder")
        else:
            _write_json(folder / SETTINGS, settings)
        whole = self.lines_path.read_bytes() if self.lines_path.exists() else b""
        whole = whole[: whole.rfind(b"\n") + 1]
        self.lines_path.write_bytes(whole)
        self.done = {(line["set"], line["id"]) for line in _parsed(self.lines_path, whole.decode())}

    def add(self, line: Mapping[str, Any]) -> None:
        """Write one more line."""
        with self.lines_path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line, ensure_ascii=False) + "\n")

    def finish(self) -> Recorded:
        """Write the summary; gives the whole run."""
        run = read_run(self.folder)
        _write_json(self.folder / SUMMARY, run.summary())
        return run


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
