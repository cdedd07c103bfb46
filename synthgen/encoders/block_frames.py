"""A block's columns of a frame as one array, and back in their dtypes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synthgen.disclosure import MIN_ROWS
from synthgen.dtypes import family
from synthgen.exceptions import ColumnRejected

_EXACT = 2.0**53
_LARGEST = {np.dtype(np.float32): 1e30, np.dtype(np.float64): 1e150}
"""Largest number that is learnt in a block: sums and squares of more must not overflow."""


def block_values(table: pd.DataFrame, names: list[str]) -> np.ndarray:
    """The block's values, shape (p, N), float32 where that is exact; NaN where missing.

    Parameters
    ----------
    table : pandas.DataFrame, shape (N, n_columns)
        The table.
    names : list of str
        The block's columns, p of them.

    Returns
    -------
    ndarray of float32 or float64, shape (p, N)
        A copy or a view; not to be changed.

    Raises
    ------
    ColumnRejected
        If a value is infinite or too large, or a whole number beyond 2**53.
    """
    block = table[names]
    dtypes = set(block.dtypes)
    is_small = all(isinstance(d, np.dtype) and (d == np.float32 or d.itemsize <= 2) for d in dtypes)
    dtype = np.float32 if is_small else np.float64
    is_numpy = all(isinstance(d, np.dtype) for d in dtypes)
    array = block.to_numpy(dtype=dtype) if is_numpy else block.to_numpy(dtype=dtype, na_value=np.nan)
    values = np.ascontiguousarray(array.T)
    if any(getattr(d, "itemsize", 8) > 4 for d in dtypes) and np.abs(values).max(initial=0) > _EXACT:
        _refuse_large(table, names, values)
    if np.isinf(values).any():
        name = names[int(np.flatnonzero(np.isinf(values).any(axis=1))[0])]
        raise ColumnRejected(name, "holds infinities; replace them by missing values or a bound first.")
    largest = np.fmax.reduce(np.abs(values), axis=1, initial=0.0)
    if (largest > _LARGEST[values.dtype]).any():
        name, most = names[int(largest.argmax())], float(largest.max())
        raise ColumnRejected(
            name,
            f"holds {most:.3g}, too large to be learnt together with many other columns; keep it beside them with "
            f"covariates=[{name!r}], or take its logarithm.",
        )
    return values


def without_columns_of_few_values(values: np.ndarray) -> np.ndarray:
    """A column that fewer than `MIN_ROWS` of as many rows or more have a value in counts as missing throughout.

    Parameters
    ----------
    values : ndarray, shape (p, N)
        The block's values.

    Returns
    -------
    ndarray, shape (p, N)
        The same array where there is no such column.
    """
    is_bare = (~np.isnan(values)).sum(axis=1) < MIN_ROWS
    if values.shape[1] < MIN_ROWS or not is_bare.any():
        return values
    return np.where(is_bare[:, None], np.array(np.nan, dtype=values.dtype), values)


def common_dtype(tokens: list[str], computed: np.dtype) -> np.dtype:
    """The dtype to decode into: the columns' own where they share a numpy one, else floats.

    Parameters
    ----------
    tokens : list of str
        The columns' dtype tokens.
    computed : numpy.dtype
        Of the decoded values.

    Returns
    -------
    numpy.dtype
        What the decoded array holds.
    """
    if len(set(tokens)) == 1 and tokens[0] in np.sctypeDict and family(tokens[0]) in ("int", "float", "bool"):
        return np.dtype(tokens[0])
    return computed


def block_frame(values: np.ndarray, names: list[str], tokens: list[str]) -> pd.DataFrame:
    """A frame from values of shape (p, N), each column in its dtype.

    Parameters
    ----------
    values : ndarray, shape (p, N)
        Decoded values.
    names, tokens : list of str, length p
        The columns and their dtype tokens.

    Returns
    -------
    pandas.DataFrame, shape (N, p)
        In the order of the names.
    """
    distinct = sorted(set(tokens))
    if len(distinct) == 1:
        frame = pd.DataFrame(values.T, columns=names, copy=False)
        return frame if str(values.dtype) == distinct[0] else frame.astype(distinct[0])
    parts = []
    for token in distinct:
        rows = np.flatnonzero([t == token for t in tokens])
        parts.append(pd.DataFrame(values[rows].T, columns=[names[i] for i in rows]).astype(token))
    return pd.concat(parts, axis=1)[names]


def dtype_limits(tokens: list[str]) -> tuple[np.ndarray, np.ndarray] | None:
    """What each column's dtype can hold, shapes (p,); None where that is everything.

    Parameters
    ----------
    tokens : list of str, length p
        The columns' dtype tokens.

    Returns
    -------
    tuple of ndarray, or None
        Least and largest value of each column.
    """
    ranges = {t: _range(t) for t in set(tokens)}
    if all(r is None for r in ranges.values()):
        return None
    pairs = np.array([ranges[t] or (-np.inf, np.inf) for t in tokens])
    return pairs[:, 0], pairs[:, 1]


def _refuse_large(table: pd.DataFrame, names: list[str], values: np.ndarray) -> None:
    """Whole numbers that floats cannot hold are not learnt together."""
    for name, row in zip(names, values, strict=True):
        if family(str(table[name].dtype)) == "int" and np.abs(row).max(initial=0) > _EXACT:
            raise ColumnRejected(
                name,
                f"holds whole numbers beyond 2**53; drop it, or keep it beside with covariates=[{name!r}].",
            )


def _range(token: str) -> tuple[float, float] | None:
    name = token.removesuffix("[pyarrow]").lower()
    if family(token) != "int" or name not in np.sctypeDict or np.dtype(name).itemsize > 4:
        return None  # 64 bits hold all that was learnt, extended by a fraction of its range
    found = np.iinfo(name)
    return float(found.min), float(found.max)
