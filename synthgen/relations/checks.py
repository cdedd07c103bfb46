"""Which rows of a table obey a rule, and whether a rule fits a table at all."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from synthgen.constraints.rules import (
    Dependency,
    Formula,
    Inequality,
    Range,
    Repeats,
    Rule,
    Unique,
)
from synthgen.dtypes import family
from synthgen.exceptions import SchemaError
from synthgen.plain import Plain
from synthgen.relations.arithmetic import held
from synthgen.relations.quantities import in_ticks, is_temporal, measure, numbers, ticks_per_second
from synthgen.schema import Column, Schema
from synthgen.validation import some


def check_rule(rule: Rule, schema: Schema) -> None:
    """Hold a rule against a schema: are there such columns, and of such kinds.

    Parameters
    ----------
    rule : Rule
        Any rule.
    schema : Schema
        Complete.

    Raises
    ------
    SchemaError
        If a column is absent, or of a kind that the rule cannot speak of.
    """
    if unknown := [n for n in rule.names if n not in schema]:
        raise SchemaError(
            f"The constraint {rule.words()!r} names column {unknown[0]!r}, which the table lacks. "
            f"It has {some(schema.names)}."
        )
    if isinstance(rule, (Inequality, Range, Formula)):
        _check_measures(rule, schema)
    if isinstance(rule, Repeats):
        _check_repeats(rule, schema)
    refused = ("text",) if isinstance(rule, Unique) else ("text", "identifier")
    for name in rule.names:
        if schema[name].kind in refused:
            raise SchemaError(
                f"The constraint {rule.words()!r} names column {name!r}, which is {schema[name].kind} and not learnt; "
                "declare it categorical, or leave it out of the constraint."
            )
    if isinstance(rule, Formula) and schema[rule.column].kind == "constant":
        raise SchemaError(
            f"The constraint {rule.words()!r} computes a constant column; solve it for one that varies."
        )
    if isinstance(rule, Range):
        _ends(rule, schema[rule.column])


def obeyed(
    rule: Rule, columns: Mapping[str, Plain], schema: Schema, decimals: int | None = None
) -> np.ndarray:
    """Which rows obey.

    Parameters
    ----------
    rule : Rule
        Any rule.
    columns : mapping of str to Plain
        Those that it speaks of, each of length N.
    schema : Schema
        Complete.
    decimals : int or None
        Of a formula: the grid of the column that it gives.

    Returns
    -------
    ndarray of bool, shape (N,)
        Of `Unique`, rows that repeat an earlier one do not; of `Dependency`, rows that differ from the first with the
        same value. True where a value is missing, but for `Dependency`, to which that is a value.
    """
    missing = np.logical_or.reduce([columns[n].missing for n in rule.names])
    if isinstance(rule, Inequality):
        low, high = _comparable(rule, columns, schema)
        return missing | (low < high if rule.strict else low <= high)
    if isinstance(rule, Range):
        low_end, high_end = _ends(rule, schema[rule.column])
        values = columns[rule.column].values
        return missing | ((values >= low_end) & (values <= high_end))
    if isinstance(rule, Formula):
        return held(rule, columns, schema, decimals)
    if isinstance(rule, Unique):
        frame = pd.DataFrame({n: columns[n].values for n in rule.names})
        return missing | ~frame[~missing].duplicated().reindex(frame.index, fill_value=False).to_numpy(
            dtype=bool
        )
    if isinstance(rule, Dependency):
        return _determined(columns[rule.by], columns[rule.column])
    return np.ones(
        len(missing), dtype=bool
    )  # FixedCombinations: the table says which there are; Repeats: any


def _check_measures(rule: Rule, schema: Schema) -> None:
    found = {n: measure(schema[n]) for n in rule.names}
    for name, what in found.items():
        if what is None:
            raise SchemaError(
                f"The constraint {rule.words()!r} needs numbers, instants or durations; column {name!r} is "
                f"{schema[name].kind} of dtype {schema[name].dtype}. Convert it, or leave it out of the constraint."
            )
    if isinstance(rule, Inequality) and len(set(found.values())) > 1:
        raise SchemaError(
            f"The constraint {rule.words()!r} compares {found[rule.low]} with {found[rule.high]}; convert one column."
        )


def _check_repeats(rule: Repeats, schema: Schema) -> None:
    columns = [schema[n] for n in rule.names]
    numeric = all(measure(c) == "numbers" and family(c.dtype) in ("int", "float") for c in columns)
    if not numeric or columns[0].dtype != columns[1].dtype or any(c.missing for c in columns):
        found = ", ".join(
            f"{c.name} is {c.dtype}{' with missing values' if c.missing else ''}" for c in columns
        )
        raise SchemaError(
            f"The constraint {rule.words()!r} needs two columns of numbers of one dtype without missing values; {found}. "
            "Convert or fill them, or leave the constraint out."
        )


def _comparable(
    rule: Inequality, columns: Mapping[str, Plain], schema: Schema
) -> tuple[np.ndarray, np.ndarray]:
    low, high = schema[rule.low], schema[rule.high]
    if is_temporal(low):
        scale = round(max(1, ticks_per_second(low), ticks_per_second(high)))
        ticks = in_ticks(columns[low.name], low, scale), in_ticks(columns[high.name], high, scale)
        if ticks[0] is not None and ticks[1] is not None:
            return ticks[0], ticks[1]
        return numbers(columns[low.name], low), numbers(columns[high.name], high)
    return columns[low.name].values, columns[high.name].values


def _ends(rule: Range, column: Column) -> tuple[float, float]:
    """The ends as plain values."""
    return _end(rule.low, rule, column, -np.inf), _end(rule.high, rule, column, np.inf)


def _end(value: float | str | None, rule: Range, column: Column, default: float) -> float:
    if value is None:
        return default
    instants = (measure(column) or "").startswith("instants")
    if instants != isinstance(value, str):
        wanted = "instants such as '2020-01-31'" if instants else "numbers"
        raise SchemaError(
            f"The constraint {rule.words()!r} must have {wanted} as ends: {column.name!r} holds them."
        )
    if not isinstance(value, str):
        return value * ticks_per_second(column) if is_temporal(column) else value
    try:
        stamp = pd.Timestamp(value)
        if stamp.tz is None and measure(column) == "instants with a time zone":
            stamp = stamp.tz_localize(column.dtype.split(", ")[1].split("]")[0].removeprefix("tz="))
    except (ValueError, TypeError, OverflowError) as error:
        raise SchemaError(
            f"The constraint {rule.words()!r} has the end {value!r}, which is no instant."
        ) from error
    try:
        nanoseconds = stamp.as_unit("ns").value
    except pd.errors.OutOfBoundsDatetime:  # before or after all that a column can hold
        return -np.inf if stamp.year < 1970 else np.inf
    per_tick = round(1e9 / ticks_per_second(column))
    return nanoseconds // per_tick if default > 0 else -(-nanoseconds // per_tick)


def _determined(by: Plain, column: Plain) -> np.ndarray:
    """Which rows hold what the first row with the same value of `by` holds."""
    codes = numbered(by)
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    target = numbered(column)
    return target == target[first[inverse.reshape(-1)]]


def numbered(plain: Plain) -> np.ndarray:
    """Values by number, -1 for missing, shape (N,)."""
    out = np.full(len(plain.values), -1, dtype=np.int64)
    out[~plain.missing] = np.unique(plain.values[~plain.missing], return_inverse=True)[1]
    return out
