"""How many rows a measure needs to reach a value, by the curves that its points allow."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from synthgen.studies.curves import Curves, curves, function
from synthgen.studies.levels import Series, unexplained
from synthgen.studies.lines import Line

FARTHEST = 10
"""Times the largest size that was measured: nothing is said of more rows than that."""
_N_GRID = 400


@dataclass(frozen=True)
class Needed:
    """Rows at which a measure reaches a value.

    Parameters
    ----------
    goal : float
        The value.
    n_rows : int or None
        About how many; None if more than `limit`.
    low : int or None
        Fewest that the points allow; None if more than `limit`.
    high : int or None
        Most that the points allow; None if more than `limit`, or never.
    limit : int
        Beyond this nothing is said.
    """

    goal: float
    n_rows: int | None
    low: int | None
    high: int | None
    limit: int


def needed_rows(series: Series, goal: float) -> Needed:
    """How many rows it takes to reach a value.

    Parameters
    ----------
    series : Series
        Of one measure; at least two sizes, and two repeats of two sizes.
    goal : float
        Beyond the measure's value at the largest size, in the direction in which it goes.

    Returns
    -------
    Needed
        With a 95% interval.

    Notes
    -----
    N rows are in the interval if for some curve that is allowed (`synthgen.studies.curves.curves`) the goal lies within
    ``t sqrt((1 / R + overlap) (v + s2 R (z(N) - mean z)**2 / spread))`` of the curve at N, with z the curve's function
    of n, s2 the noise and v the variance between repeats. `n_rows` is the median of the curves' own N, by their weights.
    A curve of large c ends before it reaches some goals; the interval then has no upper end. That learning goes on
    along such a curve cannot be seen from the points: `FARTHEST` bounds what is said, and does not make it sure.
    """
    largest = int(series.sizes.max())
    found = curves(series)
    grid = np.geomspace(largest, FARTHEST * largest, _N_GRID)
    inside = np.zeros(_N_GRID, dtype=bool)
    for c, line in found.allowed.items():
        inside |= np.abs(_at(line, grid, c) - goal) <= _half(series, line, grid, c, found)
    own = [_crossing(line, grid, goal, c) for c, line in found.lines.items()]
    return _needed(goal, _weighted_median(own, found.weights), grid, inside)


def _at(line: Line, n: np.ndarray, c: float) -> np.ndarray:
    return np.asarray(line.height + line.slope * (function(n, c) - line.centre))


def _half(series: Series, line: Line, n: np.ndarray, c: float, found: Curves) -> np.ndarray:
    """Half the width of the interval of the curve at n rows."""
    r = series.n_repeats
    level = unexplained(series.values, series.sizes)[1]
    # the spread is that of all repeats together
    reach = found.variance * (function(n, c) - line.centre) ** 2 / (line.spread / r)
    return np.asarray(
        float(student.ppf(0.975, found.df)) * np.sqrt(series.share_of_variance(r) * (level + reach))
    )


def _crossing(line: Line, grid: np.ndarray, goal: float, c: float) -> float:
    """Where the curve reaches the goal; infinite beyond the grid."""
    reached = (_at(line, grid, c) - goal) * np.sign(line.slope) >= 0
    return float(grid[reached][0]) if reached.any() else math.inf


def _weighted_median(values: list[float], weights: np.ndarray) -> float:
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    return float(np.array(values)[order][np.searchsorted(total, total[-1] / 2)])


def _needed(goal: float, n: float, grid: np.ndarray, inside: np.ndarray) -> Needed:
    limit = round(float(grid[-1]))
    found = None if math.isinf(n) else rounded(n)
    if not inside.any():  # every curve has left the goal behind, or none comes near
        return Needed(goal, found, found, None, limit)
    ends = np.flatnonzero(inside)
    low, high = (float(grid[ends[i]]) for i in (0, -1))
    low = min(low, n)
    return Needed(
        goal, found, rounded(low), None if inside[-1] or math.isinf(n) else rounded(max(high, n)), limit
    )


def rounded(n: float) -> int:
    """Two significant digits: more would not be known.

    Parameters
    ----------
    n : float
        Rows.

    Returns
    -------
    int
        For example 1400.
    """
    digits = max(0, math.floor(math.log10(n)) - 1)
    return int(round(n / 10**digits) * 10**digits)
