"""AnnData, in memory and in ``.h5ad`` files, to annotated tables and back.

One table holds the columns of ``obs``, as covariates, and the genes. ``var`` becomes the annotation, but for its numbers
that do not say where a gene lies: they may be statistics of the real samples. What else an AnnData carries (``raw``,
embeddings, graphs, ``uns``, ``varm``, the other layers, the samples' names) belongs to the real samples too: it is neither
learnt nor written.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from synthgen.exceptions import DataError, TableFileError
from synthgen.files import atomic_write
from synthgen.table.anndata_parts import anndata_parts
from synthgen.table.annotated import AnnotatedTable, Annotation
from synthgen.table.extras import import_extra
from synthgen.table.feature_names import sample_names
from synthgen.table.limits import check_hdf5

UNS_KEY = "synthgen"
"""Where ``uns`` says that the samples are synthetic."""
_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def from_anndata(adata: Any, layer: str | None = None, keep: Iterable[str] = ()) -> AnnotatedTable:
    """An AnnData as an annotated table.

    Parameters
    ----------
    adata : anndata.AnnData
        Dense or sparse, with or without ``obs`` and ``var``.
    layer : str, optional
        Take the values of this layer, not of ``X``.
    keep : iterable of str
        Columns of ``var`` to keep though they hold numbers. They are written into samples as they are.

    Returns
    -------
    AnnotatedTable
        ``obs`` as covariates (their names changed where a gene has the same), genes as features, ``var`` as their
        metadata without what may be statistics of the samples (`synthgen.table.feature_metadata.without_statistics`);
        ``annotation.details["dropped"]`` names those columns. The names of the samples are left out: samples of a model
        are nobody's.

    Raises
    ------
    DataError
        If a gene's name repeats, there is no such layer, or the values are no numbers.

    Notes
    -----
    Missing values (NaN) stay missing. Zeros that a sparse matrix stores are zeros. Counts stored as floats become
    whole numbers, so that a model learns them as such; `to_anndata` gives them their dtype back.
    """
    frame, features, details = anndata_parts(adata, layer, keep)
    return AnnotatedTable(frame, Annotation(features, "anndata", details))


def to_anndata(table: AnnotatedTable, *, synthetic: bool = True) -> Any:
    """An annotated table of samples as an AnnData.

    Parameters
    ----------
    table : AnnotatedTable
        From `from_anndata`, from a model that learnt such a table, or with the features of another kind of file.
    synthetic : bool
        Whether the samples are a model's.

    Returns
    -------
    anndata.AnnData
        With the dtype and sparseness of the AnnData that the annotation came from, what was kept of its ``var``, and
        ``uns["synthgen"]["synthetic"]`` True if they are. Values of a layer are both in ``X`` and in that layer.

    Raises
    ------
    FileError
        If anndata is not installed.
    """
    anndata = import_extra("anndata", "AnnData and .h5ad files")
    details = table.annotation.details
    values = _values(table.features, details.get("dtype"), details.get("sparse"))
    samples = _names(sample_names(len(table.frame), synthetic))
    obs = _metadata(table.covariates.rename(columns=details.get("renamed", {})), samples)
    var = _metadata(table.annotation.features, _names(table.annotation.features.index))
    uns = {UNS_KEY: {"synthetic": True}} if synthetic else {}
    layers = {} if details.get("layer") is None else {details["layer"]: values.copy()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        adata = anndata.AnnData(values, obs=obs, var=var, layers=layers, uns=uns)
    # anndata has made pandas 3 strings of the names, which it then cannot write
    adata.obs.index, adata.var.index = obs.index, var.index
    return adata


def read_h5ad(path: str | os.PathLike[str], layer: str | None = None) -> AnnotatedTable:
    """An annotated table from a ``.h5ad`` file.

    Parameters
    ----------
    path : path-like
        The file.
    layer : str, optional
        Take the values of this layer, not of ``X``.

    Returns
    -------
    AnnotatedTable
        As `from_anndata` gives it.

    Raises
    ------
    TableFileError
        If the file is missing, cut short, no HDF5, or no AnnData.
    DataError
        As `from_anndata`, the file's name put before it.
    FileError
        If anndata is not installed.
    """
    _check_signature(Path(path))
    anndata = import_extra("anndata", ".h5ad files")
    with warnings.catch_warnings():
        # that names repeat, and that the file is old: the first is an error below, the second no news
        warnings.simplefilter("ignore")
        try:
            check_hdf5(Path(path), import_extra("h5py", ".h5ad files"))
            adata = anndata.read_h5ad(path)
        except TableFileError:
            raise
        except _faults() as error:
            raise TableFileError(
                f"{path}: is cut short or damaged, or holds no AnnData: {_reason(error)}. Copy it again, or open it "
                "with anndata.read_h5ad to see more."
            ) from error
        try:
            return from_anndata(adata, layer)
        except DataError as error:
            raise DataError(f"{path}: {error}") from error


def write_h5ad(
    table: AnnotatedTable, path: str | os.PathLike[str], *, synthetic: bool = True, overwrite: bool = True
) -> None:
    """Write an annotated table of samples to a ``.h5ad`` file.

    Parameters
    ----------
    table : AnnotatedTable
        As for `to_anndata`.
    path : path-like
        Written whole or not at all.
    synthetic : bool
        Whether the samples are a model's.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    TableFileError
        If a name or value cannot stand in a ``.h5ad`` file.
    FileError
        If the file cannot be written, or anndata is not installed.
    """
    adata = to_anndata(table, synthetic=synthetic)
    # dense values of expression hardly shrink, and take seconds to find that out
    packed = None if isinstance(adata.X, np.ndarray) else "gzip"
    with atomic_write(path, overwrite=overwrite) as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            adata.write_h5ad(temporary, compression=packed)
        except _faults(but=OSError) as error:
            raise TableFileError(f"{path}: cannot be written as .h5ad: {_reason(error)}.") from error


def _faults(but: type[Exception] | None = None) -> tuple[type[Exception], ...]:
    """What anndata and h5py raise for files that are damaged or no AnnData, and for values that they cannot hold."""
    own = import_extra("anndata._io.specs.registry", ".h5ad files").IORegistryError
    found = (OSError, KeyError, ValueError, TypeError, RuntimeError, AttributeError, own)
    return tuple(kind for kind in found if kind is not but)


def _reason(error: Exception) -> str:
    return " ".join(str(error).split("\n")[0].split()).strip("'\". ")


def _check_signature(path: Path) -> None:
    if path.is_dir():
        raise TableFileError(f"{path}: is a folder; give a file in it.")
    try:
        with path.open("rb") as stream:
            start = stream.read(len(_SIGNATURE))
    except FileNotFoundError as error:
        raise TableFileError(f"{path}: no such file.") from error
    except OSError as error:
        raise TableFileError(f"{path}: cannot be read: {error.strerror or error}.") from error
    if not start:
        raise TableFileError(f"{path}: is empty (0 bytes).")
    if start != _SIGNATURE:
        raise TableFileError(f"{path}: is not a .h5ad file (it is no HDF5: it begins with {start[:4]!r}).")


def _values(features: pd.DataFrame, dtype: str | None, sparse: str | None) -> Any:
    """The matrix of the features' values, in the dtype and format that they had if those can hold them."""
    values = features.to_numpy()
    if values.dtype == object:
        values = features.to_numpy(dtype=np.float64, na_value=np.nan)
    if dtype is not None and _holds(np.dtype(dtype), values):
        values = values.astype(dtype)
    if sparse is None:
        return values
    from scipy.sparse import csc_matrix, csr_matrix

    return csc_matrix(values) if sparse == "csc" else csr_matrix(values)


def _holds(dtype: np.dtype, values: np.ndarray) -> bool:
    """Whether integers of a dtype have the values' range, and the values are none but whole numbers."""
    if dtype.kind == "f" or values.size == 0:
        return True
    if not np.isfinite(values).all() or (values != np.rint(values)).any():
        return False
    bounds = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    return bool(bounds[0] <= values.min() and values.max() <= bounds[1])


def _metadata(table: pd.DataFrame, names: pd.Index) -> pd.DataFrame:
    columns = {str(name): _storable(column).set_axis(names) for name, column in table.items()}
    return pd.DataFrame(columns, index=names)


def _storable(column: pd.Series) -> pd.Series:
    """A column of ``obs`` or ``var`` as HDF5 can hold it: instants, durations and decimals as text."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        levels = dtype.categories
        return (
            column if levels.dtype.kind in "biuf" else column.cat.rename_categories(_names(map(str, levels)))
        )
    if (isinstance(dtype, np.dtype) and dtype.kind in "biuf") or str(dtype) == "boolean":
        return column
    if str(dtype).startswith(("Int", "UInt")):
        return column
    if str(dtype).startswith("Float"):
        return column.astype(np.float64)
    texts = column.astype(object).map(str, na_action="ignore").astype(object)
    if not texts.isna().any():
        return texts
    levels = _names(sorted(texts.dropna().unique()))
    return pd.Series(pd.Categorical(texts, categories=levels), index=column.index)


def _names(values: Iterable[str]) -> pd.Index:
    """Strings as Python objects, because anndata writes no others."""
    return pd.Index(list(values), dtype=object)
