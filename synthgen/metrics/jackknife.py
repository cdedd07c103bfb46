"""Figures of whole matrices with intervals: sums over groups of rows, and what is left without each group."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from synthgen.metrics.intervals import Estimate, finite, normal_interval
from synthgen.rng import stream

N_GROUPS = 20
"""Groups of rows that the jackknife leaves out in turn."""
Measure = Callable[[np.ndarray, np.ndarray], float]


@dataclass(frozen=True, eq=False)
class Resampled:
    """A quantity of many columns, of all rows and without each group of rows.

    Parameters
    ----------
    total : ndarray, shape (m,)
        Of all rows; NaN where undefined.
    without : ndarray, shape (G, m)
        Without each group.
    """

    total: np.ndarray
    without: np.ndarray


def row_groups(n_rows: int, seed: int, n_groups: int = N_GROUPS) -> np.ndarray:
    """A random group for each row, of nearly equal sizes.

    Parameters
    ----------
    n_rows : int
        Rows.
    seed : int
        For the choice.
    n_groups : int
        Groups wanted; as many as rows if there are fewer rows.

    Returns
    -------
    ndarray of int, shape (n_rows,)
        In [0, min(n_groups, n_rows)).
    """
    return stream(seed, "metrics.row_groups").permutation(n_rows) % min(n_groups, max(n_rows, 1))


def left_out(group_sums: np.ndarray) -> np.ndarray:
    """Sums of all rows, and of all rows but those of each group.

    Parameters
    ----------
    group_sums : ndarray, shape (G, ...)
        Sums over the rows of each group.

    Returns
    -------
    ndarray of float64, shape (1 + G, ...)
        All rows first.
    """
    total = group_sums.sum(axis=0, dtype=np.float64)
    return np.concatenate([total[None], total - group_sums])


def resampled(stacked: np.ndarray) -> Resampled:
    """A quantity computed of `left_out` sums.

    Parameters
    ----------
    stacked : ndarray, shape (1 + G, m)
        All rows first.

    Returns
    -------
    Resampled
        The same in two parts.
    """
    return Resampled(stacked[0], stacked[1:])


def agreement(
    measure: Measure,
    reference: Resampled,
    other: Resampled,
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> Estimate:
    """A figure of two tables with its interval over the rows of both.

    Parameters
    ----------
    measure : callable
        Of the reference's quantity and the other table's, each of shape (m,); NaN where undefined.
    reference, other : Resampled
        The quantity in both tables.
    bounds : (float, float)
        Least and largest value possible.

    Returns
    -------
    Estimate
        Without an interval where the figure without some group is undefined.

    Notes
    -----
    The delete-a-group jackknife for two independent samples: ``sum over both tables of (G - 1) var(figures without
    each group)``. It holds what tables of as many rows give on average. Simulated with 250 pairs of tables of 100 rows, 300
    genes, five factors and two classes, and ten groups: in 96% of pairs for the slope of fold changes, 99% for the overlap of
    the most different genes, 97% for the ratio of genes that pass, 99% for the agreement of correlations.

    References
    ----------
    .. [1] P. S. Kott, "The delete-a-group jackknife", Journal of Official Statistics 17 (2001).
    """
    value = measure(reference.total, other.total)
    sides = (
        [measure(part, other.total) for part in reference.without],
        [measure(reference.total, part) for part in other.without],
    )
    return _estimate(value, sides, bounds)


def alone(
    measure: Callable[[np.ndarray], float],
    table: Resampled,
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> Estimate:
    """A figure of one table with its interval over its rows.

    Parameters
    ----------
    measure : callable
        Of a quantity of shape (m,); NaN where undefined.
    table : Resampled
        The quantity.
    bounds : (float, float)
        Least and largest value possible.

    Returns
    -------
    Estimate
        As `agreement` gives it.
    """
    return _estimate(measure(table.total), ([measure(part) for part in table.without],), bounds)


def _estimate(value: float, sides: tuple[list[float], ...], bounds: tuple[float, float]) -> Estimate:
    if finite(value) is None:
        return Estimate(None)
    if not all(len(s) > 1 and np.isfinite(s).all() for s in sides):
        return Estimate(float(value))
    return normal_interval(value, sum((len(s) - 1) * float(np.var(s)) for s in sides), bounds)


def pearson(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's correlation over the entries that both have.

    Parameters
    ----------
    a, b : ndarray, shape (m,)
        NaN where undefined.

    Returns
    -------
    float
        In [-1, 1]; NaN where one does not vary, or fewer than three entries are left.
    """
    x, y = _both(a, b)
    if len(x) < 3:
        return math.nan
    x, y = x - x.mean(), y - y.mean()
    xx, yy = float(x @ x), float(y @ y)
    if min(xx, yy) <= 0 or not math.isfinite(xx * yy):
        return math.nan
    return float(np.clip(float(x @ y) / math.sqrt(xx) / math.sqrt(yy), -1.0, 1.0))


def slope(a: np.ndarray, b: np.ndarray) -> float:
    """The least-squares slope of `b` on `a` over the entries that both have.

    Parameters
    ----------
    a, b : ndarray, shape (m,)
        NaN where undefined.

    Returns
    -------
    float
        NaN where `a` does not vary.
    """
    x, y = _both(a, b)
    if len(x) < 3:
        return math.nan
    x, y = x - x.mean(), y - y.mean()
    xx = float(x @ x)
    return float(x @ y) / xx if xx > 0 and math.isfinite(xx) else math.nan


def _both(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    there = np.isfinite(a) & np.isfinite(b)
    x, y = (a, b) if there.all() else (a[there], b[there])
    return x.astype(np.float64, copy=False), y.astype(np.float64, copy=False)
