"""Train on one table, test on rows held out: whether synthetic rows teach what real ones do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synthgen.exceptions import DataError
from synthgen.metrics.intervals import (
    Estimate,
    auc_interval,
    auc_with_variance,
    influence_variance,
    normal_interval,
    placements,
)
from synthgen.metrics.predictors import Predictor, predictions, predictor_matrix, square_unit
from synthgen.metrics.tables import CodedTable
from synthgen.metrics.tasks import Task, is_known, tested_rows
from synthgen.rng import stream

MAX_CLASSES = 50
"""Levels that a target can have."""
MAX_ROWS = 50_000
"""Rows that trees are tested on, at most."""
_N_BOOTSTRAP = 200


def find_task(real: CodedTable, target: str) -> Task:
    """What predicting a column means.

    Parameters
    ----------
    real : CodedTable
        The real rows.
    target : str
        One of its columns.

    Returns
    -------
    Task
        The task.

    Raises
    ------
    DataError
        If the column has one value only, or too many levels.
    """
    column = real.column(target)
    classes = np.unique(column.values[~column.missing])
    n_values = len(classes)
    if n_values < 2:
        raise DataError(
            f"The target {target!r} has {n_values} distinct values in the real table; it needs two at least."
        )
    if column.is_numeric and n_values > 2:
        return Task(target, "regression", "r2")
    if n_values > MAX_CLASSES:
        raise DataError(
            f"The target {target!r} has {n_values:,} levels; at most {MAX_CLASSES} can be predicted. "
            "Give another target, or group the levels."
        )
    return Task(target, "binary" if n_values == 2 else "multiclass", "auc", tuple(classes.tolist()))


def is_testable(test: CodedTable, task: Task) -> bool:
    """Whether predictions can be scored on a table at all.

    Parameters
    ----------
    test : CodedTable
        Rows to test on.
    task : Task
        As `find_task` gives it.

    Returns
    -------
    bool
        Whether it has at least two different values of the target that the task knows.
    """
    values = test.column(task.target).values[is_known(test, task)]
    return len(np.unique(values)) > 1


def n_unknown(table: CodedTable, task: Task) -> int:
    """How many rows have a value of the target that the real table lacks.

    Parameters
    ----------
    table : CodedTable
        Any table.
    task : Task
        As `find_task` gives it.

    Returns
    -------
    int
        0 for a regression.
    """
    column = table.column(task.target)
    return int((~column.missing & ~is_known(table, task)).sum())


def score(predictor: Predictor, test: CodedTable) -> Estimate:
    """How well a predictor does on rows that it has not seen.

    Parameters
    ----------
    predictor : Predictor
        As `synthgen.metrics.predictors.fit_predictor` gives it.
    test : CodedTable
        Coded together with the training table. At most `MAX_ROWS` rows are used, those with a class that the
        real table has: of another nobody could have learnt.

    Returns
    -------
    Estimate
        The AUC (0.5 knows nothing, 1 is best) or R squared (0 is as good as the mean of the test rows, 1 is
        best). Empty if the test rows have fewer than two values of the target; without an interval if all but one
        are of one class.

    Notes
    -----
    Intervals: DeLong's for two classes, the bootstrap of test rows for several, the infinitesimal jackknife for
    R squared. They take the trees as given.
    """
    y, (predicted,) = _outcomes([predictor], test)
    if not _can_be_scored(y, predicted):
        return Estimate(None)
    if predictor.task.kind == "regression":
        return _r_squared(y, predicted)
    indicators = y[:, None] == np.array(predictor.task.classes)
    if predictor.task.kind == "binary":
        return _binary_auc(indicators[:, 1], predicted[:, 1])
    value = float(_macro_aucs(indicators, predicted, np.ones((1, len(y))))[0])
    resampled = _macro_aucs(indicators, predicted, _bootstrap_weights(len(y), predictor.seed))
    return normal_interval(value, float(np.nanvar(resampled)), (0, 1))


def gain(predictor: Predictor, base: Predictor, test: CodedTable) -> Estimate:
    """How much better one predictor does than another on the same rows.

    Parameters
    ----------
    predictor, base : Predictor
        Of one task.
    test : CodedTable
        As `score` takes it; the rows are those that `base` is scored on.

    Returns
    -------
    Estimate
        The score of `predictor` less that of `base`, in [-1, 1] for an AUC. Empty where one of them has none;
        without an interval if all test rows but one are of one class.

    Notes
    -----
    The interval is of the paired difference, which is narrower than two intervals side by side suggest: DeLong's
    covariance for two classes [1]_, one bootstrap of test rows for both predictors for several, the difference of
    the influences for R squared.

    References
    ----------
    .. [1] E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, "Comparing the areas under two or more correlated
       receiver operating characteristic curves", Biometrics 44 (1988).
    """
    y, (first, second) = _outcomes([predictor, base], test)
    if not (_can_be_scored(y, first) and _can_be_scored(y, second)):
        return Estimate(None)
    if base.task.kind == "regression":
        (a, u), (b, v) = _r_squared_influence(y, first), _r_squared_influence(y, second)
        return normal_interval(a - b, influence_variance(u - v))
    indicators = y[:, None] == np.array(base.task.classes)
    if base.task.kind == "binary":
        return _paired_auc(indicators[:, 1], first[:, 1], second[:, 1])
    weights = np.concatenate([np.ones((1, len(y))), _bootstrap_weights(len(y), base.seed)])
    differences = _macro_aucs(indicators, first, weights) - _macro_aucs(indicators, second, weights)
    return normal_interval(float(differences[0]), float(np.nanvar(differences[1:])), (-1, 1))


def _outcomes(predictors: Sequence[Predictor], test: CodedTable) -> tuple[np.ndarray, list[np.ndarray]]:
    """The test rows' target and what each predictor says of them."""
    task, seed = predictors[-1].task, predictors[-1].seed
    test = tested_rows(test, task, MAX_ROWS, seed)
    return test.column(task.target).values, [predictions(p, predictor_matrix(p, test)) for p in predictors]


def _can_be_scored(y: np.ndarray, predicted: np.ndarray) -> bool:
    return len(y) > 1 and bool(y.min() < y.max()) and not bool(np.isnan(predicted).any())


def _r_squared(y: np.ndarray, predicted: np.ndarray) -> Estimate:
    r2, influence = _r_squared_influence(y, predicted)
    return normal_interval(r2, influence_variance(influence), (-np.inf, 1))


def _r_squared_influence(y: np.ndarray, predicted: np.ndarray) -> tuple[float, np.ndarray]:
    """R squared, and its derivative by the weight of each row, shape (M,)."""
    unit = square_unit(y)
    y, predicted = y / unit, predicted / unit
    with np.errstate(all="ignore"):  # predictions may be as far off as they like
        errors, spread = (y - predicted) ** 2, (y - y.mean()) ** 2
        r2 = 1 - errors.mean() / spread.mean()
        influence = -(errors - (1 - r2) * spread) / spread.mean()
    if not np.isfinite(influence).all():
        return float("nan"), np.full(len(y), np.nan)
    return float(r2), influence


def _binary_auc(positive: np.ndarray, scores: np.ndarray) -> Estimate:
    parts = scores[positive], scores[~positive]
    n_smaller = min(map(len, parts))
    if n_smaller < 2:  # DeLong's variance needs two rows of each class
        return Estimate(float(placements(*parts)[0].mean()))
    auc, variance = auc_with_variance(*parts)
    return auc_interval(auc, variance, n_smaller)


def _paired_auc(positive: np.ndarray, first: np.ndarray, second: np.ndarray) -> Estimate:
    placed = [placements(scores[positive], scores[~positive]) for scores in (first, second)]
    above, below = (a - b for a, b in zip(*placed, strict=True))
    value = float(above.mean())
    if min(len(above), len(below)) < 2:
        return Estimate(value)
    variance = float(above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below))
    return normal_interval(value, variance, (-1, 1))


def _bootstrap_weights(n: int, seed: int) -> np.ndarray:
    """How often each test row is drawn in each resample, shape (_N_BOOTSTRAP, n)."""
    draw = stream(seed, "metrics.utility.bootstrap")
    return np.stack(
        [np.bincount(draw.integers(n, size=n), minlength=n).astype(np.float32) for _ in range(_N_BOOTSTRAP)]
    )


def _macro_aucs(indicators: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The mean over the classes of the AUC of one against the rest, for each weighting of the rows.

    Shapes (M, K), (M, K) and (B, M) to (B,). A class with no rows, or with all, does not count; NaN if none does.
    """
    aucs = np.stack([_weighted_aucs(i, s, weights) for i, s in zip(indicators.T, scores.T, strict=True)])
    known = ~np.isnan(aucs)
    return np.where(
        known.any(axis=0), np.where(known, aucs, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1), np.nan
    )


def _weighted_aucs(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    order = np.argsort(scores, kind="stable")
    ordered, positive = scores[order], positive[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))  # of runs of equal scores
    aucs = np.full(len(weights), np.nan)
    for b, weight in enumerate(weights):
        w = weight[order].astype(np.float64)
        ups = np.add.reduceat(w * positive, starts)
        downs = np.add.reduceat(w * ~positive, starts)
        n_pairs = ups.sum() * downs.sum()
        if n_pairs:
            aucs[b] = (ups * (np.cumsum(downs) - downs / 2)).sum() / n_pairs
    return aucs
