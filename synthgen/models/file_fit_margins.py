"""What encoders learn single columns from where memory holds only some rows: exact counts, or order statistics of a sketch.

Up to `sketches.column_sketch.MAX_EXACT` distinct values a column's counts are exact, and its encoder is the one that a fit in
memory would have. Beyond, a number's margin is values at evenly spaced ranks, so many that no value that the sketch holds comes
twice: each is the value of another row, so that what encoders keep for `disclosure.MIN_ROWS` of them stands for as many rows
at least. Ranks are off by `ColumnSketch.rank_error` at most. Strings of more levels are known from the rows in memory.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from synthgen.encoders.column_margin import ColumnMargin
from synthgen.models.file_fit_schema import has_counts
from synthgen.plain import Plain, from_plain
from synthgen.schema import Column, Schema
from synthgen.sketches.column_sketch import ColumnSketch
from synthgen.sketches.table_sketch import TableSketch


def column_margins(sample: pd.DataFrame, schema: Schema, sketch: TableSketch) -> dict[str, ColumnMargin]:
    """The margins of all columns that are encoded.

    Parameters
    ----------
    sample : pandas.DataFrame
        The rows in memory.
    schema : Schema
        Of the whole table.
    sketch : TableSketch
        Of all rows.

    Returns
    -------
    dict of str to ColumnMargin
        By column; free text has none.
    """
    return {c.name: _margin(sample[c.name], c, sketch[c.name]) for c in schema if c.kind != "text"}


def _margin(series: pd.Series, column: Column, sketch: ColumnSketch) -> ColumnMargin:
    if sketch.n_missing == sketch.n_rows:
        return ColumnMargin(series.iloc[:1], np.array([sketch.n_rows], dtype=np.int64))
    if sketch.is_number:
        values, rows = _numbers(column, sketch)
        return _of_numbers(values, rows, column, sketch.n_missing)
    if column.kind == "identifier":  # strings: shapes are those of the sample, missing values are counted
        present = series[series.notna().to_numpy()].iloc[:1]
        counts = np.array([sketch.n_known] * len(present), dtype=np.int64)
        return _with_missing(present, counts, sketch.n_missing)
    if not has_counts(sketch):
        return dataclasses.replace(_of_many_levels(series, sketch), is_partial=True)
    found = sketch.counts or {}
    own = pd.Series(list(found), dtype=series.dtype)
    return _with_missing(own, np.array(list(found.values()), dtype=np.int64), sketch.n_missing)


def _of_many_levels(series: pd.Series, sketch: ColumnSketch) -> ColumnMargin:
    """The levels of the rows in memory, each with the rows that are known to hold it: these, or the sketch's lower bound."""
    found = series.value_counts(sort=False)
    least = {value: rows for value, rows, _ in sketch.frequent()}
    rows = np.array(
        [max(n, least.get(v, 0)) for v, n in zip(found.index, found, strict=True)], dtype=np.int64
    )
    return _with_missing(pd.Series(found.index, dtype=series.dtype), rows, sketch.n_missing)


def _numbers(column: Column, sketch: ColumnSketch) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of a column, and the rows that are known to hold each."""
    values, weights = sketch.points()
    if has_counts(sketch):
        return values, weights
    if column.kind == "identifier" and int(values[-1]) - int(values[0]) + 1 == sketch.n_known:
        return values[[0, -1]], np.array([1, sketch.n_known - 1], dtype=np.int64)  # they count the rows
    return values_of_rows(values, weights)


def values_of_rows(values: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values at evenly spaced ranks, each from another row.

    Parameters
    ----------
    values : ndarray, shape (K,)
        Ascending, each the value of another row.
    weights : ndarray of int64, shape (K,)
        How many rows each stands for.

    Returns
    -------
    distinct : ndarray, shape (D,)
        Ascending.
    rows : ndarray of int64, shape (D,)
        How many of the values chosen are equal: so many rows at least hold it.

    Notes
    -----
    Ranks are as far apart as the largest weight, so that no one of the K is chosen twice.
    """
    below = np.cumsum(weights)
    n = int(below[-1] // weights.max())
    ranks = (np.arange(n) + 0.5) * (below[-1] / n)
    chosen = np.searchsorted(below, ranks, side="right")
    distinct, rows = np.unique(values[chosen], return_counts=True)
    return distinct, rows


def _of_numbers(values: np.ndarray, rows: np.ndarray, column: Column, n_missing: int) -> ColumnMargin:
    """A margin of plain numbers."""
    missing = np.zeros(len(values) + (n_missing > 0), dtype=bool)
    if n_missing:
        values, rows = np.append(values, values[:1]), np.append(rows, n_missing)
        missing[-1] = True
    return ColumnMargin(from_plain(Plain(values, missing), dataclasses.replace(column, levels=None)), rows)


def _with_missing(values: pd.Series, rows: np.ndarray, n_missing: int) -> ColumnMargin:
    """A margin of levels, and of the rows that have none."""
    if not n_missing:
        return ColumnMargin(values.reset_index(drop=True), rows)
    gap = pd.Series([None], dtype=values.dtype)
    return ColumnMargin(pd.concat([values, gap], ignore_index=True), np.append(rows, n_missing))
