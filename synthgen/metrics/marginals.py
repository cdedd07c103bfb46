"""Columns one at a time: shapes and missing shares.

Every column becomes cells: the distinct numbers in order, or the levels. The Kolmogorov-Smirnov and the total
variation distance are then two norms of one difference of shares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthgen.metrics.intervals import Estimate, finite, influence_variance, normal_interval
from synthgen.metrics.tables import CodedColumn, CodedTable

_DECIMALS = 14
"""SDMetrics rounds numbers to this many decimals before it compares them (``KSComplement``)."""


@dataclass(frozen=True)
class ColumnShape:
    """How one column of a table compares with the real one.

    Parameters
    ----------
    name, kind : str
        The column.
    metric : {"ks", "tv"}
        One minus the Kolmogorov-Smirnov distance (numbers), or the total variation distance (levels).
    score : Estimate
        In [0, 1], 1 for equal shapes; empty where a table has no value in the column.
    missing_real, missing_synthetic : float
        Shares of missing values, in [0, 1].
    """

    name: str
    kind: str
    metric: str
    score: Estimate
    missing_real: float
    missing_synthetic: float


@dataclass(frozen=True, eq=False)
class _Compared:
    """The score of one column, and its derivative by the weight of each row."""

    score: float
    influence_real: np.ndarray
    influence_other: np.ndarray
    missing_real: float
    missing_other: float


def column_shapes(real: CodedTable, other: CodedTable) -> tuple[Estimate, tuple[ColumnShape, ...]]:
    """Column Shapes: the mean over columns of one minus the distance of the marginals.

    Parameters
    ----------
    real, other : CodedTable
        Coded together.

    Returns
    -------
    (mean, columns) : (Estimate, tuple of ColumnShape)
        In [0, 1], 1 for equal shapes. Columns without any value in a table have no score and no part in the mean.

    Notes
    -----
    The definitions are those of SDMetrics' Column Shapes: ``KSComplement`` for numbers and datetimes,
    ``TVComplement`` for levels, on the values that are not missing. The interval says how the figure would move
    with other rows of the same sources (infinitesimal jackknife); the figure itself stays below 1 by chance
    even for a perfect generator, which is what the ceiling is for.
    NOTE[DIFF]: SDMetrics gives a level that only the synthetic table has the real count 1e-6; here it is 0.

    References
    ----------
    .. [1] DataCebo, SDMetrics, ``sdmetrics.reports.single_table._properties.ColumnShapes``.
    """
    shapes, mean = [], _Mean(real.n_rows, other.n_rows)
    for a, b in zip(real.columns, other.columns, strict=True):
        found = _compare(a, b)
        mean.add(found)
        variance = influence_variance(found.influence_real, found.influence_other)
        shapes.append(
            ColumnShape(
                name=a.name,
                kind=a.kind,
                metric="ks" if a.is_numeric else "tv",
                score=normal_interval(found.score, variance, (0, 1)),
                missing_real=found.missing_real,
                missing_synthetic=found.missing_other,
            )
        )
    return mean.estimate(), tuple(shapes)


class _Mean:
    """The mean score so far: a wide table has too many columns to keep their influences."""

    def __init__(self, n_real: int, n_other: int) -> None:
        self._score, self._n = 0.0, 0
        self._real, self._other = np.zeros(n_real), np.zeros(n_other)

    def add(self, found: _Compared) -> None:
        if finite(found.score) is not None:
            self._score += found.score
            self._real += found.influence_real
            self._other += found.influence_other
            self._n += 1

    def estimate(self) -> Estimate:
        if not self._n:
            return Estimate(None)
        variance = influence_variance(self._real / self._n, self._other / self._n)
        return normal_interval(self._score / self._n, variance, (0, 1))


def shares(codes: np.ndarray, n_cells: int) -> np.ndarray:
    """The share of each cell among the values that are not missing.

    Parameters
    ----------
    codes : ndarray of int, shape (N,)
        In [0, n_cells), -1 for missing.
    n_cells : int
        How many cells there are.

    Returns
    -------
    ndarray, shape (n_cells,)
        Sums to 1; NaN throughout if every value is missing.
    """
    counts = np.bincount(codes[codes >= 0], minlength=n_cells)
    total = counts.sum()
    return counts / total if total else np.full(n_cells, np.nan)


def _compare(a: CodedColumn, b: CodedColumn) -> _Compared:
    missing = a.missing, b.missing
    shares_missing = float(missing[0].mean()), float(missing[1].mean())
    if 1.0 in shares_missing:
        return _Compared(float("nan"), np.zeros(len(a.values)), np.zeros(len(b.values)), *shares_missing)
    if a.is_numeric:
        found = _kolmogorov_smirnov(rounded(a.values), rounded(b.values), ~missing[0], ~missing[1])
        return _Compared(*found, *shares_missing)
    difference = shares(a.values, len(a.levels)) - shares(b.values, len(a.levels))
    slopes = -0.5 * np.sign(difference)
    score = 1 - 0.5 * float(np.abs(difference).sum())
    return _Compared(score, centred(slopes, a.values), -centred(slopes, b.values), *shares_missing)


def _kolmogorov_smirnov(
    x: np.ndarray, y: np.ndarray, known_x: np.ndarray, known_y: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """The score, and its slopes by the rows: those of the two shares below the point of the largest gap."""
    sorted_x, sorted_y = np.sort(x[known_x]), np.sort(y[known_y])
    points = np.concatenate([sorted_x, sorted_y])
    below_x = np.searchsorted(sorted_x, points, "right") / len(sorted_x)
    below_y = np.searchsorted(sorted_y, points, "right") / len(sorted_y)
    gaps = below_x - below_y
    worst = int(np.abs(gaps).argmax())
    influences = (
        sign * np.where(known, ((z <= points[worst]) - share) * (len(z) / known.sum()), 0.0)
        for z, known, share, sign in (
            (x, known_x, below_x[worst], -np.sign(gaps[worst])),
            (y, known_y, below_y[worst], np.sign(gaps[worst])),
        )
    )
    return 1 - abs(float(gaps[worst])), *influences


def rounded(values: np.ndarray) -> np.ndarray:
    """Numbers as SDMetrics rounds them.

    Parameters
    ----------
    values : ndarray
        Doubles above a million have fewer decimals than that, and huge ones overflow: they stay.

    Returns
    -------
    ndarray
        Of the same shape.
    """
    large = np.abs(values) >= 1e6
    return (
        np.where(large, values, np.where(large, 0, values).round(_DECIMALS))
        if large.any()
        else values.round(_DECIMALS)
    )


def centred(slopes: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """The derivative of a function of a column's shares by the weight of each row.

    Parameters
    ----------
    slopes : ndarray, shape (n_cells,)
        The function's derivative by each share.
    codes : ndarray of int, shape (N,)
        The cell of each row, -1 for missing; at least one is not.

    Returns
    -------
    ndarray, shape (N,)
        Mean 0; 0 where missing.
    """
    present = codes >= 0
    out = np.zeros(len(codes))
    values = slopes[codes[present]]
    out[present] = (values - values.mean()) * (len(codes) / len(values))
    return out
