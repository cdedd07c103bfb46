"""Arrays and lists of rows become tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import issparse

from synthgen.exceptions import DataError


def is_array_like(X: Any) -> bool:
    """Whether something can be read as an array and loses nothing by it: it has no names of columns."""
    if isinstance(X, (np.ndarray, list, tuple)) or issparse(X):
        return True
    return hasattr(X, "__array__") and not hasattr(X, "columns")


def frame_of_array(X: Any) -> pd.DataFrame:
    """The table of an array.

    Parameters
    ----------
    X : array-like, shape (N, n_columns)
        Numbers, strings, booleans or instants. Columns of objects become numbers where all their values are numbers.

    Returns
    -------
    pandas.DataFrame, shape (N, n_columns)
        Columns ``x0``, ``x1``, ...; the values are shared where they can be.

    Raises
    ------
    DataError
        If it is sparse, complex, not of two dimensions, without rows or columns, or its rows differ in length.
    """
    array = _as_array(X)
    if array.ndim != 2:
        raise DataError(
            f"Expected 2D array, got {array.ndim}D array instead (shape={array.shape}). Reshape your data: one row for each "
            "sample, one column for each feature, as .reshape(-1, 1) or .to_frame() makes of a single column."
        )
    for axis, thing in enumerate(("sample(s)", "feature(s)")):
        if not array.shape[axis]:
            raise DataError(
                f"Found array with 0 {thing} (shape={array.shape}) while a minimum of 1 is required."
            )
    names = [f"x{i}" for i in range(array.shape[1])]
    frame = pd.DataFrame(array, columns=names, copy=False)
    return frame.infer_objects() if array.dtype == object else frame


def _as_array(X: Any) -> np.ndarray:
    if issparse(X):
        raise DataError(
            "Sparse data was passed, but dense data is required. Use '.toarray()' to convert to a dense numpy array."
        )
    try:
        # of mixed lists numpy would make strings
        array = np.asarray(X, dtype=object) if isinstance(X, (list, tuple)) else np.asarray(X)
    except ValueError as error:
        raise DataError(f"The rows must be of one length to make a table ({error}).") from error
    if np.iscomplexobj(array) or (array.dtype == object and any(isinstance(v, complex) for v in array.flat)):
        raise DataError("Complex data not supported: give real and imaginary parts as two columns.")
    return array


def as_frame(X: Any) -> tuple[pd.DataFrame, bool]:
    """A table as it is, or an array as one.

    Parameters
    ----------
    X : pandas.DataFrame or array-like, shape (N, n_columns)
        Anything else is given back as it is: what checks tables refuses it.

    Returns
    -------
    frame : pandas.DataFrame
        See `frame_of_array`.
    has_names : bool
        Whether the columns' names are the user's.
    """
    if isinstance(X, pd.DataFrame) or not is_array_like(X):
        return X, True
    return frame_of_array(X), False
