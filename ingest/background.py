"""One ingest in a process of its own, followed while it runs: the page that starts it goes on answering."""

import json
import logging
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rag.settings import Settings

ROOT = str(Path(__file__).parents[1])
BROKEN_OFF = "the run ended before it was done; see the log in the terminal", "更新中途结束，没有完成，详情见终端日志"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunState:
    """Where a run is, or how it ended. `stage` is READING, EMBEDDING, or empty before the first.

    `summary` is that of a finished run as python -m ingest --json prints it; `error` has the English and the Chinese
    sentence of one that failed; both are None while it runs and when it was stopped.
    """

    running: bool = False
    stage: str = ""
    done: int = 0
    total: int = 0
    summary: dict[str, Any] | None = None
    error: tuple[str, str] | None = None
    stopped: bool = False


class BackgroundIngest:
    """Runs one ingest at a time for all who ask; safe to use from several threads.

    The index has one writer in a process of its own, because Chroma is not safe for two users of a folder in one.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._again = False  # whether another run is to follow
        self._stopping = False
        self._state = RunState()

    @property
    def state(self) -> RunState:
        """Where the run is, or how the last one ended."""
        return self._state

    def request(self) -> None:
        """Start a run; when one is running, another follows it, since that one may have looked already."""
        with self._lock:
            if self._state.running:
                self._again = True
                return
            self._state = RunState(running=True)
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        """End the run; vectors that are computed are kept for the next one, the published index stays."""
        with self._lock:
            self._again, self._stopping = False, self._state.running
            if self._process:
                self._process.terminate()

    def _run(self) -> None:
        while True:
            try:
                ended = self._run_once()
            except OSError as error:
                ended = RunState(error=(f"no process can be started ({error})", f"启动不了更新进程（{error}）"))
            except Exception:  # whatever it is, the page must not wait for ever
                log.exception("the ingest cannot be followed")
                if self._process:
                    self._process.kill()
                ended = RunState(error=BROKEN_OFF)
            with self._lock:
                self._process, self._stopping = None, False
                if not self._again:
                    self._state = ended
                    return
                self._again = False
                self._state = RunState(running=True)

    def _run_once(self) -> RunState:
        """Follow one process to its end."""
        path = os.pathsep.join(filter(None, (ROOT, os.environ.get("PYTHONPATH"))))
        process = subprocess.Popen(
            self._command(),
            env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"},  # whatever the locale
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )
        with self._lock:
            self._process = process
            if self._stopping:
                process.terminate()
        errors: list[str] = []
        assert process.stdout and process.stderr
        listener = threading.Thread(target=errors.extend, args=(process.stderr,), daemon=True)
        listener.start()
        summary = None
        for row in map(_row_of, process.stdout):
            if "stage" in row:
                self._state = replace(self._state, **row)
            elif "generation" in row:
                summary = row
        process.wait()
        listener.join()
        if summary is None and self._stopping:
            return RunState(stopped=True)
        return RunState(summary=summary, error=None if summary else _error_of(errors))

    def _command(self) -> list[str]:
        settings = self._settings
        paths = [str(settings.corpus), "--index", str(settings.index)]
        return [sys.executable, "-m", "ingest", *paths, "--json", "--progress"]


def _row_of(line: str) -> dict[str, Any]:
    """A line of JSON; {} for what a library may print."""
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    return row if isinstance(row, dict) else {}


def _error_of(lines: list[str]) -> tuple[str, str]:
    """The error that a process wrote as its last line, in English and in Chinese."""
    row = _row_of(lines[-1]) if lines else {}
    if "error" in row:
        return row["error"], row["message"]
    log.error("the ingest ended without a result: %s", "".join(lines))
    return BROKEN_OFF
