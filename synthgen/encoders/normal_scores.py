"""Many columns at once to normal scores that keep ties together.

Every value is taken as seen through a window onto a standard normal number: with the present values of a column
sorted, value number i of n covers the probabilities (i - 1)/n to i/n, and equal values share the span of all of them.
The score is the mean of the normal number inside the window, E[z | x]. For distinct values that is nearly Blom's
score; for 0/1 or 0/1/2 it is the conditional mean of a thresholded normal, as in probit models of genotypes.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

COLUMNS_TOGETHER = 1_000
"""Columns worked on at a time: few enough for the processor's cache and for memory."""
_ROOT_TWO_PI = np.sqrt(2 * np.pi)


def conditional_scores(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Normal scores E[z | x] of every value, and how much of z they tell.

    Parameters
    ----------
    values : ndarray, shape (p, N)
        One row for each column of the table; NaN where missing.

    Returns
    -------
    scores : ndarray of float32, shape (p, N)
        Mean 0 over the values present; 0 where missing.
    information : ndarray of float64, shape (p,)
        Mean square of the scores over the values present, in [0, 1]: 1 would be z itself, 0 is a constant column.

    Notes
    -----
    With phi the normal density and Phi its distribution function, the mean of z between the probabilities a and b is
    (phi(Phi^-1(a)) - phi(Phi^-1(b))) / (b - a).
    """
    scores = np.zeros(values.shape, dtype=np.float32)
    information = np.zeros(len(values))
    for start in range(0, len(values), COLUMNS_TOGETHER):
        part = slice(start, start + COLUMNS_TOGETHER)
        scores[part], information[part] = _scores(values[part])
    return scores, information


def scores_of_counts(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`conditional_scores` of columns of few levels, from how often each has which.

    Parameters
    ----------
    counts : ndarray of int, shape (p, L)
        Rows that hold each level, ascending.

    Returns
    -------
    scores : ndarray of float32, shape (p, L)
        Of the levels; 0 of those that no row holds.
    information : ndarray of float64, shape (p,)
        Mean square of the scores over the values present.
    """
    ends = np.cumsum(counts, axis=1)
    n = np.maximum(ends[:, -1:], 1)
    edges = density_at(np.concatenate([np.zeros((len(counts), 1), dtype=ends.dtype), ends], axis=1) / n)
    drop = n * (edges[:, :-1] - edges[:, 1:])
    scores = np.divide(drop, counts, out=np.zeros(counts.shape), where=counts > 0)
    return scores.astype(np.float32), (counts * scores**2).sum(axis=1) / n[:, 0]


def density_at(shares: np.ndarray) -> np.ndarray:
    """phi(Phi^-1(share)): the normal density where a share of the values lies below; 0 at 0 and 1."""
    inside = np.clip(shares, 0.0, 1.0)
    return np.exp(-0.5 * ndtri(inside) ** 2) / _ROOT_TWO_PI


def _scores(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n_rows = values.shape[1]
    order = np.argsort(values, axis=1)  # missing values last
    ranked = np.take_along_axis(values, order, axis=1)
    is_present = ~np.isnan(ranked) if values.dtype.kind == "f" else np.ones(ranked.shape, dtype=bool)
    n_present = is_present.sum(axis=1)
    first, last = _runs(ranked)
    last = np.minimum(last, np.maximum(n_present, 1)[:, None])
    first = np.minimum(first, last - 1)
    window = np.empty(ranked.shape)
    for n in np.unique(n_present):  # one table of densities for all columns with as many values
        table = density_at(np.arange(max(n, 1) + 1) / max(n, 1))
        rows = n_present == n
        window[rows] = max(n, 1) * (table[first[rows]] - table[last[rows]]) / (last[rows] - first[rows])
    window[~is_present] = 0.0
    out = np.empty(values.shape, dtype=np.float32)
    np.put_along_axis(out, order, window.astype(np.float32), axis=1)
    return out, (window**2).sum(axis=1) / np.maximum(n_present, 1) if n_rows else np.zeros(len(values))


def _runs(ranked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each place of each sorted row, where its run of equal values begins, and where the next one does."""
    n_rows = ranked.shape[1]
    place = np.arange(n_rows, dtype=np.int32)
    is_new = np.ones(ranked.shape, dtype=bool)
    is_new[:, 1:] = ranked[:, 1:] != ranked[:, :-1]
    first = np.maximum.accumulate(np.where(is_new, place, 0), axis=1)
    is_end = np.ones(ranked.shape, dtype=bool)
    is_end[:, :-1] = is_new[:, 1:]
    ends = np.where(is_end, place + 1, n_rows)
    last = np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]
    return first, last
