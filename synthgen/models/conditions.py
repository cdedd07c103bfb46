"""`conditions`: what a sample must look like, checked before any row is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from synthgen.dtypes import family
from synthgen.exceptions import ConditionError
from synthgen.schema import Column, Schema


@dataclass(frozen=True)
class Condition:
    """What one column must hold.

    Parameters
    ----------
    column : Column
        The column.
    value : object
        The value wanted; None for missing; a tuple (low, high) for a range, both ends included.
    """

    column: Column
    value: Any

    def match(self, table: pd.DataFrame) -> np.ndarray:
        """Which rows of a table meet the condition, shape (N,)."""
        series = table[self.column.name]
        if self.value is None:
            return series.isna().to_numpy(dtype=bool)
        if isinstance(self.value, tuple):
            return series.between(*self.value).fillna(False).to_numpy(dtype=bool)
        return (series == self.value).fillna(False).to_numpy(dtype=bool)


def parse_conditions(conditions: Mapping[str, Any], schema: Schema) -> list[Condition]:
    """Hold every condition against the schema.

    Parameters
    ----------
    conditions : mapping of str to object
        Column name to the value wanted; None or NaN for missing; a tuple (low, high) for a range of numbers or
        instants.
    schema : Schema
        Of the training table: says what is possible.

    Returns
    -------
    list of Condition
        One for each entry.

    Raises
    ------
    ConditionError
        If a column is unknown or not learnt, or a value can never occur.
    """
    for name in conditions:
        if name not in schema:
            raise ConditionError(
                f"`conditions` names column {name!r}, which was not in the training table. "
                f"It had {', '.join(map(repr, schema.names))}."
            )
    return [_parse(schema[name], value) for name, value in conditions.items()]


def describe(conditions: list[Condition]) -> str:
    """For messages: ``income = '>50K' and age in [30, 40]``."""
    parts = []
    for c in conditions:
        if c.value is None:
            parts.append(f"{c.column.name} missing")
        elif isinstance(c.value, tuple):
            parts.append(f"{c.column.name} in [{c.value[0]}, {c.value[1]}]")
        else:
            parts.append(f"{c.column.name} = {c.value!r}")
    return " and ".join(parts)


def _parse(column: Column, value: Any) -> Condition:
    if column.kind in ("identifier", "text"):
        raise ConditionError(
            f"Column {column.name!r} is {column.kind}: it is not learnt, so no value can be asked for."
        )
    if isinstance(value, tuple):
        return Condition(column, _parse_range(column, value))
    if isinstance(value, (list, dict, set, np.ndarray)):
        raise ConditionError(
            f"The condition on column {column.name!r} must be one value or (low, high). Got {value!r}."
        )
    if pd.isna(value):
        if not column.missing:
            raise ConditionError(f"Column {column.name!r} has no missing values, so none can be asked for.")
        return Condition(column, None)
    if column.levels is not None:
        if value not in column.levels:
            shown = ", ".join(map(repr, column.levels[:8])) + (", ..." if len(column.levels) > 8 else "")
            raise ConditionError(f"Column {column.name!r} has no level {value!r}. It has {shown}.")
        return Condition(column, value)
    return Condition(column, _number_or_instant(column, value))


def _parse_range(column: Column, value: tuple[Any, ...]) -> tuple[Any, Any]:
    if len(value) != 2 or column.levels is not None:
        raise ConditionError(
            f"A range must be (low, high), on a column of numbers or instants. Got {value!r} for {column.name!r}, "
            f"which is {column.kind}."
        )
    low, high = (_number_or_instant(column, v) for v in value)
    if low > high:
        raise ConditionError(f"The range for column {column.name!r} must rise. Got {value!r}.")
    return low, high


def _number_or_instant(column: Column, value: Any) -> Any:
    """The value in the column's own type."""
    kind = family(column.dtype)
    try:
        if kind in ("datetime", "duration"):
            parsed = (pd.Timestamp if kind == "datetime" else pd.Timedelta)(value)
            return parsed.date() if column.dtype == "object[date]" else parsed
        if isinstance(value, str):
            value = float(value)
        if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool):
            return value
    except ValueError:
        pass
    raise ConditionError(f"Column {column.name!r} is {column.kind}; {value!r} is not one of its values.")
