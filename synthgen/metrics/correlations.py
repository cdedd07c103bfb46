"""Whether pairs of columns are correlated as in the real rows: all pairs of a choice of columns at once."""

from __future__ import annotations

import numpy as np

from synthgen.metrics.jackknife import Resampled, row_groups

N_GROUPS = 10
"""Groups of rows that the jackknife leaves out in turn: each holds a correlation for every pair."""
_LEAST_VARIANCE = 1e-6


def pair_correlations(
    values: np.ndarray, centre: np.ndarray, seed: int, *, square: bool = False
) -> Resampled:
    """Pearson's correlation of every pair of columns.

    Parameters
    ----------
    values : ndarray of float32, shape (p, N)
        A row a column of the table; NaN is missing and counts as the column's mean.
    centre : ndarray, shape (p,)
        About the columns' means: sums of squares then lose no digits. It changes no correlation.
    seed : int
        For the groups of rows.
    square : bool
        Squared correlations, as linkage disequilibrium is measured.

    Returns
    -------
    Resampled
        Of shape (p (p - 1) / 2,): the pairs (0, 1), (0, 2), ... A column that does not vary correlates 0 with all.
    """
    filled = _filled(values, centre)
    groups = row_groups(filled.shape[1], seed, N_GROUPS)
    upper = np.triu_indices(len(filled), 1)
    labels = np.unique(groups)
    n = np.array([(groups == g).sum() for g in labels])
    sums = np.stack([filled[:, groups == g].sum(axis=1, dtype=np.float64) for g in labels])
    products = [_products(filled[:, groups == g]) for g in labels]
    whole = np.asarray(np.sum(products, axis=0, dtype=np.float32))
    total = _correlations(whole, sums.sum(axis=0), int(n.sum()), upper, square)
    without = [
        _correlations(whole - own, sums.sum(axis=0) - sums[g], int(n.sum() - n[g]), upper, square)
        for g, own in enumerate(products)
    ]
    return Resampled(total, np.stack(without))


def _filled(values: np.ndarray, centre: np.ndarray) -> np.ndarray:
    out = values - centre[:, None].astype(np.float32)
    missing = np.isnan(out)
    if missing.any():
        n_present = np.maximum((~missing).sum(axis=1, keepdims=True), 1)
        means = np.where(missing, 0.0, out).sum(axis=1, keepdims=True, dtype=np.float64) / n_present
        out = np.where(missing, means.astype(np.float32), out)
    # in units of the root mean square: products of small and large numbers keep their digits
    size = np.sqrt((out.astype(np.float64) ** 2).mean(axis=1, keepdims=True))
    return np.asarray(out / np.where(size > 0, size, 1.0).astype(np.float32))


def _products(part: np.ndarray) -> np.ndarray:
    return np.asarray(part @ part.T)


def _correlations(
    products: np.ndarray, sums: np.ndarray, n: int, upper: tuple[np.ndarray, np.ndarray], square: bool
) -> np.ndarray:
    means = sums / max(n, 1)
    variances = np.diag(products) / max(n, 1) - means**2
    spread = np.sqrt(np.maximum(variances, 0))
    # what is left of a constant column is rounding, relative to its mean square
    inverse = np.where(
        variances > _LEAST_VARIANCE * np.diag(products) / max(n, 1), 1 / np.maximum(spread, 1e-30), 0
    )
    scale = inverse.astype(np.float32)
    covariances = products / np.float32(max(n, 1)) - np.outer(means, means).astype(np.float32)
    found = np.clip((covariances * scale[:, None] * scale)[upper], -1, 1)
    return found * found if square else found
