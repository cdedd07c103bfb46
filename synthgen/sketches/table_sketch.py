"""What one pass over a table keeps of all its columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pandas as pd

from synthgen.exceptions import DataError
from synthgen.schema import Schema
from synthgen.sketches.column_sketch import ColumnSketch


class TableSketch:
    """Sketches of a table's columns.

    Parameters
    ----------
    names : sequence of str
        The columns; empty: those of the first rows.
    schema : Schema, optional
        Whose dtypes the columns have. Default: as found.

    Notes
    -----
    The same rows in the same blocks give the same sketch; of numbers, and of all columns of at most
    `column_sketch.MAX_EXACT` values, in any blocks.
    """

    def __init__(self, names: Sequence[str] = (), schema: Schema | None = None) -> None:
        self._schema = schema
        self._columns = {name: self._new(name) for name in names}
        self.n_rows = 0

    @classmethod
    def of(
        cls,
        rows: Any,
        schema: Schema | None = None,
        columns: Sequence[str] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> TableSketch:
        """The sketch of rows.

        Parameters
        ----------
        rows : DataFrame, iterable of DataFrame, iterable of (int, DataFrame), or an object with `blocks`
            A `synthgen.table.sources.TableSource` has them.
        schema : Schema, optional
            Whose dtypes the columns have. Default: as found.
        columns : sequence of str, optional
            Only these. Default: all.
        progress : callable, optional
            Is told how many rows are new.

        Returns
        -------
        TableSketch
        """
        found = cls(columns or (), schema)
        for frame in _frames(rows, columns):
            found.update(frame)
            if progress is not None:
                progress(len(frame))
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """The columns."""
        return tuple(self._columns)

    def __getitem__(self, name: str) -> ColumnSketch:
        return self._columns[name]

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def update(self, frame: pd.DataFrame) -> TableSketch:
        """Take rows in.

        Parameters
        ----------
        frame : pandas.DataFrame
            The next rows.

        Returns
        -------
        TableSketch
            Itself.

        Raises
        ------
        DataError
            If a column is missing.
        """
        if not self._columns:
            self._columns = {name: self._new(name) for name in frame.columns}
        for name, column in self._columns.items():
            if name not in frame.columns:
                raise DataError(f"The rows have no column {name!r}.")
            column.update(frame[name])
        self.n_rows += len(frame)
        return self

    def merge(self, other: TableSketch) -> TableSketch:
        """Take in another sketch's rows, as if they came next.

        Parameters
        ----------
        other : TableSketch
            Of the same columns. Is not changed.

        Returns
        -------
        TableSketch
            Itself.

        Raises
        ------
        DataError
            If the columns differ.
        """
        if not self._columns:
            self._columns = {name: self._new(name) for name in other.names}
        if set(self.names) != set(other.names):
            raise DataError(
                f"Sketches of different columns are not one table's: {self.names} and {other.names}."
            )
        for name, column in self._columns.items():
            column.merge(other[name])
        self.n_rows += other.n_rows
        return self

    def _new(self, name: str) -> ColumnSketch:
        declared = "" if self._schema is None or name not in self._schema else self._schema[name].dtype
        return ColumnSketch(name, declared)


def _frames(rows: Any, columns: Sequence[str] | None) -> Iterator[pd.DataFrame]:
    if isinstance(rows, pd.DataFrame):
        yield rows
        return
    found: Iterable[Any] = rows.blocks(columns) if hasattr(rows, "blocks") else rows
    for block in found:
        yield block[1] if isinstance(block, tuple) else block
