"""python -m bench.scale SOURCE: what an index costs as it grows, with Chroma and with a Milvus Lite server.

The indexes are generated from the index SOURCE (bench/generated.py): nothing is embedded but the questions.
Processor time is given beside wall time, since a busy machine stretches the latter; that of the Milvus server is added.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.process import ROOT, peak_mb, run_python

SIZES = (1_000, 10_000, 100_000)
ADDED = 10  # chunks of the article that is published into the finished index
QUESTIONS = 100
WARM_UP = 5
TICKS = os.sysconf("SC_CLK_TCK")


def add(index: Path) -> None:
    """Publish an article of ADDED chunks more."""
    from bench.generated import SENTENCES, put_article
    from rag.backend import open_backend
    from rag.embed import SentenceEmbedder, unit_rows
    from rag.settings import load_settings
    from rag.writer import IndexWriter

    rows = unit_rows(np.random.default_rng(7).normal(size=(ADDED * SENTENCES, 384)))
    with IndexWriter.locked(index, SentenceEmbedder(), "1", open_backend(load_settings())) as writer:
        writer.begin()
        put_article(writer, "新", [f"新的第{number}句。" for number in range(len(rows))], rows)
        writer.publish()


def ask(index: Path) -> dict[str, float]:
    """Wall and processor time of a question's retrieval in this process, in ms, and of its vector alone."""
    from eval.sets import load_set
    from rag.chain import AnswerChain
    from rag.settings import load_settings

    chain = AnswerChain(load_settings(index=index, reader=False))
    generation = chain.index.current()
    questions = [q.question for q in load_set(ROOT / "eval" / "sets" / "articles-300.jsonl")][: WARM_UP + QUESTIONS]
    for question in questions[:WARM_UP]:
        chain.retrieve(question, generation)
    walls, used = [], time.process_time()
    for question in questions[WARM_UP:]:
        started = time.perf_counter()
        chain.retrieve(question, generation)
        walls.append((time.perf_counter() - started) * 1000)
    retrieval, used = time.process_time() - used, time.process_time()
    for question in questions[WARM_UP:]:
        chain.embedder.embed_query(f"{question.text} ")  # with a blank, or it would be remembered
    embedding = time.process_time() - used
    p50, p95 = np.percentile(walls, [50, 95])
    milliseconds = 1000 / len(walls)
    return {"p50": p50, "p95": p95, "cpu": retrieval * milliseconds, "embedding": embedding * milliseconds}


@contextmanager
def milvus_lite(folder: Path) -> Iterator[tuple[str, int]]:
    """The address and the process of a Milvus Lite server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "milvus_lite", "server", "--data-dir", str(folder), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(600):
                with socket.socket() as trial:
                    if trial.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}", server.pid
        finally:
            server.terminate()


def cpu_seconds(pid: int) -> float:
    """Processor time that a running process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def megabytes(paths: Iterator[Path]) -> float:
    """Size of files together, in 10^6 bytes."""
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def measure(source: Path, size: int, work: Path, server: tuple[str, int] | None) -> dict[str, float]:
    """The costs of an index of so many chunks: in Milvus where a server is given, else in Chroma."""
    index = work / "index"
    environment = {"YINJU_MILVUS_URI": server[0]} if server else {}
    spent = [cpu_seconds(server[1]) if server else 0.0]
    costs: dict[str, float] = {}
    commands = {
        "build": ("bench.generated", str(source), str(index), str(size)),
        "add 10": ("bench.scale", "--add", str(index)),
        "ask": ("bench.scale", "--ask", str(index)),
    }
    for name, (module, *arguments) in commands.items():
        done = run_python("-m", module, *arguments, **environment)
        spent.append(cpu_seconds(server[1]) if server else 0.0)
        if name == "ask":
            asked = json.loads(done.output)
            there = (spent[-1] - spent[-2]) * 1000 / (QUESTIONS + WARM_UP)
            costs |= {f"a question, {key}, ms": value for key, value in asked.items()}
            costs |= {"a question, cpu of Milvus, ms": there, "memory, MB": done.peak_mb}
        else:
            costs[f"{name}, cpu s"] = done.cpu_seconds + spent[-1] - spent[-2]
            costs[f"{name}, wall s"] = done.seconds
    (generation,) = index.glob("gen-000002-*")
    costs["library, MB"] = megabytes(iter([generation / "library.sqlite"]))
    costs["vectors, MB"] = megabytes((work / "milvus" if server else generation / "chroma").rglob("*"))
    costs["memory of Milvus, MB"] = peak_mb(server[1]) if server else 0.0
    return costs


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("source", type=Path, metavar="SOURCE", help="index whose sentences are shuffled")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="CHUNKS", help="sizes of the indexes")
    parser.add_argument("--backends", nargs="+", default=["chroma", "milvus"], choices=["chroma", "milvus"])
    parser.add_argument("--add", action="store_true", help=argparse.SUPPRESS)  # a process of its own
    parser.add_argument("--ask", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.add:
        add(options.source)
        return 0
    if options.ask:
        print(json.dumps(ask(options.source)))
        return 0
    columns: dict[str, dict[str, float]] = {}
    for size in options.sizes:
        for backend in options.backends:
            with tempfile.TemporaryDirectory(prefix="yinju-bench-") as folder:
                work = Path(folder)
                if backend == "milvus":
                    with milvus_lite(work / "milvus") as server:
                        costs = measure(options.source, size, work, server)
                else:
                    costs = measure(options.source, size, work, None)
            columns[f"{backend} {size:,}"] = costs
            print(json.dumps({f"{backend} {size:,}": costs}), file=sys.stderr, flush=True)
    table = Table("chunks", *columns)
    for name in next(iter(columns.values())):
        table.add_row(name, *(f"{costs[name]:.1f}" for costs in columns.values()))
    Console(width=140).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
