"""What a covariate's levels do to single columns beyond the common factors: shrunken shifts of their means.

A few common factors carry the differences between classes that many columns share; what is left in single columns is
mostly noise when rows are few, and the means of small classes would give their rows away. So only shifts that stand
out are kept, and they are shrunk.
"""

from __future__ import annotations

import numpy as np

from synthgen.encoders.normal_scores import COLUMNS_TOGETHER

_OFFSET = 0.1


def fit_group_effects(
    rest: np.ndarray, design: np.ndarray, groups: list[slice], threshold: float
) -> np.ndarray:
    """Shifts of every column for every level of every covariate.

    Parameters
    ----------
    rest : ndarray of float32, shape (p, N)
        Normal scores less what the common factors explain.
    design : ndarray of float32, shape (N, C)
        One-hot columns of the covariates.
    groups : list of slice
        Which columns of the design belong to one covariate; taken one after another.
    threshold : float
        Standard errors below which a shift is taken for noise, >= 0.

    Returns
    -------
    ndarray of float32, shape (C, p)
        Shifts; weighted by the levels' rows they sum to 0 for every covariate. 0 for levels of one row.

    Notes
    -----
    With d the mean of a level's rows less the overall mean and t = d / se, a shift is ``d max(0, 1 - (threshold / t)^2)``,
    the non-negative garrote [1]_; se = sqrt(w + w0 / 10) sqrt(1 / n_c - 1 / N) with w the column's variance within levels
    and w0 its mean over columns, as in nearest shrunken centroids [2]_.

    References
    ----------
    .. [1] L. Breiman, "Better subset regression using the nonnegative garrote", Technometrics 37, 1995.
    .. [2] R. Tibshirani et al., "Diagnosis of multiple cancer types by shrunken centroids of gene expression",
       PNAS 99, 2002.
    """
    return group_effects(rest, design, groups, threshold, float(np.mean(rest.var(axis=1))))


def group_effects(
    rest: np.ndarray, design: np.ndarray, groups: list[slice], threshold: float, variance: float
) -> np.ndarray:
    """The same of some columns of many.

    Parameters
    ----------
    rest, design, groups, threshold
        As for `fit_group_effects`.
    variance : float
        Mean over all columns of the variance of `rest`.

    Returns
    -------
    ndarray of float32, shape (C, p)
        See `fit_group_effects`.
    """
    shifts = np.zeros((design.shape[1], len(rest)), dtype=np.float32)
    counts = design.sum(axis=0, dtype=np.float64)
    usual = max(variance, 1e-12) * _OFFSET
    for start in range(0, len(rest), COLUMNS_TOGETHER):
        part = slice(start, start + COLUMNS_TOGETHER)
        left = rest[part].astype(np.float64)
        for group in groups:
            own = _shifts(left, design[:, group].astype(np.float64), counts[group], usual, threshold)
            left -= own @ design[:, group].T
            shifts[group, part] = own.T
    return shifts


def _shifts(
    rest: np.ndarray, design: np.ndarray, counts: np.ndarray, usual: float, threshold: float
) -> np.ndarray:
    """Shifts of some columns for one covariate, shape (q, n_levels)."""
    n_rows = rest.shape[1]
    present = np.maximum(counts, 1)
    differences = rest @ design / present - rest.mean(axis=1, keepdims=True)
    within = np.maximum(rest.var(axis=1) - differences**2 @ (counts / n_rows), 0.0)
    error = np.sqrt(within + usual)[:, None] * np.sqrt(np.maximum(1 / present - 1 / n_rows, 0.0))
    ratio = np.divide(threshold * error, np.abs(differences), out=np.ones_like(error), where=differences != 0)
    several = counts > 1
    kept = differences * np.maximum(0.0, 1 - ratio**2) * several
    centre = kept @ counts / max(counts[several].sum(), 1.0)
    return np.asarray(kept - centre[:, None] * several)
