"""An encoder that learns nothing: the matrix of a table is the numbers of its rows, and the rows are kept.

It is the table half of `Bootstrap`. Columns of numpy's own dtypes are kept as one array for each dtype, bit for
bit; the others (strings, categories, nullable and Arrow columns, objects) as an Arrow stream.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from synthgen.constraints.rules import Unique
from synthgen.encoders.column_margin import ColumnMargin
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.estimator.features import remember_features
from synthgen.exceptions import DataError
from synthgen.layout import Block, MatrixLayout
from synthgen.plain import Plain, from_plain, to_plain
from synthgen.relations.plan import RowCheck
from synthgen.schema import Column, Schema
from synthgen.table.arrow_bytes import frame_from_bytes, frame_to_bytes
from synthgen.table.infer import infer_schema

_LOW = 2**20
"""A row number is ``high * _LOW + low``: both are exact as float32 up to 2**44 rows."""
_PARTS = ("high", "low")
_NUMPY = re.compile(r"u?int(8|16|32|64)|float(16|32|64)|bool|(datetime64|timedelta64)\[\w+\]")
"""Tokens of the dtypes that numpy has too."""


class RowEncoder(TableEncoder):
    """Keep the rows of a table, and encode each as its number.

    Parameters
    ----------
    schema : Schema, optional
        Complete: as `synthgen.table.infer.infer_schema` makes it for the table. None: it is inferred.
    wide, random_state
        Ignored; here because every table encoder takes them.

    Attributes
    ----------
    rows_ : pandas.DataFrame, shape (N, n_columns)
        Every row of the table, with a RangeIndex; missing values of object columns are None, of nullable ones NA.
    layout_ : MatrixLayout
        Two matrix columns, which together carry every table column.
    """

    def fit_matrix(self, X: pd.DataFrame, margins: Mapping[str, ColumnMargin] | None = None) -> np.ndarray:
        """Keep a copy of every row, and number them.

        Parameters
        ----------
        X : pandas.DataFrame, shape (N, n_columns)
            The table. Its index is not kept.
        margins : mapping, optional
            Ignored: rows are kept, and nothing is learnt.

        Returns
        -------
        ndarray of float32, shape (N, 2)
            As `matrix` gives it.

        Raises
        ------
        TableFileError
            If a column has no Arrow type.
        """
        self.schema_ = infer_schema(X) if self.schema is None else self.schema
        own = {token: values.copy() for token, values in _arrays(X, self.schema_).items()}
        # through bytes: Arrow may share memory with the table, which its owner may change later
        return self._keep(own, _stream_of_rest(X, self.schema_)).matrix(X)

    def matrix(self, X: pd.DataFrame, *, ties: str = "drawn", part: int = 0) -> np.ndarray:
        """The row numbers of the table that was given to `fit`.

        Parameters
        ----------
        X : pandas.DataFrame, shape (N, n_columns)
            That table; its values are not looked at.
        ties, part
            Ignored.

        Returns
        -------
        ndarray of float32, shape (N, 2)
            High and low part of each number.

        Raises
        ------
        DataError
            If the table has another number of rows.
        """
        self._check_fitted()
        if len(X) != len(self.rows_):
            raise DataError(
                f"Only the {len(self.rows_):,} rows of `fit` have numbers. Got a table of {len(X):,} rows."
            )
        return numbers_to_matrix(np.arange(len(X)))

    def inverse_transform(
        self, X: np.ndarray, *, first_row: int = 0, seed: int = 0, columns: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """The rows of some row numbers.

        Parameters
        ----------
        X : ndarray of float32, shape (N, 2)
            As `transform` gives it.
        first_row, seed : int
            Ignored: identifiers are repeated as they are.
        columns : sequence of str, optional
            These columns only.

        Returns
        -------
        pandas.DataFrame, shape (N, n_columns)
            Columns, order and dtypes of the table in `fit`; index 0 to N - 1.
        """
        self._check_fitted()
        numbers = matrix_to_numbers(X)
        rows = self.rows_ if columns is None else self.rows_[list(columns)]
        out = rows.take(numbers)
        out.index = pd.RangeIndex(len(numbers))
        return out

    def encoder_of(self, name: str) -> StoredColumn:  # type: ignore[override]
        """What is known of one column."""
        return StoredColumn(self.schema_[name], self.rows_[name])

    def carriers(self, name: str) -> tuple[str, ...]:
        """The column itself: rows are kept whole."""
        return (name,)

    @property
    def row_checks(self) -> list[RowCheck]:
        """That no row comes twice, where that is asked for; the training rows obey every other rule."""
        rules = [r.rule for r in self.schema_.relations or () if r.enabled]
        return [RowCheck(rule) for rule in rules if isinstance(rule, Unique)]

    def stored_values(self) -> dict[str, dict[str, Any]]:
        """That every row is kept, as it is."""
        self._check_fitted()
        return {"columns": {name: {"rows": f"all {len(self.rows_):,}"} for name in self.schema_.names}}

    def to_state(self) -> dict[str, Any]:
        """Schema and rows, as JSON-able values and numpy arrays."""
        self._check_fitted()
        return {
            "schema": self.schema_.to_dict(),
            "arrays": {k: _storable(v) for k, v in _arrays(self.rows_, self.schema_).items()},
            "arrow": _stream_of_rest(self.rows_, self.schema_),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """From `to_state`'s data."""
        arrays = {k: _restored(v, k) for k, v in state["arrays"].items()}
        out = cls(Schema.from_dict(state["schema"]))
        out.schema_ = Schema.from_dict(state["schema"])
        return out._keep(arrays, state["arrow"])

    def _keep(self, arrays: dict[str, np.ndarray], stream: np.ndarray | None) -> Self:
        names = _names_by_dtype(self.schema_)
        remember_features(self, pd.Index(self.schema_.names), are_given=True)
        parts = [pd.DataFrame(values, columns=names[k], copy=False) for k, values in arrays.items()]
        if stream is not None:
            parts.append(_with_categories(frame_from_bytes(stream), self.schema_))
        rows = parts[0] if len(parts) == 1 else pd.concat(parts, axis=1)[self.schema_.names]
        rows.columns = pd.Index(self.schema_.names)
        self.rows_ = rows
        self._assemble([], None)
        self.layout_ = _layout(self.schema_)
        return self


@dataclass(frozen=True)
class StoredColumn:
    """A column of the kept rows.

    Parameters
    ----------
    column : Column
        What it is.
    series : pandas.Series, length N
        Its values.
    """

    column: Column
    series: pd.Series

    def possible(self) -> Plain:
        """What can come back: every level, or the smallest and the largest number; nothing if all is missing."""
        plain = to_plain(self.series, self.column)
        present = plain.values[~plain.missing]
        if self.column.levels is None and len(present):
            present = np.array([present.min(), present.max()])
        found = np.unique(present)
        return Plain(found, np.zeros(len(found), dtype=bool))


def numbers_to_matrix(numbers: np.ndarray) -> np.ndarray:
    """Row numbers as matrix rows.

    Parameters
    ----------
    numbers : ndarray of int, shape (N,)
        In [0, 2**44).

    Returns
    -------
    ndarray of float32, shape (N, 2)
        High and low part.
    """
    return np.stack(np.divmod(numbers, _LOW), axis=1).astype(np.float32)


def matrix_to_numbers(matrix: np.ndarray) -> np.ndarray:
    """The row numbers that matrix rows stand for.

    Parameters
    ----------
    matrix : ndarray of float32, shape (N, 2)
        As `numbers_to_matrix` gives it.

    Returns
    -------
    ndarray of int64, shape (N,)
        The numbers.
    """
    return matrix[:, 0].astype(np.int64) * _LOW + matrix[:, 1].astype(np.int64)


def _layout(schema: Schema) -> MatrixLayout:
    """Every table column has a block of no width at column 0: the row number, which stands there, decides it."""
    carried = [Block(name, "numeric", 0, 0, ()) for name in schema.names]
    return MatrixLayout((*carried, *(Block("row", "numeric", i, i + 1, (p,)) for i, p in enumerate(_PARTS))))


def _names_by_dtype(schema: Schema) -> dict[str, list[str]]:
    """The columns of each of numpy's dtypes, in table order."""
    out: dict[str, list[str]] = {}
    for column in schema:
        if _NUMPY.fullmatch(column.dtype):
            out.setdefault(column.dtype, []).append(column.name)
    return out


def _arrays(table: pd.DataFrame, schema: Schema) -> dict[str, np.ndarray]:
    """The columns of each of numpy's dtypes, shape (N, columns of it); often a view of the table."""
    return {token: table[names].to_numpy() for token, names in _names_by_dtype(schema).items()}


def _stream_of_rest(table: pd.DataFrame, schema: Schema) -> np.ndarray | None:
    """The other columns as an Arrow stream; None if there are none."""
    rest = Schema(tuple(c for c in schema if not _NUMPY.fullmatch(c.dtype)))
    return frame_to_bytes(table[rest.names], rest, "the training table") if rest.names else None


def _with_categories(table: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """The same with the categories' own dtype, which Arrow does not keep: nullable numbers, strings of any storage."""
    exact = {c.name: c for c in schema if c.dtype == "category" and c.name in table.columns}
    return table.assign(**{n: from_plain(to_plain(table[n], c), c) for n, c in exact.items()})


def _storable(values: np.ndarray) -> np.ndarray:
    """Instants and durations as the whole numbers that they are."""
    return values.view(np.int64) if values.dtype.kind in "mM" else values


def _restored(values: np.ndarray, token: str) -> np.ndarray:
    return values if values.dtype == token else values.view(token)
