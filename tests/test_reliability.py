"""Ten readers ask while everything goes wrong: each answer is right for one generation, or an honest error.

Run with -s or look at the end of the run for the table of docs/reliability.md.
"""

import random
import shutil
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from conftest import REPORT
from fakes import FakeEmbedder
from llm_server import FakeServer, fake_llm
from test_faults import ARTICLES, published_texts, start, write_corpus

from ingest.backup import backup, restore
from ingest.check import check_index
from ingest.run import chunker_version, ingest
from rag.chain import AnswerChain
from rag.errors import IndexUnwritable, RagError
from rag.index import read_manifest
from rag.settings import Settings
from rag.types import Answer

READERS = 10
TIMES = 20  # re-indexes, and kills
LLM_FAULTS = ("stall", "error", "garbage", "broken", "ok")


class Readers:
    """Ten threads that ask, half of them with an LLM; what they got, and the errors that no reader should see."""

    def __init__(self, index: Path, corpus: Path, server: FakeServer) -> None:
        plain = Settings(index=index, corpus=corpus, refusal_threshold=0)
        llm = Settings(
            index=index,
            corpus=corpus,
            refusal_threshold=0,
            llm="openai:fake",
            llm_base_url=server.base_url,
            llm_timeout=0.5,
        )
        self.chains = [AnswerChain(settings, embedder=FakeEmbedder()) for settings in (plain, llm)]
        self.answers: list[Answer] = []
        self.honest: Counter[str] = Counter()
        self.wrong: list[BaseException] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(READERS)]

    def _ask(self, number: int) -> None:
        chance = random.Random(number)
        while not self._stop.is_set():
            try:
                self.answers.append(self.chains[number % 2].invoke(f"猫{chance.randrange(ARTICLES)}说第几句？"))
            except RagError as error:
                self.honest[type(error).__name__] += 1
                assert error.chinese != str(error), "told to a reader in Chinese"
            except BaseException as error:
                self.wrong.append(error)
            time.sleep(0.1)

    def __enter__(self) -> "Readers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        for chain in self.chains:
            chain.close()

    def settle(self) -> None:
        """Return when every reader was answered at least twice more."""
        wanted = len(self.answers) + sum(self.honest.values()) + 2 * READERS
        while len(self.answers) + sum(self.honest.values()) < wanted and not self.wrong:
            time.sleep(0.02)


class Truth:
    """What each generation holds, noted when it was published."""

    def __init__(self, index: Path) -> None:
        self.index = index
        self.texts: dict[int, dict[str, str]] = {}

    def note(self, *allowed: dict[str, str]) -> dict[str, str]:
        """The texts of the published generation, which must be one of those that may be there."""
        texts = published_texts(self.index)
        assert texts in allowed, "what is published is one state of the articles, whole"
        number = read_manifest(self.index).generation
        assert self.texts.setdefault(number, texts) == texts
        return texts

    def is_right(self, answer: Answer) -> bool:
        """Whether all that an answer shows is word for word in the articles of the generation that it names."""
        texts = self.texts[answer.index_generation]
        shown = [passage.article for passage in answer.passages] + [c.article for c in answer.citations]
        quotes = all(c.quote in texts[c.article.id] for c in answer.citations)
        return bool(shown) and quotes and all(article.text == texts[article.id] for article in shown)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    write_corpus(tmp_path / "corpus", 0)
    return tmp_path / "corpus"


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with fake_llm() as running:
        running.reply = "猫在叫。[1]"
        yield running


def run(
    name: str,
    fault: Callable[[Readers, Truth], int],
    corpus: Path,
    index: Path,
    server: FakeServer,
    config: pytest.Config,
) -> Readers:
    """Do a fault while readers ask, check every answer, and note the row of the table."""
    truth = Truth(index)
    ingest(corpus, index, FakeEmbedder())
    truth.note(published_texts(index))
    with Readers(index, corpus, server) as readers:
        readers.settle()
        times = fault(readers, truth)
        readers.settle()
    assert readers.wrong == []
    right = sum(map(truth.is_right, readers.answers))
    assert right == len(readers.answers)
    errors = ", ".join(f"{count} {kind}" for kind, count in readers.honest.items()) or "0"
    config.stash[REPORT].append(f"| {name} | {times} | {right} of {len(readers.answers)} | {errors} |")
    assert check_index(index).problems == []
    return readers


def test_twenty_generations_are_published_while_ten_readers_ask(
    corpus: Path, tmp_path: Path, server: FakeServer, pytestconfig: pytest.Config
) -> None:
    index = tmp_path / "index"

    def publish(readers: Readers, truth: Truth) -> int:
        for version in range(1, 1 + TIMES):
            texts = write_corpus(corpus, version)
            assert ingest(corpus, index, FakeEmbedder()).generation == version + 1
            truth.note(texts)
        return TIMES

    readers = run("re-index published", publish, corpus, index, server, pytestconfig)
    assert not readers.honest
    assert max(answer.index_generation for answer in readers.answers) == 1 + TIMES
    assert len({answer.index_generation for answer in readers.answers}) > TIMES // 2


def test_twenty_ingests_are_killed_and_nothing_acknowledged_is_lost(
    corpus: Path, tmp_path: Path, server: FakeServer, pytestconfig: pytest.Config
) -> None:
    index, chance = tmp_path / "index", random.Random(20251125)

    def kill(readers: Readers, truth: Truth) -> int:
        killed, acknowledged = 0, published_texts(index)
        version = 0
        while killed < TIMES and version < 3 * TIMES:  # some end before they are killed
            version += 1
            texts = write_corpus(corpus, version)
            process, told = start(corpus, index)
            time.sleep(chance.uniform(0, 2.5))
            process.kill()
            process.join()
            killed += process.exitcode == -signal.SIGKILL
            published = truth.note(acknowledged, texts)
            if told.poll() and process.exitcode == 0:
                assert published == texts, "an ingest that told its generation is there"
            acknowledged = published
        texts = write_corpus(corpus, version + 1)
        ingest(corpus, index, FakeEmbedder())
        truth.note(texts)
        assert killed == TIMES
        return killed

    assert not run("ingest killed -9", kill, corpus, index, server, pytestconfig).honest


def test_an_llm_that_stalls_drops_or_babbles_leaves_every_reader_with_the_articles_words(
    corpus: Path, tmp_path: Path, server: FakeServer, pytestconfig: pytest.Config
) -> None:
    def fail(readers: Readers, truth: Truth) -> int:
        for mode in LLM_FAULTS:
            server.mode = mode
            readers.settle()
        return len(LLM_FAULTS) - 1

    index = tmp_path / "index"
    readers = run("LLM stalls, answers 500, babbles, breaks off", fail, corpus, index, server, pytestconfig)
    assert not readers.honest
    assert all(answer.statements for answer in readers.answers)


def test_the_index_is_deleted_and_restored_while_ten_readers_ask(
    corpus: Path, tmp_path: Path, server: FakeServer, pytestconfig: pytest.Config
) -> None:
    index, saved = tmp_path / "index", tmp_path / "saved.tar"

    def delete(readers: Readers, truth: Truth) -> int:
        texts = published_texts(index)
        backup(corpus, index, saved)
        for _ in range(3):
            shutil.rmtree(index)
            readers.settle()
            restore(saved, corpus, index, FakeEmbedder(), chunker_version(400))
            truth.note(texts)
            readers.settle()
        return 3

    readers = run("index deleted and restored", delete, corpus, index, server, pytestconfig)
    assert readers.answers[-1].index_generation == read_manifest(index).generation


@pytest.mark.mount
def test_a_full_disk_refuses_the_ingest_and_not_the_readers(
    corpus: Path, tmp_path: Path, server: FakeServer, pytestconfig: pytest.Config
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()

    def fill(readers: Readers, truth: Truth) -> int:
        acknowledged, refused = published_texts(disk / "index"), 0
        for version, free in enumerate(range(0, 1_000_000, 100_000), 1):
            texts = write_corpus(corpus, version)
            left = shutil.disk_usage(disk).free
            (disk / "filler").write_bytes(bytes(max(0, left - free)))
            try:
                ingest(corpus, disk / "index", FakeEmbedder())
            except IndexUnwritable:
                refused += 1
            acknowledged = truth.note(acknowledged, texts)
            readers.settle()
            (disk / "filler").unlink()
        ingest(corpus, disk / "index", FakeEmbedder())
        truth.note(texts)
        assert refused > 0
        return refused

    with ExitStack() as mounted:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "none", str(disk)], check=True)
        mounted.callback(subprocess.run, ["umount", "--lazy", str(disk)], check=True)
        run("disk full", fill, corpus, disk / "index", server, pytestconfig)
