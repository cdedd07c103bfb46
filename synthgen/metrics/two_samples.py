"""The values of two tables together, column by column: distances, and p-values by permutation.

If the other table were fresh rows of the real one's source, each value would be as likely to stand in one table as in
the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammainc, gammaincc, ndtr


@dataclass(frozen=True, eq=False)
class Pooled:
    """The values of both tables in order.

    Parameters
    ----------
    values : ndarray, shape (n_columns, n + m)
        In order, NaN last.
    is_other, present : ndarray of bool, shape (n_columns, n + m)
        Whether each stands in the other table, and is not missing.
    n_real, n_other : ndarray of int, shape (n_columns,)
        Values that are not missing.
    """

    values: np.ndarray
    is_other: np.ndarray
    present: np.ndarray
    n_real: np.ndarray
    n_other: np.ndarray

    def take(self, columns: np.ndarray) -> Pooled:
        """Some of the columns.

        Parameters
        ----------
        columns : ndarray of int
            Their places.

        Returns
        -------
        Pooled
            Those, in the order given.
        """
        arrays = (self.values, self.is_other, self.present, self.n_real, self.n_other)
        return Pooled(*(x[columns] for x in arrays))


def pool(a: np.ndarray, b: np.ndarray) -> Pooled:
    """Sort the values of both tables together.

    Parameters
    ----------
    a, b : ndarray, shapes (n_columns, n) and (n_columns, m)
        The real and the other table; NaN is missing.

    Returns
    -------
    Pooled
        Values that differ in the last bit only become equal: that bit says whose a value was, so that one sort does.
    """
    bits = np.concatenate([a, b], axis=1).view(np.int64)
    bits &= ~np.int64(1)
    bits[:, a.shape[1] :] |= 1
    values = bits.view(np.float64)
    values.sort(axis=1)
    is_other = (bits & 1).astype(bool)
    bits &= ~np.int64(1)
    present = ~np.isnan(values)
    n_other = np.count_nonzero(is_other & present, axis=1)
    return Pooled(values, is_other, present, np.count_nonzero(present, axis=1) - n_other, n_other)


def scaled(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Divide the columns by powers of two, so that squares stay within the floating range.

    Parameters
    ----------
    a, b : ndarray, shapes (n_columns, n) and (n_columns, m)
        The same columns of two tables; NaN is missing.

    Returns
    -------
    (a, b) : (ndarray, ndarray), shapes as given
        In (-1, 1), without -0.
    """
    top = np.fmax(np.fmax.reduce(np.abs(a), axis=1), np.fmax.reduce(np.abs(b), axis=1))
    exponent = -np.frexp(np.nan_to_num(top, nan=1.0))[1][:, None]
    return np.ldexp(a, exponent) + 0.0, np.ldexp(b, exponent) + 0.0


def mean_and_sd(x: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column.

    Parameters
    ----------
    x : ndarray, shape (n_columns, n_rows)
        NaN is missing.
    n : ndarray of int, shape (n_columns,)
        Values that are not, at least 1.

    Returns
    -------
    (mean, sd) : (ndarray, ndarray), shapes (n_columns,)
        The latter of the values as they are, divided by n.
    """
    absent = np.isnan(x)
    mean = np.where(absent, 0.0, x).sum(axis=1) / n
    deviations = np.where(absent, 0.0, x - mean[:, None])
    sd = np.sqrt(np.einsum("ij,ij->i", deviations, deviations) / n)
    # the mean of equal values differs from them by its rounding
    return mean, np.where(np.fmin.reduce(x, axis=1) == np.fmax.reduce(x, axis=1), 0.0, sd)


def value_starts(pooled: Pooled) -> np.ndarray:
    """Where a new value begins.

    Parameters
    ----------
    pooled : Pooled
        The values of both tables.

    Returns
    -------
    ndarray of bool, shape (n_columns, n + m - 1)
        Whether the next value is there and is another one.
    """
    return (pooled.values[:, 1:] != pooled.values[:, :-1]) & pooled.present[:, 1:]


def distances(pooled: Pooled, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Kolmogorov-Smirnov and Wasserstein distances from the difference of the two distribution functions.

    Parameters
    ----------
    pooled : Pooled
        At least one value of each table in every column.
    starts : ndarray of bool
        From `value_starts`.

    Returns
    -------
    (ks, w1) : (ndarray, ndarray), shapes (n_columns,)
        In [0, 1], and in units of the values.
    """
    steps = np.where(pooled.is_other, -pooled.n_real[:, None], pooled.n_other[:, None])
    np.copyto(steps, 0, where=~pooled.present)
    # a difference counts where a value ends, not between equal ones
    gaps = np.abs(np.cumsum(steps, axis=1)[:, :-1] * starts).astype(np.float64)
    product = pooled.n_real.astype(np.float64) * pooled.n_other
    widths = np.diff(pooled.values, axis=1)
    np.copyto(widths, 0.0, where=~starts)
    return gaps.max(axis=1) / product, np.einsum("ij,ij->i", gaps, widths) / product


def mean_and_spread_p(pooled: Pooled, tail: float) -> tuple[np.ndarray, np.ndarray]:
    """P-values of equal means and equal spreads.

    Parameters
    ----------
    pooled : Pooled
        At least one value of each table in every column.
    tail : float
        Share of values at each end, in [0, 0.5), that is pulled in, to the same bounds in both tables.

    Returns
    -------
    (mean, spread) : (ndarray, ndarray), shapes (n_columns,)
        In [0, 1], two-sided; NaN where nothing varies. The spread is that of squared residuals about each table's
        own mean.
    """
    n, m, absent = pooled.n_real, pooled.n_other, ~pooled.present
    values = np.clip(pooled.values, *tails(pooled.values, n + m, tail))
    np.copyto(values, 0.0, where=absent)
    other = (pooled.is_other & pooled.present).astype(np.float64)
    of_other = np.einsum("ij,ij->i", values, other)
    mean_b, mean_a = of_other / m, (values.sum(axis=1) - of_other) / n
    squares = values - mean_a[:, None] - other * (mean_b - mean_a)[:, None]
    squares *= squares
    np.copyto(squares, 0.0, where=absent)
    return _permutation_p(values, other, absent, n, m), _permutation_p(squares, other, absent, n, m)


def tails(ordered: np.ndarray, n: np.ndarray, tail: float) -> list[np.ndarray]:
    """The values to which the lowest and the highest are pulled in.

    Parameters
    ----------
    ordered : ndarray, shape (n_columns, n_rows)
        In order, NaN last.
    n : ndarray of int, shape (n_columns,)
        Values that are not missing.
    tail : float
        Share of them at each end, in [0, 0.5).

    Returns
    -------
    list of two ndarray, shapes (n_columns, 1)
        The lower and the upper bound.
    """
    ranks = np.floor(tail * (n - 1)), np.ceil((1 - tail) * (n - 1))
    return [np.take_along_axis(ordered, rank.astype(np.int64)[:, None], axis=1) for rank in ranks]


def _permutation_p(
    scores: np.ndarray, other: np.ndarray, absent: np.ndarray, n: np.ndarray, m: np.ndarray
) -> np.ndarray:
    """Two-sided p-values of the sums over the other table's rows, if any m of the n + m rows were as likely.

    Scores are 0 where absent, and `other` is 1 for the other table's values, 0 elsewhere.
    """
    total = (n + m).astype(np.float64)
    mean = scores.sum(axis=1) / total
    deviations = scores - mean[:, None]
    np.copyto(deviations, 0.0, where=absent)
    squares = deviations**2
    m2 = squares.sum(axis=1) / total
    m3 = np.einsum("ij,ij->i", squares, deviations) / total
    varied = np.sqrt(m2) > 1e-12 * np.abs(mean)
    m2 = np.where(varied, m2, 1.0)
    product = n * m.astype(np.float64)
    z = np.einsum("ij,ij->i", deviations, other) / np.sqrt(product / (total - 1) * m2)
    skewness = (n - m) * np.sqrt(total - 1) / ((total - 2) * np.sqrt(product)) * m3 / m2**1.5
    return np.where(varied, _pearson_3(z, skewness), np.nan)


def _pearson_3(z: np.ndarray, skewness: np.ndarray) -> np.ndarray:
    """Twice the smaller tail beyond z of a standardised gamma distribution with a given skewness."""
    z, skewness = np.where(skewness < 0, -z, z), np.abs(skewness)
    normal = skewness < 1e-4
    skewness = np.where(normal, 1.0, skewness)
    shape = 4 / skewness**2
    x = np.maximum(shape + 2 * z / skewness, 0)
    tail = np.minimum(gammaincc(shape, x), gammainc(shape, x))
    return np.minimum(2 * np.where(normal, ndtr(-np.abs(z)), tail), 1)
