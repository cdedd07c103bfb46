"""Hardy-Weinberg proportions: whether heterozygotes are as many as random mating gives."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

P_VALUE = 1e-3
"""A site fails below it."""
MAX_ROWS = 1_000
"""Rows that sites are tested in, at most."""
_TIES = 1e-7
_BLOCK_CELLS = 4_000_000


def hwe_p_values(n_hets: np.ndarray, n_minor: np.ndarray, n_people: np.ndarray) -> np.ndarray:
    """The exact test of Hardy-Weinberg proportions, for many sites.

    Parameters
    ----------
    n_hets : ndarray of int, shape (m,)
        Heterozygotes.
    n_minor : ndarray of int, shape (m,)
        Copies of one allele, the rarer one for speed; of the same parity as `n_hets`.
    n_people : ndarray of int, shape (m,)
        People with a genotype.

    Returns
    -------
    ndarray of float64, shape (m,)
        In (0, 1]; 1 for a site with one allele.

    Notes
    -----
    Given the alleles, the chance of h heterozygotes is proportional to ``2^h / (hom1! h! hom2!)``; the p-value sums
    the chances of all numbers that are no more likely than the one seen [1]_ (without its mid-p variant).

    References
    ----------
    .. [1] J. E. Wigginton, D. J. Cutler, G. R. Abecasis, "A note on exact tests of Hardy-Weinberg equilibrium",
       American Journal of Human Genetics 76 (2005).
    """
    n_minor = np.minimum(n_minor, 2 * n_people - n_minor)
    cases, inverse = np.unique(np.stack([n_people, n_minor, n_hets], axis=1), axis=0, return_inverse=True)
    out = np.ones(len(cases))
    width = int(n_minor.max(initial=0)) // 2 + 1
    step = max(1, _BLOCK_CELLS // width)
    for start in range(0, len(cases), step):
        out[start : start + step] = _exact(cases[start : start + step])
    return np.asarray(out[inverse.ravel()])


def _exact(cases: np.ndarray) -> np.ndarray:
    people, minor, seen = (cases[:, i, None].astype(np.float64) for i in range(3))
    hets = minor % 2 + 2 * np.arange(
        int(minor.max(initial=0)) // 2 + 1
    )  # from the least to the most possible
    possible = hets <= minor
    rare = np.maximum((minor - hets) / 2, 0)
    common = np.maximum(people - hets - rare, 0)
    logs = hets * np.log(2) - gammaln(rare + 1) - gammaln(hets + 1) - gammaln(common + 1)
    logs = np.where(possible, logs, -np.inf)
    chances = np.exp(logs - logs.max(axis=1, keepdims=True))
    own = np.where(hets == seen, chances, 0.0).sum(axis=1, keepdims=True)
    tail = np.where(chances <= own * (1 + _TIES), chances, 0.0).sum(axis=1)
    return np.asarray(np.minimum(tail / chances.sum(axis=1), 1.0))


def failing_share(genotypes: np.ndarray) -> float | None:
    """The share of sites with two alleles whose heterozygotes are too few or too many.

    Parameters
    ----------
    genotypes : ndarray of float32, shape (V, N)
        Dosages 0, 1 or 2; NaN is missing.

    Returns
    -------
    float or None
        In [0, 1]: sites with p below `P_VALUE`. None if no site has two alleles. A share of about .001 is chance.
    """
    present = ~np.isnan(genotypes)
    n_people = present.sum(axis=1)
    copies = np.where(present, genotypes, 0).sum(axis=1).astype(np.int64)
    hets = (genotypes == 1).sum(axis=1)
    varied = (copies > 0) & (copies < 2 * n_people)
    if not varied.any():
        return None
    p = hwe_p_values(hets[varied], copies[varied], n_people[varied])
    return float((p < P_VALUE).mean())
