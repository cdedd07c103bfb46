"""Parquet and Arrow files: opened, and what is wrong with those that cannot be."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from synthgen.exceptions import TableFileError

_END = {"parquet": b"PAR1", "arrow": b"ARROW1"}
_NAMES = {"parquet": "Parquet", "arrow": "Arrow"}
ARROW_FORMATS = tuple(_END)
"""Formats that `open_arrow` opens."""


def open_arrow(stream: BinaryIO, source: str, kind: str, fields: Sequence[int] | None = None) -> Any:
    """An open Parquet or Arrow file, its columns not yet read.

    Parameters
    ----------
    stream : seekable binary file
        At its start.
    source : str
        The file's name, for messages.
    kind : {"parquet", "arrow"}
        Its format.
    fields : sequence of int, optional
        Of an Arrow file: the only columns that are read, by their places; at least one.

    Returns
    -------
    pyarrow.parquet.ParquetFile, or pyarrow.ipc.RecordBatchFileReader or RecordBatchStreamReader
        With the file's schema.

    Raises
    ------
    TableFileError
        If the file is empty, cut short, damaged, or of another format.
    """
    _check_ends(stream, source, kind)
    try:
        if kind == "parquet":
            return pq.ParquetFile(stream, page_checksum_verification=True)
        return _ipc_reader(stream, fields)
    except (pa.ArrowException, OSError) as error:
        raise damaged(error, source, kind) from error


def _ipc_reader(stream: BinaryIO, fields: Sequence[int] | None) -> Any:
    is_file = stream.read(6) == _END["arrow"]
    stream.seek(0)
    options = pa.ipc.IpcReadOptions(included_fields=None if fields is None else sorted(fields))
    return (
        pa.ipc.open_file(stream, options=options) if is_file else pa.ipc.open_stream(stream, options=options)
    )


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


def damaged(error: Exception, source: str, kind: str) -> TableFileError:
    """The error that says of a file that its inside is broken.

    Parameters
    ----------
    error : Exception
        That the library raised.
    source : str
        The file's name.
    kind : {"parquet", "arrow"}
        Its format.

    Returns
    -------
    TableFileError
        In one line.
    """
    reason = str(error).split("\n")[0].rstrip(".")
    return TableFileError(f"{source}: is damaged, and cannot be read as {_NAMES[kind]}: {reason}.")
