"""A question in a thread of its own: its stages, and that the reader can stop it also where a model stalls."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from unittest.mock import ANY

import pytest
from test_history import ANSWER

from rag.chain import STOPPED, STOPPED_BEFORE
from rag.errors import HistoryError, ModelError
from rag.history import Turn
from rag.types import Answer, Question
from views.running import Running, running_in

FOUND = replace(ANSWER, statements=(), citations=())


class FakeChain:
    """Streams the given answers; before each it waits until `go` is released once."""

    def __init__(self, *steps: Answer | Exception) -> None:
        self.steps = steps
        self.go = threading.Semaphore(0)
        self.closed = threading.Event()

    def stream(self, question: Question) -> Iterator[Answer]:
        try:
            for step in self.steps:
                self.go.acquire(timeout=10)
                if isinstance(step, Exception):
                    raise step
                yield step
        finally:
            self.closed.set()


class Keeper:
    """Keeps what it is given, numbered."""

    def __init__(self) -> None:
        self.kept: list[Answer] = []

    def __call__(self, answer: Answer) -> Turn:
        self.kept.append(answer)
        return Turn(str(len(self.kept)), answer, "")


def start(chain: FakeChain, keep: object) -> Running:
    return Running(chain, ANSWER.question, keep, "c1")  # type: ignore[arg-type]


def until(running: Running, stage: str) -> None:
    for _ in count():
        if running.stage == stage or running.wait(0.01):
            break
    assert running.stage == stage


def test_the_stages_follow_what_the_chain_has_found() -> None:
    chain, keep = FakeChain(FOUND, ANSWER), Keeper()
    running = start(chain, keep)
    assert running.stage == "searching"
    chain.go.release()
    until(running, "reading")
    assert (running.answer, keep.kept) == (FOUND, [])
    chain.go.release()
    assert running.wait(5)
    assert (running.stage, running.turn) == ("checking", Turn("1", ANSWER, ""))


def test_a_stopped_answer_is_kept_as_far_as_it_was_checked_though_the_model_stalls() -> None:
    partial = replace(ANSWER, draft="还没有核对", notice="旧")
    chain, keep = FakeChain(partial, ANSWER), Keeper()
    running = start(chain, keep)
    chain.go.release()
    until(running, "checking")
    running.stop()  # the chain waits for what never comes
    assert running.wait(0)
    assert keep.kept == [replace(ANSWER, draft="", notice=f"{STOPPED}\n旧", timings_ms={"total": ANY})]
    chain.go.release()  # it comes after all: nothing is kept of it, and the chain is let go
    assert chain.closed.wait(5)
    assert len(keep.kept) == 1


def test_what_is_stopped_just_when_it_ends_by_itself_has_its_turn() -> None:
    keeping, kept = threading.Event(), threading.Event()

    def slowly(answer: Answer) -> Turn:
        keeping.set()
        kept.wait(10)
        return Turn("1", answer, "")

    chain = FakeChain(ANSWER)
    running = start(chain, slowly)
    chain.go.release()
    assert keeping.wait(10)
    threading.Timer(0.2, kept.set).start()
    running.stop()
    assert running.turn == Turn("1", ANSWER, "")


def test_a_question_that_was_stopped_before_anything_was_found_is_kept_too() -> None:
    keep = Keeper()
    running = start(FakeChain(ANSWER), keep)
    time.sleep(0.05)
    running.stop()
    assert keep.kept == [Answer(ANSWER.question, notice=STOPPED_BEFORE, timings_ms={"total": ANY})]
    assert keep.kept[0].timings_ms["total"] >= 50  # until it was stopped, not until something was last found
    running.stop()
    assert len(keep.kept) == 1


def test_what_is_being_answered_is_found_by_its_conversation_until_it_is_over() -> None:
    chain = FakeChain(FOUND, ANSWER)
    running = start(chain, Keeper())
    assert running_in("c1") is running and running_in("c2") is None
    chain.go.release(2)
    assert running.wait(5)
    assert running_in("c1") is None


@pytest.mark.parametrize("error", [ModelError("x", "模型没有回答"), RuntimeError("bug")])
def test_an_error_ends_it_and_nothing_is_kept(error: Exception) -> None:
    chain, keep = FakeChain(FOUND, error), Keeper()
    running = start(chain, keep)
    chain.go.release(2)
    assert running.wait(5)
    assert (running.error, running.turn, keep.kept) == (error, None, [])


@pytest.mark.parametrize("failed", [HistoryError("full", "磁盘满了"), RuntimeError("bug")])
def test_an_answer_that_cannot_be_kept_is_shown_all_the_same(failed: Exception) -> None:
    def keep(answer: Answer) -> Turn:
        raise failed

    chain = FakeChain(ANSWER)
    chain.go.release()
    running = start(chain, keep)
    assert running.wait(5)
    assert (running.turn, running.error) == (Turn("", ANSWER, ""), failed)
