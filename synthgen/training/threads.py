"""How many CPU threads torch uses, for a while."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import torch

MOST_THREADS = 4
"""The matrices are small: more threads than this wait for one another."""


def sensible_threads() -> int:
    """As many threads as this process may use cores, at most `MOST_THREADS`."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(MOST_THREADS, available))


@contextlib.contextmanager
def torch_threads(n_threads: int | None) -> Iterator[None]:
    """Use a number of threads inside a ``with`` block, and put the old number back.

    Parameters
    ----------
    n_threads : int or None
        None: `sensible_threads`.

    Yields
    ------
    None
    """
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads or sensible_threads())
    try:
        yield
    finally:
        torch.set_num_threads(before)
