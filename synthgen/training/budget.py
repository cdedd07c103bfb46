"""How far a training has come: in steps, and in time."""

from __future__ import annotations

import time
from typing import NamedTuple


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


class Budget:
    """Steps and seconds that may be spent, and those that are.

    Parameters
    ----------
    max_steps : int
        At most.
    max_time : float or None
        Seconds at most: no step begins that may not end by then.
    seconds : float
        Spent before this process took over.
    """

    def __init__(self, max_steps: int, max_time: float | None, seconds: float = 0.0) -> None:
        self.max_steps = max_steps
        self.max_time = max_time
        self._began = time.monotonic() - seconds
        self._longest = 0.0
        self._step_began = self._began + seconds

    @property
    def seconds(self) -> float:
        """Seconds spent."""
        return time.monotonic() - self._began

    def step(self, number: int) -> Step:
        """The step that begins now.

        Parameters
        ----------
        number : int
            From 1.

        Returns
        -------
        Step
            With the share of the budget that is spent.
        """
        now = time.monotonic()
        self._longest = max(self._longest, now - self._step_began)
        self._step_began = now
        spent = 0.0 if self.max_time is None else (now - self._began + self._longest) / self.max_time
        is_last = number >= self.max_steps or spent >= 1
        return Step(number, min(1.0, max(number / self.max_steps, spent)), is_last)

    def words(self, number: int) -> str:
        """Why training ended after so many steps."""
        return "all steps done" if number >= self.max_steps else "max_time is spent"
