"""One number for how near sampled rows come to rows that a model has not seen: the `score` of scikit-learn's tools."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from synthgen.exceptions import DataError
from synthgen.models.score_features import score_features
from synthgen.models.validation_score import auc_noise, detection_auc
from synthgen.rng import stream
from synthgen.schema import Schema

SEED = 0
"""Of the sampled rows and of what is looked at: the same model and rows give the same score."""
FEWEST_ROWS = 4
MOST_ROWS = 5_000
"""More are not looked at: the noise is small by then."""
MOST_COLUMNS = 300
"""Wider tables are judged by so many columns, drawn once and for all."""
ROWS_WANTED = 200
"""Sampled rows at least: so many samples as long as the given table are drawn ..."""
MOST_DRAWS = 5
"""... but no more than these."""


def table_score(rows: pd.DataFrame, schema: Schema, draw: Callable[[int, int], pd.DataFrame]) -> float:
    """How little boosted trees can tell sampled rows from given ones.

    Parameters
    ----------
    rows : pandas.DataFrame, shape (n, n_columns)
        Rows that the model has not seen; columns of the schema that it lacks are not compared.
    schema : Schema
        Of the training table.
    draw : callable
        ``draw(m, seed)`` gives m sampled rows.

    Returns
    -------
    float
        In [0, 1]: min(1, 2 (1 - AUC)), with the mean AUC over samples of n rows (`detection_auc`, two-fold
        cross-fitted). 1: trees do no better than chance. 0: they tell every row.

    Raises
    ------
    DataError
        If there are fewer than 4 rows.

    Notes
    -----
    The AUC is the share of pairs of a given and a sampled row that trees rank rightly: 1/2 by chance. Below that it is so by
    chance alone, and the score is 1. What identifiers and free text say is not compared. Standard error: `score_noise`.
    """
    if len(rows) < FEWEST_ROWS:
        raise DataError(f"A score needs at least {FEWEST_ROWS} rows. Got {len(rows)}.")
    # in any order: every second row is judged by trees that learnt from the others
    rows = rows.iloc[_some(len(rows), MOST_ROWS, "score rows")]
    n = len(rows)
    columns = [c for c in schema if c.name in rows.columns]
    if len(columns) > MOST_COLUMNS:
        columns = [columns[i] for i in np.sort(_some(len(columns), MOST_COLUMNS, "score columns"))]
    real = score_features(rows, columns)
    n_draws = int(np.clip(-(-ROWS_WANTED // n), 1, MOST_DRAWS))
    drawn = score_features(draw(n * n_draws, SEED), columns)
    min_leaf = int(np.clip(n // 10, 2 if n < 10 else 5, 20))
    aucs = [_auc(real, fake, min_leaf) for fake in np.split(drawn, n_draws)]
    return float(np.clip(2 * (1 - np.mean(aucs)), 0.0, 1.0))


def score_noise(n_rows: int) -> float:
    """Standard error of the score of a perfect model, before it is held to at most 1.

    Parameters
    ----------
    n_rows : int
        Rows that it is scored on.

    Returns
    -------
    float
        Twice that of the AUC (`auc_noise`), since the score falls by 2 as the AUC rises by 1.
    """
    return 2 * auc_noise(n_rows)


def _auc(real: np.ndarray, fake: np.ndarray, min_leaf: int) -> float:
    both = np.concatenate([real, fake])
    tells = np.array([len(np.unique(column)) > 1 for column in both.T], dtype=bool)  # NaN is one value
    if not tells.any():
        return 0.5
    return detection_auc(real[:, tells], fake[:, tells], SEED, min_leaf=min_leaf)


def _some(n: int, n_wanted: int, purpose: str) -> np.ndarray:
    """At most so many of n, in random order."""
    return stream(SEED, purpose).permutation(n)[:n_wanted]
