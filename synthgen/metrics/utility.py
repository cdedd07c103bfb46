"""Train on one table, test on rows held out: whether synthetic rows teach what real ones do."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

from synthgen.exceptions import DataError
from synthgen.metrics.features import MAX_TREE_LEVELS, pooled_codes
from synthgen.metrics.intervals import (
    Estimate,
    auc_interval,
    auc_with_variance,
    finite,
    influence_variance,
    normal_interval,
)
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.metrics.trees import boosted_classifier, boosted_regressor
from synthgen.rng import stream

MAX_CLASSES = 50
"""Levels that a target can have."""
MAX_ROWS = 50_000
"""Rows that trees are fitted to, at most; and rows that they are tested on."""
MAX_COLUMNS = 500
"""Columns that trees see, at most."""
MAX_CELLS = 3_000_000
"""Rows times columns that trees are fitted to, at most: a wider table gets fewer rows."""
_MAX_CLASS_COLUMNS, _FEW_COLUMNS = 1_000, 100
"""Each class has its own trees: columns times classes are at most so many, unless the columns are few."""
_BLOCK_CELLS = 2_000_000
"""Of a matrix that associations are computed in."""
_HUGE = 1e150
"""Beyond this a square overflows."""
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


@dataclass(frozen=True, eq=False)
class Predictor:
    """Trees fitted to one table, with what it takes to show them another.

    Parameters
    ----------
    task : Task
        What is predicted.
    columns : tuple of str
        The F columns that the trees see, in table order.
    associations : tuple of float
        Of each of them with the target in the training rows, as `associations` measures it.
    n_rows, n_columns : int
        Rows that the trees were fitted to, and columns that they could have seen.
    seed : int
        Of the rows, the trees and whatever is drawn when they are scored.
    codes : tuple of (ndarray or None)
        For each column of levels what each code becomes for the trees, the last entry being missing.
    empty : ndarray of bool, shape (F,)
        Which columns have no value in the training rows: the trees see 0 there.
    model : object or None
        The fitted trees; None if there was nothing to learn (no row, one class only, no column).
    centre, scale : float
        The trees' unit of a number that is predicted; NaN without training rows.
    """

    task: Task
    columns: tuple[str, ...]
    associations: tuple[float, ...]
    n_rows: int
    n_columns: int
    seed: int
    codes: tuple[np.ndarray | None, ...]
    empty: np.ndarray
    model: Any
    centre: float = 0.0
    scale: float = 1.0


def fit_predictor(train: CodedTable, task: Task, seed: int, *, extra: CodedTable | None = None) -> Predictor:
    """Fit gradient-boosted trees to one table.

    Parameters
    ----------
    train : CodedTable
        At most `MAX_ROWS` of its rows are used, fewer if there are many columns (`MAX_CELLS`). Rows without a
        target are left out, and so are those of a class that the real table lacks.
    task : Task
        As `find_task` gives it.
    seed : int
        For the choice of rows and the trees.
    extra : CodedTable, optional
        Coded together with `train`: rows to learn from besides, under the same limit. The rows of `train` that
        are used are the same as without.

    Returns
    -------
    Predictor
        For `score`, `gain` and `synthgen.metrics.importances`.

    Notes
    -----
    Of very many columns the trees see those that are most associated with the target in their own training
    rows: 500, fewer (but 100) if there are more than two classes. Choosing is part of learning,
    so that a synthetic table that lost which columns matter pays for it.
    """
    n_columns = len(train.columns) - 1
    limit = max(_FEW_COLUMNS, min(MAX_COLUMNS, _MAX_CLASS_COLUMNS // max(len(task.classes), 1)))
    n_rows = min(MAX_ROWS, MAX_CELLS // max(min(n_columns, limit), 1))
    parts = [_sampled(train, task, n_rows, stream(seed, "metrics.utility.rows"))]
    if extra is not None:
        parts.append(_sampled(extra, task, n_rows, stream(seed, "metrics.utility.extra")))
    y = np.concatenate([t.column(task.target).values for t in parts])
    parts = [t.without(task.target) for t in parts]
    strengths = associations(parts, y, task)
    used = np.sort(np.argsort(-strengths, kind="stable")[:limit])
    rows = concatenate([CodedTable(tuple(t.columns[j] for j in used), t.n_rows) for t in parts])
    unfitted = Predictor(
        task=task,
        columns=tuple(c.name for c in rows.columns),
        associations=tuple(strengths[used].tolist()),
        n_rows=rows.n_rows,
        n_columns=n_columns,
        seed=seed,
        codes=tuple(None if c.is_numeric else _tree_codes(c) for c in rows.columns),
        empty=np.array([bool(c.missing.all()) for c in rows.columns], dtype=bool),
        model=None,
    )
    return _fitted(unfitted, predictor_matrix(unfitted, rows), y)


def predictor_matrix(predictor: Predictor, table: CodedTable) -> np.ndarray:
    """A table as the trees of a predictor see it.

    Parameters
    ----------
    predictor : Predictor
        As `fit_predictor` gives it.
    table : CodedTable
        Coded together with the training table.

    Returns
    -------
    ndarray of float, shape (M, F)
        Numbers as they are, levels as codes, NaN for missing.
    """
    by_name = {c.name: c.values for c in table.columns}
    matrix = np.zeros((table.n_rows, len(predictor.columns)))
    for j, (name, codes) in enumerate(zip(predictor.columns, predictor.codes, strict=True)):
        if not predictor.empty[j]:  # histogram trees cannot bin a column without any value
            matrix[:, j] = by_name[name] if codes is None else codes[by_name[name]]
    return matrix


def predictions(predictor: Predictor, matrix: np.ndarray) -> np.ndarray:
    """What a predictor says of rows.

    Parameters
    ----------
    predictor : Predictor
        As `fit_predictor` gives it.
    matrix : ndarray, shape (M, F)
        As `predictor_matrix` gives it.

    Returns
    -------
    ndarray
        The probability of each of the task's K classes, shape (M, K), 0 for a class that was not learnt (and 0
        throughout if only one was); or the predicted number, shape (M,), NaN if there was no training row.
    """
    task, model = predictor.task, predictor.model
    if task.kind == "regression":
        found = np.zeros(len(matrix)) if model is None else model.predict(matrix)
        return found * predictor.scale + predictor.centre
    scores = np.zeros((len(matrix), len(task.classes)))
    if model is not None:
        scores[:, np.isin(task.classes, model.classes_)] = model.predict_proba(matrix)
    return scores


def tested_rows(test: CodedTable, task: Task, n_rows: int, seed: int) -> CodedTable:
    """The rows of a table whose target can be compared with a prediction.

    Parameters
    ----------
    test : CodedTable
        Any table.
    task : Task
        As `find_task` gives it.
    n_rows : int
        Rows wanted, at most.
    seed : int
        For the choice of rows.

    Returns
    -------
    CodedTable
        Rows with a target that the task knows.
    """
    return _sampled(test, task, n_rows, stream(seed, "metrics.utility.test"))


def score(predictor: Predictor, test: CodedTable) -> Estimate:
    """How well a predictor does on rows that it has not seen.

    Parameters
    ----------
    predictor : Predictor
        As `fit_predictor` gives it.
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


def utility(train: CodedTable, test: CodedTable, task: Task, seed: int) -> Estimate:
    """Train gradient-boosted trees on one table and score them on another.

    Parameters
    ----------
    train, test : CodedTable
        Coded together, as `fit_predictor` and `score` take them.
    task : Task
        As `find_task` gives it.
    seed : int
        For the choice of rows, the trees and the bootstrap of the interval.

    Returns
    -------
    Estimate
        As `score` gives it.

    Notes
    -----
    A training table with one class only predicts that class: its AUC is 0.5.
    """
    return score(fit_predictor(train, task, seed), test)


def augmented(real: CodedTable, extra: CodedTable, test: CodedTable, task: Task, seed: int) -> Estimate:
    """Train on real rows and others together, and score on a third table.

    Parameters
    ----------
    real, extra, test : CodedTable
        Coded together, as `fit_predictor` and `score` take them.
    task : Task
        As `find_task` gives it.
    seed : int
        As `utility` takes it.

    Returns
    -------
    Estimate
        As `score` gives it. To be read beside ``utility(real, test, ...)``; the difference with its interval is
        ``gain(fit_predictor(real, task, seed, extra=extra), fit_predictor(real, task, seed), test)``.
    """
    return score(fit_predictor(real, task, seed, extra=extra), test)


def concatenate(tables: Sequence[CodedTable]) -> CodedTable:
    """The rows of several tables, one after the other.

    Parameters
    ----------
    tables : sequence of CodedTable
        Coded together, at least one.

    Returns
    -------
    CodedTable
        With the rows of all.
    """
    columns = tuple(
        CodedColumn(parts[0].name, parts[0].kind, np.concatenate([p.values for p in parts]), parts[0].levels)
        for parts in zip(*(t.columns for t in tables), strict=True)
    )
    return CodedTable(columns, sum(t.n_rows for t in tables))


def associations(tables: Sequence[CodedTable], y: np.ndarray, task: Task) -> np.ndarray:
    """How much each column by itself says about the target.

    Parameters
    ----------
    tables : sequence of CodedTable
        Coded together, the target not among their F columns; taken as one table of n rows.
    y : ndarray, shape (n,)
        The target of the rows of all, none missing.
    task : Task
        As `find_task` gives it.

    Returns
    -------
    ndarray, shape (F,)
        In [0, 1]: the share of the target's variance (for classes: of the sum of their indicators' variances)
        that the column explains, a line for numbers and a mean a level for levels, adjusted for its parameters.
        Missing numbers count as the mean, missing levels as one more level; numbers are cut at three standard
        deviations. 0 where there is no variance.

    References
    ----------
    .. [1] L. A. Goodman, W. H. Kruskal, "Measures of association for cross classifications", JASA 49 (1954):
       tau, which this is for levels and classes, before it is adjusted.
    """
    targets = _standardised(y[:, None]) if not task.classes else y[:, None] == np.array(task.classes)
    targets = targets - targets.mean(axis=0) if len(y) else np.zeros((0, 1))
    total = float((targets**2).sum())
    columns = list(zip(*(t.columns for t in tables), strict=True))
    found = np.zeros(len(columns))
    if total == 0:
        return found
    numeric = [j for j, parts in enumerate(columns) if parts[0].is_numeric]
    width = max(_BLOCK_CELLS // len(y), 1)
    for start in range(0, len(numeric), width):
        block = numeric[start : start + width]
        x = np.stack([np.concatenate([c.values for c in columns[j]]) for j in block], axis=1)
        found[block] = _adjusted(_explained_by_lines(x, targets) / total, len(y), 2)
    for j in sorted(set(range(len(columns))) - set(numeric)):
        explained, n_levels = _explained_by_levels(np.concatenate([c.values for c in columns[j]]), targets)
        found[j] = _adjusted(np.array(explained / total), len(y), n_levels)
    return found


def _explained_by_lines(x: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """For each column the sum of squares that a line through it explains."""
    x = _standardised(x)
    x -= x.mean(axis=0)
    spread = (x**2).sum(axis=0)
    return ((x.T @ targets) ** 2).sum(axis=1) / np.where(spread > 0, spread, 1.0)


def _explained_by_levels(codes: np.ndarray, targets: np.ndarray) -> tuple[float, int]:
    """The sum of squares between the levels, and their number."""
    _, level, counts = np.unique(codes, return_inverse=True, return_counts=True)
    sums = np.stack([np.bincount(level, weights=t) for t in targets.T], axis=1)
    return float(((sums**2).sum(axis=1) / counts).sum()), len(counts)


def _adjusted(share: np.ndarray, n: int, n_parameters: int) -> np.ndarray:
    """A share of variance explained, less what that many parameters explain by chance."""
    if n <= n_parameters:
        return np.zeros_like(share)
    return np.clip(1 - (1 - share) * (n - 1) / (n - n_parameters), 0, 1)


def _standardised(x: np.ndarray) -> np.ndarray:
    """Columns in standard deviations from their mean, cut at 3; 0 for missing and where all are equal."""
    known = ~np.isnan(x)
    counts = np.maximum(known.sum(axis=0), 1)
    x = np.where(known, x, 0.0)
    largest = np.abs(x).max(axis=0, initial=0)
    x /= np.where(largest > 0, largest, 1.0)  # else squares of huge numbers overflow
    x = np.where(known, x - x.sum(axis=0) / counts, 0.0)
    deviation = np.sqrt((x**2).sum(axis=0) / counts)
    # what rounding leaves of equal numbers is no deviation
    x /= np.where(deviation > 1e-12, deviation, np.inf)
    return np.clip(x, -3, 3, out=x)


def _sampled(table: CodedTable, task: Task, n_rows: int, draw: np.random.Generator) -> CodedTable:
    """Rows with a target that the task knows, a random choice of them if there are more than `n_rows`."""
    rows = np.flatnonzero(_is_known(table, task))
    if len(rows) > n_rows:
        rows = rows[np.sort(draw.choice(len(rows), n_rows, replace=False))]
    return table if len(rows) == table.n_rows else table.take(rows)


def _is_known(table: CodedTable, task: Task) -> np.ndarray:
    """Where the target has a value that the task knows; bool, shape (N,)."""
    column = table.column(task.target)
    return np.isin(column.values, task.classes) if task.classes else ~column.missing


def _tree_codes(column: CodedColumn) -> np.ndarray:
    """What each code of a column becomes: the most frequent levels keep their own, the rest share one."""
    every = np.append(np.arange(len(column.levels)), -1)
    probe = CodedColumn(column.name, column.kind, every, column.levels)
    return pooled_codes([column, probe], MAX_TREE_LEVELS)[1]


def _fitted(predictor: Predictor, matrix: np.ndarray, y: np.ndarray) -> Predictor:
    is_categorical = np.array([c is not None for c in predictor.codes], dtype=bool)
    random_state = int(stream(predictor.seed, "metrics.utility.trees").integers(2**31))
    if predictor.task.kind == "regression":
        return _fitted_regressor(predictor, matrix, y, is_categorical, random_state)
    present, counts = np.unique(y, return_counts=True)
    # a class of one row cannot be learnt, and cannot be split into rows to learn from and rows to stop by
    kept = np.isin(y, present[counts > 1])
    if (counts > 1).sum() < 2 or matrix.shape[1] == 0:
        return predictor
    model = boosted_classifier(int(kept.sum()), is_categorical, random_state)
    return dataclasses.replace(predictor, model=model.fit(matrix[kept], y[kept]))


def _fitted_regressor(
    predictor: Predictor, matrix: np.ndarray, y: np.ndarray, is_categorical: np.ndarray, random_state: int
) -> Predictor:
    if len(y) == 0:
        return dataclasses.replace(predictor, centre=float("nan"))
    # trees add up: a target far from 0 or of huge scale is fitted in units of its own spread
    unit = _unit(y)
    centre, scale = (y / unit).mean(), (y / unit).std() or 1.0
    model = None
    if matrix.shape[1]:
        model = boosted_regressor(len(y), is_categorical, random_state)
        model.fit(matrix, (y / unit - centre) / scale)
    centre, scale = float(centre * unit), float(scale * unit)
    return dataclasses.replace(predictor, model=model, centre=centre, scale=scale)


def _unit(y: np.ndarray) -> float:
    """A power of two to divide numbers by, so that their squares do not overflow; 1 but for huge ones."""
    largest = float(np.abs(y).max(initial=0))
    return math.ldexp(1.0, math.frexp(largest)[1] - 1) if largest > _HUGE else 1.0


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
    unit = _unit(y)
    y, predicted = y / unit, predicted / unit
    with np.errstate(all="ignore"):  # predictions may be as far off as they like
        errors, spread = (y - predicted) ** 2, (y - y.mean()) ** 2
        r2 = 1 - errors.mean() / spread.mean()
        influence = -(errors - (1 - r2) * spread) / spread.mean()
    if not np.isfinite(influence).all():
        return float("nan"), np.full(len(y), np.nan)
    return float(r2), influence


def _binary_auc(positive: np.ndarray, scores: np.ndarray) -> Estimate:
    n_smaller = int(min(positive.sum(), (~positive).sum()))
    if n_smaller < 2:  # DeLong's variance needs two rows of each class
        return Estimate(finite(_macro_aucs(positive[:, None], scores[:, None], np.ones((1, len(scores))))[0]))
    auc, variance = auc_with_variance(scores[positive], scores[~positive])
    return auc_interval(auc, variance, n_smaller)


def _paired_auc(positive: np.ndarray, first: np.ndarray, second: np.ndarray) -> Estimate:
    above, below = (
        a - b for a, b in zip(_placements(positive, first), _placements(positive, second), strict=True)
    )
    value = float(above.mean())
    if min(len(above), len(below)) < 2:
        return Estimate(value)
    variance = float(above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below))
    return normal_interval(value, variance, (-1, 1))


def _placements(positive: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each positive the share of negatives below it, for each negative the share of positives above it."""
    ranks, m = rankdata(scores), int(positive.sum())
    above = (ranks[positive] - rankdata(scores[positive])) / (len(scores) - m)
    return above, 1 - (ranks[~positive] - rankdata(scores[~positive])) / m


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
