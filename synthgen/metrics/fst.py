"""F_ST: how far the allele frequencies of two populations differ."""

from __future__ import annotations

import numpy as np

from synthgen.metrics.column_sums import column_sums, identity, one_hot
from synthgen.metrics.jackknife import Resampled, left_out, resampled

MIN_CLASS_ROWS = 3
"""Rows of each population without which nothing is said."""


def f_st(values: np.ndarray, labels: np.ndarray, groups: np.ndarray, ploidy: int) -> Resampled | None:
    """Hudson's F_ST between two populations.

    Parameters
    ----------
    values : ndarray of float32, shape (V, N)
        Copies of one allele; NaN is missing.
    labels : ndarray of int, shape (N,)
        0 for the first population, 1 for the second, -1 for neither.
    groups : ndarray of int, shape (N,)
        For the jackknife.
    ploidy : {1, 2}
        Alleles in one value.

    Returns
    -------
    Resampled or None
        Of shape (1 + V,): of all sites together, then of each site (NaN where neither population varies). None if a
        population has fewer than `MIN_CLASS_ROWS` rows.
    """
    if min(int((labels == c).sum()) for c in (0, 1)) < MIN_CLASS_ROWS:
        return None
    n_groups = int(groups.max()) + 1
    weights = one_hot(np.where(labels < 0, -1, labels * n_groups + groups), 2 * n_groups)
    sums = column_sums(values, weights, {"sum": identity})
    halves = [slice(c * n_groups, (c + 1) * n_groups) for c in (0, 1)]
    copies, n = ([left_out(sums[name][half]) for half in halves] for name in ("sum", "present"))
    alleles = [ploidy * k for k in n]
    with np.errstate(divide="ignore", invalid="ignore"):
        f = [c / m for c, m in zip(copies, alleles, strict=True)]
    numerators, denominators = hudson(f[0], f[1], alleles[0], alleles[1])
    valid = np.isfinite(numerators) & np.isfinite(denominators) & (denominators > 0)
    top, bottom = (np.where(valid, x, 0.0).sum(axis=1) for x in (numerators, denominators))
    together = np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), np.nan)
    sites = np.where(valid, numerators / np.where(valid, denominators, 1.0), np.nan)
    return resampled(np.concatenate([together[:, None], sites], axis=1))


def hudson(
    f_first: np.ndarray, f_second: np.ndarray, n_first: np.ndarray, n_second: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Numerator and denominator of Hudson's estimator at each site.

    Parameters
    ----------
    f_first, f_second : ndarray
        Allele frequencies in two populations.
    n_first, n_second : ndarray of the same shape
        Alleles that they were counted in.

    Returns
    -------
    (numerator, denominator) : two ndarrays of that shape
        Not finite where a population has fewer than two alleles. Over many sites the ratio of the sums estimates F_ST.

    References
    ----------
    .. [1] G. Bhatia, N. Patterson, S. Sankararaman, A. L. Price, "Estimating and interpreting FST: the impact of rare
       variants", Genome Research 23 (2013), equation 10.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        noise = f_first * (1 - f_first) / (n_first - 1) + f_second * (1 - f_second) / (n_second - 1)
    return (f_first - f_second) ** 2 - noise, f_first * (1 - f_second) + f_second * (1 - f_first)
