"""Trees fitted to one table, and what they say of another."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from synthgen.metrics.associations import associations
from synthgen.metrics.features import MAX_TREE_LEVELS, pooled_codes
from synthgen.metrics.rows import concatenate
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.metrics.tasks import Task, sampled_rows
from synthgen.metrics.trees import boosted_classifier, boosted_regressor
from synthgen.rng import stream

MAX_ROWS = 50_000
"""Rows that trees are fitted to, at most."""
MAX_COLUMNS = 500
"""Columns that trees see, at most."""
MAX_CELLS = 3_000_000
"""Rows times columns that trees are fitted to, at most: a wider table gets fewer rows."""
_MAX_CLASS_COLUMNS, _FEW_COLUMNS = 1_000, 100
"""Each class has its own trees: columns times classes are at most so many, unless the columns are few."""
_HUGE = 1e150
"""Beyond this a square overflows."""


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
        As `synthgen.metrics.utility.find_task` gives it.
    seed : int
        For the choice of rows and the trees.
    extra : CodedTable, optional
        Coded together with `train`: rows to learn from besides, under the same limit. The rows of `train` that
        are used are the same as without.

    Returns
    -------
    Predictor
        For `synthgen.metrics.utility` and `synthgen.metrics.importances`.

    Notes
    -----
    Of very many columns the trees see those that are most associated with the target in their own training
    rows: 500, fewer (but 100) if there are more than two classes. Choosing is part of learning,
    so that a synthetic table that lost which columns matter pays for it.
    """
    n_columns = len(train.columns) - 1
    limit = max(_FEW_COLUMNS, min(MAX_COLUMNS, _MAX_CLASS_COLUMNS // max(len(task.classes), 1)))
    n_rows = min(MAX_ROWS, MAX_CELLS // max(min(n_columns, limit), 1))
    parts = [sampled_rows(train, task, n_rows, stream(seed, "metrics.utility.rows"))]
    if extra is not None:
        parts.append(sampled_rows(extra, task, n_rows, stream(seed, "metrics.utility.extra")))
    y = np.concatenate([t.column(task.target).values for t in parts])
    parts = [t.without(task.target) for t in parts]
    strengths = associations(parts, y, task.classes)
    used = np.sort(np.argsort(-strengths, kind="stable")[:limit])
    rows = concatenate([t.select(used) for t in parts])
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


def square_unit(y: np.ndarray) -> float:
    """What to divide numbers by so that their squares do not overflow.

    Parameters
    ----------
    y : ndarray of float
        Any finite numbers.

    Returns
    -------
    float
        A power of two, so that no digit is lost; 1 but for huge numbers.
    """
    largest = float(np.abs(y).max(initial=0))
    return math.ldexp(1.0, math.frexp(largest)[1] - 1) if largest > _HUGE else 1.0


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
    unit = square_unit(y)
    centre, scale = (y / unit).mean(), (y / unit).std() or 1.0
    model = None
    if matrix.shape[1]:
        model = boosted_regressor(len(y), is_categorical, random_state)
        model.fit(matrix, (y / unit - centre) / scale)
    centre, scale = float(centre * unit), float(scale * unit)
    return dataclasses.replace(predictor, model=model, centre=centre, scale=scale)
