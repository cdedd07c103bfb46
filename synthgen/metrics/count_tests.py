"""Whether counts in two tables differ by more than chance, for many columns at once."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc, gammaln, rel_entr

from synthgen.metrics.column_faults import ALPHA, ColumnTest

MIN_EXPECTED = 5
"""Values that a cell must expect in either table, or it is put together with others."""
_MATTERS = 5 * ALPHA
_SYMMETRIC = 1_000
_TAIL_LEFT = 1e-10


def total_variation(counts: np.ndarray) -> np.ndarray:
    """Half the sum of the differences of shares.

    Parameters
    ----------
    counts : ndarray of int, shape (k, n_cells, 2)
        Of k columns, in the real and the other table.

    Returns
    -------
    ndarray, shape (k,)
        In [0, 1].
    """
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return 0.5 * np.abs(shares[:, :, 0] - shares[:, :, 1]).sum(axis=1)


def chi_square_p(counts: np.ndarray) -> np.ndarray:
    """P-values of equal shares of cells.

    Parameters
    ----------
    counts : ndarray of int, shape (k, n_cells, 2)
        Of k columns, in the real and the other table; cells that may be put together stand side by side.

    Returns
    -------
    ndarray, shape (k,)
        In [0, 1]; NaN where all values fall into one cell, or could not differ significantly.

    Notes
    -----
    Neighbouring cells are put together until each expects `MIN_EXPECTED` values. Where two are left, the test is
    that of `two_by_two_p`; where one is, the most frequent cell is tested against all others.
    In tables of unequal size the counts of the smaller one are skewed, and the chi-square distribution understates
    small p-values: with 20,000 and 1,000 rows and 5 expected in three cells, 14 times at 1e-5. Unless every cell
    expects ``1,000 ((n - m) / (n + m))^2`` values, a small p-value is therefore at least twice the smaller of two that
    hold at any level: the least exact p-value of a cell against all others, times the number of cells, and
    ``(e G / (k - 1))^(k - 1) exp(-G)`` [1]_, where G is the smaller table's size times the Kullback-Leibler
    divergence of its shares from those of both tables, and k the number of cells. (The bound is one for a convex
    function's moments, which rows drawn without replacement do not exceed [2]_.)
    Of 400,000 pairs of such tables less than .3e-4 are then below 1e-4, and of equal ones with 5 to 20 expected .8e-4.

    References
    ----------
    .. [1] R. Agrawal, "Finite-sample concentration of the multinomial in relative entropy", IEEE Transactions on
       Information Theory 66 (2020).
    .. [2] W. Hoeffding, "Probability inequalities for sums of bounded random variables", JASA 58 (1963), theorem 4.
    """
    pooled, n_groups = _pooled_cells(counts)
    totals = pooled.sum(axis=1, keepdims=True)
    together = pooled.sum(axis=2, keepdims=True)
    expected = together * totals / np.maximum(totals.sum(axis=2, keepdims=True), 1)
    terms = np.divide((pooled - expected) ** 2, expected, out=np.zeros_like(expected), where=expected > 0)
    chi_square = terms.sum(axis=(1, 2))
    p_values = np.where(n_groups > 1, chdtrc(np.maximum(n_groups - 1, 1), chi_square), np.nan)
    two = n_groups == 2
    cells = pooled[two]
    p_values[two] = two_by_two_p(cells[:, 0, 0], cells[:, 1, 0], cells[:, 0, 1], cells[:, 1, 1])
    smallest = np.where(expected > 0, expected, np.inf).min(axis=(1, 2))
    apart = (totals[:, 0, 0] - totals[:, 0, 1]) / np.maximum(totals.sum(axis=(1, 2)), 1)
    skewed = (n_groups > 2) & (p_values < _MATTERS) & (smallest < _SYMMETRIC * apart**2)
    p_values[skewed] = np.maximum(p_values[skewed], _p_at_any_level(pooled[skewed], n_groups[skewed]))
    return p_values


def _p_at_any_level(counts: np.ndarray, n_groups: np.ndarray) -> np.ndarray:
    """Twice the smaller of two p-values that are never too small; counts of shape (k, n_cells, 2)."""
    totals = counts.sum(axis=1, keepdims=True)
    cells = np.broadcast_arrays(counts, totals - counts)
    sides = [c[:, :, side].ravel() for side in (0, 1) for c in cells]
    by_cell = _exact_p(*sides).reshape(counts.shape[:2])
    one_cell = n_groups * by_cell.min(axis=1)
    smaller = totals[:, 0, :].argmin(axis=1)
    own = np.take_along_axis(counts, smaller[:, None, None], axis=2)[:, :, 0]
    shares = counts.sum(axis=2) / totals.sum(axis=2)
    divergence = rel_entr(own, own.sum(axis=1, keepdims=True) * shares).sum(axis=1)
    freedom = n_groups - 1.0
    excess = np.maximum(divergence / freedom, 1.0)
    together = np.exp(freedom * (1 + np.log(excess) - excess))
    return np.minimum(2 * np.minimum(one_cell, together), 1.0)


def _pooled_cells(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Neighbouring cells together until `MIN_EXPECTED` values are expected in each, and how many are left."""
    k, n_cells, _ = counts.shape
    totals, together = counts.sum(axis=1), counts.sum(axis=2)
    needed = MIN_EXPECTED * totals.sum(axis=1) / np.maximum(totals.min(axis=1), 1)
    groups, group, in_group = np.zeros((k, n_cells), np.int64), np.zeros(k, np.int64), np.zeros(k)
    for cell in range(n_cells):
        groups[:, cell] = group
        in_group += together[:, cell]
        full = in_group >= needed
        group, in_group = group + full, np.where(full, 0, in_group)
    groups = np.minimum(groups, np.maximum(group - 1, 0)[:, None])  # what is left over joins the last
    # too few values for that: the most frequent cell and the rest, if any outcome at all could be significant
    rest = together.sum(axis=1) - together.max(axis=1)
    smaller = totals.min(axis=1) / np.maximum(totals.sum(axis=1), 1)
    few = (group <= 1) & (smaller**rest <= ALPHA)
    groups[few] = np.arange(n_cells) != together[few].argmax(axis=1)[:, None]
    group = np.where(few, 2, group)
    width = max(n_cells, 2)
    codes = (np.arange(k)[:, None] * width + groups).ravel()
    pooled = [np.bincount(codes, counts[:, :, side].ravel(), k * width) for side in (0, 1)]
    return np.stack(pooled, axis=1).reshape(k, width, 2), group


def two_by_two_p(
    hits_a: np.ndarray, misses_a: np.ndarray, hits_b: np.ndarray, misses_b: np.ndarray
) -> np.ndarray:
    """P-values of equal shares of hits.

    Parameters
    ----------
    hits_a, misses_a, hits_b, misses_b : ndarray, shape (k,)
        Counts in two tables.

    Returns
    -------
    ndarray, shape (k,)
        In [0, 1]; NaN where all or none are hits, or a table is empty.

    Notes
    -----
    Chi-square with Yates' correction; where that is below `5 * ALPHA`, the exact one: twice the smaller tail of the
    hypergeometric distribution of `hits_a`, or once where no outcome on the other side is as unlikely. Yates' alone is too small by 3 at 1e-5 and by 40 at 1e-9 in tables of
    200,000 and 1,000 rows.
    """
    hits_a, misses_a, hits_b, misses_b = (c.astype(np.float64) for c in (hits_a, misses_a, hits_b, misses_b))
    n, m, hits, misses = hits_a + misses_a, hits_b + misses_b, hits_a + hits_b, misses_a + misses_b
    total = n + m
    product = n * m * hits * misses
    off = np.maximum(np.abs(hits_a * misses_b - misses_a * hits_b) - total / 2, 0)  # Yates
    chi_square = np.divide(total * off**2, product, out=np.zeros(len(total)), where=product > 0)
    p_values = np.where(product > 0, chdtrc(1, chi_square), np.nan)
    small = p_values < _MATTERS
    p_values[small] = _exact_p(*(c[small] for c in (hits_a, misses_a, hits_b, misses_b)))
    return p_values


def _exact_p(
    hits_a: np.ndarray, misses_a: np.ndarray, hits_b: np.ndarray, misses_b: np.ndarray
) -> np.ndarray:
    """Twice the smaller tail of the hypergeometric distribution, or once if the other side has none as small.

    All of shape (k,), no table empty.
    """
    n, m, hits = hits_a + misses_a, hits_b + misses_b, hits_a + hits_b
    # too few hits in one table are too many in the other
    in_a = hits_a * m >= hits_b * n
    x, size = np.where(in_a, hits_a, hits_b), np.where(in_a, n, m)
    misses = n + m - hits
    others = misses - (size - x)
    term = np.exp(_log_choose(hits, x) + _log_choose(misses, size - x) - _log_choose(n + m, size))
    tail, left = term.copy(), np.arange(len(x))
    while len(left):
        term = term * (hits[left] - x[left]) * (size[left] - x[left]) / ((x[left] + 1) * (others[left] + 1))
        tail[left] += term
        x[left] += 1
        others[left] += 1
        going = term > _TAIL_LEFT * tail[left]
        left, term = left[going], term[going]
    least = np.maximum(hits + size - n - m, 0)
    opposite = _log_choose(hits, least) + _log_choose(misses, size - least) - _log_choose(n + m, size)
    return np.minimum(np.where(np.exp(opposite) > tail, tail, 2 * tail), 1.0)


def _log_choose(n: np.ndarray, k: np.ndarray) -> np.ndarray:
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)


def all_in_one_p(k: np.ndarray, size: np.ndarray | int, total: np.ndarray | int) -> np.ndarray:
    """The chance that rows picked before the tables were drawn all fall into one of them.

    Parameters
    ----------
    k : ndarray of int
        How many rows.
    size, total : ndarray of int or int
        Rows of that table, and of both.

    Returns
    -------
    ndarray, shape as k
        In [0, 1]: hypergeometric.
    """
    return np.exp(gammaln(size + 1) - gammaln(size - k + 1.0) - gammaln(total + 1) + gammaln(total - k + 1.0))


def missing_test(n_rows: tuple[int, int], n_present: tuple[np.ndarray, np.ndarray]) -> ColumnTest:
    """Test for another share of missing values.

    Parameters
    ----------
    n_rows : (int, int)
        Of the real and the other table.
    n_present : (ndarray of int, ndarray of int), shapes (n_columns,)
        Values of each column that are not missing.

    Returns
    -------
    ColumnTest
        The effect is the difference of the missing shares.
    """
    missing = [n - present for n, present in zip(n_rows, n_present, strict=True)]
    shares = [k / max(n, 1) for k, n in zip(missing, n_rows, strict=True)]
    return ColumnTest(
        "missing",
        two_by_two_p(missing[0], n_present[0], missing[1], n_present[1]),
        shares[1] - shares[0],
        lambda j: f"{shares[1][j]:.1%} missing instead of {shares[0][j]:.1%}",
    )
