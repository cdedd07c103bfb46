"""What a model file says of itself is not believed: faults that its content causes are told as faults of the file.

The archive's checksum tells accidents apart, not intent: whoever edits a file can also sign it anew. So wrong types,
missing parts, arrays of other shapes and numbers out of range end in a `ModelFileError`, on `load` or in `sample`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from synthgen.dtypes import dtype_token, family
from synthgen.exceptions import ModelFileError, SynthgenError
from synthgen.schema import Column, Schema

_PARTS: dict[str, tuple[type, ...]] = {
    "parameters": (dict,),
    "n_rows_in": (int,),
    "encoder": (dict,),
    "model": (dict,),
    "extra": (dict,),
    "annotation": (dict, type(None)),
    "gives_anndata": (bool,),
}
"""What every model's state has, and of which types."""
_FAMILIES = {
    "continuous": ("float", "int"),
    "integer": ("int", "float", "duration"),
    "datetime": ("datetime",),
}
"""Of the dtypes that columns of a kind may have."""
_LEVEL_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "bool": bool,
    "int": int,
    "float": (float, int),
}
"""Of the levels of a column, by the family of its dtype."""
_CODED = ("string", "bool", "category")
"""Of dtypes whose values are codes into levels."""
_COLUMNS = 1000
"""Columns that are searched together for missing values."""
_FAULTS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,  # of pyarrow, whose streams are within the file
    RuntimeError,
    TypeError,
    ValueError,
)
"""What Python and the libraries raise on data that is not what they expect."""


@contextlib.contextmanager
def loading(path: str) -> Iterator[None]:
    """Turn any fault of a model's content into an error that names the file.

    Parameters
    ----------
    path : str
        Of the file.

    Raises
    ------
    ModelFileError
        For every other error.
    """
    try:
        yield
    except ModelFileError:
        raise
    except (SynthgenError, MemoryError, *_FAULTS) as error:
        raise ModelFileError(_message(path, error)) from error


@contextlib.contextmanager
def drawing(path: str) -> Iterator[None]:
    """The same for a loaded model that draws rows; a fitted one has no file, and its errors pass.

    Parameters
    ----------
    path : str
        Of the file; empty where there is none.

    Raises
    ------
    ModelFileError
        For errors that are not synthgen's own.
    """
    if not path:
        yield
        return
    try:
        yield
    except SynthgenError:
        raise
    except _FAULTS as error:
        raise ModelFileError(_message(path, error)) from error


def check_missing(rows: pd.DataFrame, schema: Schema) -> None:
    """Refuse missing values where a schema has none.

    Parameters
    ----------
    rows : pandas.DataFrame
        Any rows with the schema's columns, in its order.
    schema : Schema
        Of the model.

    Raises
    ------
    ValueError
        If there are any.
    """
    whole = np.array([not c.missing for c in schema])
    for start in range(0, len(whole), _COLUMNS):
        part = rows.iloc[:, start : start + _COLUMNS].loc[:, whole[start : start + _COLUMNS]]
        if part.isna().to_numpy().any():
            raise ValueError("missing values where its schema has none")


def check_dtypes(rows: pd.DataFrame, schema: Schema) -> None:
    """Refuse rows of other columns or dtypes than a schema's.

    Parameters
    ----------
    rows : pandas.DataFrame
        As they are kept in a file.
    schema : Schema
        Of the model.

    Raises
    ------
    ValueError
        If they are not those of the schema.
    """
    if list(rows.columns) != schema.names:
        raise ValueError("rows of other columns than its schema's")
    for column in schema:
        token = dtype_token(rows[column.name])
        if token != column.dtype and not rows[column.name].isna().all():
            raise ValueError(f"column {column.name!r} of {token} where its schema has {column.dtype}")


def check_state(state: Mapping[str, Any]) -> None:
    """Refuse a model's state whose parts are not what all models have.

    Parameters
    ----------
    state : mapping
        Of `AbstractSynthesizer.to_state`.

    Raises
    ------
    TypeError, KeyError, ValueError
        If a part is missing or of another type, or a weight is not finite.
    """
    for name, kinds in _PARTS.items():
        if type(state[name]) not in kinds:
            raise TypeError(f"{name} is {type(state[name]).__name__}")
    if not 0 < state["n_rows_in"] < 2**53:
        raise ValueError(f"{state['n_rows_in']} rows")
    check_finite(state["model"], "model")


def check_schema(schema: Schema) -> None:
    """Refuse a schema whose dtypes nobody knows, or that are not of its kinds.

    Parameters
    ----------
    schema : Schema
        Of the model.

    Raises
    ------
    DataError, ValueError
        If a dtype is none that tables may have, or none that the column's kind may have.
    """
    for column in schema:
        known = _FAMILIES.get(column.kind)
        if known is not None and family(column.dtype) not in known:
            raise ValueError(f"column {column.name!r} is {column.kind}, of dtype {column.dtype}")
        if column.level_dtype:
            family(column.level_dtype)
        _check_levels(column)
    for token in {c.dtype for c in schema}:
        family(token)


def _check_levels(column: Column) -> None:
    """Refuse levels of another type than the column's dtype, and columns that lack them."""
    token = (column.level_dtype or "object[str]") if column.dtype == "category" else column.dtype
    wanted = _LEVEL_TYPES.get(family(token))
    has_levels = column.kind in ("categorical", "boolean", "constant") and family(column.dtype) in _CODED
    if column.levels is None and has_levels:
        raise ValueError(f"column {column.name!r} of dtype {token} has no levels")
    if column.levels is None or wanted is None:
        return
    for level in column.levels:
        if not isinstance(level, wanted) or isinstance(level, bool) != (wanted is bool):
            raise ValueError(f"column {column.name!r} of dtype {token} has the level {level!r}")


def check_finite(state: Any, where: str) -> None:
    """Refuse numbers that are not finite.

    Parameters
    ----------
    state : object
        Part of a model's state.
    where : str
        Its name, for the message.

    Raises
    ------
    ValueError
        If an array below it has NaN or an infinite number.
    """
    if isinstance(state, np.ndarray):
        if state.dtype.kind == "f" and not np.isfinite(state).all():
            raise ValueError(f"{where} has a number that is not finite")
    elif isinstance(state, Mapping):
        for key, value in state.items():
            check_finite(value, f"{where}/{key}")
    elif isinstance(state, (list, tuple)):
        for i, value in enumerate(state):
            check_finite(value, f"{where}/{i}")


def _message(path: str, error: object) -> str:
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    if isinstance(error, KeyError):
        reason = f"{reason} is missing"
    if isinstance(error, MemoryError):
        reason = "there is too little memory for it"
    return f"{path}: its content is not that of a model ({reason.rstrip('.')}); take another copy."
