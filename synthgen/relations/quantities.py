"""Columns as quantities that can be compared and computed with: numbers, instants, durations."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from synthgen.dtypes import family
from synthgen.plain import Plain, to_plain
from synthgen.schema import Column, Schema

MAX_DECIMALS = 8
GOLDEN = 0.6180339887498949
"""The golden ratio less 1: its multiples, less their whole parts, fill [0, 1) evenly."""
_LARGEST = 2.0**62
_FIRST = 500  # values that a number of decimals is tried on first
_TICKS = {"day": 1 / 86_400, "s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_KINDS = ("continuous", "integer", "datetime", "constant")
_FLOATS: dict[str, type[np.floating[Any]]] = {
    "float16": np.float16,
    "halffloat": np.float16,
    "float32": np.float32,
    "float": np.float32,
}


def plains(table: pd.DataFrame, schema: Schema, names: tuple[str, ...]) -> dict[str, Plain]:
    """Some columns of a table as plain arrays.

    Parameters
    ----------
    table : pandas.DataFrame, shape (N, n_columns)
        The table.
    schema : Schema
        Complete.
    names : tuple of str
        Which.

    Returns
    -------
    dict of str to Plain
        Each of length N; identifiers and text by number.
    """
    return {n: _plain(table[n], schema[n]) for n in names}


def measure(column: Column) -> str | None:
    """What a column measures.

    Parameters
    ----------
    column : Column
        Complete.

    Returns
    -------
    {"numbers", "instants", "instants with a time zone", "durations"} or None
        None: levels, text, identifiers.
    """
    if column.kind not in _KINDS or column.levels is not None:
        return None
    kind = family(column.dtype)
    if kind == "datetime":
        zoned = re.search(r"\[\w+, .+\]", column.dtype)
        return "instants with a time zone" if zoned else "instants"
    return {"int": "numbers", "float": "numbers", "duration": "durations"}.get(kind)


def ticks_per_second(column: Column) -> float:
    """How many of a column's plain units make a second; 1 for numbers."""
    if family(column.dtype) not in ("datetime", "duration"):
        return 1
    if "date]" in column.dtype or "[day]" in column.dtype:
        return _TICKS["day"]
    found = re.search(r"\[(s|ms|us|ns)\b", column.dtype)
    return _TICKS[found[1]] if found else 1


def is_temporal(column: Column) -> bool:
    """Whether a column holds instants or durations."""
    return family(column.dtype) in ("datetime", "duration")


def numbers(plain: Plain, column: Column) -> np.ndarray:
    """A column in its natural unit.

    Parameters
    ----------
    plain : Plain, length N
        The values.
    column : Column
        Of numbers, instants or durations.

    Returns
    -------
    ndarray of float64, shape (N,)
        Instants and durations in seconds; NaN where missing.
    """
    values = plain.values.astype(np.float64)
    if is_temporal(column):
        values = values / ticks_per_second(column)
    return np.where(plain.missing, np.nan, values)


def in_ticks(plain: Plain, column: Column, scale: int) -> np.ndarray | None:
    """A column in whole ticks.

    Parameters
    ----------
    plain : Plain, length N
        The values.
    column : Column
        Of whole numbers, instants or durations.
    scale : int
        Ticks in one unit, or in one second.

    Returns
    -------
    ndarray of int64, shape (N,)
        0 where missing. None if they are too large.
    """
    factor = round(scale / ticks_per_second(column))
    values = np.where(plain.missing, plain.values.dtype.type(0), plain.values)
    largest = np.abs(values.astype(np.float64)).max(initial=0.0) * factor
    return values.astype(np.int64) * factor if largest < _LARGEST else None


def finest(columns: list[Column]) -> int:
    """Ticks in a second of the finest unit among columns; 1 at least."""
    return int(max(1.0, *(ticks_per_second(c) for c in columns)))


def is_whole(column: Column) -> bool:
    """Whether the plain values are whole numbers."""
    return family(column.dtype) in ("int", "datetime", "duration")


def decimals_of(plain: Plain, column: Column) -> int | None:
    """The grid of a column of numbers.

    Parameters
    ----------
    plain : Plain, length N
        The values.
    column : Column
        Of numbers.

    Returns
    -------
    int or None
        The fewest decimals that give every value back in its own dtype; 0 for whole numbers; None: continuous.
    """
    if is_whole(column):
        return 0
    values = plain.values[~plain.missing]
    if len(values) == 0 or np.abs(values).max() >= 2.0**53:
        return None
    stored = _FLOATS.get(column.dtype.removesuffix("[pyarrow]").lower(), np.float64)
    for decimals in range(MAX_DECIMALS + 1):
        if _on_grid(values[:_FIRST], decimals, stored) and _on_grid(values, decimals, stored):
            return decimals
    return None


def nearest(ascending: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Where the nearest of some numbers stands, for each value.

    Parameters
    ----------
    ascending : ndarray, shape (K,)
        K >= 1.
    values : ndarray, shape (N,)
        Any numbers.

    Returns
    -------
    ndarray of int, shape (N,)
        Places; the lower one of two that are equally near.
    """
    right = np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)
    left = np.maximum(right - 1, 0)
    below = values.astype(np.float64) - ascending[left].astype(np.float64)
    above = ascending[right].astype(np.float64) - values.astype(np.float64)
    return np.where((ascending[right] == values) | (above < below), right, left)


def noise(column: Column) -> float:
    """Relative rounding error to expect in arithmetic with a column: a few units in its last place."""
    stored = _FLOATS.get(column.dtype.removesuffix("[pyarrow]").lower(), np.float64)
    return 8 * float(np.finfo(stored).eps)


def _plain(series: pd.Series, column: Column) -> Plain:
    if column.kind not in ("identifier", "text"):
        return to_plain(series, column)
    codes = pd.factorize(series)[0].astype(np.int64)
    return Plain(codes, codes < 0)


def _on_grid(values: np.ndarray, decimals: int, stored: type) -> bool:
    scaled = np.rint(values * 10.0**decimals)
    if np.abs(scaled).max(initial=0.0) >= 2.0**53:
        return False
    return np.array_equal((scaled / 10.0**decimals).astype(stored), values.astype(stored))
