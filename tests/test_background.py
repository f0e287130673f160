"""The ingest in a process of its own, with the real model; or another process in its place."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.background import BROKEN_OFF, BackgroundIngest, RunState
from ingest.compare import READING
from ingest.run import EMBEDDING
from rag.index import CURRENT
from rag.settings import Settings


def wait(run: BackgroundIngest, until: Callable[[RunState], bool], seconds: float = 120) -> list[RunState]:
    """The states that were seen up to the first that is as wanted."""
    seen, deadline = [run.state], time.monotonic() + seconds
    while not until(seen[-1]):
        assert time.monotonic() < deadline, seen[-1]
        time.sleep(0.01)
        if run.state != seen[-1]:
            seen.append(run.state)
    return seen


def ended(state: RunState) -> bool:
    return not state.running


@pytest.mark.model
def test_a_run_tells_its_progress_and_what_it_did_and_a_second_request_follows(tiny_corpus: Path) -> None:
    index = tiny_corpus.parent / "index"
    run = BackgroundIngest(Settings(corpus=tiny_corpus, index=index))
    run.request()
    (tiny_corpus / "坏.md").write_text("")
    wait(run, lambda state: state.stage == READING)
    (tiny_corpus / "丁.md").write_text("鱼。")
    run.request()
    seen = wait(run, ended)
    assert {READING, EMBEDDING} <= {state.stage for state in seen}
    assert seen[-1].error is None and seen[-1].summary is not None
    assert (seen[-1].summary["articles"], list(seen[-1].summary["failures"])) == (4, ["坏.md"])
    assert (index / CURRENT).exists()


@pytest.mark.model
def test_a_run_that_is_stopped_publishes_nothing_and_the_next_one_does(tiny_corpus: Path) -> None:
    index = tiny_corpus.parent / "index"
    run = BackgroundIngest(Settings(corpus=tiny_corpus, index=index))
    run.stop()  # nothing to stop: it must not stop the next one
    run.request()
    wait(run, lambda state: state.stage == READING)
    run.stop()
    assert wait(run, ended)[-1] == RunState(stopped=True)
    assert not (index / CURRENT).exists()
    run.request()
    assert wait(run, ended)[-1].summary is not None


def test_a_run_that_cannot_be_done_says_why_in_both_languages(tmp_path: Path) -> None:
    run = BackgroundIngest(Settings(corpus=tmp_path / "none", index=tmp_path / "index"))
    run.request()
    state = wait(run, ended)[-1]
    assert state.summary is None and state.error is not None
    assert "there is no folder" in state.error[0] and "没有文件夹" in state.error[1]


class OfProgram(BackgroundIngest):
    """Follows a program of Python in place of the ingest."""

    def __init__(self, program: str, tmp_path: Path) -> None:
        super().__init__(Settings(corpus=tmp_path, index=tmp_path / "index"))
        self.program = program

    def _command(self) -> list[str]:
        return [sys.executable, "-c", self.program]


def test_what_a_library_prints_need_neither_be_json_nor_utf_8(tmp_path: Path) -> None:
    prints = r"""import os; os.write(2, b"\xff\n"); os.write(1, b'\xff\n[1]\nno JSON\n{"generation": 1}\n')"""
    run = OfProgram(prints, tmp_path)
    run.request()
    assert wait(run, ended)[-1] == RunState(summary={"generation": 1})


def test_the_encoding_of_the_locale_is_nothing_to_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "gbk")
    run = OfProgram("""print('{"generation": 1, "failures": {"甲.md": "坏了"}}')""", tmp_path)
    run.request()
    assert wait(run, ended)[-1].summary == {"generation": 1, "failures": {"甲.md": "坏了"}}


def test_a_run_that_cannot_be_followed_is_ended_and_another_can_be_asked_for(tmp_path: Path) -> None:
    run = OfProgram("""import time; print('{"stage": "x", "unknown": 1}', flush=True); time.sleep(600)""", tmp_path)
    run.request()
    assert wait(run, ended)[-1] == RunState(error=BROKEN_OFF)
    run.program = """print('{"generation": 2}')"""
    run.request()
    assert wait(run, ended)[-1] == RunState(summary={"generation": 2})
