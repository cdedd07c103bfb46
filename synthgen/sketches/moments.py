"""Extremes, mean and standard deviation of numbers that come in parts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


class Moments:
    """The least and the largest number, the mean and the standard deviation.

    Notes
    -----
    Numbers are counted from the first one, so that large ones (instants in nanoseconds) keep their digits; parts are joined
    by the formulas of [1]_.

    References
    ----------
    .. [1] T. F. Chan, G. H. Golub, R. J. LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances",
       1979.
    """

    def __init__(self) -> None:
        self.n = 0
        self.minimum: Any = None
        self.maximum: Any = None
        self._origin: Any = None
        self._mean = self._squares = 0.0

    def add(self, ordered: np.ndarray) -> None:
        """Take numbers in.

        Parameters
        ----------
        ordered : ndarray, shape (N,)
            Ascending, N at least 1.
        """
        low, high = ordered[0].item(), ordered[-1].item()
        if self._origin is None:
            self._origin = low
        with np.errstate(invalid="ignore", over="ignore"):
            shifted = _shifted(ordered, self._origin)
            mean = float(shifted.mean())
            squares = float(((shifted - mean) ** 2).sum())
        self._join(len(ordered), mean, squares, low, high)

    def merge(self, other: Moments) -> None:
        """Take another's numbers in."""
        if not other.n:
            return
        if self._origin is None:
            self._origin = other._origin
        shift = float(other._origin - self._origin)
        self._join(other.n, other._mean + shift, other._squares, other.minimum, other.maximum)

    @property
    def mean(self) -> float:
        """NaN without numbers."""
        return float(self._origin + self._mean) if self.n else math.nan

    @property
    def sd(self) -> float:
        """Divided by n; NaN without numbers."""
        return math.sqrt(self._squares / self.n) if self.n else math.nan

    def _join(self, n: int, mean: float, squares: float, low: Any, high: Any) -> None:
        total = self.n + n
        gap = mean - self._mean
        self._squares += squares + gap * gap * (self.n * n / total)
        self._mean += gap * (n / total)
        self.n = total
        self.minimum = low if self.minimum is None else min(self.minimum, low)
        self.maximum = high if self.maximum is None else max(self.maximum, high)


def _shifted(ordered: np.ndarray, origin: Any) -> np.ndarray:
    if ordered.dtype.kind == "f":
        return ordered - origin
    low, high = ordered[0].item() - origin, ordered[-1].item() - origin
    if low > -(2**63) and high < 2**63:  # as bits, which wrap: the difference fits though the numbers may not
        bits = ordered.view(np.uint64) - np.uint64(origin % 2**64)
        return bits.view(np.int64).astype(np.float64)
    return ordered.astype(np.float64) - float(origin)
