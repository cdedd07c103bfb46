"""How many CPU threads torch uses, for a while."""

from __future__ import annotations

import contextlib
import os
import threading
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
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return found if _Most.cores is None else min(found, _Most.cores)


class _Most:
    """How many cores `available_cores` may find."""

    cores: int | None = None


@contextlib.contextmanager
def at_most_cores(n_cores: int) -> Iterator[None]:
    """Let this process count no more cores than this inside a ``with`` block: others work beside it.

    Parameters
    ----------
    n_cores : int
        At least 1.

    Yields
    ------
    None
    """
    before, _Most.cores = _Most.cores, n_cores
    try:
        yield
    finally:
        _Most.cores = before


class _Outside(threading.local):
    """How deep this thread is in `torch_threads` blocks."""

    depth = 0


class _Process:
    """Torch's number of threads as it is outside of all blocks of all threads.

    Torch keeps one number for threads yet to come and one for each thread that has asked. Of two fits in two threads the
    second to begin sees the first one's number, and must not put that back as if it were the caller's.
    """

    def __init__(self) -> None:
        self.lock, self.inside, self.number = threading.Lock(), 0, 1
        self.own = _Outside()

    def enter(self) -> int:
        """The number to put back at the end of the block that begins."""
        with self.lock:
            own = torch.get_num_threads()
            self.own.depth += 1
            if self.own.depth > 1:
                return own
            if not self.inside:
                self.number = own
            self.inside += 1
            return self.number

    def leave(self, number: int) -> None:
        """Put the number back."""
        with self.lock:
            torch.set_num_threads(number)
            self.own.depth -= 1
            if self.own.depth == 0:
                self.inside -= 1


_PROCESS = _Process()


@contextlib.contextmanager
def torch_threads(n_threads: int) -> Iterator[None]:
    """Use a number of threads inside a ``with`` block, and put the old number back, whatever other threads do.

    Parameters
    ----------
    n_threads : int
        At least 1.

    Yields
    ------
    None
    """
    before = _PROCESS.enter()
    torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        _PROCESS.leave(before)


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
