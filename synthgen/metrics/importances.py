"""Whether trees learn from synthetic rows that the same columns matter as from real ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from synthgen.metrics.intervals import Estimate, normal_interval
from synthgen.metrics.predictors import Predictor, predictions, predictor_matrix
from synthgen.metrics.tables import CodedTable
from synthgen.metrics.tasks import tested_rows
from synthgen.rng import stream

MAX_ROWS = 5_000
"""Held-out rows in which columns are shuffled, at most."""
MAX_COLUMNS = 100
"""Columns that are shuffled, at most."""
_N_BOOTSTRAP = 200
_LEAST_COLUMNS = 3
_LEAST_PROBABILITY = 1e-6
"""Of the true class: no row loses more than 13.8."""


@dataclass(frozen=True)
class ColumnImportance:
    """How much a column matters to two predictors.

    Parameters
    ----------
    name : str
        The column.
    real, synthetic : float
        How far the mean loss of the predictor fitted to real or synthetic rows rises when the column is shuffled
        in held-out rows: log loss (nats) for classes, the square of the error over the target's variance for a
        number. Below 0 only by chance.
    """

    name: str
    real: float
    synthetic: float


@dataclass(frozen=True)
class ImportanceAgreement:
    """Whether two predictors rank the columns alike.

    Parameters
    ----------
    agreement : Estimate
        Spearman's correlation of the two importances over the columns, in [-1, 1]. Empty with fewer than three
        columns, or where one predictor heeds no column.
    columns : tuple of ColumnImportance
        Those that were shuffled; what matters most to the predictor of real rows comes first.
    n_rows : int
        Held-out rows used.
    n_columns : int
        Columns that could have been shuffled.
    """

    agreement: Estimate
    columns: tuple[ColumnImportance, ...]
    n_rows: int
    n_columns: int


@dataclass(frozen=True, eq=False)
class LossIncreases:
    """What shuffling costs a predictor, row by row.

    Parameters
    ----------
    columns : tuple of str
        The C columns that were shuffled, one at a time.
    values : ndarray, shape (M, C)
        By how much the loss of each held-out row rose.
    n_columns : int
        Columns that the predictor could have seen.
    """

    columns: tuple[str, ...]
    values: np.ndarray
    n_columns: int


def compared_columns(predictors: Sequence[Predictor]) -> tuple[str, ...]:
    """The columns to shuffle for several predictors of one task.

    Parameters
    ----------
    predictors : sequence of Predictor
        At least one.

    Returns
    -------
    tuple of str
        All that they see; if those are more than `MAX_COLUMNS`, the ones most associated with the target in each
        one's training rows, in turn: the best of the first, the best of the second, and so on. A random choice
        among tens of thousands would be of columns that no tree heeds.
    """
    seen = dict.fromkeys(name for p in predictors for name in p.columns)
    if len(seen) <= MAX_COLUMNS:
        return tuple(seen)
    ranked = [
        [p.columns[j] for j in np.argsort(-np.array(p.associations), kind="stable")] for p in predictors
    ]
    in_turn = dict.fromkeys(r[i] for i in range(max(map(len, ranked))) for r in ranked if i < len(r))
    return tuple(in_turn)[:MAX_COLUMNS]


def loss_increases(
    predictor: Predictor, test: CodedTable, columns: Sequence[str], seed: int
) -> LossIncreases:
    """Shuffle each column of held-out rows and see what it costs.

    Parameters
    ----------
    predictor : Predictor
        As `synthgen.metrics.predictors.fit_predictor` gives it.
    test : CodedTable
        Coded together with the training table; at most `MAX_ROWS` rows are used.
    columns : sequence of str
        As `compared_columns` gives them. One that the predictor does not see costs nothing.
    seed : int
        For the rows and the orders, which are the same for every predictor of one task.

    Returns
    -------
    LossIncreases
        As many predictions of all rows as columns.

    Notes
    -----
    Breiman's permutation importance [1]_, with a proper loss instead of the error rate. Each column is shuffled
    once: every row gets another row's value, so that the mean over the rows is over as many draws.

    References
    ----------
    .. [1] L. Breiman, "Random forests", Machine Learning 45 (2001), section 10.
    """
    rows = tested_rows(test, predictor.task, MAX_ROWS, seed)
    y, matrix = rows.column(predictor.task.target).values, predictor_matrix(predictor, rows)
    values = np.zeros((rows.n_rows, len(columns)))
    place = {name: j for j, name in enumerate(predictor.columns)}
    if rows.n_rows and predictor.model is not None:
        before = _losses(predictor, matrix, y)
        for k, name in enumerate(columns):
            order = stream(seed, "metrics.importances.shuffle", k).permutation(rows.n_rows)
            if (j := place.get(name)) is not None:
                intact = matrix[:, j].copy()
                matrix[:, j] = intact[order]
                values[:, k] = _losses(predictor, matrix, y) - before
                matrix[:, j] = intact
    return LossIncreases(tuple(columns), values, predictor.n_columns)


def importance_agreement(real: LossIncreases, synthetic: LossIncreases, seed: int) -> ImportanceAgreement:
    """Compare what matters to a predictor of real rows and to one of synthetic rows.

    Parameters
    ----------
    real, synthetic : LossIncreases
        Of the same columns and test rows.
    seed : int
        For the bootstrap.

    Returns
    -------
    ImportanceAgreement
        With an interval from the spread over resampled test rows, both predictors as given.

    Notes
    -----
    Ranks, since importances are skewed: by Pearson's correlation one dominant column decides alone. Importances
    below 0 count as 0, so that columns which matter to neither predictor are tied rather than ranked by chance.
    Importance is what a column is worth in real rows: heeding a column that says nothing there costs as much
    before as after it is shuffled. Agreement with a predictor that learnt the wrong columns is therefore near 0,
    with a wide interval, not near -1. Among few columns, or many that hardly matter, two predictors of real rows do
    not agree fully either: read the figure beside that of a predictor fitted to other real rows.
    """
    agreement = Estimate(None)
    if len(real.columns) >= _LEAST_COLUMNS and len(real.values) > 1:
        agreement = _agreement(real.values, synthetic.values, seed)
    n_rows = len(real.values)
    means = [x.values.sum(axis=0) / max(n_rows, 1) for x in (real, synthetic)]
    columns = tuple(
        ColumnImportance(real.columns[j], float(means[0][j]), float(means[1][j]))
        for j in np.argsort(-means[0], kind="stable")
    )
    return ImportanceAgreement(agreement, columns, n_rows, real.n_columns)


def _agreement(real: np.ndarray, synthetic: np.ndarray, seed: int) -> Estimate:
    n = len(real)
    draw = stream(seed, "metrics.importances.bootstrap")
    drawn = [np.bincount(draw.integers(n, size=n), minlength=n) for _ in range(_N_BOOTSTRAP)]
    weights = np.stack([np.ones(n), *drawn]) / n
    value, *resampled = _rank_correlations(weights @ real, weights @ synthetic)
    known = [r for r in resampled if not math.isnan(r)]
    return normal_interval(value, float(np.var(known)) if len(known) > 1 else math.nan, (-1, 1))


def _rank_correlations(first: np.ndarray, second: np.ndarray) -> list[float]:
    """Spearman's correlation of each row of two arrays of shape (B, C), NaN where one is constant."""
    ranks = [rankdata(np.maximum(x, 0), axis=1) for x in (first, second)]
    a, b = (r - r.mean(axis=1, keepdims=True) for r in ranks)
    spread = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    found = np.full(len(a), np.nan)
    np.divide((a * b).sum(axis=1), spread, out=found, where=spread > 0)
    return [float(r) for r in found]


def _losses(predictor: Predictor, matrix: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The loss of each row, shape (M,)."""
    predicted = predictions(predictor, matrix)
    if predictor.task.kind == "regression":
        scale = _spread(y)
        return ((y / scale) - (predicted / scale)) ** 2
    true = np.searchsorted(np.array(predictor.task.classes), y)
    return -np.log(np.maximum(predicted[np.arange(len(y)), true], _LEAST_PROBABILITY))


def _spread(y: np.ndarray) -> float:
    """The standard deviation, or 1 if there is none; scaled first, since squares of huge numbers overflow."""
    largest = float(np.abs(y).max())
    return float((y / largest).std() * largest) or 1.0 if largest > 0 else 1.0
