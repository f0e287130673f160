"""Fixtures shared by the tests: a fake embedder, a tiny corpus, and the real ones for tests marked `model`."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from fakes import FakeEmbedder
from web_server import Server

from ingest.run import ingest
from rag.embed import SentenceEmbedder
from rag.locks import locked

if TYPE_CHECKING:
    from playwright.sync_api import Browser

hypothesis.settings.register_profile("untimed", deadline=None)  # a busy machine is no fault
hypothesis.settings.load_profile("untimed")

CORPUS = Path(__file__).parent.parent / "corpus"

NOBODY = 65534  # a user and a group without rights

TINY = {
    "甲.md": "# 甲\n\n猫吃鱼。猫怕狗。\n",
    "乙.txt": "乙\n\n狗追猫，共3.5亿次。\n",
    "子/丙.txt": "丙\n\n鸟会飞。\n",
}


@pytest.fixture(scope="session", autouse=True)
def settings_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Conversations of the tests are kept apart from those of a reader; a busy machine reads as much as a quiet one."""
    os.environ["YINJU_READER_SECONDS"] = "60"
    os.environ["YINJU_HISTORY"] = str(tmp_path_factory.mktemp("history") / "history.sqlite")


@pytest.fixture
def fake_embedder() -> FakeEmbedder:
    """Counts 猫, 狗, 鱼 and 鸟."""
    return FakeEmbedder()


@pytest.fixture
def tiny_corpus(tmp_path: Path) -> Path:
    """A folder with three articles of one or two sentences: 甲, 乙 and 子/丙."""
    corpus = tmp_path / "corpus"
    for name, text in TINY.items():
        (corpus / name).parent.mkdir(parents=True, exist_ok=True)
        (corpus / name).write_text(text, encoding="utf-8")
    return corpus


@pytest.fixture
def tiny_index(tiny_corpus: Path, tmp_path: Path) -> Path:
    """An index folder that holds the tiny corpus, embedded by the fake embedder, as generation 1."""
    index = tmp_path / "index"
    ingest(tiny_corpus, index, FakeEmbedder())
    return index


@contextmanager
def as_nobody(folder: Path) -> Iterator[None]:
    """Go on as the owner of a folder and of all in it, whom rights bind: root may read and write anything."""
    if os.geteuid() != 0:
        yield
        return
    for above in takewhile(lambda above: above != Path(tempfile.gettempdir()), folder.parents):
        above.chmod(0o755)
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, NOBODY, NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture(scope="session")
def real_embedder() -> SentenceEmbedder:
    """The bundled model; only for tests marked `model`."""
    return SentenceEmbedder()


@pytest.fixture(scope="session")
def corpus_index(real_embedder: SentenceEmbedder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index folder that holds corpus/, embedded by the bundled model; only for tests marked `model`.

    The first worker that asks for it builds it for all, with the vectors of the cache that YINJU_TEST_VECTORS names.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with locked(shared / "corpus.lock", fcntl.LOCK_EX):
        if not (shared / "corpus-index").exists():
            building = tmp_path_factory.mktemp("corpus") / "index"
            if vectors := os.environ.get("YINJU_TEST_VECTORS"):
                building.mkdir()
                shutil.copy(vectors, building / "cache.sqlite")
            ingest(CORPUS, building, real_embedder)
            building.rename(shared / "corpus-index")
    return shared / "corpus-index"


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Chromium; only for tests marked `browser`."""
    from page_server import chromium

    with chromium() as running:
        yield running


def can_mount() -> bool:
    """Whether this process may mount a small file system."""
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder]
        if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
            return False
        subprocess.run(["umount", folder], check=True)
        return True


NEEDS = {
    "mount": (can_mount(), "this process may not mount a file system"),
    "llm": ("YINJU_TEST_LLM" in os.environ, "YINJU_TEST_LLM names no OpenAI-compatible API"),
    "database": ("YINJU_TEST_DATABASE" in os.environ, "YINJU_TEST_DATABASE names no PostgreSQL"),
    "browser": (shutil.which("chromium") is not None, "there is no chromium; apt-get install chromium fonts-noto-cjk"),
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests whose means are missing on this machine, and say so; those that ask an LLM come first.

    Their worker waits for it most of the time: what is left for the other one at the end is short.
    """
    for marker, (available, reason) in NEEDS.items():
        without = [item for item in items if item.get_closest_marker(marker)]
        if without and not available:
            config.hook.pytest_deselected(items=without)
            items[:] = [item for item in items if item not in without]
            config.stash[REPORT].append(f"not run: {len(without)} {marker} tests, because {reason}")
    asking = {item.path for item in items if item.get_closest_marker("llm")}
    items.sort(key=lambda item: item.path not in asking)


REPORT = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Start the list of what is not run."""
    config.stash[REPORT] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name what was not run, at the end where it is read."""
    for line in config.stash[REPORT]:
        terminalreporter.write_line(line, yellow=True)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()
