"""Coded tables to the matrices that trees and nearest neighbours take."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synthgen.metrics.tables import CodedColumn, CodedTable

MAX_TREE_LEVELS = 254
"""Levels of one column that a histogram tree can tell apart; one more stands for the rest."""
MAX_ONE_HOT_LEVELS = 100
"""Levels of one column that distances tell apart; the rest are one."""


def tree_matrix(tables: Sequence[CodedTable]) -> tuple[list[np.ndarray], np.ndarray]:
    """Features for histogram gradient boosting.

    Parameters
    ----------
    tables : sequence of CodedTable
        Coded together.

    Returns
    -------
    (matrices, is_categorical) : (list of ndarray, ndarray of bool)
        One float64 matrix of shape (n_rows, n_columns) a table, NaN for missing, and which columns hold codes.
        The most frequent levels (over all the tables) keep a code, the rest share one.
    """
    matrices = [np.empty((t.n_rows, len(t.columns))) for t in tables]
    for j, parts in enumerate(zip(*(t.columns for t in tables), strict=True)):
        for matrix, values in zip(matrices, pooled_codes(parts, MAX_TREE_LEVELS), strict=True):
            matrix[:, j] = values
    return matrices, np.array([not c.is_numeric for c in tables[0].columns])


def pooled_codes(parts: Sequence[CodedColumn], most: int) -> list[np.ndarray]:
    """A column's values with rare levels pooled; numbers as they are.

    Parameters
    ----------
    parts : sequence of CodedColumn
        The column in each table.
    most : int
        Levels that keep a code of their own, the most frequent over all the tables.

    Returns
    -------
    list of ndarray of float
        Codes in [0, most], NaN for missing; or the numbers.
    """
    if parts[0].is_numeric:
        return [p.values for p in parts]
    n_levels = len(parts[0].levels)
    together = np.concatenate([p.values for p in parts])
    counts = np.bincount(together[together >= 0], minlength=n_levels)
    new = np.full(n_levels + 1, float(most))
    kept = np.sort(np.argsort(-counts, kind="stable")[:most])
    new[kept] = np.arange(len(kept))
    new[-1] = np.nan  # where the code -1 points
    return [new[p.values] for p in parts]


def one_hot_width(column: CodedColumn, most: int) -> int:
    """Columns that `pooled_codes` make one-hot: the levels kept, the pool of the others if any, and missing.

    Parameters
    ----------
    column : CodedColumn
        Of levels.
    most : int
        As in `pooled_codes`.

    Returns
    -------
    int
        At least 1.
    """
    return min(len(column.levels), most + 1) + 1


def distance_matrix(tables: Sequence[CodedTable]) -> list[np.ndarray]:
    """Coordinates whose squared Euclidean distance is a Gower-like distance of rows.

    Parameters
    ----------
    tables : sequence of CodedTable
        Coded together; the first one gives the scale of every number.

    Returns
    -------
    list of ndarray of float32, shape (n_rows, n_features)
        A number becomes its mid-rank among the first table's values, in [0, 1]; a level becomes a one-hot row
        (also "missing" and the pool of rare levels). Divided by the root of the number of columns, so that two
        rows lie between 0 (equal in every column) and 1 (as different as can be in every column) apart.

    Notes
    -----
    NOTE[DIFF]: Gower's distance is the mean of absolute differences; here it is the root of the mean square,
    and of ranks rather than of values over their range, so that one outlier does not flatten a column.

    References
    ----------
    .. [1] J. C. Gower, "A general coefficient of similarity and some of its properties", Biometrics 27 (1971).
    """
    blocks: list[list[np.ndarray]] = [[] for _ in tables]
    for parts in zip(*(t.columns for t in tables), strict=True):
        scaled = _ranks(parts) if parts[0].is_numeric else _one_hot(parts)
        for block, part in zip(blocks, scaled, strict=True):
            block.append(part)
    root = np.sqrt(len(tables[0].columns))
    return [np.concatenate(block, axis=1, dtype=np.float32) / np.float32(root) for block in blocks]


def coordinate_widths(table: CodedTable) -> np.ndarray:
    """How many coordinates `distance_matrix` makes of each column.

    Parameters
    ----------
    table : CodedTable
        Any of those that were coded together.

    Returns
    -------
    ndarray of int, shape (n_columns,)
        Two a number, one a level.
    """
    widths = [2 if c.is_numeric else one_hot_width(c, MAX_ONE_HOT_LEVELS) for c in table.columns]
    return np.array(widths, dtype=np.int64)


def _ranks(parts: Sequence[CodedColumn]) -> list[np.ndarray]:
    grid = np.sort(parts[0].values[~parts[0].missing])
    out = []
    for part in parts:
        below = np.searchsorted(grid, part.values, "left") + np.searchsorted(grid, part.values, "right")
        ranks = np.where(part.missing, 0.5, below / max(2 * len(grid), 1))
        # a missing value lies at distance 1 from every number, at most: 1/4 from the rank, 3/4 from the flag
        flag = np.where(part.missing, np.sqrt(0.75), 0.0)
        out.append(np.stack([ranks, flag], axis=1).astype(np.float32))
    return out


def _one_hot(parts: Sequence[CodedColumn]) -> list[np.ndarray]:
    out = []
    for codes in pooled_codes(parts, MAX_ONE_HOT_LEVELS):
        hot = np.zeros((len(codes), one_hot_width(parts[0], MAX_ONE_HOT_LEVELS)), dtype=np.float32)
        column = np.where(np.isnan(codes), hot.shape[1] - 1, codes).astype(np.int64)
        hot[np.arange(len(codes)), column] = np.sqrt(0.5)
        out.append(hot)
    return out
