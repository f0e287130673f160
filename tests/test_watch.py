"""The watch: events, sweeps, failures tried again, a folder that goes and comes back, and an end on SIGTERM."""

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import as_nobody
from fakes import FakeEmbedder

from ingest.compare import Summary
from ingest.watch import watch
from rag.errors import CorpusError, IndexLocked, RagError
from rag.index import read_manifest
from rag.writer import IndexWriter

ROOT = Path(__file__).parent.parent
PATIENCE = 20.0  # seconds to wait for a report


class Watching:
    """A watch in a thread, and its reports in order."""

    def __init__(self, corpus: Path, index: Path, sweep: float) -> None:
        self.reports: queue.Queue[Summary | RagError] = queue.Queue()
        self.stop = threading.Event()
        self.thread = threading.Thread(
            target=lambda: watch(
                corpus,
                index,
                FakeEmbedder(),
                sweep=sweep,
                debounce=0.1,
                stop=self.stop,
                report=self.reports.put,
            )
        )
        self.thread.start()

    def next(self) -> Summary | RagError:
        return self.reports.get(timeout=PATIENCE)

    def summary(self) -> Summary:
        """The next report of an ingest that did something."""
        while True:
            report = self.next()
            if isinstance(report, Summary) and (report.added or report.changed or report.removed or report.failures):
                return report

    def end(self) -> None:
        self.stop.set()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()


@pytest.fixture
def watching(tiny_corpus: Path, tmp_path: Path) -> Iterator[Watching]:
    watching = Watching(tiny_corpus, tmp_path / "index", 1.0)
    assert watching.summary().added == ["乙", "子/丙", "甲"]
    yield watching
    watching.end()


def test_new_changed_and_removed_files_are_picked_up(watching: Watching, tiny_corpus: Path) -> None:
    (tiny_corpus / "丁.md").write_text("狗叫。", encoding="utf-8")
    assert watching.summary().added == ["丁"]
    (tiny_corpus / "丁.md").write_text("狗又叫。", encoding="utf-8")
    assert watching.summary().changed == ["丁"]
    (tiny_corpus / "丁.md").unlink()
    assert watching.summary().removed == ["丁"]


def test_a_folder_that_disappears_is_reported_and_picked_up_when_it_is_back(
    watching: Watching, tiny_corpus: Path, tmp_path: Path
) -> None:
    tiny_corpus.rename(tmp_path / "weg")
    while not isinstance(report := watching.next(), CorpusError):
        assert not report.removed  # type: ignore[union-attr]
    assert "there is no folder" in str(report)
    assert read_manifest(tmp_path / "index").articles == 3
    (tmp_path / "weg").rename(tiny_corpus)
    (tiny_corpus / "丁.md").write_text("狗叫。", encoding="utf-8")
    assert watching.summary().added == ["丁"]


def test_while_another_process_indexes_the_watch_waits(
    tiny_corpus: Path, tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    with IndexWriter.locked(tmp_path / "index", fake_embedder, "1"):
        watching = Watching(tiny_corpus, tmp_path / "index", 0.3)
        assert isinstance(watching.next(), IndexLocked)
    assert watching.summary().added == ["乙", "子/丙", "甲"]
    watching.end()


def test_two_watches_on_one_index_lose_nothing(tiny_corpus: Path, tmp_path: Path) -> None:
    both = [Watching(tiny_corpus, tmp_path / "index", 0.3) for _ in range(2)]
    for number in range(5):
        (tiny_corpus / f"新{number}.md").write_text(f"猫{number}叫。", encoding="utf-8")
        time.sleep(0.2)
    deadline = time.monotonic() + PATIENCE
    while not (tmp_path / "index" / "CURRENT").exists() or read_manifest(tmp_path / "index").articles < 8:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    for one in both:
        one.end()


def test_a_file_that_fails_is_left_in_peace_until_it_changes(watching: Watching, tiny_corpus: Path) -> None:
    (tiny_corpus / "坏.md").write_text("", encoding="utf-8")
    failure = watching.summary().failures["坏.md"]
    assert failure.tries == 1
    assert watching.summary().failures["坏.md"] == failure, "the sweep after it does not try again yet"
    (tiny_corpus / "坏.md").write_text("不坏了。", encoding="utf-8")
    assert watching.summary().added == ["坏"]


@pytest.mark.model
def test_the_command_ends_soon_after_sigterm_and_loses_no_work(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    shutil.copytree(ROOT / "corpus", corpus)
    command = [sys.executable, "-m", "ingest", "watch", str(corpus), "--index", str(tmp_path / "index"), "--json"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    cache = tmp_path / "index" / "cache.sqlite-wal"
    deadline = time.monotonic() + 120
    while not (cache.exists() and cache.stat().st_size > 50_000):  # it is in the middle of embedding
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    told = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert time.monotonic() - told < 5, "two seconds, and what a busy machine adds"
    assert not list((tmp_path / "index").glob("build-*"))
    done = subprocess.run(
        [sys.executable, "-m", "ingest", str(corpus), "--index", str(tmp_path / "index"), "--json"],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    summary = json.loads(done.stdout)
    assert summary["articles"] == 5
    assert summary["embedded"] < 420, "what was embedded before the end is not embedded again"


def test_a_closed_folder_does_not_end_the_watch(tiny_corpus: Path, tiny_index: Path, tmp_path: Path) -> None:
    with as_nobody(tmp_path):
        (tiny_corpus / "子").chmod(0)
        watching = Watching(tiny_corpus, tiny_index, 0.5)
        assert list(watching.summary().failures) == ["子"]
        tiny_corpus.chmod(0)
        while not isinstance(report := watching.next(), CorpusError):
            assert not report.removed  # type: ignore[union-attr]
        assert "cannot be listed: check its permissions" in str(report)
        tiny_corpus.chmod(0o700)
        (tiny_corpus / "子").chmod(0o700)
        (tiny_corpus / "丁.md").write_text("狗叫。", encoding="utf-8")
        while (added := watching.summary()).failures:
            pass
        assert added.added == ["丁"]
        watching.end()
