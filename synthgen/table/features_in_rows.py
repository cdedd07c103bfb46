"""Tables that stand on their side: a feature in each row, a sample in each column."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from synthgen.exceptions import DataError, TableFileError
from synthgen.table.annotated import AnnotatedTable, Annotation
from synthgen.table.feature_names import check_feature_names, sample_names

NAME_COLUMN = "feature"
"""What the column of the features' names is called in files that had no name for it."""


def turned(table: pa.Table, source: str) -> AnnotatedTable:
    """The annotated table of a file with features in its rows.

    Parameters
    ----------
    table : pyarrow.Table, shape (n_features, 1 + N)
        One column of the features' names, the first or the index that pandas wrote; one column of numbers for each
        sample.
    source : str
        The file's name, for messages.

    Returns
    -------
    AnnotatedTable
        With N rows. The samples' names are left out: samples of a model are nobody's.

    Raises
    ------
    TableFileError
        If there is no sample, or a sample's column holds anything but numbers.
    DataError
        If a feature's name is missing or repeats.
    """
    names_at = _names_at(table)
    name_column = table.column_names[names_at]
    names = feature_names(table.column(names_at), source)
    frame = samples_frame(table.remove_column(names_at), names, source)
    known = name_column and not name_column.startswith("__index_level_")
    details = {"name_column": name_column if known else NAME_COLUMN}
    return AnnotatedTable(frame, Annotation(pd.DataFrame(index=names), "features-in-rows", details))


def turned_back(table: AnnotatedTable, source: str, synthetic: bool = True) -> pa.Table:
    """An annotated table as it is to stand in a file with features in its rows.

    Parameters
    ----------
    table : AnnotatedTable
        With N rows, and no covariates.
    source : str
        The file's name, for messages.
    synthetic : bool
        Whether the samples are a model's.

    Returns
    -------
    pyarrow.Table, shape (n_features, 1 + N)
        The features' names, and the samples.

    Raises
    ------
    TableFileError
        If there are covariates, for which such a file has no place.
    """
    if len(covariates := table.covariates.columns):
        raise TableFileError(
            f"{source}: a table with features in rows has no place for {covariates[0]!r}, which is no feature of "
            "numbers; write samples in rows, or .gct or .h5ad."
        )
    name = table.annotation.details.get("name_column", NAME_COLUMN)
    names = pa.array(table.annotation.features.index.tolist(), pa.string())
    return pa.table({name: names, **sample_columns(table, synthetic)})


def feature_names(column: pa.ChunkedArray, source: str) -> pd.Index:
    """The names of the features, checked.

    Parameters
    ----------
    column : pyarrow.ChunkedArray, length n_features
        As the file has them.
    source : str
        The file's name, for messages.

    Returns
    -------
    pandas.Index
        Of strings.

    Raises
    ------
    DataError
        If one is missing or repeats.
    """
    names = column.cast(pa.string()).to_pylist()
    if None in names:
        raise DataError(
            f"{source}: the feature in row {names.index(None) + 1} has no name; name it or drop it."
        )
    try:
        check_feature_names(pd.Index(names), "rename them, or put their rows together (mean or sum)")
    except DataError as error:
        raise DataError(f"{source}: {error}") from error
    return pd.Index(names)


def samples_frame(samples: pa.Table, names: pd.Index, source: str) -> pd.DataFrame:
    """The columns of samples, turned on their side.

    Parameters
    ----------
    samples : pyarrow.Table, shape (n_features, N)
        Of numbers.
    names : pandas.Index
        Of the features.
    source : str
        The file's name, for messages.

    Returns
    -------
    pandas.DataFrame, shape (N, n_features)
        In the one dtype that holds all the numbers; a missing value is NaN.

    Raises
    ------
    TableFileError
        If there is no sample, or a column holds anything but numbers.
    """
    if samples.num_columns == 0:
        raise TableFileError(f"{source}: has no column of a sample after those that describe the features.")
    columns = [
        _numbers(field, column, source) for field, column in zip(samples.schema, samples.columns, strict=True)
    ]
    return pd.DataFrame(np.stack(columns), columns=names, copy=False)


def sample_columns(table: AnnotatedTable, synthetic: bool) -> dict[str, pa.Array]:
    """The features of each sample as one array.

    Parameters
    ----------
    table : AnnotatedTable
        With N rows.
    synthetic : bool
        Whether the samples are a model's.

    Returns
    -------
    dict of str to pyarrow.Array of length n_features
        By the samples' names.
    """
    values = np.ascontiguousarray(table.features.to_numpy())
    if values.dtype == object:  # pandas' own whole numbers with missing values
        values = table.features.to_numpy(dtype=np.float64, na_value=np.nan)
    names = sample_names(len(values), synthetic)
    return {name: pa.array(row) for name, row in zip(names, values, strict=True)}


def with_numbers_as_features(frame: pd.DataFrame, container: str, source: str) -> AnnotatedTable:
    """A plain table as an annotated one: its numbers are features, the other columns covariates.

    Parameters
    ----------
    frame : pandas.DataFrame, shape (N, n_columns)
        Without missing whole numbers of numpy's; its index is ignored.
    container : str
        As `Annotation` has it.
    source : str
        The file to be written, for messages.

    Returns
    -------
    AnnotatedTable
        Covariates first; within both, in the order of the table.

    Raises
    ------
    TableFileError
        If no column holds numbers.
    """
    is_number = [pd.api.types.is_numeric_dtype(t) and not pd.api.types.is_bool_dtype(t) for t in frame.dtypes]
    names = frame.columns[is_number]
    if len(names) == 0:
        raise TableFileError(f"{source}: no column holds numbers, so there are no features to write.")
    ordered = frame[[*frame.columns[~np.array(is_number)], *names]]
    return AnnotatedTable(ordered, Annotation(pd.DataFrame(index=names), container))


def _names_at(table: pa.Table) -> int:
    """Where the features' names stand: pandas writes its index last."""
    try:
        found = json.loads((table.schema.metadata or {}).get(b"pandas", b"{}")).get("index_columns", [])
    except (ValueError, AttributeError):
        found = []
    named = [n for n in found if isinstance(n, str) and n in table.column_names]
    return table.column_names.index(named[0]) if len(named) == 1 else 0


def _numbers(field: pa.Field, column: pa.ChunkedArray, source: str) -> np.ndarray[Any, Any]:
    is_number = pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
    if not is_number and not pa.types.is_null(field.type):
        text = f"column {field.name!r} holds {field.type}"
        if pa.types.is_string(field.type):
            text = f"column {field.name!r} holds text, e.g. {_no_number(column)!r}"
        raise TableFileError(
            f"{source}: {text}; with features in rows every column but that of the features' names must hold the "
            "numbers of a sample."
        )
    if pa.types.is_null(field.type):
        column = column.cast(pa.float64())
    return column.to_numpy()


def _no_number(column: pa.ChunkedArray) -> str:
    """The first text of a column that is none; the first of all where each spells a number."""
    texts = [text for text in column.to_pylist() if text]
    return next((text for text in texts if not _is_number(text)), next(iter(texts), ""))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
