"""A number for each row, by which equal rows are found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_MULTIPLIERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_FOLD = np.uint64(32)
_HASHED_ROWS = 16_384


def row_keys(columns: Sequence[np.ndarray], n_rows: int) -> np.ndarray:
    """A number for each row, equal for rows that are equal in every column.

    Parameters
    ----------
    columns : sequence of ndarray of int64 or float64, shape (n_rows,)
        Values of tables that were coded together.
    n_rows : int
        Rows.

    Returns
    -------
    ndarray of int64, shape (n_rows,)
        Missing equals missing, and 0 equals -0.

    Notes
    -----
    A 64-bit hash: every column's 64 bits are mixed into it by a one-to-one map. Rows that differ in one column only
    never share a key; two rows that differ in more share one with a chance of 2^-64 or so, some pair among two
    million rows with a chance of 1e-7.
    """
    keys = np.full(n_rows, _MULTIPLIERS[0])
    block = np.empty(min(n_rows, _HASHED_ROWS), dtype=np.uint64)
    for start in range(0, n_rows, _HASHED_ROWS):
        rows = slice(start, start + _HASHED_ROWS)
        key = keys[rows]
        shifted = block[: len(key)]
        for values in columns:
            _mix(key, _bits(values[rows]), shifted)
    return keys.view(np.int64)


def _bits(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind == "f":
        values = values + 0.0  # turns -0 into 0
        values[np.isnan(values)] = np.nan  # of all the NaN that there are, one
    return values.view(np.uint64)


def _mix(key: np.ndarray, bits: np.ndarray, shifted: np.ndarray) -> None:
    """One column into the keys, in place: two rounds of multiplying and of folding the high bits down."""
    key ^= bits
    for multiplier in _MULTIPLIERS:
        key *= multiplier
        np.right_shift(key, _FOLD, out=shifted)
        key ^= shifted
