"""Frames to one table file, some rows at a time: what is written does not hold the table in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from synthgen.schema import Column, Schema
from synthgen.table.arrow import from_frame
from synthgen.table.write import packing, printable

SUFFIXES = {
    "parquet": ".parquet",
    "arrow": ".arrow",
    "feather": ".feather",
    "csv": ".csv",
    "tsv": ".tsv",
}
"""Of the formats that can be written some rows at a time; feather is Arrow's file format under its other name."""
_OBJECTS = {
    "object[str]": pa.string(),
    "object[bool]": pa.bool_(),
    "object[int]": pa.int64(),
    "object[float]": pa.float64(),
    "object[date]": pa.date32(),
}
"""What columns of objects are in Arrow, whether or not these rows have a value."""
_DECIMAL = "object[decimal."
_DIGITS = 38


def write_parts(frames: Iterable[pd.DataFrame], sink: Any, schema: Schema, kind: str, source: str) -> None:
    """Write frames after each other into one file.

    Parameters
    ----------
    frames : iterable of pandas.DataFrame
        At least one; all with the schema's columns. Each becomes a row group (Parquet) or a record batch (Arrow).
    sink : file-like
        Open to be written; only appended to.
    schema : Schema
        What the columns are. Parquet and Arrow keep it in their metadata, as `synthgen.table.write.write_table` does.
    kind : {"parquet", "arrow", "feather", "csv", "tsv"}
        The format.
    source : str
        The file's name, for messages.

    Raises
    ------
    TableFileError
        If a column has no Arrow type.
    """
    stream = pa.PythonFile(sink, mode="w")
    writer: Any = None
    for frame in frames:
        table = _table(frame, schema, source)
        if writer is None:
            kept = table.schema
            writer = _writer(table, stream, kind)
        if kind in ("csv", "tsv"):
            writer.send(table)
        else:
            writer.write_table(table.replace_schema_metadata(kept.metadata), **_whole(kind, table))
    if writer is not None:
        writer.close()


def _writer(table: pa.Table, stream: Any, kind: str) -> Any:
    if kind == "parquet":
        return pq.ParquetWriter(stream, table.schema, write_page_checksum=True, **packing(table))
    if kind in ("arrow", "feather"):
        return pa.ipc.new_file(stream, table.schema)
    found = _text_writer(stream, "\t" if kind == "tsv" else ",")
    next(found)
    return found


def _whole(kind: str, table: pa.Table) -> dict[str, int]:
    """So that a frame is one row group."""
    return {"row_group_size": max(len(table), 1)} if kind == "parquet" else {}


def _text_writer(stream: Any, delimiter: str) -> Any:
    """Takes tables; the first has the names written."""
    is_first = True
    while True:
        table = yield
        columns = {n: printable(c) for n, c in zip(table.column_names, table.columns, strict=True)}
        options = pyarrow.csv.WriteOptions(delimiter=delimiter, include_header=is_first)
        pyarrow.csv.write_csv(pa.table(columns), stream, options)
        is_first = False


def _table(frame: pd.DataFrame, schema: Schema, source: str) -> pa.Table:
    """A frame as an Arrow table whose types depend on the schema alone, not on these rows."""
    table = from_frame(frame, schema, source)
    for place, column in enumerate(schema):
        if not column.dtype.startswith("object["):
            continue
        wanted = _wanted(column, table.schema.field(place).type)
        if wanted is not None:
            field = table.schema.field(place).with_type(wanted)
            table = table.set_column(place, field, table.column(place).cast(wanted))
    return table


def _wanted(column: Column, found: pa.DataType) -> pa.DataType | None:
    """The type that a column of objects must have, if it has another one here."""
    if column.dtype.startswith(_DECIMAL):
        wanted = pa.decimal128(_DIGITS, int(column.dtype.removeprefix(_DECIMAL).removesuffix("]")))
    else:
        wanted = _OBJECTS.get(column.dtype)
    is_known = pa.types.is_null(found) or pa.types.is_decimal(found)
    return wanted if wanted is not None and is_known and wanted != found else None
