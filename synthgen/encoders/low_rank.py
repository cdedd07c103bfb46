"""A wide matrix of normal scores as a few common factors and a residual for each column.

z_j = lambda_j . s + shift_cj + sqrt(psi_j) e_j: whitened principal scores s, loadings lambda_j, shifts of the levels of
covariates where these stand out, and independent noise e_j that belongs to column j alone. With fewer rows than columns the scores come from the rows' Gram matrix, whose cost
is linear in the number of columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse.linalg import eigsh

from synthgen.encoders.group_effects import fit_group_effects

MAX_GRAM_ROWS = 4_000
"""With more rows than this, randomised SVD instead of the Gram matrix."""
MAX_COMMUNALITY = 0.995
"""Most of a column's variance that the common factors may carry."""
_COLUMNS_FOR_RANK = 5_000
_SIGN_DRAWS = 5
_CHUNK = 4_096
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
    n_rows = scores.shape[1]
    n_factors = min(n_factors, n_rows - 1, len(scores))
    if n_factors < 1 or not information.any():
        return no_factors(len(scores), design.one_hot.shape[1]), np.zeros((n_rows, 0), dtype=np.float32)
    values, vectors = _top(scores, n_factors, seed)
    total = float(np.square(scores, dtype=np.float64).sum())
    noise = max(total - values.sum(), 0.0) / max(min(n_rows - 1, len(scores)) - n_factors, 1)
    common = (vectors * np.sqrt(n_rows)).astype(np.float32)
    products = scores @ common / n_rows
    projection = products * (n_rows / np.maximum(values, 1e-12)).astype(np.float32)
    present = np.ones(len(scores)) if gaps is None else 1 - gaps.mean(axis=1)
    covariance = products / np.maximum(present, 1 / n_rows)[:, None].astype(np.float32)
    kept = np.sqrt(np.clip(1 - noise / np.maximum(values, 1e-12), 0, 1)).astype(np.float32)
    scale = 1 / np.maximum(information, _LEAST_INFORMATION).astype(np.float32)
    shifts = np.zeros((design.one_hot.shape[1], len(scores)), dtype=np.float32)
    if design.threshold is not None and shifts.size:
        rest = scores - covariance @ common.T
        if gaps is not None:
            rest[gaps] = 0.0
        weight = scale / np.maximum(present, 1 / n_rows).astype(np.float32)
        shifts = fit_group_effects(rest, design.one_hot, design.groups, design.threshold) * weight
    unit = _within_unit_variance(covariance * kept * scale[:, None], shifts, design)
    return Factors(projection, *unit), common


def no_factors(n_columns: int, n_levels: int) -> Factors:
    """The model of columns that have nothing in common, whatever the covariates."""
    empty = np.zeros((n_columns, 0), dtype=np.float32)
    shifts = np.zeros((n_levels, n_columns), dtype=np.float32)
    return Factors(empty, empty, np.ones(n_columns, dtype=np.float32), shifts)


def n_factors_by_parallel_analysis(scores: np.ndarray, most: int, rng: np.random.Generator) -> int:
    """How many factors stand out from noise of the same column variances.

    Parameters
    ----------
    scores : ndarray of float32, shape (p, N)
        Normal scores.
    most : int
        Upper bound of the answer.
    rng : numpy.random.Generator
        Draws the noise.

    Returns
    -------
    int
        In [0, most]: how many leading eigenvalues exceed the largest of the same matrix with random signs, in several
        draws of the signs [1]_.

    NOTE[DIFF]: five draws, and a random choice of columns where there are more than 5,000.

    References
    ----------
    .. [1] D. Hong, Y. Sheng, E. Dobriban, "Selecting the number of components in PCA via random signflips",
       arXiv:2012.02985.
    """
    if len(scores) > _COLUMNS_FOR_RANK:
        scores = scores[np.sort(rng.choice(len(scores), _COLUMNS_FOR_RANK, replace=False))]
    if scores.shape[1] > MAX_GRAM_ROWS:
        scores = scores[:, np.sort(rng.choice(scores.shape[1], MAX_GRAM_ROWS, replace=False))]
    if not scores.any():
        return 0
    null = 0.0
    for _ in range(_SIGN_DRAWS):
        signs = rng.integers(0, 2, scores.shape, dtype=np.int8) * np.int8(2) - np.int8(1)
        start = rng.standard_normal(scores.shape[1])
        null = max(null, float(eigsh(_gram(scores * signs), k=1, v0=start, return_eigenvectors=False)[0]))
    above = np.linalg.eigvalsh(_gram(scores))[::-1][:most] > null
    return int(most if above.all() else np.argmin(above))


def _top(scores: np.ndarray, n_factors: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The largest eigenvalues of the rows' Gram matrix, descending, and their vectors, shape (N, k)."""
    if scores.shape[1] <= MAX_GRAM_ROWS:
        values, vectors = np.linalg.eigh(_gram(scores))
        values, vectors = values[::-1][:n_factors], vectors[:, ::-1][:, :n_factors]
    else:
        from sklearn.utils.extmath import randomized_svd

        left, singular, _ = randomized_svd(scores.T, n_factors, random_state=seed % 2**32)
        values, vectors = singular.astype(np.float64) ** 2, left
    return np.maximum(values, 0.0), vectors * np.sign(
        vectors[np.abs(vectors).argmax(axis=0), np.arange(n_factors)]
    )


def _gram(scores: np.ndarray) -> np.ndarray:
    """scores.T @ scores, summed in float64 over chunks of columns."""
    out = np.zeros((scores.shape[1], scores.shape[1]))
    for start in range(0, len(scores), _CHUNK):
        part = scores[start : start + _CHUNK]
        out += part.T @ part
    return out


def _within_unit_variance(
    loadings: np.ndarray, shifts: np.ndarray, design: Design
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Loadings, noise and shifts whose variances sum to 1 in each column."""
    weight = design.one_hot.sum(axis=0) / max(len(design.one_hot), 1)
    shared = (loadings**2).sum(axis=1) + (weight[:, None] * shifts**2).sum(axis=0)
    factor = np.sqrt(np.minimum(1.0, MAX_COMMUNALITY / np.maximum(shared, 1e-12))).astype(np.float32)
    residual = np.sqrt(1.0 - shared * factor**2).astype(np.float32)
    return loadings * factor[:, None], residual, shifts * factor
