"""Embedding in two Ray workers: the index is the one that an ingest without them builds."""

import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import ray
from fakes import FakeEmbedder

from ingest.bulk import RayCluster
from ingest.run import ingest
from rag.embed import Embedder, SentenceEmbedder, Vector
from rag.errors import ModelError
from rag.index import IndexReader, read_manifest
from rag.writer import EMBED_BATCH

ARTICLES = 16


@dataclass
class Noted(FakeEmbedder):
    """Slow, a batch at a time different, and notes in a folder which process embedded how many texts."""

    notes: Path = Path()

    def embed_texts(self, texts: Sequence[str]) -> Vector:
        with (self.notes / str(os.getpid())).open("a") as file:
            file.write(f"{len(texts)}\n")
        rows = FakeEmbedder(seconds_per_text=0.002).embed_texts(texts)
        return rows * np.float32(1 + len(texts) / 1000)  # as a model's last bits depend on what is in its batch


@dataclass
class Broken(FakeEmbedder):
    def embed_texts(self, texts: Sequence[str]) -> Vector:
        raise RuntimeError("no weights")


@pytest.fixture(autouse=True)
def path_of_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The workers import the embedders of this file."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Articles of a hundred sentences, and one that repeats another's."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number in range(ARTICLES):
        text = "".join(f"猫{number % (ARTICLES - 1)}说第{line}句，{'狗' * (line % 7)}。" for line in range(100))
        (corpus / f"文{number:02}.txt").write_text(f"题\n\n{text}\n", encoding="utf-8")
    return corpus


def content(index: Path, embedder: Embedder | None = None) -> list[list[tuple[object, ...]]]:
    """Every row of the library, and every chunk's vector."""
    folder = index / read_manifest(index).directory
    with sqlite3.connect(folder / "library.sqlite") as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [list(connection.execute(f"SELECT * FROM {name}")) for name in sorted(names)]
    connection.close()
    reader = IndexReader(index, embedder or FakeEmbedder())
    generation = reader.current()
    vectors = generation.store.vectors(generation.library.chunk_ids())
    reader.close()
    return [*rows, sorted((id_, vector.tobytes()) for id_, vector in vectors.items())]


VALGRIND = """#!/bin/sh
if mkdir "$STARTED"; then exit 1; fi
while case "$1" in -*) ;; *) false;; esac; do shift; done
exec "$@"
"""


def test_two_workers_build_the_index_that_one_process_builds_though_ray_does_not_start_at_first(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Ray starts its head through valgrind where it is told to: one of ours, which ends the first time."""
    valgrind = tmp_path / "bin" / "valgrind"
    valgrind.parent.mkdir()
    valgrind.write_text(VALGRIND)
    valgrind.chmod(0o755)
    monkeypatch.setenv("PATH", f"{valgrind.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("STARTED", str(tmp_path / "started"))
    monkeypatch.setenv("RAY_GCS_SERVER_VALGRIND", "1")
    monkeypatch.setenv("RAY_gcs_server_port_wait_time_s", "10")
    for name in ("alone", "two"):
        (tmp_path / name).mkdir()
    alone = ingest(corpus, tmp_path / "index", Noted(notes=tmp_path / "alone"), chunk_tokens=200)
    cluster = RayCluster(2, partial(Noted, notes=tmp_path / "two"))
    embedder = Noted(notes=tmp_path / "publisher")  # a folder that is not there: the publisher must not embed
    two = ingest(corpus, tmp_path / "index-of-two", embedder, chunk_tokens=200, cluster=cluster)
    assert two.embedded == alone.embedded == (ARTICLES - 1) * 100  # the repeated one comes from the cache
    assert content(tmp_path / "index-of-two") == content(tmp_path / "index")
    notes = [path.read_text().split() for path in (tmp_path / "two").iterdir()]
    assert len(notes) == 2
    (batches,) = [path.read_text().split() for path in (tmp_path / "alone").iterdir()]
    assert sorted([*notes[0], *notes[1]]) == sorted(batches)
    told = [record.getMessage() for record in caplog.records if record.name == "ingest.bulk"]  # Ray may fail once more
    assert told and all(line.startswith("Ray did not start (Timed out waiting for file") for line in told)


def test_workers_that_fail_are_told_and_nothing_is_published(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"the Ray workers at 'local' failed .RuntimeError: no weights.: run again"):
        ingest(corpus, tmp_path / "index", FakeEmbedder(), cluster=RayCluster(1, Broken))
    assert not list((tmp_path / "index").glob("gen-*"))


def start_ray() -> None:
    """Start Ray, in up to three attempts: on a busy machine its own start may time out."""
    for left in (2, 1, 0):
        try:
            ray.init("local", num_cpus=1, include_dashboard=False, log_to_driver=False)
            return
        except Exception:  # Ray raises a bare one
            ray.shutdown()
            if not left:
                raise


def test_a_cluster_that_does_not_start_is_told(corpus: Path, tmp_path: Path) -> None:
    start_ray()  # there is one in this process already
    with pytest.raises(ModelError, match=r"the Ray workers at 'local' failed .RuntimeError: .*ray.init.*run again"):
        ingest(corpus, tmp_path / "index", FakeEmbedder(), cluster=RayCluster(1, FakeEmbedder))
    assert not ray.is_initialized() and not list((tmp_path / "index").glob("gen-*"))


@pytest.mark.model
def test_two_workers_with_the_real_model_build_the_same_library_and_vectors(
    real_embedder: SentenceEmbedder, tmp_path: Path
) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number in range(2):
        days = "".join(f"{number}号店第{day}天卖出{day * 7}斤鱼。" for day in range(1, EMBED_BATCH))
        (corpus / f"{number}.txt").write_text(f"卖鱼\n\n{days}\n", encoding="utf-8")
    alone = ingest(corpus, tmp_path / "index", real_embedder)
    two = ingest(corpus, tmp_path / "of-two", real_embedder, cluster=RayCluster(2, SentenceEmbedder))
    assert alone.embedded == two.embedded > EMBED_BATCH  # more than one batch, so that both have something to do
    assert content(tmp_path / "of-two", real_embedder) == content(tmp_path / "index", real_embedder)
