import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from rag.cores import on_each_core, on_one_core

CORES = os.cpu_count() or 1


def test_as_many_as_there_are_cores_work_together_each_on_one() -> None:
    together, used = threading.Barrier(CORES), []

    def work() -> None:
        with on_one_core():
            together.wait(60)  # breaks, and raises, where the others are kept out
            used.append(torch.get_num_threads())

    with ThreadPoolExecutor(CORES) as threads:
        for done in [threads.submit(work) for _ in range(CORES)]:
            done.result()
    assert used == [1] * CORES


def test_the_pieces_of_one_question_are_shared_out_and_come_back_in_order() -> None:
    together = threading.Barrier(CORES)
    pieces = range(2 * CORES)
    assert on_each_core(lambda n: (together.wait(60), 10 * n)[1], pieces) == [10 * n for n in pieces]
    assert on_each_core(str, []) == []


def test_what_a_piece_raises_is_raised_and_the_cores_are_free_again() -> None:
    for _ in range(2 * CORES):
        with pytest.raises(ZeroDivisionError):
            on_each_core(lambda n: 1 // n, range(3))
    test_as_many_as_there_are_cores_work_together_each_on_one()
