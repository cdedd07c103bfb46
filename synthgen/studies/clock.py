"""How long a study has run, what is left of its time, and what it shows while it runs."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from tqdm import tqdm

MIN_SIZES = 2
"""Fits of the first repeat that are made whatever the budget: fewer carry nothing."""


class Clock:
    """The time of a study, and its progress bar.

    Parameters
    ----------
    plan : sequence of (int, int)
        Repeat and rows of every fit, in order.
    budget : float or None
        Minutes after which no fit is begun.
    verbose : int
        0 shows nothing; else a bar, on a terminal.
    """

    def __init__(self, plan: Sequence[tuple[int, int]], budget: float | None, verbose: int) -> None:
        self._plan = list(plan)
        self._budget = math.inf if budget is None else 60 * budget
        self._start = time.monotonic()
        self._n_begun = 0
        self._running: dict[int, float] = {}
        self._seconds: dict[int, list[float]] = {}
        self._bar = tqdm(
            total=len(plan), desc="learning curve", unit="fit", disable=None if verbose else True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def has_time(self) -> bool:
        """Whether the next fit can be expected to end within the budget; always, for the first two."""
        if self._n_begun < MIN_SIZES:
            return True
        return time.monotonic() - self._start + self.expected(self._plan[self._n_begun][1]) <= self._budget

    def begin(self) -> None:
        """Show which fit begins, the next one of the plan, and the time that is left if one is made after the other."""
        number, self._n_begun = self._n_begun, self._n_begun + 1
        self._running[number] = time.monotonic()
        repeat, n = self._plan[number]
        left = sum(self.expected(rows) for _, rows in self._plan[number:])
        self._bar.set_postfix_str(f"{n:,} rows, repeat {repeat + 1}{_left(left)}")

    def end(self, number: int | None = None) -> None:
        """Note that a fit is done.

        Parameters
        ----------
        number : int, optional
            Its place in the plan. None: the one that was begun first of those that are not done.
        """
        number = min(self._running) if number is None else number
        seconds = time.monotonic() - self._running.pop(number)
        self._seconds.setdefault(self._plan[number][1], []).append(seconds)
        self._bar.update()

    def expected(self, n_rows: int) -> float:
        """Seconds that a fit can be expected to take.

        Parameters
        ----------
        n_rows : int
            That it is fitted to.

        Returns
        -------
        float
            The mean of those to as many rows, else in proportion to the rows from the nearest size; 0 before any.
        """
        if not self._seconds:
            return 0.0
        nearest = min(self._seconds, key=lambda n: abs(math.log(n / n_rows)))
        mean = sum(self._seconds[nearest]) / len(self._seconds[nearest])
        return mean * max(n_rows / nearest, 1.0)


def _left(seconds: float) -> str:
    if seconds == 0:
        return ""
    return f", about {seconds / 60:.0f} min left" if seconds >= 90 else f", about {seconds:.0f} s left"
