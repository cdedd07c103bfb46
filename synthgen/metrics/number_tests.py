"""Columns of numbers: how they compare, and the tests of what could be wrong with them."""

from __future__ import annotations

import numpy as np
from scipy.special import kolmogorov

from synthgen.metrics.column_faults import ALPHA, ColumnTest
from synthgen.metrics.count_tests import all_in_one_p, chi_square_p, total_variation
from synthgen.metrics.decimals import column_grid, grid_counts, grid_words, grids
from synthgen.metrics.two_samples import (
    Pooled,
    distances,
    mean_and_sd,
    mean_and_spread_p,
    tails,
    value_starts,
)

FEW_VALUES = 30
"""Numbers of no more distinct values than this, over both tables, are compared value by value."""
TAIL = 0.01
"""Share of values at each end that is pulled in before means and spreads are tested: one value cannot decide."""
_MOST_TIMES = 1e6  # the effect where the real column does not vary at all


def compare_numbers(
    a: np.ndarray, b: np.ndarray, pooled: Pooled
) -> tuple[dict[str, np.ndarray], list[ColumnTest]]:
    """The figures of columns, and the tests of shape, location, scale and range.

    Parameters
    ----------
    a, b : ndarray, shapes (n_columns, n) and (n_columns, m)
        The real and the other table, in (-1, 1); at least one value of each in every column.
    pooled : Pooled
        The same together.

    Returns
    -------
    (figures, tests) : (dict of str to ndarray, list of ColumnTest)
        The figures by their names in `ColumnCheck`, NaN where undefined.
    """
    low, high = np.fmin.reduce(a, axis=1), np.fmax.reduce(a, axis=1)
    low_b, high_b = np.fmin.reduce(b, axis=1), np.fmax.reduce(b, axis=1)
    outside = (b < low[:, None], b > high[:, None], a < low_b[:, None], a > high_b[:, None])
    beyond = np.stack([np.count_nonzero(x, axis=1) for x in outside])
    starts = value_starts(pooled)
    ks, w1 = distances(pooled, starts)
    mean_a, sd_a = mean_and_sd(a, pooled.n_real)
    mean_b, sd_b = mean_and_sd(b, pooled.n_other)
    uncovered = np.maximum(low_b - low, 0) + np.maximum(high - high_b, 0)
    figures = {
        "wasserstein": _ratio(w1, sd_a),
        "mean_shift": _ratio(mean_b - mean_a, sd_a),
        "sd_ratio": _ratio(sd_b, sd_a),
        "range_coverage": np.maximum(1 - _ratio(uncovered, high - low), 0),
        "outside_range": (beyond[0] + beyond[1]) / pooled.n_other,
    }
    is_few = 1 + np.count_nonzero(starts, axis=1) <= FEW_VALUES
    few, many = np.flatnonzero(is_few), np.flatnonzero(~is_few)
    part = pooled.take(many)
    of_many = [
        _ks_test(ks[many], part),
        *_mean_and_spread_tests(a[many], b[many], part),
        _range_test(beyond[:, many], part),
    ]
    tests = [_cells_test(pooled.take(few), starts[few]).among(few, len(a))]
    return figures, tests + [t.among(many, len(a)) for t in of_many]


def _ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.divide(a, b, out=np.full(len(a), np.nan), where=b > 0)


def _ks_test(ks: np.ndarray, pooled: Pooled) -> ColumnTest:
    n, m = pooled.n_real.astype(np.float64), pooled.n_other.astype(np.float64)
    p_values = kolmogorov(np.sqrt(n * m / (n + m)) * ks)
    return ColumnTest("shape", p_values, ks, lambda j: f"cumulative shares up to {ks[j]:.1%} apart")


def _cells_test(pooled: Pooled, starts: np.ndarray) -> ColumnTest:
    """Shape of numbers of few values."""
    cells = np.concatenate([np.zeros((len(starts), 1), np.int64), np.cumsum(starts, axis=1)], axis=1)
    codes = (np.arange(len(starts))[:, None] * FEW_VALUES + cells) * 2 + pooled.is_other
    counts = np.bincount(codes[pooled.present], minlength=len(starts) * FEW_VALUES * 2)
    counts = counts.reshape(len(starts), FEW_VALUES, 2)
    effects = total_variation(counts)
    return ColumnTest(
        "shape",
        chi_square_p(counts),
        effects,
        lambda j: f"shares of its values off by {effects[j]:.1%} in all",
    )


def _mean_and_spread_tests(a: np.ndarray, b: np.ndarray, pooled: Pooled) -> list[ColumnTest]:
    n, m = pooled.n_real, pooled.n_other
    p_location, p_scale = mean_and_spread_p(pooled, TAIL)
    shift, spread = np.zeros((2, len(n)))
    seen = np.flatnonzero((p_location <= ALPHA) | (p_scale <= ALPHA))
    shift[seen], spread[seen] = _shift_and_spread(a[seen], b[seen], n[seen], m[seen])
    return [
        ColumnTest("location", p_location, shift, lambda j: _shift_words(shift[j])),
        ColumnTest("scale", p_scale, spread, lambda j: _spread_words(spread[j])),
    ]


def _shift_and_spread(
    a: np.ndarray, b: np.ndarray, n: np.ndarray, m: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The effects: each table's own tails pulled in, so that the ratio is that of the scales."""
    (mean_a, sd_a), (mean_b, sd_b) = (
        mean_and_sd(np.clip(x, *tails(np.sort(x, axis=1), size, TAIL)), size) for x, size in ((a, n), (b, m))
    )
    least = np.maximum(np.maximum(sd_a, sd_b / _MOST_TIMES), np.abs(mean_b - mean_a) / _MOST_TIMES)
    least = np.where(least > 0, least, 1.0)
    return (mean_b - mean_a) / least, sd_b / least


def _shift_words(shift: float) -> str:
    side = "above" if shift > 0 else "below"
    if abs(shift) > 0.99 * _MOST_TIMES:
        return f"mean {side} the real one, which hardly varies"
    return f"mean {abs(shift):.2f} standard deviations {side} the real one"


def _spread_words(spread: float) -> str:
    if spread > 0.99 * _MOST_TIMES:
        return "varies where the real column hardly does"
    return f"spread {spread:.2f} times the real one"


def _range_test(beyond: np.ndarray, pooled: Pooled) -> ColumnTest:
    """Values below and above the other table's range: those of the other table, then the real ones."""
    n, m = pooled.n_real, pooled.n_other
    sizes = np.stack([m, m, n, n])
    p_values = all_in_one_p(beyond, sizes, n + m)
    words = (
        "{:.2%} of values below the real minimum",
        "{:.2%} of values above the real maximum",
        "the lowest {:.2%} of the real values never reached",
        "the highest {:.2%} of the real values never reached",
    )
    least, columns = p_values.argmin(axis=0), np.arange(len(n))
    effects = (beyond / sizes)[least, columns]
    # two ends, and either table may hold the outermost values
    p_least = np.minimum(4 * p_values[least, columns], 1)
    return ColumnTest("range", p_least, effects, lambda j: words[least[j]].format(effects[j]))


def decimals_test(
    a: np.ndarray, b: np.ndarray, *, times: bool
) -> tuple[ColumnTest, tuple[np.ndarray, np.ndarray]]:
    """Test whether the values of columns lie on another grid.

    Parameters
    ----------
    a, b : ndarray, shapes (n_columns, n) and (n_columns, m)
        The real and the other table as they are; NaN is missing.
    times : bool
        Whether the values are seconds.

    Returns
    -------
    (test, (grid_a, grid_b)) : (ColumnTest, (ndarray of int, ndarray of int))
        And the grid of each column in the two tables, as `column_grid` says.
    """
    counts = [grid_counts(g) for g in grids(a, b, times=times)]
    grid_a, grid_b = column_grid(counts[0]), column_grid(counts[1])
    both = np.stack(counts, axis=2)
    usable = (both.sum(axis=1) > 0).all(axis=1)
    p_values = np.where(usable, chi_square_p(both), np.nan)
    # the shares of round numbers differ with any fault of shape: the column as a whole must change its grid
    p_values[(grid_a == grid_b) & ~np.isnan(p_values)] = 1.0

    def words(j: int) -> str:
        there, here = (grid_words(int(g[j]), times=times) for g in (grid_a, grid_b))
        return f"{here} where the real column has {there}"

    return ColumnTest("decimals", p_values, total_variation(both), words), (grid_a, grid_b)
