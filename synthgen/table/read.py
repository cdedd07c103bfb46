"""Table files to frames."""

from __future__ import annotations

import gzip
import io
import os
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from synthgen.exceptions import SchemaError, TableFileError
from synthgen.files import STANDARD_STREAM
from synthgen.schema import Schema
from synthgen.table.arrow import check_columns, stored_schema, to_frame
from synthgen.table.delimited import read_delimited
from synthgen.table.formats import format_of_bytes, format_of_name, is_gzipped_name

_END = {"parquet": b"PAR1", "arrow": b"ARROW1"}
_NAMES = {"parquet": "Parquet", "arrow": "Arrow"}


def read_table(path: str | os.PathLike[str], *, format: str | None = None) -> pd.DataFrame:
    """A table from a file, its dtypes as they went in.

    Parameters
    ----------
    path : path-like
        ``.parquet``, ``.pq``, ``.csv``, ``.tsv`` (either with ``.gz``), ``.arrow`` or ``.feather``; ``-`` is
        standard input, whose format is told by its first bytes.
    format : {"parquet", "csv", "tsv", "arrow"}, optional
        Overrides the suffix.

    Returns
    -------
    pandas.DataFrame, shape (N, n_columns)
        With a RangeIndex. An index that has a name becomes a column, where it stands in the file; an index
        without one only numbers the rows and is dropped, as is the unnamed first column that pandas and R put
        into CSV files. Names stay strings.

    Raises
    ------
    TableFileError
        If the file is missing, a folder, empty, cut short, damaged, not of its format, or may not be read; if
        a column is nested, or two have one name; if CSV is ragged or not UTF-8.

    Notes
    -----
    From Parquet and Arrow files every dtype that pandas describes in the metadata comes back: nullable and
    Arrow-backed dtypes, categories with their order, zones, units. Categories that are no strings are kept by
    Parquet without those that no row has, unless a schema is in the file (see `write_table`).

    From CSV a column becomes whole numbers, floats, booleans (true/false) or ISO dates and times if all its
    values are; anything else, codes with leading zeros included, stays text. An empty field and the usual
    words for it (NA, NaN, NULL, ...) are missing values unless they stand in quotes.

    Examples
    --------
    >>> table = read_table("adult.parquet")  # doctest: +SKIP
    """
    source = str(path)
    with _opened(path) as stream:
        kind = _format(stream, path, format)
        return _READERS[kind](stream, "standard input" if source == STANDARD_STREAM else source)


def read_schema(path: str | os.PathLike[str]) -> Schema:
    """A schema from a JSON file, ours or SDV's, or from a Parquet or Arrow file that carries one.

    Parameters
    ----------
    path : path-like
        ``.json``, or a table that `write_table` wrote with a schema.

    Returns
    -------
    Schema
        The schema.

    Raises
    ------
    TableFileError
        If the file cannot be read, or is a table that carries no schema.
    SchemaError
        If the JSON is no schema.
    """
    with _opened(path) as stream:
        start = stream.read(6)
        stream.seek(0)
        kind = format_of_bytes(start)
        if kind != "csv":
            found = stored_schema(_arrow_schema(stream, str(path), kind))
            if found is None:
                raise TableFileError(f"{path}: carries no schema; `synthgen inspect --json` makes one.")
            return found
        try:
            return Schema.from_json(stream.read().decode("utf-8-sig"))
        except (SchemaError, UnicodeDecodeError) as error:
            raise SchemaError(f"{path}: {error}") from error


def _opened(path: str | os.PathLike[str]) -> BinaryIO:
    """A seekable binary file; standard input and gzip are read whole."""
    if str(path) == STANDARD_STREAM:
        return io.BytesIO(sys.stdin.buffer.read())
    path = Path(path)
    if path.is_dir():
        raise TableFileError(f"{path}: is a folder; give a file in it.")
    try:
        if is_gzipped_name(path):
            return io.BytesIO(gzip.decompress(path.read_bytes()))
        return path.open("rb")
    except FileNotFoundError as error:
        raise TableFileError(f"{path}: no such file.") from error
    except PermissionError as error:
        raise TableFileError(f"{path}: no permission to read it.") from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise TableFileError(f"{path}: is not a whole gzip file: {error}.") from error
    except OSError as error:
        raise TableFileError(f"{path}: cannot be read: {error.strerror or error}.") from error


def _format(stream: BinaryIO, path: str | os.PathLike[str], format: str | None) -> str:
    if format is None and str(path) == STANDARD_STREAM:
        start = stream.read(6)
        stream.seek(0)
        return format_of_bytes(start)
    return format_of_name(path, format)


def _read_arrow(stream: BinaryIO, source: str, kind: str) -> pd.DataFrame:
    check_columns(_arrow_schema(stream, source, kind), source)
    stream.seek(0)
    try:
        if kind == "parquet":
            table = pq.ParquetFile(stream, page_checksum_verification=True).read()
        else:
            table = _ipc_reader(stream).read_all()
        frame = to_frame(table)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(error, source, kind) from error
    if frame.empty:
        raise TableFileError(
            f"{source}: has {frame.shape[0]} rows and {frame.shape[1]} columns; it needs at least one of each."
        )
    return frame


def _arrow_schema(stream: BinaryIO, source: str, kind: str) -> pa.Schema:
    _check_ends(stream, source, kind)
    try:
        return pq.ParquetFile(stream).schema_arrow if kind == "parquet" else _ipc_reader(stream).schema
    except (pa.ArrowException, OSError) as error:
        raise _damaged(error, source, kind) from error


def _ipc_reader(stream: BinaryIO) -> Any:
    is_file = stream.read(6) == _END["arrow"]
    stream.seek(0)
    return pa.ipc.open_file(stream) if is_file else pa.ipc.open_stream(stream)


def _check_ends(stream: BinaryIO, source: str, kind: str) -> None:
    magic, name = _END[kind], _NAMES[kind]
    start = stream.read(len(magic))
    size = stream.seek(0, io.SEEK_END)
    stream.seek(-min(size, len(magic)), io.SEEK_END)
    end = stream.read()
    stream.seek(0)
    if size == 0:
        raise TableFileError(f"{source}: is empty (0 bytes).")
    is_stream = kind == "arrow" and start.startswith(b"\xff\xff\xff\xff")
    if start != magic and not is_stream:
        raise TableFileError(f"{source}: is not a {name} file (it does not begin with {magic.decode()}).")
    if start == magic and (end != magic or size < 3 * len(magic)):
        raise TableFileError(f"{source}: is cut short: the end of the {name} file is missing. Copy it again.")


def _damaged(error: Exception, source: str, kind: str) -> TableFileError:
    reason = str(error).split("\n")[0].rstrip(".")
    return TableFileError(f"{source}: is damaged, and cannot be read as {_NAMES[kind]}: {reason}.")


def _read_text(stream: BinaryIO, source: str, delimiter: str | None) -> pd.DataFrame:
    return to_frame(read_delimited(stream, source, delimiter))


_READERS: dict[str, Callable[[BinaryIO, str], pd.DataFrame]] = {
    "parquet": lambda stream, source: _read_arrow(stream, source, "parquet"),
    "arrow": lambda stream, source: _read_arrow(stream, source, "arrow"),
    "csv": lambda stream, source: _read_text(stream, source, None),
    "tsv": lambda stream, source: _read_text(stream, source, "\t"),
}
