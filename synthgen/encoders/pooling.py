"""Levels of few rows are not kept: which they are, and what their rows hold instead.

A level that fewer than `min_category_count` rows hold is stored nowhere; its rows are taken to hold one of the levels that
are kept: the nearest of numbers, else one drawn by the shares of those kept. Where these hold fewer than `KEPT_SHARE` of
the rows, strings are made anew by their patterns, as identifiers are, numbers are put together with their neighbours, and
the categories of a pandas categorical are replaced by made-up ones.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from synthgen.disclosure import MIN_ROWS
from synthgen.dtypes import family
from synthgen.encoders.column_margin import ColumnMargin
from synthgen.encoders.identifier import IdentifierEncoder
from synthgen.plain import Plain, to_plain
from synthgen.relations.find import without_columns
from synthgen.relations.quantities import nearest
from synthgen.schema import Column, Level, Schema

MIN_CATEGORY_COUNT = MIN_ROWS
"""Rows of a level for it to be kept, by default."""
KEPT_SHARE = 0.5
"""Least share of a column's values that the levels kept must hold."""
MAX_MADE_UP = 20
"""Made-up levels at most."""
_SHAPED = 1_000  # rows of a level that count for the shapes of made-up ones


@dataclass(frozen=True)
class Pooled:
    """What became of a column's rare levels.

    Parameters
    ----------
    levels, rows : int
        How many levels are not kept, and how many rows hold them. Categories of no rows count too.
    how : {"drawn", "nearest", "pattern", "made up"}
        What these rows hold instead.
    """

    levels: int
    rows: int
    how: str


def pool_levels(
    table: pd.DataFrame,
    schema: Schema,
    min_category_count: int,
    margins: Mapping[str, ColumnMargin] | None = None,
) -> tuple[Schema, dict[str, Pooled]]:
    """A table's schema without rare levels.

    Parameters
    ----------
    table : pandas.DataFrame, shape (N, n_columns)
        The table.
    schema : Schema
        Complete. Levels of a column with `public_levels` are kept, and so are false and true.
    min_category_count : int
        Rows of a level for it to be kept; 1 keeps the schema as it is.
    margins : mapping of str to ColumnMargin, optional
        Of columns of which the table holds only some rows.

    Returns
    -------
    schema : Schema
        With the levels kept, in their order. Without the detected relations of columns that are made anew.
    pooled : dict of str to Pooled
        By column; those without rare levels are left out.

    Raises
    ------
    SchemaError
        If a declared relation names a column that would have to be made anew.
    """
    if min_category_count <= 1:
        return schema, {}
    columns, pooled = [], {}
    for column in schema:
        own, what = column, None
        if _is_rare_able(column):
            margin = (margins or {}).get(column.name)
            own, what = _pool(table[column.name], column, min_category_count, margin)
        columns.append(own)
        if what is not None:
            pooled[column.name] = what
    anew = {n for n, p in pooled.items() if p.how == "pattern"}
    return (
        (without_columns(Schema(tuple(columns), schema.relations), anew), pooled) if pooled else (schema, {})
    )


def plain_levels(series: pd.Series, column: Column) -> Plain:
    """`to_plain`, but numbers that are no level of their column take the nearest one.

    Parameters
    ----------
    series : pandas.Series, length N
        The column.
    column : Column
        What it is.

    Returns
    -------
    Plain
        Arrays of length N; of levels their codes, -1 where a string is none.
    """
    plain = to_plain(series, column)
    if column.levels is None or not _are_numbers(column.levels):
        return plain
    outside = np.flatnonzero((plain.values < 0) & ~plain.missing)
    if len(outside):
        levels: np.ndarray = np.array(column.levels, dtype=np.float64)
        order = np.argsort(levels)
        values = series.iloc[outside].astype(object).to_numpy().astype(np.float64)
        plain.values[outside] = order[nearest(levels[order], values)]
    return plain


def plain_margin(series: pd.Series, margin: ColumnMargin | None, column: Column) -> Plain:
    """What is known of a column: its margin, or else its rows.

    Parameters
    ----------
    series : pandas.Series
        The rows.
    margin : ColumnMargin or None
        Of the whole column.
    column : Column
        What it is.

    Returns
    -------
    Plain
        As `plain_levels`.
    """
    if margin is None:
        return plain_levels(series, column)
    return dataclasses.replace(plain_levels(margin.values, column), rows=margin.rows)


def _is_rare_able(column: Column) -> bool:
    """Whether a column has levels that may tell of single rows."""
    is_boolean = family(column.dtype) == "bool" or (
        column.dtype == "category" and family(column.level_dtype) == "bool"
    )
    return column.levels is not None and not column.public_levels and not is_boolean


def _pool(
    series: pd.Series, column: Column, least: int, margin: ColumnMargin | None
) -> tuple[Column, Pooled | None]:
    levels = column.levels or ()
    plain = to_plain(series, column)
    if margin is not None:
        plain = dataclasses.replace(to_plain(margin.values, column), rows=margin.rows)
    n_present = plain.n_rows - plain.n_missing
    seen, rows = plain.counted(~plain.missing)
    counts = np.zeros(len(levels), dtype=np.int64)
    counts[seen] = rows
    keep = counts >= (1 if column.kind == "constant" else least)
    if keep.all():
        return column, None
    kept = tuple(v for v, k in zip(levels, keep, strict=True) if k)
    n_pooled, n_rows = int((~keep).sum()), int(counts[~keep].sum())
    if counts[keep].sum() >= KEPT_SHARE * n_present:
        how = "nearest" if _are_numbers(levels) else "drawn"
        return dataclasses.replace(column, levels=kept), Pooled(n_pooled, n_rows, how)
    if _are_numbers(levels):
        own = _together(np.array(levels)[counts > 0], counts[counts > 0], least)
        return dataclasses.replace(column, levels=own), Pooled(int((counts > 0).sum()), n_present, "nearest")
    n_seen = int((counts > 0).sum())
    if family(column.dtype) == "string":
        reason = f"strings, {n_seen:,} levels, most of fewer than {least} rows"
        anew = dataclasses.replace(column, kind="identifier", levels=None, reason=reason)
        return anew, Pooled(n_seen, n_present, "pattern")
    some = plain.values[~plain.missing] if margin is None else np.repeat(seen, np.minimum(rows, _SHAPED))
    strings = [str(levels[code]) for code in some.tolist()]
    words = _made_up(strings, column, n_present // least)
    return dataclasses.replace(column, levels=words), Pooled(n_seen, n_present, "made up")


def _together(levels: np.ndarray, counts: np.ndarray, least: int) -> tuple[Level, ...]:
    """Numbers that stand for neighbouring ones of `least` rows or more: their means, whole where all are whole."""
    order = np.argsort(levels)
    levels, counts = levels[order], counts[order]
    rows, group, groups = 0, 0, []
    left = int(counts.sum())
    for count in counts.tolist():
        groups.append(group)
        rows, left = rows + count, left - count
        if rows >= least and left >= least:
            rows, group = 0, group + 1
    share = counts / np.bincount(groups, counts)[groups]
    means = np.bincount(groups, levels * share)
    if levels.dtype.kind in "iu":
        return tuple(dict.fromkeys(np.rint(means).astype(np.int64).tolist()))
    return tuple(dict.fromkeys(means.tolist()))


def _made_up(strings: list[str], column: Column, most: int) -> tuple[Level, ...]:
    """Words of the strings' shapes, none of them one of the strings."""
    encoder = IdentifierEncoder.fit_strings(strings, 0.0, column)
    n = min(max(most, 1), MAX_MADE_UP)
    words = encoder.inverse_transform(np.zeros((n + len(set(strings)), 0), dtype=np.float32), 0, 0)
    taken = set(strings)
    return tuple(sorted([w for w in words if w is not None and w not in taken][:n]))


def _are_numbers(levels: Sequence[Any]) -> bool:
    return len(levels) > 0 and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in levels)
