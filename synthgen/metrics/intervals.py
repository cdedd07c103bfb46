"""Numbers with 95% intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

Z95 = 1.959963984540054
"""The 97.5% point of the standard normal distribution."""


@dataclass(frozen=True)
class Estimate:
    """A number and its 95% interval; None where there is none.

    Parameters
    ----------
    value : float or None
        The number.
    low, high : float or None
        Ends of the interval.
    """

    value: float | None
    low: float | None = None
    high: float | None = None


def finite(value: float) -> float | None:
    """The number as a Python float, or None in place of NaN and infinity."""
    return float(value) if math.isfinite(value) else None


def normal_interval(
    value: float, variance: float, bounds: tuple[float, float] = (-math.inf, math.inf)
) -> Estimate:
    """A number with its interval from a normal approximation, cut at its bounds.

    Parameters
    ----------
    value : float
        The number; NaN gives an empty estimate.
    variance : float
        Of the number, at least 0; NaN gives no interval.
    bounds : (float, float)
        Least and largest value possible.

    Returns
    -------
    Estimate
        ``value +- 1.96 sqrt(variance)``.
    """
    half = Z95 * math.sqrt(variance)
    return Estimate(finite(value), finite(max(value - half, bounds[0])), finite(min(value + half, bounds[1])))


def wilson(n_hits: float, n: int) -> Estimate:
    """A share with Wilson's score interval.

    Parameters
    ----------
    n_hits : float
        Hits in [0, n]; ties may count one half.
    n : int
        Trials, at least 1.

    Returns
    -------
    Estimate
        In [0, 1].

    References
    ----------
    .. [1] E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
       JASA 22 (1927).
    """
    share = n_hits / n
    centre, half = wilson_centre(n_hits, n)
    # at 0 and 1 the formula's end is the share itself, but for rounding
    return Estimate(float(share), max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half)))


def wilson_centre(n_hits: float, n: int, z: float = Z95) -> tuple[float, float]:
    """The centre of Wilson's score interval for a share, and half its width.

    Parameters
    ----------
    n_hits : float
        Hits in [0, n].
    n : int
        Trials, at least 1.
    z : float
        The point of the standard normal distribution that gives the level.

    Returns
    -------
    (centre, half) : (float, float)
        The ends ``centre -+ half`` lie in [0, 1], but for rounding.

    References
    ----------
    .. [1] As for `wilson`.
    """
    share = n_hits / n
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return (share + z**2 / (2 * n)) / (1 + z**2 / n), half


def placements(positive: np.ndarray, negative: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the scores of each class lie among those of the other: what AUCs and their variances are made of.

    Parameters
    ----------
    positive, negative : ndarray, shapes (..., m) and (..., n)
        Scores of the two classes, at least one of each.

    Returns
    -------
    (above, below) : (ndarray of shape (..., m), ndarray of shape (..., n))
        For each positive the share of negatives below it, for each negative the share of positives above it; ties
        count one half. The mean of either is the AUC.

    References
    ----------
    .. [1] X. Sun, W. Xu, "Fast implementation of DeLong's algorithm", IEEE Signal Processing Letters 21 (2014).
    """
    m, n = positive.shape[-1], negative.shape[-1]
    ranks = rankdata(np.concatenate([positive, negative], axis=-1), axis=-1)
    above = (ranks[..., :m] - rankdata(positive, axis=-1)) / n
    return above, 1 - (ranks[..., m:] - rankdata(negative, axis=-1)) / m


def auc_with_variance(positive: np.ndarray, negative: np.ndarray) -> tuple[float, float]:
    """The area under the ROC curve and DeLong's estimate of its variance.

    Parameters
    ----------
    positive, negative : ndarray, shapes (m,) and (n,)
        Scores of the two classes, at least two of each.

    Returns
    -------
    (auc, variance) : (float, float)
        The AUC in [0, 1], ties counted one half, and its variance.

    References
    ----------
    .. [1] E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, Biometrics 44 (1988).
    """
    above, below = placements(positive, negative)
    return float(above.mean()), float(above.var(ddof=1) / len(positive) + below.var(ddof=1) / len(negative))


def auc_interval(auc: float, variance: float, n_smaller: int) -> Estimate:
    """An AUC with an interval that stays within [0, 1].

    Parameters
    ----------
    auc : float
        In [0, 1].
    variance : float
        Its variance.
    n_smaller : int
        Rows of the smaller class: what an AUC of exactly 0 or 1, of variance 0, is uncertain by.

    Returns
    -------
    Estimate
        Normal on the logit scale; Wilson's interval for a share at 0 and 1.

    References
    ----------
    .. [1] M. S. Pepe, "The Statistical Evaluation of Medical Tests for Classification and Prediction",
       Oxford 2003, section 5.2 (the logit scale).
    """
    if not 0 < auc < 1:
        return wilson(auc * n_smaller, n_smaller)
    centre, half = math.log(auc / (1 - auc)), Z95 * math.sqrt(variance) / (auc * (1 - auc))
    return Estimate(auc, _expit(centre - half), _expit(centre + half))


def _expit(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def influence_variance(*influences: np.ndarray) -> float:
    """The variance of a statistic of one or more independent samples, by the infinitesimal jackknife.

    Parameters
    ----------
    *influences : ndarray, shape (n_k,)
        For each sample the statistic's derivative by the weight of each of its rows, mean 0.

    Returns
    -------
    float
        ``sum_k var(influence_k) / n_k``.

    References
    ----------
    .. [1] B. Efron, "The Jackknife, the Bootstrap and Other Resampling Plans", SIAM 1982, chapter 6.
    """
    return float(sum(np.var(u) / len(u) for u in influences))
