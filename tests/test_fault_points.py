"""An ingest that is killed in each state that its steps on the disk lead to, one by one; and disks that refuse."""

import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from itertools import takewhile
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeEmbedder

from ingest.run import ingest
from ingest.status import read_status
from rag.errors import IndexUnwritable
from rag.index import IndexReader, read_manifest, verify
from rag.library import Library

# What Python tells of every step on the disk: https://docs.python.org/3/library/audit_events.html
STEPS = {
    "open",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "shutil.copytree",
    "shutil.rmtree",
    "sqlite3.connect",
}

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["ingest.run", "fakes"])


def write_corpus(corpus: Path, version: int) -> dict[str, str]:
    corpus.mkdir(exist_ok=True)
    texts = {f"文{number}": f"猫{'狗' * number}在第{version if number < 2 else 0}版叫。" for number in range(5)}
    for name, text in texts.items():
        (corpus / f"{name}.txt").write_text(text, encoding="utf-8")
    return texts


def published_texts(index: Path) -> dict[str, str]:
    library = Library.open(index / read_manifest(index).directory / "library.sqlite")
    texts = {id_: library.article(id_).text for id_ in library.article_ids()}
    library.close()
    return texts


def files_and_times(folder: Path) -> list[tuple[str, int, int]]:
    """What lies in a folder: path, bytes and time of change in nanoseconds of each file, zeros for folders."""
    paths = sorted(folder.rglob("*"))
    states = {path: path.stat() for path in paths if path.is_file()}
    return [(str(p), states[p].st_size, states[p].st_mtime_ns) if p in states else (str(p), 0, 0) for p in paths]


def ingest_until(corpus: Path, index: Path, last: int, results: Connection) -> None:
    """An ingest that dies once its steps have led to `last` states of the index folder; sends their number if it lives.

    Steps that leave the folder as it was, most of them, are not counted: a kill before or after leaves the same files.
    """
    states, state, looking = 0, None, False

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal states, state, looking
        if looking or event not in STEPS:
            return
        if not any(isinstance(a, str | os.PathLike) and str(index) in str(a) for a in arguments):
            return
        looking = True
        now = files_and_times(index)
        looking = False
        if now != state:
            state, states = now, states + 1
            if states == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    ingest(corpus, index, FakeEmbedder())
    results.send(states)


def run_until(corpus: Path, index: Path, last: int) -> int | None:
    """Number of states that an ingest leads through, or None where it was killed."""
    receiver, sender = processes.Pipe(duplex=False)
    process = processes.Process(target=ingest_until, args=(corpus, index, last, sender))
    process.start()
    sender.close()
    process.join(60)
    if process.exitcode == -signal.SIGKILL:
        return None
    assert process.exitcode == 0
    states: int = receiver.recv()
    return states


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    write_corpus(tmp_path / "corpus", 0)
    return tmp_path / "corpus"


@pytest.fixture
def index(tmp_path: Path, corpus: Path) -> Path:
    ingest(corpus, tmp_path / "index", FakeEmbedder())
    return tmp_path / "index"


def test_killed_in_any_state_the_old_or_the_new_generation_answers_and_the_next_run_repairs(
    corpus: Path, index: Path
) -> None:
    reader = IndexReader(index, FakeEmbedder())
    old = published_texts(index)
    outcomes = set()
    version, last = 0, 0
    while True:
        version, last = version + 1, last + 1
        new = write_corpus(corpus, version)
        states = run_until(corpus, index, last)
        texts = published_texts(index)
        assert texts in (old, new), last
        outcomes.add(texts == new)
        manifest = read_manifest(index)
        verify(index / manifest.directory, manifest)
        assert reader.current().manifest == manifest
        status = read_status(index)
        assert (status["usable"], status["generation"], status["writing"]) == (True, manifest.generation, False)
        ingest(corpus, index, FakeEmbedder())
        assert published_texts(index) == new
        assert not [path.name for path in index.iterdir() if path.name.startswith("build-") or path.suffix == ".new"]
        assert ingest(corpus, index, FakeEmbedder()).unchanged == 5
        old = new
        if states is not None:
            break
    assert last > 20, "an ingest leads through many states"
    assert outcomes == {True, False}, "some kills came before the swap and some after"
    reader.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.mount
def test_on_a_full_disk_the_published_generation_stays_and_space_repairs(corpus: Path, small_disk: Path) -> None:
    index = small_disk / "index"
    ingest(corpus, index, FakeEmbedder())
    old = published_texts(index)
    filler = small_disk / "filler"
    new = write_corpus(corpus, 1)
    refused = 0
    for left in range(0, 1_000_000, 100_000):  # bytes that are free
        free = shutil.disk_usage(small_disk).free
        filler.write_bytes(bytes(max(0, free - left)))
        try:
            ingest(corpus, index, FakeEmbedder())
            break
        except IndexUnwritable as error:
            refused += 1
            assert "请腾出磁盘空间" in error.chinese
        finally:
            filler.unlink()
        assert published_texts(index) == old
        assert read_status(index)["usable"]
    assert refused > 0
    ingest(corpus, index, FakeEmbedder())
    assert published_texts(index) == new


def ingest_as_nobody(corpus: Path, index: Path, results: Connection) -> None:
    if os.geteuid() == 0:  # root may write anywhere
        os.setegid(65534)
        os.seteuid(65534)
    try:
        ingest(corpus, index, FakeEmbedder())
        results.send("written")
    except IndexUnwritable as error:
        results.send(error.chinese)


def test_a_folder_that_may_not_be_written_is_refused_with_a_sentence(corpus: Path, index: Path) -> None:
    old = published_texts(index)
    write_corpus(corpus, 1)
    for folder in takewhile(lambda folder: folder != Path(tempfile.gettempdir()), index.parents):
        folder.chmod(0o755)
    for path in [index, *index.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    receiver, sender = processes.Pipe(duplex=False)
    process = processes.Process(target=ingest_as_nobody, args=(corpus, index, sender))
    process.start()
    sender.close()  # so that a process that dies ends the wait
    told = receiver.recv()
    process.join()
    assert "检查权限" in told
    assert published_texts(index) == old


class Meddling(FakeEmbedder):
    """Rewrites a file of the corpus the first time that an article is chunked."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def count_tokens(self, text: str) -> int:
        if self.path.exists():
            self.path.write_text("猫在中途改了。", encoding="utf-8")
            self.path = self.path.with_suffix(".done")
        return super().count_tokens(text)


def test_a_file_that_changes_between_reading_and_indexing_is_left_for_the_next_run(corpus: Path, index: Path) -> None:
    old = published_texts(index)
    new = write_corpus(corpus, 1)
    summary = ingest(corpus, index, Meddling(corpus / "文1.txt"))
    assert (summary.changed, list(summary.failed)) == (["文0"], ["文1.txt"])
    assert "changed while it was being indexed" in summary.failed["文1.txt"]
    assert published_texts(index) == {**old, "文0": new["文0"]}
    assert ingest(corpus, index, FakeEmbedder()).changed == ["文1"]
    assert published_texts(index)["文1"] == "猫在中途改了。"


def test_a_file_that_is_rewritten_all_the_time_is_indexed_whole_or_not_at_all(corpus: Path, index: Path) -> None:
    versions = {f"猫{number}叫。" * 20_000 for number in range(3)}
    stop = threading.Event()

    def rewrite() -> None:
        while not stop.is_set():
            for version in sorted(versions):
                (corpus / "文0.txt").write_text(version, encoding="utf-8")

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        for _ in range(3):
            summary = ingest(corpus, index, FakeEmbedder())
            text = published_texts(index)["文0"]
            assert text in versions | {"猫在第0版叫。"}
            assert summary.failed.keys() <= {"文0.txt"}
    finally:
        stop.set()
        writer.join()
    ingest(corpus, index, FakeEmbedder())
    assert published_texts(index)["文0"] in versions


def test_a_text_of_50_megabytes_is_refused_by_name_and_the_rest_is_indexed(corpus: Path, index: Path) -> None:
    new = write_corpus(corpus, 1)
    (corpus / "大.txt").write_text("猫在屋顶上叫了一声。\n" * (50 * 2**20 // 31), encoding="utf-8")
    summary = ingest(corpus, index, FakeEmbedder())
    assert summary.changed == ["文0", "文1"]
    assert re.fullmatch(r"大\.txt has [\d,]+ characters, more than 5,000,000: split it .*", summary.failed["大.txt"])
    assert published_texts(index) == new
    status = read_status(index)
    assert (status["usable"], status["generation"], list(status["failures"])) == (True, 2, ["大.txt"])
    (corpus / "大.txt").unlink()
    ingest(corpus, index, FakeEmbedder())
    assert read_status(index)["failures"] == {}


def test_ten_thousand_tiny_files_are_indexed(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    for folder in range(100):
        (corpus / str(folder)).mkdir(parents=True)
        for number in range(100):
            (corpus / str(folder) / f"{number}.txt").write_text(f"猫{folder}号说{number}。", encoding="utf-8")
    summary = ingest(corpus, tmp_path / "index", FakeEmbedder())
    assert (len(summary.added), summary.articles, summary.chunks, summary.failed) == (10_000, 10_000, 10_000, {})
    (corpus / "7" / "7.txt").write_text("狗叫。", encoding="utf-8")
    assert ingest(corpus, tmp_path / "index", FakeEmbedder()).changed == ["7/7"]


def test_names_with_spaces_emoji_and_line_breaks_and_loops_of_links(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    names = ["有 空格", "表情😀", "换\n行", "引'\"号", "-rf", "百分%20号"]
    for number, name in enumerate(names):
        (corpus / f"{name}.txt").write_text(f"猫{number}叫。", encoding="utf-8")
    (corpus / "圈").symlink_to(corpus, target_is_directory=True)
    (corpus / "夹").mkdir()
    (corpus / "夹" / "回").symlink_to(corpus / "夹", target_is_directory=True)
    (tmp_path / "别处").mkdir()
    (tmp_path / "别处" / "文.txt").write_text("狗叫。", encoding="utf-8")
    (corpus / "链").symlink_to(tmp_path / "别处", target_is_directory=True)
    (tmp_path / "corpus" / os.fsdecode(b"\xff.txt")).write_text("鸟叫。", encoding="utf-8")
    summary = ingest(corpus, tmp_path / "index", FakeEmbedder())
    assert summary.added == sorted([*names, "链/文"], key=lambda id_: Path(f"{id_}.txt"))
    assert [reason for reason in summary.failed.values() if "the name is not UTF-8" in reason]
    assert len(summary.failed) == 1
    assert ingest(corpus, tmp_path / "index", FakeEmbedder()).unchanged == 7


def test_a_clock_that_is_set_back_hides_no_generation(corpus: Path, index: Path) -> None:
    reader = IndexReader(index, FakeEmbedder())
    future = (index / "CURRENT").stat().st_mtime + 1e8
    os.utime(index / "CURRENT", (future, future))
    assert reader.current().manifest.generation == 1
    write_corpus(corpus, 1)
    for path in corpus.iterdir():
        os.utime(path, (1, 1))
    assert len(ingest(corpus, index, FakeEmbedder()).changed) == 2
    assert reader.current().manifest.generation == 2
    reader.close()
