"""Steps until they, or the time, are spent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple

from tqdm import tqdm

from synthgen.training.history import History


class Step(NamedTuple):
    """Where a training stands.

    Parameters
    ----------
    number : int
        From 1.
    progress : float
        Share of the steps, or of the time, that is spent, in (0, 1].
    is_last : bool
        Whether none follows.
    """

    number: int
    progress: float
    is_last: bool


def steps_within(max_steps: int, max_time: float | None, history: History, verbose: int) -> Iterator[Step]:
    """Number the steps until they or the time run out, with a progress bar.

    Parameters
    ----------
    max_steps : int
        At most.
    max_time : float or None
        Seconds at most: no step begins that may not end by then.
    history : History
        Is told why training ended.
    verbose : int
        0: no progress bar.

    Yields
    ------
    Step
        In order.
    """
    start = time.monotonic()
    longest = 0.0
    with tqdm(total=max_steps, desc="fit", unit="step", disable=None if verbose else True) as bar:
        for number in range(1, max_steps + 1):
            elapsed = time.monotonic() - start
            spent = 0.0 if max_time is None else (elapsed + longest) / max_time
            is_last = number == max_steps or spent >= 1
            yield Step(number, min(1.0, max(number / max_steps, spent)), is_last)
            longest = max(longest, time.monotonic() - start - elapsed)
            bar.update()
            if is_last:
                history.stopped = "all steps done" if number == max_steps else "max_time is spent"
                return
