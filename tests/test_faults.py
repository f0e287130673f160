"""Real processes against one index: killed, at once, and refused."""

import json
import multiprocessing
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from fakes import FakeEmbedder

from ingest.run import ingest
from rag.errors import CorpusError, IndexLocked
from rag.index import IndexReader, read_manifest, verify
from rag.library import Library
from rag.writer import IndexWriter

ROOT = Path(__file__).parent.parent
SLOW = 0.004  # seconds per sentence, so that embedding takes about as long as publishing
ARTICLES = 30
KILLS = 20

# A server that has imported everything forks each process: real processes that start in milliseconds.
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["ingest.run", "fakes"])


def write_corpus(corpus: Path, version: int) -> dict[str, str]:
    """Thirty articles, no two with the same vector; a third change from one version to the next. Gives their texts."""
    corpus.mkdir(exist_ok=True)
    texts = {}
    for number in range(ARTICLES):
        latest = version - (version - number) % 3
        texts[f"文{number:02}"] = f"猫追{'狗' * number}。" + "".join(
            f"猫{number}在第{latest}版说第{line}句。" for line in range(10)
        )
        (corpus / f"文{number:02}.txt").write_text(texts[f"文{number:02}"], encoding="utf-8")
    return texts


def published_texts(index: Path) -> dict[str, str]:
    library = Library.open(index / read_manifest(index).directory / "library.sqlite")
    texts = {id_: library.article(id_).text for id_ in library.article_ids()}
    library.close()
    return texts


def answer(reader: IndexReader) -> tuple[int, int]:
    """The generation, and how many chunks both indexes find and the library resolves to quotable text."""
    generation = reader.current()
    near = generation.store.nearest(reader.embedder.embed_query("猫"), 50)
    matches = generation.library.search(["说第"])
    for hit in [*near, *matches]:
        chunk = generation.library.chunk(hit.chunk_id)
        assert all(chunk.text[start - chunk.start : end - chunk.start].endswith("。") for start, end in chunk.sentences)
        assert len(generation.library.sentence_vectors(hit.chunk_id)) == len(chunk.sentences) > 0
    assert {hit.chunk_id for hit in near} == {hit.chunk_id for hit in matches}
    return generation.manifest.generation, len(near)


class Asking:
    """A thread that asks a reader again and again, and keeps what it saw and what went wrong."""

    def __init__(self, index: Path) -> None:
        self.reader = IndexReader(index, FakeEmbedder())
        self.generations: list[int] = []
        self.found: set[int] = set()
        self.errors: list[BaseException] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def _ask(self) -> None:
        while not self._stop.is_set():
            try:
                generation, found = answer(self.reader)
                self.generations.append(generation)
                self.found.add(found)
            except BaseException as error:
                self.errors.append(error)
            time.sleep(0.005)

    def __enter__(self) -> "Asking":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.reader.close()


def ingest_process(corpus: Path, index: Path, started: Connection) -> None:
    started.send("started")
    started.send(ingest(corpus, index, FakeEmbedder(seconds_per_text=SLOW)).generation)


def start(corpus: Path, index: Path) -> tuple[BaseProcess, Connection]:
    """An ingest in a process of its own that has begun."""
    receiver, sender = processes.Pipe(duplex=False)
    process = processes.Process(target=ingest_process, args=(corpus, index, sender))
    process.start()
    sender.close()
    assert receiver.recv() == "started"
    return process, receiver


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    write_corpus(tmp_path / "corpus", 0)
    return tmp_path / "corpus"


@pytest.fixture
def index(tmp_path: Path, corpus: Path) -> Iterator[Path]:
    """The index of the corpus's version 0, generation 1."""
    ingest(corpus, tmp_path / "index", FakeEmbedder())
    yield tmp_path / "index"
    shutil.rmtree(tmp_path / "index")


def test_an_ingest_killed_at_any_moment_leaves_a_whole_index_and_no_reader_notices(corpus: Path, index: Path) -> None:
    moments = random.Random(20250403)
    write_corpus(corpus, 1)
    process, _ = start(corpus, index)
    began = time.monotonic()
    process.join()
    whole = time.monotonic() - began
    killed, states = 0, set()
    with Asking(index) as asking:
        for version in range(2, 2 + KILLS):
            texts = write_corpus(corpus, version)
            process, _ = start(corpus, index)
            time.sleep(moments.uniform(0, whole))
            process.kill()
            process.join()
            killed += process.exitcode == -signal.SIGKILL
            states.add((bool(list(index.glob("build-*"))), published_texts(index) == texts))
            manifest = read_manifest(index)
            verify(index / manifest.directory, manifest)
        texts = write_corpus(corpus, 2 + KILLS)
        final = ingest(corpus, index, FakeEmbedder())
        verify(index / read_manifest(index).directory, read_manifest(index))
        assert answer(asking.reader) == (final.generation, ARTICLES)
    assert killed >= KILLS // 4, "many kills hit a process that was still at work"
    assert (True, False) in states, "some kills hit a build"
    assert asking.errors == []
    assert asking.found == {ARTICLES}
    assert asking.generations == sorted(asking.generations)
    assert (final.articles, final.failed, final.removed) == (ARTICLES, {}, [])
    assert published_texts(index) == texts
    assert not list(index.glob("build-*"))
    assert not list(index.glob("*.new"))
    assert ingest(corpus, index, FakeEmbedder()).unchanged == ARTICLES


def test_a_reading_and_an_ingesting_process_work_at_once_over_several_publishes(corpus: Path, index: Path) -> None:
    with Asking(index) as asking:
        for version in range(1, 7):
            texts = write_corpus(corpus, version)
            process, receiver = start(corpus, index)
            assert receiver.recv() == version + 1
            process.join()
            assert process.exitcode == 0
            assert answer(asking.reader) == (version + 1, ARTICLES)
            assert published_texts(index) == texts
    assert asking.errors == []
    assert asking.reader.problem is None
    assert asking.found == {ARTICLES}
    assert asking.generations == sorted(asking.generations)


def reading_process(index: Path, rounds: int, results: Connection) -> None:
    found = []
    for _ in range(rounds):
        reader = IndexReader(index, FakeEmbedder())
        generation = reader.current()
        near = [generation.store.nearest(reader.embedder.embed_query(word), 10) for word in ("猫", "狗", "猫狗")]
        lexical = [generation.library.search([word]) for word in ("说第", "在第", "没有")]
        found.append([[(hit.chunk_id, hit.score) for hit in hits] for hits in near + lexical])
        reader.close()
    results.send(json.dumps(found))


def test_four_processes_opening_one_generation_at_once_find_the_same(index: Path) -> None:
    rounds = 5
    for _ in range(3):
        pipes = [processes.Pipe(duplex=False) for _ in range(4)]
        readers = [processes.Process(target=reading_process, args=(index, rounds, sender)) for _, sender in pipes]
        for process in readers:
            process.start()
        for _, sender in pipes:
            sender.close()
        found = [json.loads(receiver.recv()) for receiver, _ in pipes]
        for process in readers:
            process.join()
        assert [process.exitcode for process in readers] == [0] * 4
        assert [once for process in found for once in process] == [found[0][0]] * (4 * rounds)
        assert [len(hits) for hits in found[0][0]] == [10, 10, 10, ARTICLES, ARTICLES, 0]


def test_a_second_ingest_is_refused_with_a_sentence_while_the_first_is_at_work(corpus: Path, index: Path) -> None:
    with IndexWriter.locked(index, FakeEmbedder(), "1"):
        second = subprocess.run(
            [sys.executable, "-m", "ingest", str(corpus), "--index", str(index), "--quiet"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert second.returncode == 1
    assert second.stdout == ""
    assert second.stderr == f"错误：另一个进程正在更新索引 {index}：请等它结束再试\n"


def holding_process(index: Path, holding: Connection) -> None:
    with IndexWriter.locked(index, FakeEmbedder(), "1"):
        holding.send("holding")
        time.sleep(600)


def test_the_lock_of_a_killed_process_is_free_again(corpus: Path, index: Path) -> None:
    receiver, sender = processes.Pipe(duplex=False)
    process = processes.Process(target=holding_process, args=(index, sender))
    process.start()
    assert receiver.recv() == "holding"
    with pytest.raises(IndexLocked):
        ingest(corpus, index, FakeEmbedder())
    process.kill()
    process.join()
    assert ingest(corpus, index, FakeEmbedder()).unchanged == ARTICLES


def test_files_that_cannot_be_read_are_reported_and_keep_their_indexed_version(corpus: Path, index: Path) -> None:
    (corpus / "文00.txt").unlink()
    (corpus / "文00.txt").symlink_to("没有")  # as root, only a link to nothing cannot be read
    (corpus / "文01.txt").write_bytes(random.Random(1).randbytes(4096))
    (corpus / "文02.txt").write_text("猫鐨勫皬楸煎緢澶氾紝鐙楃殑涔熶笉灏戙€�", encoding="utf-8")  # UTF-8 read as GBK
    before = published_texts(index)
    summary = ingest(corpus, index, FakeEmbedder())
    assert sorted(summary.failed) == ["文00.txt", "文01.txt", "文02.txt"]
    assert summary.failed["文00.txt"] == "文00.txt is a link to nothing: mend or remove it"
    assert all(name in reason for name, reason in summary.failed.items())
    assert (summary.unchanged, summary.removed) == (ARTICLES - 3, [])
    assert published_texts(index) == before


def test_a_folder_named_like_an_article_is_walked_and_not_read(corpus: Path, index: Path) -> None:
    (corpus / "夹.md").mkdir()
    (corpus / "夹.md" / "内.md").write_text("猫在夹里。", encoding="utf-8")
    summary = ingest(corpus, index, FakeEmbedder())
    assert (summary.added, summary.failed) == (["夹.md/内"], {})


def test_a_corpus_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "corpus").write_text("文字", encoding="utf-8")
    with pytest.raises(CorpusError, match="there is no folder"):
        ingest(tmp_path / "corpus", tmp_path / "index", FakeEmbedder())
    assert not (tmp_path / "index").exists()
