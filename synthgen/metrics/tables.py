"""Tables that can be compared: the same columns, coded the same way, as plain arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from synthgen.dtypes import dtype_token, family
from synthgen.exceptions import ColumnRejected, DataError
from synthgen.metrics.row_keys import row_keys
from synthgen.plain import to_plain
from synthgen.schema import Column, Level, Schema

NOT_COMPARED = ("identifier", "text")
"""Kinds that no model learns, so that no metric judges them."""

_GROUPS = {
    "int": "numbers",
    "float": "numbers",
    "bool": "numbers",
    "string": "strings",
    "datetime": "datetimes",
    "duration": "durations",
}
_SECONDS = {"D": 86_400.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


@dataclass(frozen=True, eq=False)
class CodedColumn:
    """One column of one table.

    Parameters
    ----------
    name : str
        The column's name.
    kind : str
        One of `synthgen.schema.KINDS`.
    values : ndarray, shape (N,)
        float64 with NaN for missing (datetimes and durations in seconds), or int64 codes into `levels`
        with -1 for missing.
    levels : tuple
        The values that the codes stand for, over all the tables compared. Empty for a numeric column.
    """

    name: str
    kind: str
    values: np.ndarray
    levels: tuple[Level, ...] = ()

    @property
    def is_numeric(self) -> bool:
        """Whether the values are numbers rather than codes."""
        return self.values.dtype.kind == "f"

    @property
    def missing(self) -> np.ndarray:
        """Where the column has no value; bool, shape (N,)."""
        return np.isnan(self.values) if self.is_numeric else self.values < 0


@dataclass(frozen=True, eq=False)
class CodedTable:
    """The compared columns of one table.

    Parameters
    ----------
    columns : tuple of CodedColumn
        In schema order, all of one length.
    n_rows : int
        Rows of the table.
    """

    columns: tuple[CodedColumn, ...]
    n_rows: int

    @cached_property
    def row_keys(self) -> np.ndarray:
        """A number for each row, as `synthgen.metrics.row_keys.row_keys` gives it; int64, shape (n_rows,)."""
        return row_keys([c.values for c in self.columns], self.n_rows)

    def take(self, rows: np.ndarray) -> CodedTable:
        """The table of some rows.

        Parameters
        ----------
        rows : ndarray of int, shape (M,)
            Row numbers; they may repeat.

        Returns
        -------
        CodedTable
            With M rows.
        """
        columns = tuple(CodedColumn(c.name, c.kind, c.values[rows], c.levels) for c in self.columns)
        return CodedTable(columns, len(rows))

    def column(self, name: str) -> CodedColumn:
        """The column of one name, which must be among the compared ones."""
        return next(c for c in self.columns if c.name == name)

    def select(self, columns: Iterable[int]) -> CodedTable:
        """The table of some columns, given by number, in the order given; the values are shared."""
        return CodedTable(tuple(self.columns[j] for j in columns), self.n_rows)

    def without(self, name: str) -> CodedTable:
        """The table without one column."""
        return CodedTable(tuple(c for c in self.columns if c.name != name), self.n_rows)


def code_tables(tables: Mapping[str, pd.DataFrame], schema: Schema) -> dict[str, CodedTable]:
    """Code the compared columns of several tables alike.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        By the name that messages use. The first is the one that the schema describes.
    schema : Schema
        Complete, as `synthgen.table.infer.infer_schema` gives it. Identifiers and free text are left out.

    Returns
    -------
    dict of str to CodedTable
        Under the same names, all with the same columns and levels.

    Raises
    ------
    DataError
        If a table lacks a column or has one too many, holds infinities, or a column's dtype cannot be
        compared with the first table's.
    """
    _check_same_columns(tables, schema.names)
    compared = [c for c in schema if c.kind not in NOT_COMPARED]
    coded = _code_matrices(tables, compared)
    for column in compared:
        if column.name not in coded:
            parts = {which: table[column.name] for which, table in tables.items()}
            coded[column.name] = _code_column(parts, column)
    return {
        which: CodedTable(tuple(coded[c.name][which] for c in compared), len(table))
        for which, table in tables.items()
    }


def _code_matrices(
    tables: Mapping[str, pd.DataFrame], compared: Sequence[Column]
) -> dict[str, dict[str, CodedColumn]]:
    """The columns that are plain numbers in every table, all at once: a wide table has tens of thousands."""
    dtypes = [dict(zip(table.columns, table.dtypes, strict=True)) for table in tables.values()]
    plain = [
        c
        for c in compared
        if c.kind not in ("categorical", "boolean") and all(_is_plain(own[c.name]) for own in dtypes)
    ]
    names = [c.name for c in plain]
    coded: dict[str, dict[str, CodedColumn]] = {name: {} for name in names}
    for which, table in tables.items():
        matrix = np.ascontiguousarray(table[names].to_numpy(np.float64).T)
        if len(infinite := np.flatnonzero(np.isinf(matrix).any(axis=1))):
            raise _infinities(names[infinite[0]], which)
        for column, values in zip(plain, matrix, strict=True):
            coded[column.name][which] = CodedColumn(column.name, column.kind, values)
    return coded


def _is_plain(dtype: object) -> bool:
    return isinstance(dtype, np.dtype) and dtype.kind in "fiu"


def _infinities(name: object, which: str) -> DataError:
    return DataError(
        f"Column {name!r} of the {which} table holds infinities; replace them by missing values first."
    )


def _check_same_columns(tables: Mapping[str, pd.DataFrame], names: list[str]) -> None:
    first, known = next(iter(tables)), set(names)
    for which, table in tables.items():
        own = set(table.columns)
        if lacking := [n for n in names if n not in own]:
            raise DataError(
                f"The {which} table lacks column {lacking[0]!r}, which the {first} table has; "
                "the tables must have the same columns."
            )
        if extra := [n for n in table.columns if n not in known]:
            raise DataError(
                f"The {which} table has column {extra[0]!r}, which the {first} table lacks; "
                "drop it, or add it to the other."
            )


def _code_column(parts: dict[str, pd.Series], column: Column) -> dict[str, CodedColumn]:
    groups = {which: _group(part, which) for which, part in parts.items()}
    known = {which: group for which, group in groups.items() if group is not None}
    group = next(iter(known.values()), "numbers")
    for which, other in known.items():
        if other != group:
            first = next(iter(known))
            raise DataError(
                f"Column {column.name!r} holds {group} (dtype {parts[first].dtype}) in the {first} table but "
                f"{other} (dtype {parts[which].dtype}) in the {which} table; convert one with .astype(...)."
            )
    coded = column.kind in ("categorical", "boolean") or (column.kind == "constant" and group == "strings")
    if coded:
        return _code_levels(parts, column)
    return {
        which: CodedColumn(column.name, column.kind, _numbers(part, which)) for which, part in parts.items()
    }


def _token(part: pd.Series, which: str) -> str:
    try:
        return dtype_token(part)
    except ColumnRejected as error:
        raise DataError(f"The {which} table: {error}") from error


def _group(part: pd.Series, which: str) -> str | None:
    """What the values are, or None where there are none and any dtype will do."""
    if part.isna().all():
        return None
    if isinstance(part.dtype, pd.CategoricalDtype):
        part = pd.Series(part.cat.categories, name=part.name)
    token = _token(part, which)
    group = _GROUPS[family(token)]
    # an instant in UTC and a wall-clock time of unknown place are not comparable numbers
    return "datetimes with a time zone" if group == "datetimes" and ", " in token else group


def _numbers(part: pd.Series, which: str) -> np.ndarray:
    if part.isna().all():
        return np.full(len(part), np.nan)
    if isinstance(part.dtype, pd.CategoricalDtype):
        part = part.astype(object)
    token = _token(part, which)
    plain = to_plain(part, Column(str(part.name), "continuous", dtype=token))
    values = np.where(plain.missing, np.nan, plain.values.astype(np.float64)) * seconds_per_tick(token)
    if np.isinf(values).any():
        raise _infinities(part.name, which)
    return values


def seconds_per_tick(token: str) -> float:
    """Seconds per tick of a dtype of instants or durations; 1 for numbers.

    Parameters
    ----------
    token : str
        As `synthgen.dtypes.dtype_token` makes it.

    Returns
    -------
    float
        By which ticks are multiplied.
    """
    if family(token) not in ("datetime", "duration"):
        return 1.0
    if "date" in token and "datetime64" not in token:
        return _SECONDS["ms" if "date64" in token else "D"]
    return _SECONDS[token.split("[")[1].rstrip("]").split(",")[0].split("]")[0]]


def _code_levels(parts: dict[str, pd.Series], column: Column) -> dict[str, CodedColumn]:
    codes: dict[Level, int] = {level: i for i, level in enumerate(column.levels or ())}
    coded = {}
    for which, part in parts.items():
        own, seen = pd.factorize(part, use_na_sentinel=True)
        for level in seen.tolist():
            codes.setdefault(level, len(codes))
        table = np.array([codes[level] for level in seen.tolist()] + [-1], dtype=np.int64)
        coded[which] = table[own]
    return {
        which: CodedColumn(column.name, column.kind, values, tuple(codes)) for which, values in coded.items()
    }
