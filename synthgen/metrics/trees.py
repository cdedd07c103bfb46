"""Gradient-boosted trees, set up alike wherever a metric trains them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

_FEW_ROWS = 2_000
"""Below this, fewer and longer steps: as good, and the time goes into the trees' number, not into the rows."""


def boosted_classifier(
    n_rows: int, is_categorical: np.ndarray, random_state: int
) -> HistGradientBoostingClassifier:
    """Gradient-boosted trees, of a size that a few hundred rows can bear.

    Parameters
    ----------
    n_rows : int
        Rows it will be fitted to.
    is_categorical : ndarray of bool, shape (n_features,)
        Which features are codes.
    random_state : int
        For the rows held out to stop early.

    Returns
    -------
    HistGradientBoostingClassifier
        Not fitted.
    """
    return HistGradientBoostingClassifier(**_settings(n_rows, is_categorical, random_state))


def boosted_regressor(
    n_rows: int, is_categorical: np.ndarray, random_state: int
) -> HistGradientBoostingRegressor:
    """The same for a number.

    Parameters
    ----------
    n_rows, is_categorical, random_state
        As `boosted_classifier` takes them.

    Returns
    -------
    HistGradientBoostingRegressor
        Not fitted.
    """
    return HistGradientBoostingRegressor(**_settings(n_rows, is_categorical, random_state))


def fill_empty_columns(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put 0 where a training column has no value at all, which histogram trees cannot bin.

    Parameters
    ----------
    train, test : ndarray, shapes (n, F) and (m, F)
        NaN is missing.

    Returns
    -------
    (train, test) : (ndarray, ndarray)
        The same arrays if no column is empty, else copies.
    """
    empty = np.isnan(train).all(axis=0)
    if not empty.any():
        return train, test
    return np.where(empty, 0.0, train), np.where(empty, 0.0, test)


def _settings(n_rows: int, is_categorical: np.ndarray, random_state: int) -> dict[str, Any]:
    few = n_rows < _FEW_ROWS
    return {
        "categorical_features": is_categorical,
        "learning_rate": 0.2 if few else 0.1,
        "max_iter": 50 if few else 100,
        "min_samples_leaf": int(np.clip(n_rows // 40, 2, 20)),
        "random_state": random_state,
    }
