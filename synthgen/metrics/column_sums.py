"""Sums of every column of a wide matrix over groups of its rows, in one pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

_BLOCK = 2_000


def column_sums(
    values: np.ndarray,
    weights: np.ndarray,
    terms: Mapping[str, Callable[[np.ndarray], np.ndarray]],
    centre: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """Weighted sums over rows of several functions of the values.

    Parameters
    ----------
    values : ndarray of float32, shape (p, N)
        A row a column of the table; NaN is missing and counts in no sum.
    weights : ndarray, shape (N, W)
        For example which group a row belongs to, one-hot.
    terms : mapping of str to callable
        Functions of a block of values of shape (b, N), missing ones at 0.
    centre : ndarray, shape (p,), optional
        Taken from the values first: sums of squares then lose no digits.

    Returns
    -------
    dict of str to ndarray of float64, shape (W, p)
        By the name of the term; ``present`` is the weight of the values that are there.
    """
    p = len(values)
    weights = weights.astype(np.float32)
    out = {name: np.empty((weights.shape[1], p)) for name in (*terms, "present")}
    for start in range(0, p, _BLOCK):
        part = slice(start, start + _BLOCK)
        block = values[part]
        missing = np.isnan(block)
        gaps = missing.any()
        if centre is not None:
            block = block - centre[part, None].astype(np.float32)
        if gaps:
            block = np.where(missing, np.float32(0), block)
            out["present"][:, part] = ((~missing).astype(np.float32) @ weights).T
        else:
            out["present"][:, part] = weights.sum(axis=0, dtype=np.float64)[:, None]
        for name, term in terms.items():
            made = term(block).astype(np.float32, copy=False)
            if gaps and term is not identity and term is not squared:  # 0 need not be 0 any more
                made = np.where(missing, np.float32(0), made)
            out[name][:, part] = (made @ weights).T
    return out


def identity(values: np.ndarray) -> np.ndarray:
    """The values themselves."""
    return values


def squared(values: np.ndarray) -> np.ndarray:
    """Their squares."""
    return values * values


def one_hot(codes: np.ndarray, n_codes: int) -> np.ndarray:
    """Rows of zeros with a 1 at the code; all zeros for negative codes.

    Parameters
    ----------
    codes : ndarray of int, shape (N,)
        Below `n_codes`.
    n_codes : int
        Columns.

    Returns
    -------
    ndarray of float32, shape (N, n_codes)
        Of zeros and ones.
    """
    return np.asarray(codes[:, None] == np.arange(n_codes), dtype=np.float32)
