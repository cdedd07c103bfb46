"""The mean of a measure over the repeats at every size, with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from synthgen.metrics.intervals import Estimate, finite


@dataclass(frozen=True, eq=False)
class Series:
    """One quantity in every fit of a study.

    Parameters
    ----------
    repeats, sizes : ndarray of int, shape (m,)
        Of which fit.
    values : ndarray of float, shape (m,)
        The quantity.
    variances : ndarray of float, shape (m,)
        As the metric's own interval has them; 0 where it has none.
    overlap : float
        Rows held out over rows left to learn from.
    """

    repeats: np.ndarray
    sizes: np.ndarray
    values: np.ndarray
    variances: np.ndarray
    overlap: float

    @property
    def n_repeats(self) -> int:
        """Repeats of which there is a fit."""
        return len(np.unique(self.repeats))

    def share_of_variance(self, n_repeats: int) -> float:
        """What the variance of one fit is multiplied by, to be that of the mean of several.

        Parameters
        ----------
        n_repeats : int
            How many.

        Returns
        -------
        float
            ``1 / n_repeats + overlap``.

        Notes
        -----
        Repeats are drawn from one table: they share most of their rows, and their mean is not as sure as that of
        independent ones. This is the correction of Nadeau and Bengio.

        References
        ----------
        .. [1] C. Nadeau, Y. Bengio, "Inference for the generalization error", Machine Learning 52 (2003).
        """
        return 1 / n_repeats + self.overlap


def levels(series: Series, bounds: tuple[float, float] = (-math.inf, math.inf)) -> dict[int, Estimate]:
    """The mean at every size.

    Parameters
    ----------
    series : Series
        Of one quantity.
    bounds : (float, float)
        Least and largest value possible.

    Returns
    -------
    dict of int to Estimate
        By size, ascending, with a 95% interval: ``mean +- t sqrt(v (1 / R + overlap))``. v is the variance between
        repeats, pooled over the sizes, or the mean variance within fits if that is larger. Without an interval where
        there is neither.
    """
    df, between = unexplained(series.values, series.sizes)
    out = {}
    for n in np.unique(series.sizes):
        here = series.sizes == n
        mean = float(series.values[here].mean())
        variance = max(between, float(series.variances[here].mean()))
        if df == 0 and variance == 0:
            out[int(n)] = Estimate(mean)
            continue
        quantile = float(student.ppf(0.975, df)) if df else 1.96
        half = quantile * math.sqrt(variance * series.share_of_variance(int(here.sum())))
        out[int(n)] = Estimate(mean, finite(max(mean - half, bounds[0])), finite(min(mean + half, bounds[1])))
    return out


def unexplained(values: np.ndarray, *factors: np.ndarray) -> tuple[int, float]:
    """The variance of values that no factor explains.

    Parameters
    ----------
    values : ndarray of float, shape (m,)
        One a fit.
    *factors : ndarray of int, shape (m,)
        Each gives every fit a group: of as many rows, of one repeat. Their effects add up.

    Returns
    -------
    (df, variance) : (int, float)
        Degrees of freedom, which with R repeats of all S sizes are (R - 1) S within sizes, and (R - 1)(S - 1) within
        sizes and repeats; and the variance, 0 without any.
    """
    indicators = np.concatenate([f[:, None] == np.unique(f) for f in factors], axis=1).astype(np.float64)
    found, _, rank, _ = np.linalg.lstsq(indicators, values, rcond=None)
    residuals = values - indicators @ found
    df = len(values) - int(rank)
    return df, float(residuals @ residuals) / df if df else 0.0


def series(
    rows: Sequence[tuple[int, int, float, float]],
    overlap: float,
) -> Series:
    """A series from one row a fit.

    Parameters
    ----------
    rows : sequence of (repeat, n_rows, value, variance)
        At least one.
    overlap : float
        Rows held out over rows left to learn from.

    Returns
    -------
    Series
        In the same order.
    """
    repeats, sizes, values, variances = (np.array(column) for column in zip(*rows, strict=True))
    return Series(repeats, sizes, values.astype(np.float64), variances.astype(np.float64), overlap)
