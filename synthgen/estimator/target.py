"""The target `y` as a column of the table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import issparse

from synthgen.estimator.arrays import frame_of_array
from synthgen.exceptions import DataError

DEFAULT_NAME = "y"
"""Of a target without a name."""


def target_column(y: Any, index: pd.Index, taken: pd.Index, name: str | None = None) -> pd.Series:
    """The target as a column that can stand beside the others.

    Parameters
    ----------
    y : pandas.Series, one-column pandas.DataFrame or array-like, shape (N,) or (N, 1)
        Its index is ignored.
    index : pandas.Index of length N
        Of the other columns.
    taken : pandas.Index
        Their names.
    name : str, optional
        What it must be called. None: its own name, or `DEFAULT_NAME`.

    Returns
    -------
    pandas.Series, shape (N,)
        With a name of its own and the given index.

    Raises
    ------
    DataError
        If it is not one column, is of another length, or its name is taken.
    """
    series = _as_series(y)
    if len(series) != len(index):
        raise DataError(
            f"`y` must have one value for each row of X. Found input variables with inconsistent numbers of samples: "
            f"{[len(index), len(series)]}."
        )
    if name is None:
        name = DEFAULT_NAME if series.name is None else str(series.name)
    if name in taken:
        raise DataError(
            f"`y` would become the column {name!r}, which X has already. If it is the same column, leave `y` out: every "
            "column of X is learnt. Else give y another name: pd.Series(y, name='target')."
        )
    return series.set_axis(index).rename(name)


def _as_series(y: Any) -> pd.Series:
    if isinstance(y, pd.Series):
        return y
    if isinstance(y, pd.DataFrame):
        if y.shape[1] != 1:
            raise DataError(f"`y` must be one column. Got {y.shape[1]}; put the others into X.")
        return y.iloc[:, 0]
    if issparse(y):
        return frame_of_array(y)["x0"]  # which refuses it
    array = np.asarray(y, dtype=object) if isinstance(y, (list, tuple)) else np.asarray(y)
    if array.ndim == 0 or array.size != len(array):
        raise DataError(f"`y` must be one column. Got an array of shape {array.shape}.")
    return frame_of_array(array.reshape(-1, 1))["x0"].rename(None)
