"""`conditions`: what a sample must look like, checked before any row is drawn."""

from __future__ import annotations

import decimal
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from synthgen.dtypes import family
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.exceptions import ConditionError
from synthgen.plain import from_plain
from synthgen.schema import Column
from synthgen.validation import some


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
            found = (series >= self.value[0]) & (series <= self.value[1])
        else:
            found = series == self.value
        return found.fillna(False).to_numpy(dtype=bool)


def parse_conditions(conditions: Mapping[str, Any], encoder: TableEncoder) -> list[Condition]:
    """Hold every condition against what the training table held.

    Parameters
    ----------
    conditions : mapping of str to object
        Column name to the value wanted; None or NaN for missing; a tuple (low, high) for a range of numbers or
        instants.
    encoder : TableEncoder
        Fitted: knows the columns, their levels and their ranges.

    Returns
    -------
    list of Condition
        One for each entry.

    Raises
    ------
    ConditionError
        If a column is unknown or not learnt, or a value can never occur.
    """
    schema = encoder.schema_
    for name in conditions:
        if name not in schema:
            raise ConditionError(
                f"`conditions` names column {name!r}, which was not in the training table. "
                f"It had {some(schema.names)}."
            )
    return [_parse(schema[name], value, encoder) for name, value in conditions.items()]


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


def _parse(column: Column, value: Any, encoder: TableEncoder) -> Condition:
    if column.kind in ("identifier", "text"):
        raise ConditionError(
            f"Column {column.name!r} is {column.kind}: it is not learnt, so no value can be asked for."
        )
    possible = _possible(column, encoder)
    if isinstance(value, tuple):
        return Condition(column, _parse_range(column, value, possible))
    if not pd.api.types.is_scalar(value):
        raise ConditionError(
            f"The condition on column {column.name!r} must be one value or (low, high). Got {value!r}."
        )
    if pd.isna(value):
        if not column.missing:
            raise ConditionError(f"Column {column.name!r} has no missing values, so none can be asked for.")
        return Condition(column, None)
    if column.levels is not None:
        return Condition(column, _parse_level(column, value, possible))
    value = _number_or_instant(column, value)
    _check_reach(column, value, value, possible)
    return Condition(column, value)


def _possible(column: Column, encoder: TableEncoder) -> list[Any]:
    """The levels that can come, or the smallest and largest number; empty if the column is always missing."""
    own = encoder.encoder_of(column.name)
    if own is None:
        raise ConditionError(
            f"Column {column.name!r} is one of a block of columns that are learnt together, so no value of it can be "
            f"asked for. Fit with covariates=[{column.name!r}] to model it by itself."
        )
    return from_plain(own.possible(), column).tolist()


def _parse_level(column: Column, value: Any, possible: list[Any]) -> Any:
    if value not in (column.levels or ()):
        shown = ", ".join(map(repr, (column.levels or ())[:8]))
        more = ", ..." if len(column.levels or ()) > 8 else ""
        raise ConditionError(f"Column {column.name!r} has no level {value!r}. It has {shown}{more}.")
    if value not in possible:
        raise ConditionError(
            f"No training row had {value!r} in column {column.name!r}, so none can be drawn."
        )
    return value


def _parse_range(column: Column, value: tuple[Any, ...], possible: list[Any]) -> tuple[Any, Any]:
    if len(value) != 2 or column.levels is not None:
        raise ConditionError(
            f"A range must be (low, high), on a column of numbers or instants. Got {value!r} for {column.name!r}, "
            f"which is {column.kind}."
        )
    low, high = (_number_or_instant(column, v) for v in value)
    if low > high:
        raise ConditionError(f"The range for column {column.name!r} must rise. Got {value!r}.")
    _check_reach(column, low, high, possible)
    return low, high


def _check_reach(column: Column, low: Any, high: Any, possible: list[Any]) -> None:
    """Refuse what lies wholly outside the training rows' range, and values that do not compare with it."""
    try:
        outside = not possible or low > max(possible) or high < min(possible)
    except TypeError as error:
        raise ConditionError(
            f"Column {column.name!r} has dtype {column.dtype}; {low!r} does not compare with its values."
        ) from error
    if outside:
        found = f"lies between {min(possible)} and {max(possible)}" if possible else "is always missing"
        raise ConditionError(f"Column {column.name!r} {found}, so {low!r} cannot be asked for.")


def _number_or_instant(column: Column, value: Any) -> Any:
    """The value in the column's own type."""
    kind = family(column.dtype)
    try:
        if kind == "datetime":
            return _instant(column, pd.Timestamp(value))
        if kind == "duration":
            return pd.Timedelta(value)
        if "decimal" in column.dtype and not isinstance(value, bool):
            return decimal.Decimal(str(value))
        if isinstance(value, str):
            value = float(value) if kind == "float" or not value.lstrip("+-").isdigit() else int(value)
        if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool):
            return value
    except (ValueError, TypeError, decimal.InvalidOperation):
        pass
    raise ConditionError(f"Column {column.name!r} is {column.kind}; {value!r} is not one of its values.")


def _instant(column: Column, value: pd.Timestamp) -> Any:
    """A date for columns of dates; a naive instant is read in the zone of the column."""
    if column.dtype in ("object[date]", "date32[day][pyarrow]"):
        return value.date()
    zone = re.search(r"\[\w+, (?:tz=)?(.+?)\]", column.dtype)
    return value.tz_localize(zone[1]) if zone and value.tz is None else value
