"""What there is to predict, and the rows that it can be learnt from or tested on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthgen.metrics.baselines import some_of
from synthgen.metrics.tables import CodedTable
from synthgen.rng import stream


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


def is_known(table: CodedTable, task: Task) -> np.ndarray:
    """Where the target has a value that the task knows.

    Parameters
    ----------
    table : CodedTable
        Of N rows.
    task : Task
        What is predicted.

    Returns
    -------
    ndarray of bool, shape (N,)
        False where the target is missing, or of a class that the real table lacks.
    """
    column = table.column(task.target)
    return np.isin(column.values, task.classes) if task.classes else ~column.missing


def sampled_rows(table: CodedTable, task: Task, n_rows: int, draw: np.random.Generator) -> CodedTable:
    """The rows of a table whose target the task knows, a random choice of them if there are many.

    Parameters
    ----------
    table : CodedTable
        Any table.
    task : Task
        What is predicted.
    n_rows : int
        Rows wanted, at most.
    draw : numpy.random.Generator
        For the choice of rows.

    Returns
    -------
    CodedTable
        The table itself, if all of its rows are wanted.
    """
    rows = np.flatnonzero(is_known(table, task))
    rows = rows[some_of(len(rows), n_rows, draw)]
    return table if len(rows) == table.n_rows else table.take(rows)


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
    return sampled_rows(test, task, n_rows, stream(seed, "metrics.utility.test"))
