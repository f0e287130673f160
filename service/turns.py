"""Whose turn it is: a bounded queue that serves users in turn, the threads that answer, and who no longer listens."""

import asyncio
import contextvars
import threading
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from starlette.types import Receive

from service.errors import Busy, HungUp

T = TypeVar("T")
PATIENCE = 60.0  # seconds that a request waits for its turn


class Turns:
    """So many requests are served at a time; the others wait, user after user, each user's in order of arrival.

    When `most` are waiting, one is refused: the newest of the user who has most of them waiting. So nobody can fill
    the queue for the others. For one event loop.
    """

    def __init__(self, at_once: int, most: int, patience: float = PATIENCE) -> None:
        self._free = at_once
        self._most = most
        self._patience = patience
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """Number of requests that wait."""
        return sum(map(len, self._waiting.values()))

    async def take(self, user: str) -> None:
        """Return when it is this request's turn. Raises Busy when it is refused or has waited too long."""
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(user, deque()).append(turn)
        if self.waiting > self._most:
            heaviest = max(self._waiting, key=lambda name: len(self._waiting[name]))
            newest = self._waiting[heaviest][-1]
            if not newest.done():  # else it was given up, and its task has not seen it yet
                newest.set_exception(Busy(self._most))
            self._leave(heaviest, newest)
        try:
            async with asyncio.timeout(self._patience):
                await turn
        except BaseException as error:
            self._leave(user, turn)
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.give_back()  # it came while the request was given up
            if isinstance(error, TimeoutError):
                raise Busy(self.waiting) from None
            raise

    def give_back(self) -> None:
        """The turn is over: the next user's oldest request has it."""
        while self._waiting:
            user, turns = self._waiting.popitem(last=False)
            turn = turns.popleft()
            if turns:
                self._waiting[user] = turns  # behind the others
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _leave(self, user: str, turn: "asyncio.Future[None]") -> None:
        turns = self._waiting.get(user)
        if turns and turn in turns:
            turns.remove(turn)
            if not turns:
                del self._waiting[user]


async def while_heard(receive: Receive, work: Awaitable[T]) -> T:
    """What `work` gives; given up as soon as the client hangs up, wherever it is. Raises HungUp, or what `work` raises.

    `receive` is that of a request whose body has been read: all that can still come of it is its end.
    """

    async def hung_up() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    working, gone = asyncio.ensure_future(work), asyncio.create_task(hung_up())
    try:
        await asyncio.wait((working, gone), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise HungUp("the client has hung up", "客户端已断开")
        return working.result()
    finally:
        for task in (working, gone):
            task.cancel()
        await asyncio.gather(working, gone, return_exceptions=True)


class Workers:
    """Threads that do the work of requests, each when it is its turn; what somebody waits for is finished."""

    def __init__(self, threads: int, most_waiting: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="answer")
        self.turns = Turns(threads, most_waiting)

    async def items(self, user: str, work: Callable[[], Iterable[T]]) -> AsyncIterator[T]:
        """Everything that `work` yields, as it comes; when nobody listens any more it stops at the next one.

        Raises Busy, or what `work` raises.
        """
        await self.turns.take(user)
        loop = asyncio.get_running_loop()
        arrived: asyncio.Queue[tuple[bool, Any]] = asyncio.Queue()
        left = threading.Event()

        def tell(going_on: bool, what: Any) -> None:
            loop.call_soon_threadsafe(arrived.put_nowait, (going_on, what))

        def run() -> None:
            problem: Exception | None = None
            try:
                for item in work():
                    tell(True, item)
                    if left.is_set():
                        break
            except Exception as error:  # handed to the request, whose task raises it
                problem = error
            finally:
                loop.call_soon_threadsafe(self.turns.give_back)  # before the end: with a request its turn is over
                tell(False, problem)

        try:
            self._pool.submit(contextvars.copy_context().run, run)
        except RuntimeError:  # no thread can be started, or none any more: the turn must not be lost with it
            self.turns.give_back()
            raise
        try:
            while (message := await arrived.get())[0]:
                yield message[1]
        finally:
            left.set()
        if message[1] is not None:
            raise message[1]

    async def last(self, user: str, work: Callable[[], Iterable[T]]) -> T:
        """The last of what `work` yields; given up, it stops at the next one. Raises Busy, or what `work` raises."""
        [*_, last] = [item async for item in self.items(user, work)]
        return last

    async def result(self, user: str, work: Callable[[], T]) -> T:
        """What `work` gives. Raises Busy, or what `work` raises."""
        return await self.last(user, lambda: [work()])

    def close(self) -> None:
        """Wait for what was begun."""
        self._pool.shutdown()
