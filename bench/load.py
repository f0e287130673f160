"""python -m bench.load: many readers at once, over the API or over the page, against a server that it starts itself.

Loopback only, bounded by the number of questions, and the server is ended with it.
"""

import argparse
import asyncio
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from bench.page import free_port, wait_until_healthy
from bench.process import ROOT, cpu_seconds, environment, memory_mb
from bench.streamlit_client import PageReader
from eval.sets import load_set
from eval.summary import percentile

READERS = (1, 5, 20, 50)
QUESTIONS = 200  # for each number of readers
WARM_UP = 20
PATIENCE = 120.0  # seconds for one answer


@dataclass
class Run:
    """What readers saw: seconds of each answer in order, what went wrong, and memory of the server in MB on the way."""

    readers: int
    seconds: float = 0.0
    cpu: float = 0.0  # seconds of the server
    answered: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    by_reader: Counter[int] = field(default_factory=Counter)
    memory: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, float | dict[str, int]]:
        """Figures for a table: rates in questions a second, times in ms, memory in MB."""
        times = [1000 * seconds for seconds in self.answered]
        return {
            "readers": self.readers,
            "questions": len(times),
            "a second": len(times) / self.seconds,
            "CPU ms each": 1000 * self.cpu / max(1, len(times)),
            "p50": statistics.median(times) if times else 0.0,
            "p95": float(percentile(times, 95)) if times else 0.0,
            "p99": float(percentile(times, 99)) if times else 0.0,
            "least of a reader": min(self.by_reader.values(), default=0),
            "most of a reader": max(self.by_reader.values(), default=0),
            "memory first": self.memory[0],
            "memory last": self.memory[-1],
            "load": os.getloadavg()[0],
            "errors": dict(self.errors),
        }


Asker = Callable[[str], Coroutine[object, object, str]]


async def api_reader(port: int) -> AsyncIterator[Asker]:
    """A reader of the API: asks, and gives "" or what went wrong."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:

        async def ask(question: str) -> str:
            response = await client.post("/v1/ask", json={"question": question})
            return "" if response.status_code == 200 else str(response.status_code)

        yield ask


async def page_reader(port: int) -> AsyncIterator[Asker]:
    """A reader of the page, over its websocket."""
    async with PageReader.open(port) as reader:
        yield reader.ask


async def read(
    run: Run, pid: int, readers: Sequence[Callable[[], AsyncIterator[Asker]]], texts: Sequence[str], seconds: float
) -> None:
    """Let all readers ask, each its next question as soon as it has its answer, until `texts` or the time is up."""
    end = time.perf_counter() + seconds
    left = itertools.takewhile(lambda _: time.perf_counter() < end, texts)
    every = max(1, len(texts) // 20)

    async def one(number: int, opened: Callable[[], AsyncIterator[Asker]]) -> None:
        async with asynccontextmanager(opened)() as ask:
            for text in left:
                started = time.perf_counter()
                try:
                    problem = await ask(text)
                except Exception as error:  # whatever a reader may meet is counted
                    problem = type(error).__name__
                if problem:
                    run.errors[problem] += 1
                else:
                    run.answered.append(time.perf_counter() - started)
                    run.by_reader[number] += 1
                if len(run.answered) % every == 0:
                    run.memory.append(memory_mb(pid))

    run.memory.append(memory_mb(pid))
    started, cpu = time.perf_counter(), cpu_seconds(pid)
    await asyncio.gather(*(one(number, opened) for number, opened in enumerate(readers)))
    run.seconds, run.cpu = time.perf_counter() - started, cpu_seconds(pid) - cpu
    run.memory.append(memory_mb(pid))


def questions(first: int, count: int, *, again: bool = False) -> list[str]:
    """So many questions of the corpus set from a number on, no two the same, so that no vector is remembered.

    With `again` the questions of the set are asked as they are, over and over: their vectors are remembered.
    """
    texts = [question.question.text for question in load_set(ROOT / "eval" / "sets" / "corpus.jsonl")]
    numbers = range(first, first + count)
    return [texts[at % len(texts)] + ("" if again else f"（{1 + at // len(texts)}）") for at in numbers]


def start(over: str, index: Path, port: int, workers: int) -> subprocess.Popen[bytes]:
    """The server that is measured: the API without limits on a user, or the page."""
    settings = {"YINJU_INDEX": str(index.resolve()), "YINJU_API_RATE": "1000000", "YINJU_API_WORKERS": str(workers)}
    settings["YINJU_API_KEYS"] = str(Path(tempfile.gettempdir()) / "no-such-keys.json")
    api = ["-m", "service", "serve", "--port", str(port)]
    page = ["-m", "streamlit", "run", "app.py", "--server.port", str(port), "--server.headless", "true"]
    command = [sys.executable, *(api if over == "api" else page)]
    return subprocess.Popen(command, cwd=ROOT, env=environment(**settings), stderr=subprocess.DEVNULL)


def measure(options: argparse.Namespace) -> list[Run]:
    """A run for each number of readers, one after the other, on one server."""
    port, over, count = free_port(), options.over, options.questions
    process = start(over, options.index, port, options.workers)
    reader = api_reader if over == "api" else page_reader

    def let_read(run: Run, texts: Sequence[str]) -> Run:
        asyncio.run(read(run, process.pid, [lambda: reader(port)] * run.readers, texts, options.seconds))
        return run

    try:
        path = "healthz" if over == "api" else "_stcore/health"
        wait_until_healthy(f"http://127.0.0.1:{port}/{path}", process)
        let_read(Run(1), questions(0, WARM_UP))  # the first load what is lazy
        firsts = range(WARM_UP, WARM_UP + count * len(options.readers), count)
        return [
            let_read(Run(n), questions(first, count, again=options.again))
            for n, first in zip(options.readers, firsts, strict=True)
        ]
    finally:
        process.terminate()
        process.wait(60)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code: 1 when a reader met an error."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("over", choices=("api", "page"), help="what the readers use")
    parser.add_argument("--index", type=Path, default=Path(".index"), metavar="DIR", help="index (default: .index)")
    parser.add_argument("--readers", type=int, nargs="+", default=READERS, metavar="N", help="how many at once")
    parser.add_argument("--questions", type=int, default=QUESTIONS, metavar="N", help="for each number of readers")
    parser.add_argument("--seconds", type=float, default=600.0, metavar="S", help="at most, for each of them")
    parser.add_argument("--again", action="store_true", help="ask the same questions again and again")
    parser.add_argument("--workers", type=int, default=0, metavar="N", help="YINJU_API_WORKERS (default: 0)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything as JSON")
    options = parser.parse_args(arguments)
    if not (options.index / "CURRENT").exists():
        parser.error(f"there is no index in {options.index}: run python -m ingest, or give another folder with --index")
    runs = measure(options)
    print_table(runs)
    if options.json:
        rows = [{**run.summary(), "memory, MB": [round(mb) for mb in run.memory]} for run in runs]
        options.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 1 if any(run.errors for run in runs) else 0


def print_table(runs: Sequence[Run]) -> None:
    """A line for each number of readers."""
    rows = [run.summary() for run in runs]
    table = Table(*rows[0])
    for row in rows:
        table.add_row(*(f"{v:.1f}" if isinstance(v, float) else str(v) for v in row.values()))
    Console(width=150).print(table)


if __name__ == "__main__":
    sys.exit(main())
