"""A wide matrix of normal scores as a few common factors and a residual for each column.

z_j = lambda_j . s + shift_cj + sqrt(psi_j) e_j: whitened principal scores s, loadings lambda_j, shifts of the levels of
covariates where these stand out, and independent noise e_j that belongs to column j alone. With fewer rows than columns the scores come from the rows' Gram matrix, whose cost
is linear in the number of columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthgen.encoders.group_effects import group_effects
from synthgen.encoders.score_chunks import ArrayScores, ScoreChunks
from synthgen.encoders.top_directions import top_directions

MAX_COMMUNALITY = 0.995
"""Most of a column's variance that the common factors may carry."""
_LEAST_INFORMATION = 1e-6


@dataclass(frozen=True)
class Factors:
    """A fitted factor model of p columns.

    Parameters
    ----------
    projection : ndarray of float32, shape (p, k)
        Normal scores z (mean 0) of a row times this are its common scores s.
    loadings : ndarray of float32, shape (p, k)
        lambda.
    residual : ndarray of float32, shape (p,)
        sqrt(psi): standard deviation of the noise, so that every z_j has variance 1.
    shifts : ndarray of float32, shape (C, p)
        What each level of the covariates adds to each column (`group_effects`).
    """

    projection: np.ndarray
    loadings: np.ndarray
    residual: np.ndarray
    shifts: np.ndarray

    @property
    def n_factors(self) -> int:
        """Number of factors, k."""
        return self.loadings.shape[1]


@dataclass(frozen=True)
class Design:
    """The covariates' choices beside a block.

    Parameters
    ----------
    one_hot : ndarray of float32, shape (N, C)
        Their one-hot columns.
    groups : list of slice
        Which columns belong to one covariate.
    threshold : float or None
        Standard errors from which on a level's shift of a column is kept; None: none is.
    """

    one_hot: np.ndarray
    groups: list[slice]
    threshold: float | None


def fit_factors(
    scores: np.ndarray,
    information: np.ndarray,
    n_factors: int,
    design: Design,
    seed: int,
    gaps: np.ndarray | None = None,
) -> tuple[Factors, np.ndarray]:
    """Fit the factor model to the normal scores of the training rows.

    Parameters
    ----------
    scores : ndarray of float32, shape (p, N)
        E[z | x], mean 0 in each row (`normal_scores.conditional_scores`).
    information : ndarray, shape (p,)
        Mean squares of the scores.
    n_factors : int
        k; at most N - 1 and p are taken.
    design : Design
        The covariates of the rows.
    seed : int
        Of the randomised SVD.
    gaps : ndarray of bool, shape (p, N), optional
        Where values are missing, and their scores 0. None: nowhere.

    Returns
    -------
    factors : Factors
        The model.
    common : ndarray of float32, shape (N, k)
        The rows' common scores, whitened.

    Notes
    -----
    Cov(E[z | x], s) = lambda Var(E[z | x]) when s is normal given z, so columns of few levels, whose scores vary less
    than z does, have their loadings divided by that variance. What the i-th eigenvalue l_i owes to noise, about the
    mean l_0 of those left out, is taken from its loadings: they are multiplied by sqrt((l_i - l_0) / l_i), as in
    probabilistic principal components [1]_.

    References
    ----------
    .. [1] M. E. Tipping, C. M. Bishop, "Probabilistic principal component analysis", Journal of the Royal Statistical
       Society B 61, 1999.
    """
    return factors_of_chunks(ArrayScores(scores, information, gaps), n_factors, design, seed)


def factors_of_chunks(
    source: ScoreChunks, n_factors: int, design: Design, seed: int
) -> tuple[Factors, np.ndarray]:
    """The same of scores that come a few columns at a time, two or three times over.

    Parameters
    ----------
    source : ScoreChunks
        The scores.
    n_factors, design, seed
        As for `fit_factors`.

    Returns
    -------
    factors, common
        See `fit_factors`.
    """
    n_rows, n_columns = source.n_rows, source.n_columns
    n_factors = min(n_factors, n_rows - 1, n_columns)
    if n_factors < 1 or not source.information.any():
        return no_factors(n_columns, design.one_hot.shape[1]), np.zeros((n_rows, 0), dtype=np.float32)
    values, vectors, total = top_directions(source, n_factors, seed)
    noise = max(total - values.sum(), 0.0) / max(min(n_rows - 1, n_columns) - n_factors, 1)
    common = (vectors * np.sqrt(n_rows)).astype(np.float32)
    per_value = (n_rows / np.maximum(values, 1e-12)).astype(np.float32)
    kept = np.sqrt(np.clip(1 - noise / np.maximum(values, 1e-12), 0, 1)).astype(np.float32)
    present = np.maximum(source.present, 1 / n_rows).astype(np.float32)
    scale = 1 / np.maximum(source.information, _LEAST_INFORMATION).astype(np.float32)
    projection = np.empty((n_columns, n_factors), dtype=np.float32)
    covariance, spread = np.empty_like(projection), np.zeros(n_columns, dtype=np.float32)
    has_shifts = design.threshold is not None and design.one_hot.shape[1] > 0
    for which, scores, gaps in source.chunks("factors"):
        products = scores @ common / n_rows
        projection[which], covariance[which] = products * per_value, products / present[which, None]
        if has_shifts:
            spread[which] = _rest(scores, covariance[which], common, gaps).var(axis=1)
    shifts = np.zeros((design.one_hot.shape[1], n_columns), dtype=np.float32)
    if has_shifts:
        variance = float(np.mean(spread))
        for which, scores, gaps in source.chunks("group effects"):
            rest = _rest(scores, covariance[which], common, gaps)
            found = group_effects(rest, design.one_hot, design.groups, design.threshold or 0.0, variance)
            shifts[:, which] = found * (scale[which] / present[which])
    covariance *= kept
    covariance *= scale[:, None]
    unit = _within_unit_variance(covariance, shifts, design)
    return Factors(projection, *unit), common


def _rest(
    scores: np.ndarray, covariance: np.ndarray, common: np.ndarray, gaps: np.ndarray | None
) -> np.ndarray:
    """What the common scores leave of some columns; 0 where a value is missing."""
    rest = scores - covariance @ common.T
    if gaps is not None:
        rest[gaps] = 0.0
    return np.asarray(rest)


def no_factors(n_columns: int, n_levels: int) -> Factors:
    """The model of columns that have nothing in common, whatever the covariates."""
    empty = np.zeros((n_columns, 0), dtype=np.float32)
    shifts = np.zeros((n_levels, n_columns), dtype=np.float32)
    return Factors(empty, empty, np.ones(n_columns, dtype=np.float32), shifts)


def _within_unit_variance(
    loadings: np.ndarray, shifts: np.ndarray, design: Design
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Loadings, noise and shifts whose variances sum to 1 in each column."""
    weight = design.one_hot.sum(axis=0) / max(len(design.one_hot), 1)
    shared = (loadings**2).sum(axis=1) + (weight[:, None] * shifts**2).sum(axis=0)
    factor = np.sqrt(np.minimum(1.0, MAX_COMMUNALITY / np.maximum(shared, 1e-12))).astype(np.float32)
    residual = np.sqrt(1.0 - shared * factor**2).astype(np.float32)
    return loadings * factor[:, None], residual, shifts * factor
