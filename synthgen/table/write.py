"""Frames to table files."""

from __future__ import annotations

import os
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from synthgen.files import STANDARD_STREAM, atomic_write, write_to_stdout
from synthgen.schema import Schema
from synthgen.table.arrow import from_frame
from synthgen.table.formats import format_of_name, is_gzipped_name
from synthgen.table.infer import check_table

_MAX_WHOLE = 1e15
"""Whole numbers below it are exact in float64 and have at most 15 digits."""


def write_table(
    table: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    schema: Schema | None = None,
    format: str | None = None,
    overwrite: bool = True,
) -> None:
    """Write a table to a file that appears whole or not at all.

    Parameters
    ----------
    table : pandas.DataFrame, shape (N, n_columns)
        Its index is not written.
    path : path-like
        The suffix gives the format, as in `read_table`. ``-`` is standard output, CSV unless `format` says
        otherwise. CSV holds categories as text, instants with a zone in UTC, durations as counts of their unit.
    schema : Schema, optional
        Kept in the metadata of Parquet and Arrow files under ``synthgen.schema``, so that `read_table` gives
        every dtype back and `read_schema` the schema. CSV cannot hold it.
    format : {"parquet", "csv", "tsv", "arrow"}, optional
        Overrides the suffix.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    DataError
        If column names repeat or are no strings.
    TableFileError
        If a column has a type that the format cannot hold.
    FileError
        If the file cannot be written: permission, full disk, or it exists and may not be replaced.

    Examples
    --------
    >>> write_table(pd.DataFrame({"age": [31, 44]}), "ages.parquet")  # doctest: +SKIP
    """
    if len(table):
        check_table(table)
    if str(path) == STANDARD_STREAM:
        arrow = from_frame(table, schema, "standard output")
        sink = pa.BufferOutputStream()
        _write(arrow, sink, format_of_name(path, format or "csv"))
        write_to_stdout(memoryview(sink.getvalue()))
        return
    kind = format_of_name(path, format)
    arrow = from_frame(table, schema, str(path))
    with atomic_write(path, overwrite=overwrite) as temporary, pa.OSFile(str(temporary), "wb") as file:
        if is_gzipped_name(path):
            with pa.CompressedOutputStream(file, "gzip") as packed:
                _write(arrow, packed, kind)
        else:
            _write(arrow, file, kind)


def _write(table: pa.Table, sink: Any, kind: str) -> None:
    if kind == "parquet":
        pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
    elif kind == "arrow":
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    else:
        options = pyarrow.csv.WriteOptions(delimiter="\t" if kind == "tsv" else ",")
        columns = {n: _printable(c) for n, c in zip(table.column_names, table.columns, strict=True)}
        pyarrow.csv.write_csv(pa.table(columns), sink, options)


def _printable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column as CSV shall show it, so that `read_table` sees the same kind of value."""
    if pa.types.is_floating(column.type):
        return _with_point(column.cast(pa.float32()) if pa.types.is_float16(column.type) else column)
    if not pa.types.is_timestamp(column.type):
        return column
    if column.type.tz:
        return column.cast(pa.timestamp(column.type.unit, "UTC"))
    days = column.cast(pa.date32(), safe=False)
    return days if pc.all(pc.equal(days.cast(column.type), column)).as_py() else column


def _with_point(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Floats that all happen to be whole numbers, with one decimal."""
    is_whole = pc.and_(pc.equal(column, pc.round(column)), pc.less(pc.abs(column), _MAX_WHOLE))
    return column.cast(pa.decimal128(18, 1)) if pc.all(is_whole).as_py() else column
