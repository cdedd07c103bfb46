"""A table in files that is read in parts: rows by number, blocks of rows in order, and random rows."""

from __future__ import annotations

import bisect
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from synthgen.exceptions import ParameterError, TableFileError
from synthgen.schema import Schema
from synthgen.table.arrow import stored_schema, to_frame
from synthgen.table.limits import check_arrow
from synthgen.table.source_files import ROWS_TOGETHER, SourceFile, read_footers, read_groups
from synthgen.table.source_paths import locate
from synthgen.table.source_rows import Rows, kept_rows, random_rows, recut, touches
from synthgen.table.source_types import agreed_schema, block_frame, conformed, make_witness


def open_source(X: Any, *, columns: Sequence[str] | None = None) -> TableSource:
    """A table in files, its footers read and checked.

    Parameters
    ----------
    X : path-like, str, list of these, pyarrow.dataset.Dataset or TableSource
        A file; a folder; a pattern such as ``"part-*.parquet"``; an address such as ``s3://bucket/folder`` (with
        ``?endpoint_override=host:port&scheme=http`` for a server of one's own, or the environment variable
        AWS_ENDPOINT_URL). Parquet, Arrow (a record batch is held whole while its rows are read, however many it has), or CSV
        (each text file is read whole). Of a dataset, the columns that its schema names.
    columns : sequence of str, optional
        Only these columns, in this order. Default: all; of a dataset, those of its schema.

    Returns
    -------
    TableSource
        Its rows have the numbers 0 to ``n_rows - 1``: files by name, row groups in order.

    Raises
    ------
    TableFileError
        If a file is missing, empty, cut short, damaged or unreadable, or has other columns or types than the first; if no file
        fits; if a server does not answer; if there is no such column.
    """
    if isinstance(X, TableSource):
        return X if columns is None else X.only(columns)
    files = read_footers(locate(X))
    schema = agreed_schema(files)
    source = TableSource(files, schema, make_witness(files, schema))
    if columns is None and hasattr(X, "get_fragments"):
        columns = [name for name in X.schema.names if name in source.names]
    return source if columns is None else source.only(columns)


def is_files(X: Any) -> bool:
    """Whether something names a table in files, as `open_source` takes it.

    Parameters
    ----------
    X : object
        Anything.

    Returns
    -------
    bool
        True for a path, a list of paths, a pyarrow dataset and a `TableSource`.
    """
    if isinstance(X, (list, tuple)):
        return bool(X) and all(isinstance(x, (str, os.PathLike)) for x in X)
    return isinstance(X, (str, os.PathLike, TableSource)) or hasattr(X, "get_fragments")


def must_be_streamed(path: str) -> bool:
    """Whether what a name stands for is read in parts, not as one table in memory.

    Parameters
    ----------
    path : str
        As the user gave it.

    Returns
    -------
    bool
        True for a folder, a pattern that is no file's name, an address, and a Parquet file that memory does not hold.
    """
    if "://" in path or Path(path).is_dir():
        return True
    if not Path(path).exists():
        return any(mark in path for mark in "*?[")
    if not path.lower().endswith((".parquet", ".pq")):
        return False
    footer = read_footers(locate(path))[0]
    try:
        check_arrow(footer.schema, footer.n_rows, path)
    except TableFileError:
        return True
    return False


@dataclass(frozen=True, eq=False)
class TableSource:
    """A table in files. Holds no rows and no open file, and can be sent to other processes.

    Parameters
    ----------
    source_files : tuple of SourceFile
        The files, in order.
    schema : pyarrow.Schema
        Their columns and types.
    witness : pyarrow.Table
        A few rows that decide the dtypes of all.
    names : tuple of str
        The columns, as a frame has them.
    """

    source_files: tuple[SourceFile, ...]
    schema: pa.Schema
    witness: pa.Table
    names: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if not self.names:
            object.__setattr__(self, "names", tuple(to_frame(self.witness).columns))

    @cached_property
    def n_rows(self) -> int:
        """Rows of all files."""
        return sum(f.n_rows for f in self.source_files)

    @property
    def files(self) -> tuple[str, ...]:
        """The files' names."""
        return tuple(f.name for f in self.source_files)

    @property
    def n_bytes(self) -> int:
        """The files' sizes together."""
        return sum(f.location.n_bytes for f in self.source_files)

    @property
    def dtypes(self) -> pd.Series:
        """The dtype of each column."""
        return to_frame(self.witness)[list(self.names)].dtypes

    @property
    def stored_schema(self) -> Schema | None:
        """The schema that the files carry, if they carry one."""
        return stored_schema(self.schema)

    @cached_property
    def _groups(self) -> list[list[tuple[int, int, int]]]:
        """Of each file, of each row group with rows: its number, its first row and the row after its last."""
        out, start = [], 0
        for file in self.source_files:
            ends = list(accumulate(file.groups, initial=start))
            start = ends[-1]
            out.append([(g, ends[g], ends[g + 1]) for g, n in enumerate(file.groups) if n])
        return out

    def only(self, columns: Sequence[str]) -> TableSource:
        """The same rows, and only some columns of them.

        Parameters
        ----------
        columns : sequence of str
            In the order wanted.

        Returns
        -------
        TableSource
            Reads nothing else.
        """
        return TableSource(self.source_files, self.schema, self.witness, self._checked(columns))

    def blocks(
        self,
        columns: Sequence[str] | None = None,
        *,
        rows_together: int = ROWS_TOGETHER,
        rows: Rows | None = None,
    ) -> Iterator[tuple[int, pd.DataFrame]]:
        """Rows in order, a block at a time.

        Parameters
        ----------
        columns : sequence of str, optional
            Only these are read. Default: all.
        rows_together : int
            Rows of each block but the last.
        rows : (int, int) or ndarray of int, optional
            The first row and the row after the last, or ascending numbers of rows; row groups without any are not read.
            Default: all.

        Yields
        ------
        (first, frame) : (int, pandas.DataFrame)
            The number of the block's first row, and the rows with a RangeIndex, of the dtypes that
            `synthgen.table.read.read_table` gives the whole table.

        Raises
        ------
        TableFileError
            If a file is damaged or has gone.
        """
        names = list(self.names if columns is None else self._checked(columns))
        wanted = self._wanted(rows)
        done = 0
        for table, name in recut(self._tables(names, wanted), rows_together):
            first = wanted[0] + done if isinstance(wanted, tuple) else int(wanted[done])
            yield first, block_frame(table, self.witness.select(names), name)
            done += table.num_rows

    def take(self, rows: np.ndarray, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Rows by their numbers.

        Parameters
        ----------
        rows : ndarray of int, shape (M,)
            Ascending.
        columns : sequence of str, optional
            Default: all.

        Returns
        -------
        pandas.DataFrame, shape (M, n_columns)
        """
        names = list(self.names if columns is None else self._checked(columns))
        tables = list(self._tables(names, self._wanted(np.asarray(rows))))
        witness = self.witness.select(names)
        found = [t for t, _ in tables] or [witness.slice(0, 0)]
        return block_frame(pa.concat_tables(found), witness, tables[0][1] if tables else self.files[0])

    def random_rows(self, n: int, seed: int) -> np.ndarray:
        """Numbers of random rows, without replacement.

        Parameters
        ----------
        n : int
            How many; all rows if there are fewer.
        seed : int
            In [0, 2**63).

        Returns
        -------
        ndarray of int64
            Ascending; each set of n rows is as likely as any other.
        """
        return random_rows(self.n_rows, n, seed)

    def parts(self, k: int) -> list[tuple[int, int]]:
        """Spans of rows about as large as each other, cut between row groups.

        Parameters
        ----------
        k : int
            How many at most.

        Returns
        -------
        list of (first, last)
            The first row and the row after the last of each; together all rows.
        """
        ends = [end for groups in self._groups for _, _, end in groups]
        cuts = [0]
        for i in range(1, k + 1):
            goal = self.n_rows * i / k
            at = bisect.bisect_left(ends, goal)
            near = [e for e in ends[max(at - 1, 0) : at + 1] if e > cuts[-1]]
            if near:
                cuts.append(min(near, key=lambda e: abs(e - goal)))
        return list(pairwise(cuts))

    def _checked(self, columns: Sequence[str]) -> tuple[str, ...]:
        if unknown := [c for c in columns if c not in self.names]:
            known = ", ".join(map(repr, self.names[:20])) + (", ..." if len(self.names) > 20 else "")
            raise TableFileError(f"{self.files[0]}: has no column {unknown[0]!r}; it has {known}.")
        if not columns:
            raise TableFileError(f"{self.files[0]}: at least one column must be read. Got none.")
        return tuple(columns)

    def _wanted(self, rows: Rows | None) -> Rows:
        if rows is None:
            return 0, self.n_rows
        if isinstance(rows, tuple):
            if not 0 <= rows[0] <= rows[1] <= self.n_rows:
                raise ParameterError(
                    f"`rows` must lie in [0, {self.n_rows:,}], the first not above the last. Got {rows}."
                )
            return rows
        if len(rows) and (rows[0] < 0 or rows[-1] >= self.n_rows or (np.diff(rows) < 0).any()):
            raise ParameterError(
                f"`rows` must be ascending numbers in [0, {self.n_rows:,}). Got {rows[0]} to {rows[-1]}."
            )
        return rows

    def _tables(self, names: list[str], wanted: Rows) -> Iterator[tuple[pa.Table, str]]:
        """The rows wanted, as Arrow tables of any lengths, with the name of the file that they come from."""
        schema = self.witness.select(names).schema
        for file, groups in zip(self.source_files, self._groups, strict=True):
            starts = {g: start for g, start, end in groups if touches(wanted, start, end)}
            done = dict.fromkeys(starts, 0)
            for group, table in read_groups(file, list(starts), names):
                first = starts[group] + done[group]
                done[group] += table.num_rows
                if (kept := kept_rows(table, first, wanted)).num_rows:
                    yield conformed(kept, schema, file.name), file.name
