"""Tables as points: which rows and columns of them, and on what scale."""

from __future__ import annotations

import math

import numpy as np

from synthgen.metrics.baselines import subsample
from synthgen.metrics.features import coordinate_widths, distance_matrix
from synthgen.metrics.tables import CodedTable

MAX_COORDINATES = 4_000
"""Coordinates that are used, at most; a random choice of columns beyond that."""
_MAX_WORK = 2.5e10
"""Squared rows times coordinates."""
_MIN_ROWS = 500


def coordinates(
    real: CodedTable, other: CodedTable, most_rows: int, draw: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, int]:
    """As many rows of two tables as points of one space.

    Parameters
    ----------
    real, other : CodedTable
        Coded together; the real one gives the scale.
    most_rows : int
        Of each table.
    draw : numpy.random.Generator
        Chooses rows and columns.

    Returns
    -------
    (first, second, n_columns) : (ndarray, ndarray, int)
        Two float64 matrices of shape (n, n_coordinates), and how many columns they hold.
    """
    used = some_columns(real, MAX_COORDINATES, draw)
    width = int(coordinate_widths(real)[used].sum())
    most = min(most_rows, max(int(math.sqrt(_MAX_WORK / max(width, 1))), _MIN_ROWS))
    n = min(real.n_rows, other.n_rows, most)
    tables = [subsample(t.select(used), n, draw) for t in (real, other)]
    first, second = distance_matrix(tables)
    # numbers without missing values bring a coordinate that is 0 throughout
    varied = first.any(axis=0) | second.any(axis=0)
    return first[:, varied].astype(np.float64), second[:, varied].astype(np.float64), len(used)


def some_columns(table: CodedTable, n_coordinates: int, draw: np.random.Generator) -> np.ndarray:
    """Columns that together have no more than so many coordinates: all, or a random choice.

    Parameters
    ----------
    table : CodedTable
        Any table.
    n_coordinates : int
        Of `synthgen.metrics.features.distance_matrix`, at least 1.
    draw : numpy.random.Generator
        Chooses.

    Returns
    -------
    ndarray of int
        Ascending, one at least.
    """
    widths = coordinate_widths(table)
    if widths.sum() <= n_coordinates:
        return np.arange(len(widths))
    order = draw.permutation(len(widths))
    n = max(int(np.searchsorted(np.cumsum(widths[order]), n_coordinates, side="right")), 1)
    return np.sort(order[:n])


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances of points.

    Parameters
    ----------
    a, b : ndarray of float64, shapes (n, F) and (m, F)
        Points, best centred: rounding is relative to their squared norms.

    Returns
    -------
    ndarray, shape (n, m)
        At least 0.
    """
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)
    squares -= 2 * (a @ b.T)
    return np.maximum(squares, 0, out=squares)


def standardised(values: np.ndarray, like: np.ndarray, clip: float) -> np.ndarray:
    """Numbers in standard deviations from the mean of other numbers, cut at a bound.

    Parameters
    ----------
    values, like : ndarray of float64, shapes (F, n) and (F, m)
        One row a column of a table; NaN is missing.
    clip : float
        The bound, above 0.

    Returns
    -------
    ndarray, shape (F, n)
        In [-clip, clip]; 0 where a value is missing, and throughout a row whose `like` is constant or empty.
    """
    known = ~np.isnan(like)
    n_known = np.maximum(known.sum(axis=1, keepdims=True), 1)
    filled = np.where(known, like, 0.0)
    largest = np.abs(filled).max(axis=1, keepdims=True, initial=0.0)
    largest[largest == 0] = 1.0
    filled /= largest  # else the square of 1e300 would overflow
    mean = filled.sum(axis=1, keepdims=True) / n_known
    spread = np.sqrt(np.where(known, (filled - mean) ** 2, 0.0).sum(axis=1, keepdims=True) / n_known)
    with np.errstate(over="ignore"):
        z = np.clip(values / largest, -1e9, 1e9) - mean
    z[np.isnan(z)] = 0.0
    z /= np.where(spread > 1e-12, spread, np.inf)
    return np.clip(z, -clip, clip, out=z)
