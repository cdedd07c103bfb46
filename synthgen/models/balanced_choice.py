"""Choose rows from a weighted pool, no row twice, so that their margins come out as wanted and not only on average.

Twice as many rows as wanted are drawn by their weights; then rows of one half are exchanged for rows of the other
while that brings the counts in the cells nearer to what they should be.
"""

from __future__ import annotations

import numpy as np

MIN_EXPECTED = 3.0
"""Cells in which fewer chosen rows are expected are left to chance: a rule would empty them."""
EXCHANGES = 18
FIRST_SHARE = 0.1
"""Share of the rows that are exchanged at first, ..."""
LAST_SHARE = 0.005
"""... and at the end."""


def inclusion(log_weight: np.ndarray, n: int) -> np.ndarray:
    """Probabilities proportional to weights, at most 1, that sum to `n`.

    Parameters
    ----------
    log_weight : ndarray of float64, shape (S,)
        In nats, up to a constant.
    n : int
        At most S.

    Returns
    -------
    ndarray of float64, shape (S,)
        In [0, 1].
    """
    out = np.ones(len(log_weight))
    if n >= len(log_weight):
        return out
    order = np.argsort(log_weight)[::-1]
    ordered = log_weight[order]
    rest = np.logaddexp.accumulate(ordered[::-1])[::-1]
    # the heaviest are certain, up to the first whose share of what is left needs no more than one
    left = np.maximum(n - np.arange(len(ordered)), 0)
    with np.errstate(divide="ignore"):
        fits = ordered + np.log(left) <= rest
    certain = int(np.argmax(fits))
    out[order[certain:]] = np.minimum(1.0, (n - certain) * np.exp(ordered[certain:] - rest[certain]))
    return out


def systematic(probability: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Places drawn with given probabilities, none twice, in random order.

    Parameters
    ----------
    probability : ndarray of float64, shape (S,)
        In [0, 1]; sums to a whole number n.
    rng : numpy.random.Generator
        Orders the places and sets the start.

    Returns
    -------
    ndarray of int64, shape (n,)
        The places.

    References
    ----------
    .. [1] W. G. Madow, "On the theory of systematic sampling, II", Annals of Mathematical Statistics 20, 1949.
    """
    order = rng.permutation(len(probability))
    reached = np.cumsum(probability[order])
    n = round(float(reached[-1])) if len(order) else 0
    if n == 0:
        return order[:0]
    reached *= n / reached[-1]
    picked = np.unique(np.searchsorted(reached[:-1], np.arange(n) + rng.random(), side="right"))
    # rounding may pick a certain row twice: the likeliest row not picked stands in
    others = np.setdiff1d(np.arange(len(order)), picked)
    likeliest = others[np.argsort(-probability[order[others]], kind="stable")[: n - len(picked)]]
    return rng.permutation(order[np.concatenate([picked, likeliest])])


def balance(
    cells: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    share: np.ndarray,
    rng: np.random.Generator,
    *,
    fixed: np.ndarray | None = None,
) -> np.ndarray:
    """Exchange rows of a first choice for rows of a second one until its margins fit.

    Parameters
    ----------
    cells : ndarray of int32, shape (n_margins, S)
        Cell of each margin that a row lies in.
    first, second : ndarray of int64, shapes (n,) and (any,)
        Places of the rows chosen, and of those that may come in their stead; disjoint.
    share : ndarray of float64, shape (n_cells,)
        Wanted; NaN where chance decides.
    rng : numpy.random.Generator
        Which rows are looked at.
    fixed : ndarray of int64, optional
        Places among `first` that stay.

    Returns
    -------
    ndarray of int64, shape (n,)
        Places, of rows in random order.
    """
    wanted = share * len(first)
    counts = wanted >= MIN_EXPECTED
    scale = np.divide(1.0, wanted, out=np.zeros(len(wanted)), where=counts)
    target = np.where(counts, wanted, 0.0)
    kept = np.zeros(0, dtype=np.int64) if fixed is None else fixed
    inside, outside = np.setdiff1d(first, kept), second.copy()
    most = min(len(inside), len(outside))
    held = np.bincount(cells[:, first].ravel(), minlength=len(share)).astype(np.float64)
    for size in np.geomspace(FIRST_SHARE, LAST_SHARE, EXCHANGES) * most:
        k = int(size)
        if k == 0:
            break
        pressure = (held - target) * scale
        # a random half of both, so that the same rows do not go back and forth
        leaving = rng.permutation(len(inside))[: len(inside) // 2]
        coming = rng.permutation(len(outside))[: len(outside) // 2]
        k = min(k, len(leaving), len(coming))
        too_many = pressure[cells[:, inside[leaving]]].sum(axis=0)
        too_few = pressure[cells[:, outside[coming]]].sum(axis=0)
        leaving = leaving[np.argpartition(too_many, len(leaving) - k)[len(leaving) - k :]]
        coming = coming[np.argpartition(too_few, k - 1)[:k]]
        held -= np.bincount(cells[:, inside[leaving]].ravel(), minlength=len(share))
        held += np.bincount(cells[:, outside[coming]].ravel(), minlength=len(share))
        inside[leaving], outside[coming] = outside[coming], inside[leaving]
    return rng.permutation(np.concatenate([inside, kept]))
