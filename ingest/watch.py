"""python -m ingest watch: keep the index up to date with a folder while it changes."""

import argparse
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import FrameType

from watchfiles import watch as watch_files

from ingest.compare import Summary
from ingest.run import ingest
from rag.backend import open_backend
from rag.embed import Embedder, SentenceEmbedder
from rag.embedded import EMBEDDED
from rag.errors import RagError
from rag.settings import CHUNK_TOKENS, load_settings
from rag.store import Backend

log = logging.getLogger(__name__)

SWEEP = 30.0  # seconds after which the folder is looked through even when nothing was heard of it
DEBOUNCE = 1.0  # seconds in which changes are taken together


class Stopped(BaseException):
    """The process was told to end."""


def watch(
    corpus: Path,
    index: Path,
    embedder: Embedder,
    *,
    backend: Backend = EMBEDDED,
    chunk_tokens: int = CHUNK_TOKENS,
    sweep: float = SWEEP,
    debounce: float = DEBOUNCE,
    stop: threading.Event,
    report: Callable[[Summary | RagError], None],
) -> None:
    """Ingest now and after every change, until `stop` is set; `report` gets every summary and every error.

    What goes wrong once (the folder is gone, another process indexes) is reported and tried again at the next sweep.
    """
    for _ in _moments(corpus, sweep, debounce, stop):
        try:
            report(ingest(corpus, index, embedder, backend=backend, chunk_tokens=chunk_tokens, patient=True))
        except RagError as error:
            report(error)


def _moments(corpus: Path, sweep: float, debounce: float, stop: threading.Event) -> Iterator[None]:
    """At once, then after each burst of changes and each sweep; the folder may go and come back meanwhile."""
    while not stop.is_set():
        yield
        try:
            identity = corpus.stat().st_ino
            for _ in watch_files(
                corpus,
                debounce=int(debounce * 1000),
                rust_timeout=int(sweep * 1000),
                yield_on_timeout=True,
                stop_event=stop,
                raise_interrupt=False,
            ):
                yield
                if corpus.stat().st_ino != identity:
                    break
        except (OSError, RuntimeError) as error:  # the folder is gone, or one in it is closed
            log.warning("%s cannot be watched (%s); trying again in %g seconds", corpus, error, sweep)
            stop.wait(sweep)


def watch_command(arguments: list[str]) -> int:
    """Run until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(
        prog="python -m ingest watch",
        description="守着文章文件夹，一有变化就更新索引；失败的文件隔一阵再试。按 Ctrl-C 结束。",
    )
    parser.add_argument("corpus", nargs="?", type=Path, help="文章文件夹（默认 YINJU_CORPUS，即 corpus）")
    parser.add_argument("--index", type=Path, metavar="DIR", help="索引文件夹（默认 YINJU_INDEX，即 .index）")
    parser.add_argument(
        "--sweep", type=float, default=SWEEP, metavar="秒", help=f"至少多久查看一遍（默认 {SWEEP:.0f}）"
    )
    parser.add_argument("--json", action="store_true", help="每次更新写一行 JSON")
    options = parser.parse_args(arguments)
    settings = load_settings(corpus=options.corpus, index=options.index)
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        raise Stopped  # out of whatever it is doing: a build is thrown away, vectors are in the cache already

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    with suppress(Stopped):
        watch(
            settings.corpus,
            settings.index,
            SentenceEmbedder(settings.embedding_model),
            backend=open_backend(settings),
            chunk_tokens=settings.chunk_tokens,
            sweep=options.sweep,
            stop=stop,
            report=_Reporter(as_json=options.json),
        )
    # Everything is on the disk and the lock is free; tearing torch down would take longer than the two seconds.
    sys.stdout.flush()
    os._exit(0)


class _Reporter:
    """Prints a line for every run that did something, and for what is new among the failures."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.last = ""

    def __call__(self, result: Summary | RagError) -> None:
        if isinstance(result, RagError):
            problems, row, line = str(result), {"error": str(result), "message": result.chinese}, result.chinese
        else:
            problems = str(sorted((path, f.reason, f.dead) for path, f in result.failures.items()))
            row = result.to_json()
            done = f"新增 {len(result.added)}，更新 {len(result.changed)}，移除 {len(result.removed)}"
            line = f"第 {result.generation} 代，{result.articles} 篇文章（{done}）"
            for path, failure in result.failures.items():
                line += f"\n  失败 {path}：{failure.chinese}" + ("（文件改动后再试）" if failure.dead else "")
            if problems == self.last and not (result.added or result.changed or result.removed):
                return
        if isinstance(result, RagError) and problems == self.last:
            return
        self.last = problems
        print(json.dumps(row, ensure_ascii=False) if self.as_json else f"{datetime.now():%H:%M:%S} {line}", flush=True)
