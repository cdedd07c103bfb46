"""Train on one table, test on rows held out: whether synthetic rows teach what real ones do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthgen.exceptions import DataError
from synthgen.metrics.baselines import subsample
from synthgen.metrics.features import tree_matrix
from synthgen.metrics.intervals import Estimate, auc_interval, auc_with_variance, finite, normal_interval
from synthgen.metrics.tables import CodedTable
from synthgen.metrics.trees import boosted_classifier, boosted_regressor, fill_empty_columns
from synthgen.rng import stream

MAX_CLASSES = 50
MAX_ROWS = 50_000
"""Rows that a model is trained on, at most."""
_N_BOOTSTRAP = 200


@dataclass(frozen=True)
class Task:
    """What there is to predict.

    Parameters
    ----------
    target : str
        The column.
    kind : {"binary", "multiclass", "regression"}
        From the column's kind: levels are classes, whole numbers of just two values are too.
    metric : {"auc", "r2"}
        Area under the ROC curve (mean over one-against-rest for several classes), or the share of variance
        explained.
    classes : tuple of float
        Values of the column in the real table, ascending, as `CodedColumn` codes them; empty for a regression.
    """

    target: str
    kind: str
    metric: str
    classes: tuple[float, ...] = ()


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
    return int((~column.missing & ~_is_known(table, task)).sum())


def utility(train: CodedTable, test: CodedTable, task: Task, seed: int) -> Estimate:
    """Train gradient-boosted trees on one table and score them on another.

    Parameters
    ----------
    train, test : CodedTable
        Coded together. Rows without a target are left out, and so are those of a class that the real table
        lacks: in the test nobody could have learnt it, and learnt it helps with no test row.
    task : Task
        As `find_task` gives it.
    seed : int
        For the choice of rows, the trees and the bootstrap of the interval.

    Returns
    -------
    Estimate
        The AUC (0.5 knows nothing, 1 is best) or R squared (0 is as good as the mean of the test rows, 1 is
        best). Empty if the test rows have fewer than two values of the target; without an interval if all but one
        are of one class.

    Notes
    -----
    A training table with one class only predicts that class: its AUC is 0.5.
    """
    train = subsample(_with_known_target(train, task), MAX_ROWS, stream(seed, "metrics.utility.rows"))
    test = _with_known_target(test, task)
    if test.n_rows < 2 or np.ptp(test.column(task.target).values) == 0:
        return Estimate(None)
    if task.kind == "regression":
        return _regression(train, test, task, seed)
    return _classification(train, test, task, seed)


def _with_known_target(table: CodedTable, task: Task) -> CodedTable:
    return table.take(np.flatnonzero(_is_known(table, task)))


def _is_known(table: CodedTable, task: Task) -> np.ndarray:
    """Where the target has a value that the task knows; bool, shape (N,)."""
    column = table.column(task.target)
    return np.isin(column.values, task.classes) if task.classes else ~column.missing


def _matrices(train: CodedTable, test: CodedTable, target: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    (x_train, x_test), is_categorical = tree_matrix([train.without(target), test.without(target)])
    return *fill_empty_columns(x_train, x_test), is_categorical


def _seed(seed: int) -> int:
    return int(stream(seed, "metrics.utility.trees").integers(2**31))


def _regression(train: CodedTable, test: CodedTable, task: Task, seed: int) -> Estimate:
    y_train, y_test = train.column(task.target).values, test.column(task.target).values
    if train.n_rows == 0:
        return Estimate(None)
    x_train, x_test, is_categorical = _matrices(train, test, task.target)
    model = boosted_regressor(len(x_train), is_categorical, _seed(seed))
    # trees add up: a target far from 0 or of huge scale is fitted in units of its own spread
    centre, scale = y_train.mean(), y_train.std() or 1.0
    predicted = model.fit(x_train, (y_train - centre) / scale).predict(x_test) * scale + centre
    return _r_squared(y_test, predicted)


def _r_squared(y: np.ndarray, predicted: np.ndarray) -> Estimate:
    errors, spread = (y - predicted) ** 2, (y - y.mean()) ** 2
    r2 = 1 - errors.mean() / spread.mean()
    influence = -(errors - (1 - r2) * spread) / spread.mean()
    return normal_interval(float(r2), float(np.var(influence) / len(y)), (-np.inf, 1))


def _classification(train: CodedTable, test: CodedTable, task: Task, seed: int) -> Estimate:
    classes = np.array(task.classes)
    scores = _class_scores(train, test, classes, task, seed)
    y = test.column(task.target).values
    if task.kind == "binary":
        return _binary_auc(y == classes[1], scores[:, 1])
    indicators = y[:, None] == classes
    value = _macro_auc(indicators, scores)
    draw = stream(seed, "metrics.utility.bootstrap")
    resampled = []
    for _ in range(_N_BOOTSTRAP):
        rows = draw.integers(len(y), size=len(y))
        resampled.append(_macro_auc(indicators[rows], scores[rows]))
    return normal_interval(value, float(np.nanvar(resampled)), (0, 1))


def _binary_auc(positive: np.ndarray, scores: np.ndarray) -> Estimate:
    n_smaller = int(min(positive.sum(), (~positive).sum()))
    if n_smaller < 2:  # DeLong's variance needs two rows of each class
        return Estimate(finite(_macro_auc(positive[:, None], scores[:, None])))
    auc, variance = auc_with_variance(scores[positive], scores[~positive])
    return auc_interval(auc, variance, n_smaller)


def _class_scores(
    train: CodedTable, test: CodedTable, classes: np.ndarray, task: Task, seed: int
) -> np.ndarray:
    """The probability of each class; 0 for a class that the training rows lack."""
    y_train = train.column(task.target).values
    scores = np.zeros((test.n_rows, len(classes)))
    if len(np.unique(y_train)) < 2:
        return scores
    x_train, x_test, is_categorical = _matrices(train, test, task.target)
    model = boosted_classifier(len(x_train), is_categorical, _seed(seed))
    predicted = model.fit(x_train, y_train).predict_proba(x_test)
    for j, found in enumerate(model.classes_):
        scores[:, classes == found] = predicted[:, [j]]
    return scores


def _macro_auc(indicators: np.ndarray, scores: np.ndarray) -> float:
    aucs = []
    for positive, score in zip(indicators.T, scores.T, strict=True):
        if 0 < positive.sum() < len(positive):
            order = np.argsort(score, kind="stable")
            aucs.append(_auc(positive[order], score[order]))
    return float(np.mean(aucs)) if aucs else float("nan")


def _auc(positive: np.ndarray, ordered: np.ndarray) -> float:
    """The AUC, from scores in increasing order."""
    _, start, counts = np.unique(ordered, return_index=True, return_counts=True)
    ranks = np.repeat(start + (counts + 1) / 2, counts)
    n = int(positive.sum())
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * (len(positive) - n)))
