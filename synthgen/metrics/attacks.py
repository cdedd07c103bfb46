"""Scores by which an attacker tells rows that a model was fitted to from others; and how well they tell them.

Every attack takes rows of the synthetic table, rows of the population that were not used for it (the reference), and
candidates; a higher score says "member". Which candidates are members is not known to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom, rankdata

from synthgen.metrics.intervals import Estimate, wilson
from synthgen.metrics.projection import log_density, log_kernel_volume
from synthgen.metrics.trees import boosted_classifier, fill_empty_columns

N_NEIGHBOURS = 10
"""Synthetic rows next to a candidate whose likelihood it may raise."""
MIN_FOR_ONE_PERCENT = 100
"""Non-members without which nothing can be said of a rate of one in a hundred."""
_BANDWIDTH_FACTOR = 0.5
_LEAST_DISTANCE = 1e-4
_CELLS = 20_000_000
_N_REPLAYS = 2_000


@dataclass(frozen=True, eq=False)
class Choice:
    """The AUC of an attack that was chosen on other candidates than it is measured on.

    Parameters
    ----------
    auc : float
        Mean over two halves of the candidates.
    variance : float
        Of that mean.
    chosen : tuple of int
        Which attack was measured on the first half and which on the second.
    members : tuple of ndarray of int
        The members of either half.
    """

    auc: float
    variance: float
    chosen: tuple[int, int]
    members: tuple[np.ndarray, np.ndarray]


def distance_to_nearest(points: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """Euclidean distance of each query to the nearest point.

    Parameters
    ----------
    points, queries : ndarray of float32, shapes (n, F) and (m, F)
        As `synthgen.metrics.features.distance_matrix` makes them.

    Returns
    -------
    ndarray of float64, shape (m,)
        Exact for the point that was found, which in float32 may be another one than the nearest by 1e-3.
    """
    nearest = _neighbours(points, queries, 1)[:, 0]
    step = max(1, _CELLS // queries.shape[1])
    parts = []
    for start in range(0, len(queries), step):
        block = slice(start, start + step)
        parts.append(((queries[block].astype(np.float64) - points[nearest[block]]) ** 2).sum(axis=1))
    return np.sqrt(np.concatenate(parts))


def distance_score(to_synthetic: np.ndarray, to_reference: np.ndarray) -> np.ndarray:
    """Distance to the closest record, calibrated: how much nearer a synthetic row lies than a reference row.

    Parameters
    ----------
    to_synthetic, to_reference : ndarray, shape (n,)
        Distances of the candidates to the nearest of either, at least 0.

    Returns
    -------
    ndarray, shape (n,)
        ``log(to_reference / to_synthetic)``, both raised by 1e-4.

    Notes
    -----
    NOTE[DIFF]: the paper subtracts. The logarithm of the ratio is an estimate of the log ratio of densities (up to
    the factor of the dimension), so that a copy in a crowd counts as much as one far out: copies of Adult's rows
    among 8,000 give an AUC of 1.00, the difference .89.

    References
    ----------
    .. [1] D. Chen, N. Yu, Y. Zhang, M. Fritz, "GAN-Leaks: a taxonomy of membership inference attacks against
       generative models", CCS 2020 (the calibrated attack).
    """
    return np.log(to_reference + _LEAST_DISTANCE) - np.log(to_synthetic + _LEAST_DISTANCE)


def density_score(candidates: np.ndarray, synthetic: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """DOMIAS: the log ratio of the synthetic density to the reference density.

    Parameters
    ----------
    candidates, synthetic, reference : ndarray, shapes (n, K), (s, K) and (r, K)
        Scores of variance about 1 (`synthgen.metrics.projection.principal_scores`).

    Returns
    -------
    ndarray, shape (n,)
        ``log p_synthetic - log p_reference``.

    Notes
    -----
    NOTE[DIFF]: half of Scott's bandwidth ``n^(-1/(K+4))``. Scott's smooths what the model added away: with copies
    of Adult's rows the AUC was .63 with it and .73 with half of it; with nothing leaked, .5 with either.

    References
    ----------
    .. [1] B. van Breugel, H. Sun, Z. Qian, M. van der Schaar, "Membership inference attacks against synthetic data
       through overfitting detection", AISTATS 2023.
    """
    by_synthetic = log_density(synthetic, candidates, _bandwidth(synthetic))
    return by_synthetic - log_density(reference, candidates, _bandwidth(reference))


def likelihood_ratio_score(
    candidates: np.ndarray, synthetic: np.ndarray, reference: np.ndarray
) -> np.ndarray:
    """Gen-LRA: how much likelier the synthetic rows nearby are once the candidate joins the reference rows.

    Parameters
    ----------
    candidates, synthetic, reference : ndarray, shapes (n, K), (s, K) and (r, K)
        Scores of variance about 1.

    Returns
    -------
    ndarray, shape (n,)
        ``sum over the nearest synthetic rows s of log(r/(r+1) + N(s; x, h^2 I) / ((r+1) f(s)))``, f the kernel
        density of the reference rows.

    Notes
    -----
    NOTE[DIFF]: the bandwidth is the same with and without the candidate, and half of Scott's, as in
    `density_score`; the ten nearest rows.

    References
    ----------
    .. [1] J. Ward, C.-H. Wang, G. Cheng, "Privacy auditing synthetic data release through local likelihood
       attacks", arXiv 2508.21146 (2025).
    """
    width, n = _bandwidth(reference), len(reference)
    density = log_density(reference, synthetic, width)
    nearest = _neighbours(synthetic, candidates, min(N_NEIGHBOURS, len(synthetic)))
    apart = ((synthetic[nearest] - candidates[:, None]) ** 2).sum(axis=2)
    kernel = -apart / (2 * width**2) - log_kernel_volume(reference.shape[1], width)
    gains = np.logaddexp(np.log(n), kernel - density[nearest]) - np.log(n + 1)
    return np.asarray(gains.sum(axis=1))


def classifier_score(
    candidates: np.ndarray,
    synthetic: np.ndarray,
    reference: np.ndarray,
    is_categorical: np.ndarray,
    random_state: int,
) -> np.ndarray:
    """LOGAN: log odds of "synthetic" by a gradient-boosted classifier of synthetic against reference rows.

    Parameters
    ----------
    candidates, synthetic, reference : ndarray, shapes (n, F), (s, F) and (r, F)
        As `synthgen.metrics.features.tree_matrix` makes them.
    is_categorical : ndarray of bool, shape (F,)
        Which features are codes.
    random_state : int
        For the trees.

    Returns
    -------
    ndarray, shape (n,)
        Out of sample for every candidate, since it was trained on none of them.

    References
    ----------
    .. [1] J. Hayes, L. Melis, G. Danezis, E. De Cristofaro, "LOGAN: membership inference attacks against generative
       models", PoPETs 2019.
    """
    labels = np.repeat([1, 0], [len(synthetic), len(reference)])
    seen, unseen = fill_empty_columns(np.concatenate([synthetic, reference]), candidates)
    model = boosted_classifier(len(seen), is_categorical, random_state).fit(seen, labels)
    return np.asarray(model.decision_function(unseen))


def chosen_auc(members: np.ndarray, nonmembers: np.ndarray, generator: np.random.Generator) -> Choice:
    """The AUC of the strongest attack, without the bias of a maximum.

    Parameters
    ----------
    members, nonmembers : ndarray, shapes (A, m) and (A, n)
        Scores by A attacks, at least four of either kind.
    generator : numpy.random.Generator
        Halves the candidates, and replays the choice.

    Returns
    -------
    Choice
        The attack with the highest AUC on one half of the candidates is measured on the other half, both ways, and
        the two are averaged.

    Notes
    -----
    The two measures are of disjoint candidates, but the candidates of each chose the attack for the other. Where
    attacks are about equally strong that ties the two together (the variance grows by up to a third), and a quarter
    of the sum of DeLong's variances is too little. So the choice is replayed: 2,000 pairs of AUC vectors are drawn
    from the normal distribution with DeLong's covariance [1]_ of all attacks around their AUCs on all candidates,
    and the variance is the mean square of "measured minus true" of the chosen. Coverage: see
    `synthgen.metrics.membership.membership`.

    References
    ----------
    .. [1] E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, Biometrics 44 (1988).
    """
    inside = _halves(members.shape[1], generator), _halves(nonmembers.shape[1], generator)
    parts = [_delong(members[:, p], nonmembers[:, n]) for p, n in zip(*inside, strict=True)]
    (first, cov_first), (second, cov_second) = parts
    chosen = int(second.argmax()), int(first.argmax())
    auc = float(first[chosen[0]] + second[chosen[1]]) / 2
    centre = (first + second) / 2
    draws = [_normal(centre, cov, generator) for cov in (cov_first, cov_second)]
    picked, each = [draws[1].argmax(axis=0), draws[0].argmax(axis=0)], np.arange(_N_REPLAYS)
    errors = sum(draw[p, each] - centre[p] for draw, p in zip(draws, picked, strict=True)) / 2
    return Choice(auc, float(np.mean(errors**2)), chosen, inside[0])


def tpr_at_one_percent(groups: Sequence[tuple[np.ndarray, np.ndarray]]) -> Estimate:
    """The share of members that are found where one non-member in a hundred is taken for one.

    Parameters
    ----------
    groups : sequence of (members, nonmembers)
        Scores; more than one pair if members were scored by different attacks.

    Returns
    -------
    Estimate
        In [0, 1], .01 for an attack that knows nothing. Empty with fewer than 100 non-members.

    Notes
    -----
    The threshold is the k-th highest score of n non-members, ``k = floor(.01 (n + 1))``, which a further one passes
    with probability ``k / (n + 1) <= .01``. The interval adds in quadrature (the method of variance estimates
    recovery [1]_) Wilson's interval of the share and the shares at the ends of the order-statistic interval of the
    threshold, which is the larger part where many members score about as high as the threshold. It held the truth in
    92 to 99% of 400 draws with 200 to 2,000 normal scores of either kind, in 84 to 95% with 100 (the threshold is then
    the highest of them, and no one knows how much higher it should lie); Wilson's alone in 33 to 95%.

    References
    ----------
    .. [1] G. Y. Zou, A. Donner, "Construction of confidence limits about effect measures", Statistics in Medicine
       27 (2008).
    """
    n = min(len(nonmembers) for _, nonmembers in groups)
    if n < MIN_FOR_ONE_PERCENT:
        return Estimate(None)
    m = sum(len(members) for members, _ in groups)
    ends = (int(binom.ppf(p, n, 0.01)) for p in (0.025, 0.975))
    ranks = (n + 1) // 100, max(next(ends), 1), next(ends) + 1
    hits, strict, lax = (sum(_n_above(p, q, rank) for p, q in groups) for rank in ranks)
    share, own = hits / m, wilson(hits, m)
    low, high = own.low or 0.0, own.high or 0.0
    return Estimate(
        share,
        max(0.0, share - float(np.hypot(share - low, share - strict / m))),
        min(1.0, share + float(np.hypot(high - share, lax / m - share))),
    )


def _n_above(members: np.ndarray, nonmembers: np.ndarray, rank: int) -> int:
    return int((members > np.partition(nonmembers, len(nonmembers) - rank)[-rank]).sum())


def _bandwidth(points: np.ndarray) -> float:
    return _BANDWIDTH_FACTOR * float(len(points) ** (-1 / (points.shape[1] + 4)))


def _neighbours(points: np.ndarray, queries: np.ndarray, k: int) -> np.ndarray:
    """The k nearest points of each query, in no order; int, shape (m, k)."""
    points = points.astype(np.float32, copy=False)
    half = (points**2).sum(axis=1) / 2
    step = max(1, _CELLS // len(points))
    out = []
    for start in range(0, len(queries), step):
        apart = half - queries[start : start + step].astype(np.float32, copy=False) @ points.T
        out.append(apart.argmin(axis=1)[:, None] if k == 1 else np.argpartition(apart, k - 1, axis=1)[:, :k])
    return np.concatenate(out)


def _halves(n: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    order = generator.permutation(n)
    return order[: n // 2], order[n // 2 :]


def _delong(members: np.ndarray, nonmembers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """AUC of each attack, shape (A,), and their covariance, shape (A, A)."""
    m, n = members.shape[1], nonmembers.shape[1]
    ranks = rankdata(np.concatenate([members, nonmembers], axis=1), axis=1)
    above = (ranks[:, :m] - rankdata(members, axis=1)) / n
    below = 1 - (ranks[:, m:] - rankdata(nonmembers, axis=1)) / m
    return above.mean(axis=1), np.atleast_2d(np.cov(above)) / m + np.atleast_2d(np.cov(below)) / n


def _normal(mean: np.ndarray, covariance: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Draws, shape (A, R), also where the covariance is singular."""
    values, axes = np.linalg.eigh(covariance)
    root = axes * np.sqrt(np.maximum(values, 0))
    return mean[:, None] + root @ generator.standard_normal((len(mean), _N_REPLAYS))
