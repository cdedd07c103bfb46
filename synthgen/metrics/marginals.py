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
    compared = [_compare(a, b) for a, b in zip(real.columns, other.columns, strict=True)]
    shapes = []
    for a, b, c in zip(real.columns, other.columns, compared, strict=True):
        variance = influence_variance(c.influence_real, c.influence_other)
        shapes.append(
            ColumnShape(
                name=a.name,
                kind=a.kind,
                metric="ks" if a.is_numeric else "tv",
                score=normal_interval(c.score, variance, (0, 1)),
                missing_real=float(a.missing.mean()),
                missing_synthetic=float(b.missing.mean()),
            )
        )
    return _mean([c for c in compared if finite(c.score) is not None]), tuple(shapes)


def cell_codes(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Number the distinct values of two arrays, in order.

    Parameters
    ----------
    a, b : ndarray, shapes (n,) and (m,)
        Numbers; NaN is missing.

    Returns
    -------
    (codes_a, codes_b, n_cells) : (ndarray of int, ndarray of int, int)
        Codes in [0, n_cells), -1 for missing.
    """
    both = np.concatenate([a, b])
    missing = np.isnan(both)
    cells, inverse = np.unique(both[~missing], return_inverse=True)
    codes = np.full(len(both), -1, dtype=np.int64)
    codes[~missing] = inverse
    return codes[: len(a)], codes[len(a) :], len(cells)


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
    if a.is_numeric:
        codes_a, codes_b, n_cells = cell_codes(_rounded(a.values), _rounded(b.values))
    else:
        codes_a, codes_b, n_cells = a.values, b.values, len(a.levels)
    if not (codes_a >= 0).any() or not (codes_b >= 0).any():
        return _Compared(float("nan"), np.zeros(len(codes_a)), np.zeros(len(codes_b)))
    difference = shares(codes_a, n_cells) - shares(codes_b, n_cells)
    if a.is_numeric:
        gaps = np.cumsum(difference)
        worst = int(np.abs(gaps).argmax())
        score = 1 - abs(float(gaps[worst]))
        slopes = -np.sign(gaps[worst]) * (np.arange(n_cells) <= worst)
    else:
        score = 1 - 0.5 * float(np.abs(difference).sum())
        slopes = -0.5 * np.sign(difference)
    return _Compared(score, centred(slopes, codes_a), -centred(slopes, codes_b))


def _rounded(values: np.ndarray) -> np.ndarray:
    """As SDMetrics rounds; doubles above a million have fewer decimals than that, and huge ones overflow."""
    small = np.abs(values) < 1e6
    return np.where(small, np.where(small, values, 0).round(_DECIMALS), values)


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


def _mean(compared: list[_Compared]) -> Estimate:
    if not compared:
        return Estimate(None)
    score = float(np.mean([c.score for c in compared]))
    influence_real = np.mean([c.influence_real for c in compared], axis=0)
    influence_other = np.mean([c.influence_other for c in compared], axis=0)
    return normal_interval(score, influence_variance(influence_real, influence_other), (0, 1))
