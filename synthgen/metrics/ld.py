"""Linkage disequilibrium: which variants are looked at, and how it decays with distance."""

from __future__ import annotations

import numpy as np

from synthgen.metrics.jackknife import Resampled
from synthgen.rng import stream

MAX_VARIANTS = 1_000
"""Variants whose pairs are compared, at most."""
RUN = 50
"""Neighbours in a run: of more variants, runs at random places are taken."""


def chosen_variants(n_variants: int, seed: int) -> np.ndarray:
    """All variants, or runs of neighbours at random places.

    Parameters
    ----------
    n_variants : int
        In table order, which stands for the order on the genome.
    seed : int
        For the places.

    Returns
    -------
    ndarray of int
        At most `MAX_VARIANTS`, ascending: near and far pairs are both among them.
    """
    if n_variants <= MAX_VARIANTS:
        return np.arange(n_variants)
    starts = np.arange(n_variants // RUN) * RUN
    runs = np.sort(stream(seed, "metrics.ld").choice(starts, MAX_VARIANTS // RUN, replace=False))
    return np.asarray((runs[:, None] + np.arange(RUN)).ravel())


def distance_bins(variants: np.ndarray) -> tuple[np.ndarray, tuple[tuple[int, int], ...]]:
    """Each pair's distance in columns, in bins that double.

    Parameters
    ----------
    variants : ndarray of int, shape (V,)
        As `chosen_variants` gives them.

    Returns
    -------
    (bins, ends) : (ndarray of int, shape (V (V - 1) / 2,), tuple of (int, int))
        The bin of the pairs (0, 1), (0, 2), ..., and its least and largest distance; -1 for pairs beyond the length of
        a run, where only runs were taken.
    """
    first, second = np.triu_indices(len(variants), 1)
    distance = variants[second] - variants[first]
    longest = RUN - 1 if len(variants) and variants[-1] >= len(variants) else len(variants) - 1
    bins = np.where(distance <= longest, np.log2(np.maximum(distance, 1)).astype(np.int64), -1)
    ends = tuple((2**b, min(2 ** (b + 1) - 1, longest)) for b in range(int(bins.max(initial=-1)) + 1))
    return bins, ends


def decay(squared: Resampled, bins: np.ndarray, n_bins: int) -> tuple[float, ...]:
    """The mean squared correlation by distance.

    Parameters
    ----------
    squared : Resampled
        Squared correlations of the pairs.
    bins : ndarray of int
        From `distance_bins`.
    n_bins : int
        How many there are.

    Returns
    -------
    tuple of float
        A mean a bin, in [0, 1].
    """
    there = bins >= 0
    sums = np.bincount(bins[there], weights=squared.total[there], minlength=n_bins)
    return tuple((sums / np.maximum(np.bincount(bins[there], minlength=n_bins), 1)).tolist())
