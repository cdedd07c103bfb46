"""The values of a column's rows as sketches take them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from synthgen.dtypes import family
from synthgen.plain import to_plain
from synthgen.schema import Column


def known_numbers(series: pd.Series, missing: np.ndarray, n_missing: int, token: str) -> np.ndarray:
    """Numbers that are not missing.

    Parameters
    ----------
    series : pandas.Series, length N
        A column of numbers, instants or durations.
    missing : ndarray of bool, shape (N,)
        Where it has none.
    n_missing : int
        How many those are.
    token : str
        The column's dtype.

    Returns
    -------
    ndarray of float64, int64 or uint64, shape (N - n_missing,)
    """
    kind = family(token)
    if kind == "int" and series.dtype != object:
        known = series[~missing] if n_missing else series
        return known.to_numpy(dtype=np.uint64 if "uint64" in token.lower() else np.int64)
    found = to_plain(series, Column(str(series.name), "continuous", dtype=token)).values
    found = found[~missing] if n_missing else found
    return found + 0.0 if found.dtype.kind == "f" else found  # -0 is 0


def known_levels(series: pd.Series, missing: np.ndarray, n_missing: int) -> tuple[list[Any], np.ndarray]:
    """Distinct values that are not numbers, and the rows of each.

    Parameters
    ----------
    series : pandas.Series, length N
        A column of strings, booleans or categories.
    missing : ndarray of bool, shape (N,)
        Where it has none.
    n_missing : int
        How many those are.

    Returns
    -------
    (values, counts) : (list, ndarray of int64)
        Each value has a row.
    """
    if isinstance(series.dtype, pd.CategoricalDtype):
        counts = np.bincount(series.cat.codes.to_numpy()[~missing], minlength=len(series.cat.categories))
        present = np.flatnonzero(counts)
        return series.cat.categories[present].tolist(), counts[present]
    if series.dtype == object:
        tally = series[~missing].value_counts(sort=False)
        return tally.index.tolist(), tally.to_numpy()
    found = pc.value_counts(pa.array(series.array, from_pandas=True))
    values, rows = found.field("values").to_pylist(), found.field("counts").to_numpy(zero_copy_only=False)
    kept = [i for i, v in enumerate(values) if v is not None]
    return [values[i] for i in kept], rows[kept]


def as_words(values: Any, dtype: np.dtype[Any] | None, is_text: bool) -> list[Any]:
    """Values as the sketches of frequencies take them.

    Parameters
    ----------
    values : list or ndarray
        Numbers of one dtype, or levels.
    dtype : dtype or None
        Of the numbers.
    is_text : bool
        Whether they are levels.

    Returns
    -------
    list of int or str
        The bits of numbers, as whole numbers; levels as text.
    """
    if is_text:
        return [v if isinstance(v, str) else repr(v) for v in values]
    return np.asarray(values, dtype=dtype).view(np.int64).tolist()


def from_words(words: list[Any], dtype: np.dtype[Any] | None) -> list[Any]:
    """The values that `as_words` made words of; levels stay text.

    Parameters
    ----------
    words : list of int or str
        From a sketch.
    dtype : dtype or None
        Of the numbers; None for levels.

    Returns
    -------
    list
        Numbers or text.
    """
    return words if dtype is None else np.array(words, dtype=np.int64).view(dtype).tolist()
