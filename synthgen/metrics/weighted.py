"""Columns compared by their counts: of tables that are too long to hold, from values and the rows that each stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from synthgen.metrics.column_faults import faults_of
from synthgen.metrics.columns import ColumnCheck, ColumnFault
from synthgen.metrics.count_tests import missing_test
from synthgen.metrics.intervals import Estimate, finite, normal_interval
from synthgen.metrics.marginals import rounded


@dataclass(frozen=True, eq=False)
class WeightedColumn:
    """A numeric column of many rows.

    Parameters
    ----------
    values, weights : ndarray, shape (K,)
        Ascending, and the rows that each stands for.
    n_rows : int
        Rows, those without a value too.
    mean, sd : float
        Of the values, over all rows; the latter divided by n.
    error : float
        How far a share of values up to some number can be off, in [0, 1]; 0 if every value is here.
    """

    values: np.ndarray
    weights: np.ndarray
    n_rows: int
    mean: float
    sd: float
    error: float = 0.0

    @property
    def n_known(self) -> int:
        """Rows with a value."""
        return int(self.weights.sum())

    def shares_up_to(self, points: np.ndarray) -> np.ndarray:
        """Shares of the values up to some numbers, those included."""
        below = np.concatenate([[0], np.cumsum(self.weights)])
        return below[np.searchsorted(self.values, points, "right")] / below[-1]


def number_shape(a: WeightedColumn, b: WeightedColumn) -> Estimate:
    """One minus the Kolmogorov-Smirnov distance of two columns.

    Parameters
    ----------
    a, b : WeightedColumn
        The real and the other column.

    Returns
    -------
    Estimate
        As `synthgen.metrics.marginals.column_shapes` gives it; the interval is wider by what the shares can be off.

    Notes
    -----
    The variance of a share p of n values is p (1 - p) / n: what the influences of the rows come to at the point of the
    largest gap.
    """
    if not (a.n_known and b.n_known):
        return Estimate(None)
    a, b = (WeightedColumn(rounded(c.values), c.weights, c.n_rows, c.mean, c.sd, c.error) for c in (a, b))
    points = np.concatenate([a.values, b.values])
    below_a, below_b = a.shares_up_to(points), b.shares_up_to(points)
    gaps = below_a - below_b
    worst = int(np.abs(gaps).argmax())
    variance = sum(p * (1 - p) / c.n_known for p, c in ((below_a[worst], a), (below_b[worst], b)))
    return widened(normal_interval(1 - abs(float(gaps[worst])), variance, (0, 1)), a.error + b.error)


def level_shape(counts: np.ndarray) -> Estimate:
    """One minus the total variation distance of two columns of levels.

    Parameters
    ----------
    counts : ndarray of int, shape (n_levels, 2)
        Rows of each level in the real and the other table.

    Returns
    -------
    Estimate
        As `synthgen.metrics.marginals.column_shapes` gives it.
    """
    totals = counts.sum(axis=0)
    if not totals.all():
        return Estimate(None)
    shares = counts / totals
    difference = shares[:, 0] - shares[:, 1]
    slopes = -0.5 * np.sign(difference)
    variance = sum(
        float(shares[:, i] @ (slopes - shares[:, i] @ slopes) ** 2) / float(totals[i]) for i in (0, 1)
    )
    return normal_interval(1 - 0.5 * float(np.abs(difference).sum()), variance, (0, 1))


def number_figures(a: WeightedColumn, b: WeightedColumn) -> dict[str, Any]:
    """The figures of a numeric column.

    Parameters
    ----------
    a, b : WeightedColumn
        The real and the other column.

    Returns
    -------
    dict of str to (int, float or None)
        By their names in `synthgen.metrics.columns.ColumnCheck`.
    """
    figures: dict[str, Any] = {"n_real": a.n_known, "n_other": b.n_known}
    if not (a.n_known and b.n_known):
        return figures
    low, high, low_b, high_b = a.values[0], a.values[-1], b.values[0], b.values[-1]
    sd_a, sd_b = (0.0 if c.values[0] == c.values[-1] else c.sd for c in (a, b))
    points = np.unique(np.concatenate([a.values, b.values]))
    gaps = np.abs(a.shares_up_to(points) - b.shares_up_to(points))[:-1]
    outside = b.weights[(b.values < low) | (b.values > high)].sum() / b.n_known
    uncovered = max(low_b - low, 0) + max(high - high_b, 0)
    return figures | {
        "wasserstein": _ratio(float(gaps @ np.diff(points)), sd_a),
        "mean_shift": _ratio(b.mean - a.mean, sd_a),
        "sd_ratio": _ratio(sd_b, sd_a),
        "range_coverage": None if high == low else max(1 - float(uncovered / (high - low)), 0.0),
        "outside_range": float(outside),
    }


def with_all_rows(check: ColumnCheck, a: WeightedColumn, b: WeightedColumn) -> ColumnCheck:
    """The check of a numeric column in a sample, with what all rows say in its place.

    Parameters
    ----------
    check : ColumnCheck
        Of random rows.
    a, b : WeightedColumn
        The real and the other column, whole.

    Returns
    -------
    ColumnCheck
        Figures and the test of missing values are of all rows; the other tests stay those of the sample.
    """
    figures = number_figures(a, b)
    test = missing_test((a.n_rows, b.n_rows), (np.array([a.n_known]), np.array([b.n_known])))
    others: Sequence[ColumnFault] = [f for f in check.faults if f.what != "missing"]
    faults = sorted([*others, *faults_of([test], 0)], key=lambda f: f.p_value)
    return ColumnCheck(**{**vars(check), **figures, "faults": tuple(faults)})


def widened(estimate: Estimate, by: float) -> Estimate:
    """An estimate in [0, 1] whose interval is wider on both sides."""
    if not by or estimate.low is None or estimate.high is None:
        return estimate
    return Estimate(estimate.value, max(estimate.low - by, 0.0), min(estimate.high + by, 1.0))


def _ratio(a: float, b: float) -> float | None:
    return finite(a / b) if b > 0 else None
