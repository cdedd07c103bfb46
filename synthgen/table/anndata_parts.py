"""An AnnData taken apart: a frame of samples, what is known of the genes, and how to put it together again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from synthgen.exceptions import DataError
from synthgen.table.feature_metadata import without_statistics
from synthgen.table.feature_names import check_feature_names

_ROWS = 512
"""Rows looked at together, for the memory's sake."""


def anndata_parts(
    adata: Any, layer: str | None, keep: Iterable[str] = ()
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """What a model needs of an AnnData.

    Parameters
    ----------
    adata : anndata.AnnData
        Of samples (or cells) and genes.
    layer : str or None
        Which layer holds the values; None: ``X``.
    keep : iterable of str
        Columns of ``var`` to keep whatever they hold.

    Returns
    -------
    frame : pandas.DataFrame, shape (N, n_covariates + n_genes)
        The columns of ``obs``, then the genes. A column of ``obs`` that has the name of a gene gets " (obs)" put
        after it. Values that are all whole numbers are whole numbers here, whatever dtype held them.
    features : pandas.DataFrame, shape (n_genes, n_columns)
        ``var``, but for what may be statistics of the samples (`synthgen.table.feature_metadata`).
    details : dict
        ``dtype`` of the values, ``sparse`` ("csr", "csc" or None), ``layer``, ``renamed``: the columns of ``obs``
        that got another name, new to old, and ``dropped``: the columns of ``var`` that were left out.

    Raises
    ------
    DataError
        If a gene's name repeats, there is no such layer, or the values are no numbers.
    """
    adata = adata.to_memory() if adata.isbacked else adata
    names = pd.Index(adata.var_names.astype(str))
    check_feature_names(names, "make them so with adata.var_names_make_unique(), or sum the rows of one gene")
    values = _values(adata, layer)
    dense, dtype, sparse = _dense(values)
    obs, renamed = _obs(adata.obs, names)
    frame = pd.concat([obs, pd.DataFrame(dense, columns=names, copy=False)], axis=1)
    features, dropped = without_statistics(adata.var.set_axis(names, axis=0).rename(columns=str), keep)
    details = {"dtype": dtype, "sparse": sparse, "layer": layer, "renamed": renamed, "dropped": dropped}
    return frame, features, details


def _values(adata: Any, layer: str | None) -> Any:
    known = ", ".join(map(repr, adata.layers)) or "none"
    if layer is not None and layer not in adata.layers:
        raise DataError(f"The AnnData has no layer {layer!r}; its layers are: {known}.")
    values = adata.X if layer is None else adata.layers[layer]
    if values is None:
        raise DataError(f"The AnnData has no X; name one of its layers instead: {known}.")
    return values


def _dense(values: Any) -> tuple[np.ndarray, str, str | None]:
    """The values as a dense array that says whether they are whole; the dtype and sparse format that they had."""
    from scipy.sparse import issparse

    sparse = values.format if issparse(values) else None
    dense = values.toarray() if sparse else np.asarray(values)
    dtype = dense.dtype
    if dtype.kind not in "biuf":
        raise DataError(f"The values of an AnnData must be numbers. Got dtype {dtype}.")
    if dtype == np.float16:
        dense = dense.astype(np.float32)
    # big-endian arrays cannot be columns of a frame
    dense = dense.astype(dense.dtype.newbyteorder("="), copy=False)
    whole = whole_type(dense)
    return (dense if whole is None else dense.astype(whole, copy=False)), dtype.name, sparse


def whole_type(matrix: np.ndarray) -> type[np.signedinteger[Any]] | None:
    """The signed integer type that holds a matrix's values exactly.

    Parameters
    ----------
    matrix : ndarray, shape (N, n_features)
        Of booleans, integers or floats.

    Returns
    -------
    type or None
        int32 or int64; None if a value is missing, infinite, no whole number, or beyond 2**62.
    """
    low, high = 0.0, 0.0
    for start in range(0, len(matrix), _ROWS):
        rows = matrix[start : start + _ROWS]
        if rows.size and matrix.dtype.kind == "f":
            with np.errstate(invalid="ignore"):
                if not np.isfinite(rows).all() or (rows != np.rint(rows)).any():
                    return None
        if rows.size:
            low, high = min(low, float(rows.min())), max(high, float(rows.max()))
    if max(-low, high) > 2**62:
        return None
    return np.int32 if max(-low, high) < 2**31 else np.int64


def _obs(obs: pd.DataFrame, genes: pd.Index) -> tuple[pd.DataFrame, dict[str, str]]:
    """The covariates, none with the name of a gene; the new names and what they were."""
    names = [str(n) for n in obs.columns]
    taken, renamed = {*genes, *names}, {}
    for i, name in enumerate(names):
        if name in genes:
            new = f"{name} (obs)"
            while new in taken:
                new += "'"
            names[i], renamed[new] = new, name
            taken.add(new)
    return obs.set_axis(names, axis=1).reset_index(drop=True), renamed
