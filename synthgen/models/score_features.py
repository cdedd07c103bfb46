"""Any rows of a table as numbers for trees, whatever levels and missing values they hold."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synthgen.dtypes import dtype_token, family
from synthgen.plain import to_plain
from synthgen.schema import Column

UNSEEN = -1.0
"""Stands for a level that was not there in `fit`."""
_NUMBERS = ("continuous", "integer", "datetime")


def score_features(table: pd.DataFrame, columns: list[Column]) -> np.ndarray:
    """One number for each cell.

    Parameters
    ----------
    table : pandas.DataFrame, shape (N, n_columns or more)
        Rows whose columns may be of other dtypes than in `fit`, as whole numbers with missing values are.
    columns : list of Column
        What the columns were in `fit`.

    Returns
    -------
    ndarray of float64, shape (N, len(columns))
        Numbers as they are, instants and durations as counts of their unit, levels as codes (`UNSEEN` for others), 0 for
        identifiers and text, which are made anew; NaN where a value is missing or no number at all.

    Raises
    ------
    ColumnRejected
        If a column holds what no table may: lists, values of several types.
    """
    out = np.empty((len(table), len(columns)))
    for i, column in enumerate(columns):
        out[:, i] = _numbers(table[column.name], column)
    return out


def _numbers(series: pd.Series, column: Column) -> np.ndarray:
    missing = series.isna().to_numpy(dtype=bool)
    is_same = not missing.all() and family(dtype_token(series)) == family(column.dtype)
    if column.levels is not None:
        found = to_plain(series, column).values if is_same else _codes(series, column)
        values = np.where(found < 0, UNSEEN, found)
    elif column.kind not in _NUMBERS:
        values = np.zeros(len(series))
    elif is_same:
        values = to_plain(series, column).values.astype(float)
    else:
        values = pd.to_numeric(series, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    values = np.nan_to_num(values.astype(float), nan=np.nan)  # trees take no infinity
    values[missing] = np.nan
    return values


def _codes(series: pd.Series, column: Column) -> np.ndarray:
    """The codes of levels of another dtype: 1.0 is 1, and missing values may make it so."""
    code_of = {level: i for i, level in enumerate(column.levels or ())}
    return np.array([code_of.get(v, UNSEEN) for v in series.tolist()], dtype=float)
