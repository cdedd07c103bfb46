"""Penalised logistic regression by Newton's method, from the features or from the rows' inner products."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

_MAX_STEPS = 25
_MAX_HALVINGS = 20


def fit_features(features: np.ndarray, labels: np.ndarray, penalty: float) -> np.ndarray:
    """Coefficients of a ridge-penalised logistic regression, by Newton's method.

    Parameters
    ----------
    features : ndarray, shape (F, N)
        One row a feature; a constant one serves as the intercept.
    labels : ndarray of {0, 1}, shape (N,)
        What to tell apart.
    penalty : float
        On half the squared coefficients, above 0; the log-likelihood is summed over the rows.

    Returns
    -------
    ndarray, shape (F,)
        The minimum over ``w`` of ``sum(log(1 + exp(f)) - y f) + penalty / 2 * w.w`` with ``f = w @ features``.
    """

    def step(w: np.ndarray, f: np.ndarray) -> np.ndarray:
        p = expit(f)
        hessian = (features * (p * (1 - p))) @ features.T
        hessian[np.diag_indices_from(hessian)] += penalty
        return cho_solve(cho_factor(hessian), features @ (labels - p) - penalty * w)

    return _newton(step, features, labels, lambda w, f: penalty / 2 * w @ w)


def fit_gram(gram: np.ndarray, labels: np.ndarray, penalty: float) -> np.ndarray:
    """The same regression from the inner products of the rows.

    Parameters
    ----------
    gram : ndarray, shape (N, N)
        ``features.T @ features`` of `fit_features`.
    labels, penalty
        As `fit_features` takes them.

    Returns
    -------
    ndarray, shape (N,)
        Weights ``a`` of the rows: the coefficients are ``features @ a``, the scores ``gram @ a``.
    """

    def step(a: np.ndarray, f: np.ndarray) -> np.ndarray:
        p = expit(f)
        root = np.sqrt(p * (1 - p))
        target = root**2 * f + labels - p
        system = root[:, None] * gram * root
        system[np.diag_indices_from(system)] += penalty
        target -= root * cho_solve(cho_factor(system), root * (gram @ target))
        return target / penalty - a

    return _newton(step, gram, labels, lambda a, f: penalty / 2 * a @ f)


def _newton(
    step: Callable[[np.ndarray, np.ndarray], np.ndarray],
    matrix: np.ndarray,
    labels: np.ndarray,
    penalty: Callable[[np.ndarray, np.ndarray], float],
) -> np.ndarray:
    """Steps from 0, each halved until the loss falls: a full one may overshoot."""
    x, f = np.zeros(len(matrix)), np.zeros(len(labels))
    loss = len(labels) * np.log(2)
    for _ in range(_MAX_STEPS):
        move = step(x, f)
        for _ in range(_MAX_HALVINGS):
            new_x = x + move
            new_f = new_x @ matrix
            new_loss = np.logaddexp(0, new_f).sum() - labels @ new_f + penalty(new_x, new_f)
            if new_loss <= loss:
                break
            move /= 2
        else:
            return x
        x, f, gain, loss = new_x, new_f, loss - new_loss, new_loss
        if gain < 1e-7 * len(labels):
            return x
    return x
