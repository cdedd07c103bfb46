"""Pandas columns to plain numpy arrays and back: every dtype returns as it came.

A dtype is written as a *token*, a string that a schema can carry: what pandas prints, made unambiguous
(``string[storage=pyarrow]``, ``timestamp[us, tz=UTC][pyarrow]``), and for object columns the type of the values
(``object[str]``, ``object[date]``, ``object[decimal.2]``). A token belongs to a *family*, and the family
decides the plain array: ``float`` -> float64, ``int`` -> int64 or uint64, ``datetime`` and ``duration`` ->
int64 counts of the unit, ``bool``, ``string`` and ``category`` -> int64 codes into the column's levels.
"""

from __future__ import annotations

import datetime
import decimal
import math
import numbers
import re
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from synthgen.exceptions import ColumnRejected, DataError
from synthgen.schema import Column

_ARROW = "[pyarrow]"
_ARROW_PATTERNS = {
    r"timestamp\[(\w+)\]": lambda unit: pa.timestamp(unit),
    r"timestamp\[(\w+), tz=(.+)\]": lambda unit, tz: pa.timestamp(unit, tz),
    r"duration\[(\w+)\]": lambda unit: pa.duration(unit),
    r"date32\[day\]": lambda: pa.date32(),
    r"date64\[ms\]": lambda: pa.date64(),
    r"decimal(128|256)\((\d+), (-?\d+)\)": lambda bits, p, s: getattr(pa, f"decimal{bits}")(int(p), int(s)),
    r"(u?int(?:8|16|32|64)|double|float|halffloat|bool|string|large_string|string_view)": pa.type_for_alias,
}
_FAMILIES = {
    r"u?int(8|16|32|64)|U?Int(8|16|32|64)|object\[int\]": "int",
    r"float(16|32|64)|Float(32|64)|double|float|halffloat|object\[float\]|object\[decimal\.\d+\]|decimal.*": "float",
    r"bool|boolean|object\[bool\]": "bool",
    r"str|str\[storage=python\]|string\[.*\]|string|large_string|string_view|object\[str\]": "string",
    r"datetime64\[.*\]|timestamp\[.*\]|date32\[day\]|date64\[ms\]|object\[date\]": "datetime",
    r"timedelta64\[.*\]|duration\[.*\]": "duration",
    r"category": "category",
}
_OBJECT_TYPES: list[tuple[type | tuple[type, ...], str]] = [
    (str, "str"),
    ((bool, np.bool_), "bool"),
    (numbers.Integral, "int"),
    (decimal.Decimal, "decimal"),
    (numbers.Real, "float"),
    (datetime.datetime, "datetime"),
    (datetime.date, "date"),
]
_PYTHON_STR = "str[storage=python]"
_WAYS_OUT = {
    "datetime": "use pd.to_datetime(...) first.",
    "timedelta": "use pd.to_timedelta(...) first.",
    "Timedelta": "use pd.to_timedelta(...) first.",
    "bytes": "decode the values to str first, e.g. with .str.decode('utf-8').",
    **dict.fromkeys(
        ("list", "tuple", "dict", "set", "ndarray"), "spread nested values over columns, or drop the column."
    ),
}
"""By the type of an object column's values."""


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
    """

    values: np.ndarray
    missing: np.ndarray


def family(token: str) -> str:
    """The family of a dtype token.

    Parameters
    ----------
    token : str
        As `dtype_token` makes it.

    Returns
    -------
    {"int", "float", "bool", "string", "datetime", "duration", "category"}

    Raises
    ------
    DataError
        If no family holds the token.
    """
    plain = token.removesuffix(_ARROW)
    for pattern, name in _FAMILIES.items():
        if re.fullmatch(pattern, plain):
            return name
    raise DataError(f"The dtype {token!r} is not supported; convert the column with .astype(...) first.")


def dtype_token(series: pd.Series) -> str:
    """The token of a column's dtype.

    Parameters
    ----------
    series : pandas.Series
        One column, with its name.

    Returns
    -------
    str
        The token.

    Raises
    ------
    ColumnRejected
        If the dtype, or the values of an object column, cannot be learnt: lists, mixed types, bytes, whole
        numbers that no 64-bit integer holds, ...
    """
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return "category"
    if isinstance(dtype, pd.ArrowDtype) and pa.types.is_dictionary(dtype.pyarrow_dtype):
        raise ColumnRejected(str(series.name), f"has dtype {dtype}; use .astype('category') instead.")
    if isinstance(dtype, pd.StringDtype):
        if dtype.na_value is not pd.NA:
            return _PYTHON_STR if dtype.storage == "python" else "str"
        # pandas prints "string[pyarrow]" for this and for ArrowDtype(pa.string()) alike
        return "string[python]" if dtype.storage == "python" else f"string[storage={dtype.storage}]"
    token = _object_token(series) if pd.api.types.is_object_dtype(dtype) else str(dtype)
    try:
        family(token)
    except DataError as error:
        raise ColumnRejected(
            str(series.name), f"has dtype {token}, which is not supported; {_way_out(token)}"
        ) from error
    return token


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


def _object_token(series: pd.Series) -> str:
    present = series[series.notna().to_numpy()]
    seen = {_object_type(v) for v in present}
    if seen <= {"int", "float"} and "float" in seen:
        seen = {"float"}
    if not seen:
        return "object[str]"
    if len(seen) > 1:
        raise ColumnRejected(
            str(series.name),
            f"is an object column of mixed types ({', '.join(sorted(seen))}); make it one type, e.g. .astype(str).",
        )
    (name,) = seen
    if name in ("int", "float"):
        _check_size(present, name)
    if name == "decimal":
        scale = max((-int(v.as_tuple().exponent) for v in present if v.is_finite()), default=0)
        return f"object[decimal.{max(scale, 0)}]"
    return f"object[{name}]"


def _check_size(present: pd.Series, name: str) -> None:
    """Refuse Python numbers of any length that no array of 64-bit numbers holds."""
    if name == "float":
        large = next((v for v in present if sys.float_info.max < abs(v) < math.inf), None)
        rule = f"must be below {sys.float_info.max:.2g}; use .astype(str)."
    else:
        low, high = int(present.min()), int(present.max())
        # one array holds them all: signed if any is negative
        bounds = (-(2**63), 2**63 - 1) if low < 0 else (0, 2**64 - 1)
        large = next((v for v in (low, high) if not bounds[0] <= v <= bounds[1]), None)
        rule = f"must all lie in [{bounds[0]}, {bounds[1]}]; use .astype(float), or .astype(str) for codes."
    if large is not None:
        raise ColumnRejected(str(present.name), f"holds {_short(large)}; Python numbers {rule}")


def _short(value: Any) -> str:
    """A number for messages; Python refuses to spell whole numbers of thousands of digits."""
    return str(value) if isinstance(value, int) and abs(value) < 10**40 else "a number above 1e40"


def _object_type(value: Any) -> str:
    for types, name in _OBJECT_TYPES:
        if isinstance(value, types):
            return name
    return type(value).__name__


def _way_out(token: str) -> str:
    if token.startswith(("list", "struct", "map", "large_list", "fixed_size_list")):
        return _WAYS_OUT["list"]
    return _WAYS_OUT.get(
        token.removeprefix("object[").removesuffix("]"), "convert it with .astype(...) or drop the column."
    )


def _codes(series: pd.Series, column: Column, missing: np.ndarray) -> np.ndarray:
    levels = level_index(column)
    if isinstance(series.dtype, pd.CategoricalDtype):
        own = levels.get_indexer(series.cat.categories)
        codes = series.cat.codes.to_numpy()
        return np.where(codes < 0, -1, own[codes]).astype(np.int64) if len(own) else codes.astype(np.int64)
    if family(dtype_token(series)) in ("int", "bool") and not missing.any():
        return levels.get_indexer(pd.Index(series.to_numpy())).astype(np.int64)
    codes, unique = pd.factorize(series.astype(object), use_na_sentinel=True)
    own = levels.get_indexer(pd.Index(unique, dtype=object))
    return np.where(codes < 0, -1, own[codes] if len(own) else -1).astype(np.int64)


def level_index(column: Column) -> pd.Index:
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
    if token.endswith(_ARROW):
        return pd.array(values, dtype=pd.ArrowDtype(_arrow_type(token)))
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
    if token == _PYTHON_STR:
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
    elif token.endswith(_ARROW):
        days = pa.array(present.array).cast(_tick_type(_arrow_type(token))).to_numpy(zero_copy_only=False)
    else:
        days = present.array.asi8
    out[~missing] = days.astype(np.int64)
    return out


def _tick_type(arrow: pa.DataType) -> pa.DataType:
    return pa.int32() if pa.types.is_date32(arrow) else pa.int64()


def _from_numbers(values: np.ndarray, missing: np.ndarray, token: str) -> Any:
    if token.endswith(_ARROW):
        return _arrow_numbers(values, missing, _arrow_type(token))
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


def _arrow_type(token: str) -> pa.DataType:
    plain = token.removesuffix(_ARROW)
    for pattern, build in _ARROW_PATTERNS.items():
        if found := re.fullmatch(pattern, plain):
            return build(*found.groups())
    raise DataError(f"The dtype {token!r} is not supported; convert the column with .astype(...) first.")


def _integer_type(token: str) -> type:
    if token == "object[int]":
        return object  # some lie beyond int64, others are negative
    return np.uint64 if token.removesuffix(_ARROW).lower() == "uint64" else np.int64
