"""The page before there is an index: an ingest that is asked for is only counted here."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ingest.background import RunState
from ingest.run import EMBEDDING
from rag.errors import IndexDamaged, IndexMissing, ModelError, RagError
from views.messages import t
from views.shelf import Shelf

MISSING = IndexMissing("there is none", "还没有索引")


@dataclass
class Indexing:
    state: RunState = field(default_factory=RunState)
    requests: int = 0

    def request(self) -> None:
        self.requests += 1
        self.state = RunState(running=True)

    def stop(self) -> None:
        self.state = RunState(stopped=True)


@pytest.fixture(autouse=True)
def main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


def start(problem, shelf):  # type: ignore[no-untyped-def]  # its text alone is run: no name of this file is known there
    from views.start import start_page

    start_page(problem, shelf)


def page(corpus: Path, indexing: Indexing, problem: RagError = MISSING) -> AppTest:
    shelf = Shelf(corpus, corpus.parent / "index", None, indexing)  # type: ignore[arg-type]
    return AppTest.from_function(start, args=(problem, shelf), default_timeout=30).run()


def labels(page: AppTest) -> list[str]:
    return [button.label for button in page.button]


def test_the_first_start_builds_the_index_by_itself_once(tiny_corpus: Path) -> None:
    indexing = Indexing()
    shown = page(tiny_corpus, indexing)
    assert not shown.exception and indexing.requests == 1
    assert shown.markdown[0].value == t("first_start", count=3)
    assert labels(shown) == [t("run_stop")]
    page(tiny_corpus, indexing)  # another reader
    assert indexing.requests == 1


def test_a_first_build_that_was_stopped_or_failed_waits_for_the_reader(tiny_corpus: Path) -> None:
    indexing = Indexing(RunState(running=True, stage=EMBEDDING, done=1, total=2))
    shown = page(tiny_corpus, indexing)
    shown.button[0].click().run()
    assert indexing.requests == 0 and labels(shown) == [t("build")]
    assert [info.value for info in shown.info] == [t("run_stopped")]
    failed = Indexing(RunState(error=("disk full", "磁盘满了")))
    shown = page(tiny_corpus, failed)
    assert [error.value for error in shown.error] == ["磁盘满了"] and failed.requests == 0
    shown.button[0].click().run()
    assert failed.requests == 1


def test_an_index_that_cannot_be_used_is_told_and_rebuilt_only_when_asked(tiny_corpus: Path) -> None:
    indexing = Indexing()
    shown = page(tiny_corpus, indexing, IndexDamaged("damaged", "索引已损坏"))
    assert [warning.value for warning in shown.warning] == ["索引已损坏。"]
    assert indexing.requests == 0 and labels(shown) == [t("build")]


@pytest.mark.parametrize("made", [True, False])
def test_without_articles_it_says_where_to_put_them(tmp_path: Path, made: bool) -> None:
    corpus = tmp_path / "corpus"
    if made:
        corpus.mkdir()
    indexing = Indexing()
    shown = page(corpus, indexing)
    assert [info.value for info in shown.info] == [t("empty_corpus", corpus=corpus)]
    assert not shown.exception and indexing.requests == 0
    shown.file_uploader[0].set_value([("甲.md", "猫吃鱼。".encode(), "text/markdown")])
    shown.run()
    assert (corpus / "甲.md").exists() and indexing.requests == 1


def test_a_model_that_cannot_be_loaded_is_told_with_a_button_to_try_again(tiny_corpus: Path) -> None:
    shown = page(tiny_corpus, Indexing(), ModelError("no model", "向量模型加载不了"))
    assert [error.value for error in shown.error] == ["向量模型加载不了。"] and labels(shown) == [t("try_again")]
