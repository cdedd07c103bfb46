"""Columns two at a time: correlations of numbers, joint shares of everything else."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from synthgen.metrics.intervals import Estimate, finite, influence_variance, normal_interval
from synthgen.metrics.marginals import centred
from synthgen.metrics.tables import CodedColumn, CodedTable

N_BINS = 10
"""Equal-width bins of a number that is paired with levels (SDMetrics)."""
MAX_COLUMNS = 150
"""More columns than this are not paired in full: the pairs grow with the square."""
_DENSE_CELLS = 1 << 20


@dataclass(frozen=True)
class PairTrend:
    """How one pair of columns compares with the real one.

    Parameters
    ----------
    first, second : str
        The columns.
    metric : {"correlation", "contingency"}
        Of two numbers, or of anything else.
    score : float or None
        In [0, 1], 1 for equal trends; None where a correlation is undefined.
    real, synthetic : float or None
        The correlations, in [-1, 1]; None for a contingency.
    """

    first: str
    second: str
    metric: str
    score: float | None
    real: float | None = None
    synthetic: float | None = None


@dataclass(frozen=True, eq=False)
class _Binned:
    """One column's cells: missing and the levels, or bins."""

    codes: np.ndarray
    n_cells: int


def pair_trends(
    real: CodedTable, other: CodedTable, columns: np.ndarray | None = None
) -> tuple[Estimate, tuple[PairTrend, ...]]:
    """Column Pair Trends: the mean over pairs of how alike correlations and joint shares are.

    Parameters
    ----------
    real, other : CodedTable
        Coded together.
    columns : ndarray of int, optional
        Which columns to pair. Default: all.

    Returns
    -------
    (mean, pairs) : (Estimate, tuple of PairTrend)
        In [0, 1], 1 for equal trends. A pair with an undefined correlation has no score and no part in the mean.

    Notes
    -----
    Two numbers: ``1 - |r_real - r_other| / 2``, r Pearson's over the rows that have both. Anything else:
    one minus the total variation distance of the joint shares. Missing is a level of its own among levels.
    Numbers are cut into ten bins of equal width between each table's own least and largest value; as in SDMetrics,
    one more bin holds the largest value and the missing ones together.
    NOTE[DIFF]: the mean is over all pairs, which is SDMetrics' property with its thresholds at 0, and what the
    published figures use. SDMetrics' ``QualityReport`` (0.32) leaves pairs out that are weakly associated in the
    real table (|r| <= .5, Cramer's V <= .3) and so gives another number.

    References
    ----------
    .. [1] DataCebo, SDMetrics, ``sdmetrics.reports.single_table._properties.ColumnPairTrends``.
    """
    chosen = range(len(real.columns)) if columns is None else sorted(columns.tolist())
    binned = {i: (_bin(real.columns[i]), _bin(other.columns[i])) for i in chosen}
    pairs, scores = [], []
    influence_real, influence_other = np.zeros(real.n_rows), np.zeros(other.n_rows)
    for i, j in itertools.combinations(chosen, 2):
        a, b = real.columns[i], real.columns[j]
        if a.is_numeric and b.is_numeric:
            pair, *influences = _correlation_pair(a, b, other.columns[i], other.columns[j])
        else:
            pair, *influences = _contingency_pair(a.name, b.name, binned[i], binned[j])
        pairs.append(pair)
        if pair.score is not None:
            scores.append(pair.score)
            influence_real += influences[0]
            influence_other += influences[1]
    if not scores:
        return Estimate(None), tuple(pairs)
    variance = influence_variance(influence_real / len(scores), influence_other / len(scores))
    return normal_interval(float(np.mean(scores)), variance, (0, 1)), tuple(pairs)


def _bin(column: CodedColumn) -> _Binned:
    if not column.is_numeric:
        return _Binned(column.values + 1, len(column.levels) + 1)
    present = column.values[~column.missing]
    low, high = (present.min(), present.max()) if len(present) else (0.0, 1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    # as SDMetrics: numpy.digitize puts the largest value and the missing ones into one last bin
    return _Binned(np.digitize(column.values, np.linspace(low, high, N_BINS + 1)), N_BINS + 2)


def _correlation_pair(
    a: CodedColumn, b: CodedColumn, other_a: CodedColumn, other_b: CodedColumn
) -> tuple[PairTrend, np.ndarray, np.ndarray]:
    r_real, slope_real = _correlation(a.values, b.values)
    r_other, slope_other = _correlation(other_a.values, other_b.values)
    score = finite(1 - abs(r_real - r_other) / 2)
    pair = PairTrend(a.name, b.name, "correlation", score, finite(r_real), finite(r_other))
    sign = np.sign(r_real - r_other)
    return pair, -0.5 * sign * slope_real, 0.5 * sign * slope_other


def _correlation(x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Pearson's r over the complete rows, and its derivative by the weight of each row."""
    complete = ~(np.isnan(x) | np.isnan(y))
    slope = np.zeros(len(x))
    u, v = _standardised(x[complete]), _standardised(y[complete])
    if u is None or v is None:
        return float("nan"), slope
    r = float(np.clip(u @ v / len(u), -1, 1))
    slope[complete] = (u * v - r * (u**2 + v**2) / 2) * (len(x) / len(u))
    return r, slope


def _standardised(x: np.ndarray) -> np.ndarray | None:
    """Mean 0 and variance 1; None for fewer than two distinct values."""
    if len(x) < 2 or (x == x[0]).all():
        return None
    x = x - x.mean()
    x = x / np.abs(x).max()  # squares of very large or very small numbers leave the floating range
    return x / np.sqrt(x @ x / len(x))


def _contingency_pair(
    first: str, second: str, binned_a: tuple[_Binned, _Binned], binned_b: tuple[_Binned, _Binned]
) -> tuple[PairTrend, np.ndarray, np.ndarray]:
    real, other, n_cells = _joint_codes(binned_a, binned_b)
    difference = np.bincount(real, minlength=n_cells) / len(real)
    difference -= np.bincount(other, minlength=n_cells) / len(other)
    slopes = -0.5 * np.sign(difference)
    score = 1 - 0.5 * float(np.abs(difference).sum())
    return (
        PairTrend(first, second, "contingency", score),
        centred(slopes, real),
        -centred(slopes, other),
    )


def _joint_codes(
    binned_a: tuple[_Binned, _Binned], binned_b: tuple[_Binned, _Binned]
) -> tuple[np.ndarray, np.ndarray, int]:
    width, n_cells = binned_b[0].n_cells, binned_a[0].n_cells * binned_b[0].n_cells
    real = binned_a[0].codes * width + binned_b[0].codes
    other = binned_a[1].codes * width + binned_b[1].codes
    if n_cells <= _DENSE_CELLS:
        return real, other, n_cells
    cells, inverse = np.unique(np.concatenate([real, other]), return_inverse=True)
    return inverse[: len(real)], inverse[len(real) :], len(cells)
