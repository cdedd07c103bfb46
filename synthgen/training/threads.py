"""How many CPU threads torch uses, for a while."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

In = TypeVar("In")
Out = TypeVar("Out")

MOST_WORKERS = 8
"""Blocks of rows that are made at the same time."""


def available_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def torch_threads(n_threads: int) -> Iterator[None]:
    """Use a number of threads inside a ``with`` block, and put the old number back.

    Parameters
    ----------
    n_threads : int
        At least 1.

    Yields
    ------
    None
    """
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def in_parallel(function: Callable[[In], Out], items: Sequence[In]) -> list[Out]:
    """Apply a function to items on several cores, each call with one torch thread.

    The bits of a result do not depend on how many cores there are.

    Parameters
    ----------
    function : callable
        Spends its time in torch and numpy, which free the interpreter.
    items : sequence
        Its arguments.

    Returns
    -------
    list
        Its results, in order.
    """
    workers = min(available_cores(), MOST_WORKERS, len(items))
    with torch_threads(1):
        if workers <= 1:
            return [function(item) for item in items]
        with ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            return list(pool.map(function, items))
