"""Whether counts in two tables differ by more than chance, for many columns at once."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc, gammaln
from scipy.stats import fisher_exact

from synthgen.metrics.column_faults import ALPHA, ColumnTest

MIN_EXPECTED = 5
"""Values that a cell must expect in either table, or it is put together with others."""
_EXACT_BELOW = 50


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
    return p_values


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
    Chi-square with Yates' correction; Fisher's exact test where fewer than 50 values are expected in a cell and the
    former is small enough for it to matter.
    """
    hits_a, misses_a, hits_b, misses_b = (c.astype(np.float64) for c in (hits_a, misses_a, hits_b, misses_b))
    n, m, hits, misses = hits_a + misses_a, hits_b + misses_b, hits_a + hits_b, misses_a + misses_b
    total = n + m
    product = n * m * hits * misses
    off = np.maximum(np.abs(hits_a * misses_b - misses_a * hits_b) - total / 2, 0)  # Yates
    chi_square = np.divide(total * off**2, product, out=np.zeros(len(total)), where=product > 0)
    p_values = np.where(product > 0, chdtrc(1, chi_square), np.nan)
    least_expected = np.minimum(hits, misses) * np.minimum(n, m) / np.maximum(total, 1)
    for j in np.flatnonzero((least_expected < _EXACT_BELOW) & (p_values < 5 * ALPHA)):
        table = [[int(hits_a[j]), int(misses_a[j])], [int(hits_b[j]), int(misses_b[j])]]
        p_values[j] = fisher_exact(table)[1]
    return p_values


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
