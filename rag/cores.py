"""The cores that models run on: each runs one piece of work at a time, whoever it is for."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Literal, TypeVar

Numbers = Literal["bfloat16", "int8", "float32"]
Piece = TypeVar("Piece")
Result = TypeVar("Result")

_COUNT = os.cpu_count() or 1
_FREE = threading.BoundedSemaphore(_COUNT)
_THREADS = ThreadPoolExecutor(_COUNT, "core")


@contextmanager
def on_one_core() -> Iterator[None]:
    """As many at a time as there are cores, and torch on one core for each; its number of threads is each thread's own.

    Shared by two cores a question is a little faster while nothing else runs; as soon as something does, each core
    waits for the other at every layer: 439 ms instead of 24 at a load of 10. The vectors are the same to the bit.
    """
    import torch

    with _FREE:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def on_each_core(work: Callable[[Piece], Result], pieces: Sequence[Piece]) -> list[Result]:
    """The results of a piece of work each, in order; a core is given the next piece when it is done with one.

    Raises what the work raises. The work itself must not call this: the threads that it waits for may be its own.
    """

    def on_one(piece: Piece) -> Result:
        with on_one_core():
            return work(piece)

    if len(pieces) < 2:
        return list(map(on_one, pieces))
    return list(_THREADS.map(on_one, pieces))


def fastest_numbers() -> Numbers:
    """What the CPU multiplies fastest: bfloat16 or int8 where it has them in hardware, else float32.

    int8 only where sums of bytes are kept in 32 bits: elsewhere they may overflow.
    """
    import torch

    has = torch.cpu.get_capabilities()
    if has.get("avx512_bf16") or has.get("amx_bf16"):
        return "bfloat16"
    return "int8" if has.get("avx512_vnni") else "float32"
