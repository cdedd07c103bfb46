"""Pandas dtypes as text.

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
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from synthgen.exceptions import ColumnRejected, DataError

ARROW = "[pyarrow]"
"""Ends the tokens of Arrow-backed dtypes."""
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
PYTHON_STR = "str[storage=python]"
"""Pandas 3's strings when kept as Python objects."""
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
    plain = token.removesuffix(ARROW)
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
            return PYTHON_STR if dtype.storage == "python" else "str"
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


def arrow_type(token: str) -> pa.DataType:
    """The Arrow type that a token names.

    Parameters
    ----------
    token : str
        With or without ``[pyarrow]`` at its end.

    Returns
    -------
    pyarrow.DataType
        The type.

    Raises
    ------
    DataError
        If no type is known by that name.
    """
    plain = token.removesuffix(ARROW)
    for pattern, build in _ARROW_PATTERNS.items():
        if found := re.fullmatch(pattern, plain):
            return build(*found.groups())
    raise DataError(f"The dtype {token!r} is not supported; convert the column with .astype(...) first.")


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
