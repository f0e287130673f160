"""The queue of the API: whose turn it is, and what happens to those who wait, leave, or are too many."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from service.errors import Busy
from service.turns import Turns, Workers


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_users_are_served_in_turn_and_each_in_order_of_arrival() -> None:
    async def run() -> list[str]:
        turns, served = Turns(1, 10), []

        async def one(user: str, name: str) -> None:
            await turns.take(user)
            served.append(name)
            await asyncio.sleep(0)
            turns.give_back()

        names = ["a1", "a2", "a3", "b1", "c1", "b2"]
        await asyncio.gather(*(one(name[0], name) for name in names))
        assert turns.waiting == 0
        return served

    assert asyncio.run(run()) == ["a1", "a2", "b1", "c1", "a3", "b2"]


def test_a_full_queue_refuses_the_newest_of_who_has_most_waiting() -> None:
    async def run() -> list[str]:
        turns = Turns(1, 2)
        await turns.take("a")
        waiting = {name: asyncio.create_task(turns.take(name[0])) for name in ("a2", "a3", "b1")}
        await settle()
        refused = [name for name, task in waiting.items() if task.done() and isinstance(task.exception(), Busy)]
        for _ in range(3):
            turns.give_back()
            await settle()
        assert all(task.done() for task in waiting.values()) and turns.waiting == 0
        await asyncio.wait_for(turns.take("c"), 1)  # the turn was given back, once
        return refused

    assert asyncio.run(run()) == ["a3"]


def test_a_request_that_was_just_given_up_leaves_its_place_in_a_full_queue() -> None:
    async def run() -> None:
        turns = Turns(1, 2)
        await turns.take("x")
        first, given_up = asyncio.create_task(turns.take("a")), asyncio.create_task(turns.take("a"))
        await settle()
        newcomer = asyncio.create_task(turns.take("b"))
        given_up.cancel()  # its task runs after the newcomer's
        await settle()
        assert given_up.cancelled() and turns.waiting == 2
        for task in (first, newcomer):
            turns.give_back()
            await asyncio.wait_for(task, 1)

    asyncio.run(run())


def test_who_waits_too_long_is_told_that_it_is_busy() -> None:
    async def run() -> None:
        turns = Turns(1, 2, patience=0.01)
        await turns.take("a")
        with pytest.raises(Busy, match="too busy"):
            await turns.take("b")
        assert turns.waiting == 0

    asyncio.run(run())


def test_a_turn_that_comes_as_its_request_leaves_goes_to_the_next() -> None:
    async def run() -> None:
        turns = Turns(1, 5)
        await turns.take("a")
        leaving, next_ = asyncio.create_task(turns.take("b")), asyncio.create_task(turns.take("c"))
        await settle()
        turns.give_back()  # to b, which has not seen it yet
        leaving.cancel()
        await asyncio.wait_for(next_, 1)

    asyncio.run(run())


def test_work_stops_when_nobody_listens_and_its_turn_is_given_back() -> None:
    async def run() -> list[int]:
        workers, done, heard = Workers(1, 5), [], threading.Event()

        def count() -> Iterator[int]:
            for number in range(1000):
                done.append(number)
                yield number
                heard.wait(10)

        items = workers.items("a", count)
        assert await anext(items) == 0
        await items.aclose()  # type: ignore[attr-defined]  # an async generator
        heard.set()
        assert await asyncio.wait_for(workers.result("b", lambda: 7), 10) == 7
        workers.close()
        return done

    assert len(asyncio.run(run())) <= 3


def test_when_a_request_is_over_its_turn_is_over() -> None:
    workers = Workers(1, 5)

    async def ask() -> int:
        return await asyncio.wait_for(workers.result("a", lambda: 7), 5)

    assert [asyncio.run(ask()) for _ in range(20)] == [7] * 20  # each in a loop of its own, which ends with it
    workers.close()


def test_an_error_of_the_work_is_the_error_of_the_request() -> None:
    async def run() -> None:
        workers = Workers(1, 5)
        with pytest.raises(ZeroDivisionError):
            await workers.result("a", lambda: 1 // 0)
        assert await workers.result("a", lambda: 1) == 1
        workers.close()

    asyncio.run(run())


def test_a_turn_whose_work_cannot_be_begun_is_given_back() -> None:
    async def run() -> None:
        workers = Workers(1, 5)
        workers.close()
        for _ in range(3):
            with pytest.raises(RuntimeError, match="after shutdown"):
                await asyncio.wait_for(workers.result("a", lambda: 1), 5)

    asyncio.run(run())
