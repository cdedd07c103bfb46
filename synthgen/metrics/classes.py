"""Two classes of rows to compare, from the target of a report."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.metrics.tasks import Task

MIN_ROWS = 10
"""Real rows of a class without which it is not compared, nor named."""


@dataclass(frozen=True)
class TwoClasses:
    """Which rows are compared with which.

    Parameters
    ----------
    target : str
        The column.
    first, second : str
        The classes in words.
    first_value : float
        As the column is coded.
    second_value : float or None
        None for all other classes.
    """

    target: str
    first: str
    second: str
    first_value: float
    second_value: float | None


def two_classes(real: CodedTable, task: Task | None, *, against_rest: bool) -> TwoClasses | None:
    """The classes to compare: both, or of several the largest.

    Parameters
    ----------
    real : CodedTable
        The real rows.
    task : Task or None
        What is predicted.
    against_rest : bool
        Of more than two classes, whether the largest is held against all others or against the second largest.

    Returns
    -------
    TwoClasses or None
        None without a target, for a number, or where a side has fewer than `MIN_ROWS` rows.
    """
    if task is None or not task.classes:
        return None
    column = real.column(task.target)
    counts = np.array([int((column.values == v).sum()) for v in task.classes])
    order = np.argsort(-counts, kind="stable")
    first, second = (int(i) for i in order[:2])
    rest = against_rest and len(counts) > 2
    if counts[first] < MIN_ROWS or (counts.sum() - counts[first] if rest else counts[second]) < MIN_ROWS:
        return None
    values = [float(task.classes[i]) for i in (first, second)]
    return TwoClasses(
        target=task.target,
        first=_words(column, values[0]),
        second=f"the other {len(counts) - 1} classes" if rest else _words(column, values[1]),
        first_value=values[0],
        second_value=None if rest else values[1],
    )


def class_labels(table: CodedTable, classes: TwoClasses) -> np.ndarray:
    """Which class each row belongs to.

    Parameters
    ----------
    table : CodedTable
        Of N rows, coded with the real one.
    classes : TwoClasses
        As `two_classes` gives them.

    Returns
    -------
    ndarray of int, shape (N,)
        0 for the first, 1 for the second, -1 for neither and for missing values.
    """
    column = table.column(classes.target)
    first = column.values == classes.first_value
    if classes.second_value is None:
        second = ~first & ~column.missing
    else:
        second = column.values == classes.second_value
    return np.where(first, 0, np.where(second, 1, -1))


def _words(column: CodedColumn, value: float) -> str:
    return f"{value:g}" if column.is_numeric else str(column.levels[int(value)])
