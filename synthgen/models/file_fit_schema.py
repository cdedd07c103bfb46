"""The schema of a table of which some rows are in memory, and everything else is known from sketches."""

from __future__ import annotations

import dataclasses
import math

import pandas as pd

from synthgen.dtypes import family
from synthgen.exceptions import ColumnRejected, SchemaError
from synthgen.schema import Column, Level, Schema
from synthgen.sketches.column_sketch import ColumnSketch
from synthgen.sketches.table_sketch import TableSketch
from synthgen.table.infer import INFINITE, ColumnFacts, infer_schema, kind_of, words_of
from synthgen.validation import some

_SURE = 3.0
"""Standard errors within which an estimated number of distinct values may be that of all values."""


def whole_schema(sample: pd.DataFrame, declared: Schema | None, sketch: TableSketch) -> Schema:
    """The schema of the whole table.

    Parameters
    ----------
    sample : pandas.DataFrame
        Random rows of it, of the dtypes of the whole.
    declared : Schema or None
        What a user says of it.
    sketch : TableSketch
        Of all rows.

    Returns
    -------
    Schema
        As `infer_schema` finds it in the whole table, with the declared relations. Of columns with more distinct values
        than are counted, the number of these in the reason is an estimate; strings among them keep the levels of `sample`.

    Raises
    ------
    ColumnRejected, DataError, SchemaError
        As `infer_schema`.
    """
    found = infer_schema(sample, declared)
    known = {} if declared is None else {c.name: c for c in declared}
    columns = (_whole(sample[c.name], c, known.get(c.name), sketch[c.name]) for c in found)
    return Schema(tuple(columns), found.relations)


def has_counts(sketch: ColumnSketch) -> bool:
    """Whether the rows of every value of a column are known."""
    return sketch.counts is not None


def _whole(series: pd.Series, found: Column, declared: Column | None, sketch: ColumnSketch) -> Column:
    """One column, as the whole table has it."""
    if family(found.dtype) == "float" and _is_infinite(sketch):
        raise ColumnRejected(found.name, INFINITE)
    if declared is None:
        kind, reason = kind_of(found.name, found.dtype, _facts(series, found, sketch))
        found = dataclasses.replace(found, kind=kind, reason=reason)
    found = dataclasses.replace(found, missing=found.missing or sketch.n_missing > 0)
    return _with_whole_levels(series, found, declared, sketch)


def _is_infinite(sketch: ColumnSketch) -> bool:
    ends = (sketch.minimum, sketch.maximum)
    return any(isinstance(end, float) and math.isinf(end) for end in ends)


def _facts(series: pd.Series, column: Column, sketch: ColumnSketch) -> ColumnFacts:
    n_missing, kind = sketch.n_missing, family(column.dtype)
    n_distinct = 0 if n_missing == sketch.n_rows else _n_distinct(series, sketch)
    facts = ColumnFacts(sketch.n_rows, n_missing, n_distinct)
    if kind == "int" and n_distinct:
        return dataclasses.replace(facts, low=int(sketch.minimum), high=int(sketch.maximum))
    present = series[series.notna().to_numpy()]
    if kind == "string" and len(present):
        return dataclasses.replace(facts, words=words_of(present))
    return facts


def _n_distinct(series: pd.Series, sketch: ColumnSketch) -> int:
    """Distinct values: counted, or estimated; as many as there are values where neither the sample nor the estimate denies it."""
    n = int(sketch.n_distinct)
    if has_counts(sketch):
        return n
    n_known = sketch.n_rows - sketch.n_missing
    present = series[series.notna().to_numpy()]
    may_all_differ = n >= n_known * (1 - _SURE * sketch.distinct_error) and present.is_unique
    return n_known if may_all_differ else min(n, n_known - 1)


def _with_whole_levels(
    series: pd.Series, column: Column, declared: Column | None, sketch: ColumnSketch
) -> Column:
    """The column with its levels, those included that only rows outside the sample hold."""
    kind = family(column.dtype)
    if kind == "category":
        return column
    is_coded = column.kind == "constant" and kind in ("string", "bool")
    if column.kind not in ("categorical", "boolean") and not is_coded:
        return dataclasses.replace(column, levels=None, public_levels=False)
    seen = _levels(series, sketch)
    if column.kind == "boolean" and kind == "bool":
        seen = (False, True)
    if declared is None or declared.levels is None:
        return dataclasses.replace(column, levels=seen)
    if outside := [v for v in seen if v not in set(declared.levels)]:
        raise SchemaError(
            f"Column {column.name!r} holds {outside[0]!r}, which is not among its declared levels {some(declared.levels)}."
        )
    return column


def _levels(series: pd.Series, sketch: ColumnSketch) -> tuple[Level, ...]:
    """Every level, in the order of their codes; those of the sample where there are too many to count."""
    counts = sketch.counts
    if counts is not None:
        return tuple(sorted(counts))
    present = series[series.notna().to_numpy()].astype(object).unique()
    return tuple(sorted(v.item() if hasattr(v, "item") else v for v in present))
