"""Which earlier columns say something about a column that the common scores do not."""

from __future__ import annotations

import numpy as np

REACH = 48
"""Columns looked back."""
LEAST_T = 4.0
"""Least partial correlation, in standard errors 1 / sqrt(N), of a parent."""
MOST_CORRELATION = 0.999
"""Of a parent's variance that other parents may explain, as a correlation."""
_COLUMNS_AT_ONCE = 256


def choose_parents(standard: np.ndarray, design: np.ndarray, n_parents: int) -> np.ndarray:
    """Choose each column's parents among the columns shortly before it, greedily by partial correlation.

    Parameters
    ----------
    standard : ndarray of float32, shape (q, N)
        Columns of mean 0; 0 where missing.
    design : ndarray of float32, shape (F, N)
        What the rows' scores say already.
    n_parents : int
        w.

    Returns
    -------
    ndarray of int32, shape (q, w)
        Earlier columns, or the column itself where none correlates by more than `LEAST_T` standard errors.

    Notes
    -----
    Forward selection on the columns' residuals: each step takes the column of the largest correlation given those
    taken before, from the sweep operator on the Gram matrix of the `REACH` columns before. About one column in a
    hundred has a parent by chance.
    """
    residual = length_one(without_design(standard, design))
    before = np.zeros((REACH, standard.shape[1]), dtype=residual.dtype)
    return parents_of(np.concatenate([before, residual]), 0, n_parents)


def parents_of(residual: np.ndarray, first: int, n_parents: int) -> np.ndarray:
    """The same of some columns of many, from what least squares leaves of them and of those before.

    Parameters
    ----------
    residual : ndarray of float32, shape (REACH + c, N)
        Rows of length 1, or 0; the `REACH` columns before come first, zeros where there are none.
    first : int
        Number of the first of the c columns.
    n_parents : int
        w.

    Returns
    -------
    ndarray of int32, shape (c, w)
        See `choose_parents`.
    """
    c = len(residual) - REACH
    out = np.repeat(np.arange(first, first + c, dtype=np.int32)[:, None], n_parents, axis=1)
    for start in range(0, c, _COLUMNS_AT_ONCE):
        stop = min(start + _COLUMNS_AT_ONCE, c)
        window = residual[start : stop + REACH]
        gram = window @ window.T
        places = np.arange(stop - start)[:, None] + np.arange(REACH + 1)
        local = gram[places[:, :, None], places[:, None, :]]
        _sweep(local, out[start:stop], first + start, LEAST_T / np.sqrt(residual.shape[1]))
    return out


def without_design(standard: np.ndarray, design: np.ndarray) -> np.ndarray:
    """What least squares on the design leaves of each column, shapes (c, N) and (F, N)."""
    n_features, n_rows = design.shape
    if not 0 < n_features < n_rows / 2:
        return standard
    basis = np.linalg.qr(design.T - design.mean(axis=1))[0].astype(np.float32)
    return np.asarray(standard - (standard @ basis) @ basis.T)


def length_one(standard: np.ndarray) -> np.ndarray:
    """Rows of length 1, or 0 where there is next to nothing left."""
    lengths = np.sqrt((standard**2).sum(axis=1, keepdims=True))
    return np.asarray(np.where(lengths > 1e-3, standard / np.maximum(lengths, 1e-3), 0.0), dtype=np.float32)


def _sweep(local: np.ndarray, out: np.ndarray, start: int, least: float) -> None:
    """Fill in the parents of some columns from the Gram matrices of each and the `REACH` before it, in place."""
    each = np.arange(len(local))
    for step in range(out.shape[1]):
        own, left = local[:, -1, -1], np.einsum("cll->cl", local)[:, :-1]
        usable = left > 1 - MOST_CORRELATION**2
        scale = np.sqrt(np.maximum(left * own[:, None], 1e-12))
        partial = np.where(usable, np.abs(local[:, -1, :-1]) / scale, 0.0)
        best = partial.argmax(axis=1)
        taken = (partial[each, best] > least) & (own > 1 - MOST_CORRELATION**2)
        out[taken, step] = (start + each + best - REACH)[taken]
        row = local[each, best] * taken[:, None]
        local -= row[:, :, None] * (row / np.where(taken, left[each, best], 1.0)[:, None])[:, None, :]
