"""Pandas columns to plain numpy arrays and back: every dtype returns as it came.

What the plain array is, is decided by the family of the dtype's token (see `synthgen.dtypes`).
"""

from __future__ import annotations

import decimal
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from synthgen.dtypes import ARROW, PYTHON_STR, arrow_type, dtype_token, family
from synthgen.exceptions import ColumnRejected
from synthgen.schema import Column

MOST_DIGITS = 15
"""Digits of a decimal at most: float64 keeps them all."""


@dataclass(frozen=True)
class Plain:
    """A column as plain arrays.

    Parameters
    ----------
    values : ndarray, shape (N,)
        float64, int64 or uint64; what stands where `missing` is True means nothing.
    missing : ndarray of bool, shape (N,)
        Where the column has no value.
    rows : ndarray of int64, shape (N,), or None
        How many rows each value stands for. None: one.
    """

    values: np.ndarray
    missing: np.ndarray
    rows: np.ndarray | None = None

    @property
    def n_rows(self) -> int:
        """How many rows all values stand for."""
        return len(self.values) if self.rows is None else int(self.rows.sum())

    @property
    def n_missing(self) -> int:
        """How many rows have no value."""
        return int(self.missing.sum() if self.rows is None else self.rows[self.missing].sum())

    def counted(self, chosen: np.ndarray, values: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The distinct values of some rows.

        Parameters
        ----------
        chosen : ndarray of bool, shape (N,)
            Which rows.
        values : ndarray, shape (n,), optional
            What the chosen ones are taken to hold. None: their values.

        Returns
        -------
        distinct : ndarray, shape (D,)
            Ascending.
        counts : ndarray of int64, shape (D,)
            Rows of each.
        """
        own = self.values[chosen] if values is None else values
        if self.rows is None:
            distinct, counts = np.unique(own, return_counts=True)
            return distinct, counts
        distinct, place = np.unique(own, return_inverse=True)
        counts = np.zeros(len(distinct), dtype=np.int64)
        np.add.at(counts, place.reshape(-1), self.rows[chosen])
        return distinct, counts


def to_plain(series: pd.Series, column: Column) -> Plain:
    """A column's values as plain arrays.

    Parameters
    ----------
    series : pandas.Series, length N
        The column, of the dtype that `column` names or one that converts to it.
    column : Column
        What the column is, its levels known if it has any.

    Returns
    -------
    Plain
        Arrays of length N. Values outside the levels have the code -1 and are not missing.
    """
    missing = series.isna().to_numpy(dtype=bool)
    if column.levels is not None:
        return Plain(_codes(series, column, missing), missing)
    kind = family(column.dtype)
    if kind == "float":
        return Plain(_floats(series, missing), missing)
    if kind in ("datetime", "duration"):
        return Plain(_ticks(series, column.dtype, missing), missing)
    return Plain(_integers(series, missing), missing)


def from_plain(plain: Plain, column: Column) -> pd.Series:
    """The column of the original dtype that plain arrays stand for.

    Parameters
    ----------
    plain : Plain
        As `to_plain` gives it.
    column : Column
        What the column is.

    Returns
    -------
    pandas.Series
        Of dtype ``column.dtype``, named ``column.name``.
    """
    if column.levels is not None:
        array = _from_codes(np.where(plain.missing, -1, plain.values), column)
    else:
        array = _from_numbers(plain.values, plain.missing, column.dtype)
    return pd.Series(array, dtype=array.dtype, name=column.name, copy=False)


def strings_to_array(values: list[str | None], token: str) -> Any:
    """Strings, or whole numbers written as strings, as an array of a string or int dtype.

    Parameters
    ----------
    values : list of str or None
        None is missing.
    token : str
        A token of the string or int family.

    Returns
    -------
    array
        What `pandas.Series` takes as it is.
    """
    missing = np.array([v is None for v in values], dtype=bool)
    if family(token) == "int":
        whole: np.ndarray = np.array([0 if v is None else int(v) for v in values], dtype=_integer_type(token))
        return _from_numbers(whole, missing, token)
    return _typed(np.array(values, dtype=object), token)


def _codes(series: pd.Series, column: Column, missing: np.ndarray) -> np.ndarray:
    levels = _level_index(column)
    if isinstance(series.dtype, pd.CategoricalDtype):
        own = levels.get_indexer(series.cat.categories)
        codes = series.cat.codes.to_numpy()
        return np.where(codes < 0, -1, own[codes]).astype(np.int64) if len(own) else codes.astype(np.int64)
    if family(dtype_token(series)) in ("int", "bool") and not missing.any():
        return levels.get_indexer(pd.Index(series.to_numpy())).astype(np.int64)
    codes, unique = pd.factorize(series.astype(object), use_na_sentinel=True)
    own = levels.get_indexer(pd.Index(unique, dtype=object))
    return np.where(codes < 0, -1, own[codes] if len(own) else -1).astype(np.int64)


def _level_index(column: Column) -> pd.Index:
    """The levels of a column as an index of Python objects or numbers.

    Parameters
    ----------
    column : Column
        With levels.

    Returns
    -------
    pandas.Index
        One entry a level, in code order.
    """
    levels = list(column.levels or ())
    return pd.Index(levels, dtype=object if levels and isinstance(levels[0], str) else None)


def _from_codes(codes: np.ndarray, column: Column) -> Any:
    if column.dtype == "category":
        categories = pd.Index(
            _typed(np.array(column.levels, dtype=object), column.level_dtype or "object[str]")
        )
        return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(categories, ordered=column.ordered))
    kind = family(column.dtype)
    if kind in ("string", "bool"):
        levels = _typed(np.array(column.levels, dtype=object), column.dtype)
        if type(levels) is pd.arrays.NumpyExtensionArray:  # of which pandas' StringArray is a subclass
            levels = levels.to_numpy()
        if isinstance(levels, np.ndarray):
            return (np.append(levels, np.array([None], dtype=object)) if (codes < 0).any() else levels)[codes]
        return levels.take(codes, allow_fill=True)
    dtype: Any = _integer_type(column.dtype) if kind == "int" else np.float64
    values: np.ndarray = np.array([*(column.levels or ()), 0], dtype=dtype)
    return _from_numbers(values[codes], codes < 0, column.dtype)


def _typed(values: np.ndarray, token: str) -> Any:
    if token.startswith("object"):
        return values
    if token.endswith(ARROW):
        return pd.array(values, dtype=pd.ArrowDtype(arrow_type(token)))
    if family(token) in ("int", "float", "bool"):
        return (
            pd.array(values, dtype=token)
            if token[0].isupper() or token == "boolean"
            else values.astype(token)
        )
    return pd.array(values, dtype=_string_dtype(token))


def _string_dtype(token: str) -> Any:
    if token == "str" and isinstance(pd.array(["a"], dtype="str"), pd.arrays.NumpyExtensionArray):
        return object  # pandas 2 has no "str" dtype: its strings are objects
    if token == PYTHON_STR:
        try:
            return pd.StringDtype("python", na_value=np.nan)
        except TypeError:  # before pandas 2.3 there is no such dtype
            return object
    if found := re.fullmatch(r"string\[storage=(.+)\]", token):
        return pd.StringDtype(found[1])
    return token


def _floats(series: pd.Series, missing: np.ndarray) -> np.ndarray:
    if series.dtype == object or isinstance(series.dtype, pd.ArrowDtype):
        present = series[~missing].tolist()
        for value in present:
            if isinstance(value, decimal.Decimal) and len(value.as_tuple().digits) > MOST_DIGITS:
                raise ColumnRejected(
                    str(series.name),
                    f"holds {value}; decimals of more than {MOST_DIGITS} digits cannot be learnt; use .astype(float).",
                )
        out = np.zeros(len(series))
        out[~missing] = np.array([float(v) for v in present], dtype=np.float64)
        return out
    return series.to_numpy(dtype=np.float64, na_value=np.nan)


def _integers(series: pd.Series, missing: np.ndarray) -> np.ndarray:
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "iu":
        return series.to_numpy().astype(np.uint64 if series.dtype == np.uint64 else np.int64)
    present = [int(v) for v in series[~missing]]
    out = np.zeros(
        len(series), dtype=np.uint64 if present and max(present) > np.iinfo(np.int64).max else np.int64
    )
    out[~missing] = present
    return out


def _ticks(series: pd.Series, token: str, missing: np.ndarray) -> np.ndarray:
    out = np.zeros(len(series), dtype=np.int64)
    present = series[~missing]
    if token == "object[date]":
        days = pd.to_datetime(present).to_numpy().astype("datetime64[D]")
    elif token.endswith(ARROW):
        days = pa.array(present.array).cast(_tick_type(arrow_type(token))).to_numpy(zero_copy_only=False)
    else:
        if isinstance(present.dtype, pd.ArrowDtype):  # of the same kind, but stored by Arrow
            present = present.astype(token)
        days = present.array.asi8
    out[~missing] = days.astype(np.int64)
    return out


def _tick_type(arrow: pa.DataType) -> pa.DataType:
    return pa.int32() if pa.types.is_date32(arrow) else pa.int64()


def _from_numbers(values: np.ndarray, missing: np.ndarray, token: str) -> Any:
    if token.endswith(ARROW):
        return _arrow_numbers(values, missing, arrow_type(token))
    if token == "object[date]":
        return _objects(values.astype("datetime64[D]").astype(object), missing)
    if token.startswith("object[decimal"):
        quantum = decimal.Decimal(1).scaleb(-int(token[15:-1]))
        return _objects([decimal.Decimal(repr(float(v))).quantize(quantum) for v in values], missing)
    if token.startswith("object"):
        return _objects(values.tolist(), missing)
    if token.startswith(("datetime64", "timedelta64")):
        return _instants(values, missing, token)
    if token[0].isupper():  # pandas nullable Int8 ... Float64
        return _nullable(values, missing, token)
    out = values.astype(token)
    return np.where(missing, np.array(np.nan, dtype=token), out) if out.dtype.kind == "f" else out


def _objects(values: Any, missing: np.ndarray) -> np.ndarray:
    out = np.empty(len(missing), dtype=object)
    out[:] = values
    out[missing] = None
    return out


def _instants(values: np.ndarray, missing: np.ndarray, token: str) -> Any:
    ticks = np.where(missing, np.iinfo(np.int64).min, values)
    dtype = pd.api.types.pandas_dtype(token)
    if isinstance(dtype, pd.DatetimeTZDtype):
        return (
            pd.Series(ticks.view(f"datetime64[{dtype.unit}]"))
            .dt.tz_localize("UTC")
            .dt.tz_convert(dtype.tz)
            .array
        )
    return pd.array(ticks.view(token), dtype=token)


def _nullable(values: np.ndarray, missing: np.ndarray, token: str) -> Any:
    numeric = values.astype(token.lower())
    numeric[missing] = 0
    return (pd.arrays.FloatingArray if token.startswith("F") else pd.arrays.IntegerArray)(
        numeric, missing.copy()
    )


def _arrow_numbers(values: np.ndarray, missing: np.ndarray, arrow: pa.DataType) -> Any:
    if pa.types.is_decimal(arrow):
        quantum = decimal.Decimal(1).scaleb(-arrow.scale)
        exact = [
            None if m else decimal.Decimal(repr(float(v))).quantize(quantum)
            for v, m in zip(values, missing, strict=True)
        ]
        return pd.arrays.ArrowExtensionArray(pa.array(exact, type=arrow))
    if pa.types.is_temporal(arrow):
        plain = pa.array(values.astype(np.int32 if pa.types.is_date32(arrow) else np.int64), mask=missing)
    else:
        plain = pa.array(values.astype(arrow.to_pandas_dtype()), mask=missing)
    return pd.arrays.ArrowExtensionArray(plain.cast(arrow))


def _integer_type(token: str) -> type:
    if token == "object[int]":
        return object  # some lie beyond int64, others are negative
    return np.uint64 if token.removesuffix(ARROW).lower() == "uint64" else np.int64
