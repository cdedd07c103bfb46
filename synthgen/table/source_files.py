"""One file of a table that is read in parts: what its footer says, and its row groups."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from synthgen.exceptions import TableFileError
from synthgen.table.arrow import check_columns
from synthgen.table.arrow_files import damaged, open_arrow
from synthgen.table.delimited import read_delimited
from synthgen.table.formats import is_gzipped_name
from synthgen.table.limits import check_room, unpacked
from synthgen.table.source_paths import Location, reason_of

ROWS_TOGETHER = 65_536
"""Rows that are decoded together."""
_READERS = 8
"""Files whose footers are read at the same time: on a server far away most of the time is waiting."""


@dataclass(frozen=True)
class SourceFile:
    """A file, and what its footer says.

    Parameters
    ----------
    location : Location
        Where it lies.
    schema : pyarrow.Schema
        Its columns.
    groups : tuple of int
        Rows of each row group (of each record batch of an Arrow file; of the file, if it is text).
    has_missing : dict of str to bool or None
        Whether a column of whole numbers or booleans has missing values; None where the footer does not say.
    """

    location: Location
    schema: pa.Schema
    groups: tuple[int, ...]
    has_missing: dict[str, bool | None]

    @property
    def name(self) -> str:
        """As messages call it."""
        return self.location.name

    @property
    def n_rows(self) -> int:
        """Of all row groups."""
        return sum(self.groups)


def read_footers(locations: Sequence[Location]) -> tuple[SourceFile, ...]:
    """What the files' footers say.

    Parameters
    ----------
    locations : sequence of Location
        The files.

    Returns
    -------
    tuple of SourceFile
        In the same order.

    Raises
    ------
    TableFileError
        If a file cannot be read, is empty, cut short or damaged, or has a nested column.
    """
    if len(locations) == 1:
        return (_footer(locations[0]),)
    with ThreadPoolExecutor(_READERS) as readers:
        return tuple(readers.map(_footer, locations))


def read_groups(
    file: SourceFile,
    groups: Sequence[int],
    columns: Sequence[str] | None,
    rows_together: int = ROWS_TOGETHER,
) -> Iterator[tuple[int, pa.Table]]:
    """The rows of some row groups, a part at a time.

    Parameters
    ----------
    file : SourceFile
        The file.
    groups : sequence of int
        Row groups, ascending.
    columns : sequence of str or None
        Columns to read; None: all.
    rows_together : int
        Rows of a part at most. A record batch of an Arrow file, and a text file, are held whole while their parts are read.

    Yields
    ------
    (group, table) : (int, pyarrow.Table)
        Parts of one row group follow each other.

    Raises
    ------
    TableFileError
        If the file is damaged, or is not there any more.
    """
    if not groups:
        return
    with _opened(file.location) as stream:
        kind = file.location.format
        try:
            for group, table in _parts(stream, file, groups, columns, rows_together):
                table.validate(full=True)  # what is wrong inside would end the process, not the call
                yield group, table if columns is None else table.select(list(columns))
        except (pa.ArrowException, OSError, OverflowError) as error:
            if isinstance(error, TableFileError):
                raise
            if isinstance(error, KeyError) or kind not in ("parquet", "arrow"):
                raise TableFileError(f"{file.name}: cannot be read: {reason_of(error)}.") from error
            raise damaged(error, file.name, kind) from error


def _parts(
    stream: Any, file: SourceFile, groups: Sequence[int], columns: Sequence[str] | None, rows_together: int
) -> Iterator[tuple[int, pa.Table]]:
    kind = file.location.format
    if kind == "parquet":
        reader = open_arrow(stream, file.name, kind)
        for group in groups:
            names = None if columns is None else list(columns)
            n_found = 0
            for batch in reader.iter_batches(rows_together, row_groups=[group], columns=names):
                n_found += batch.num_rows
                yield group, pa.Table.from_batches([batch])
            if columns is None or columns:
                _check_rows(file, group, n_found)
        return
    if kind == "arrow":
        wanted = set(groups)
        places = None if not columns else [file.schema.get_field_index(name) for name in columns]
        for group, batch in enumerate(_batches(open_arrow(stream, file.name, kind, places), wanted)):
            if batch is None:
                continue
            for first in range(0, batch.num_rows, rows_together):
                yield group, pa.Table.from_batches([batch.slice(first, rows_together)])
        return
    yield 0, _text(stream, file.location)


def _check_rows(file: SourceFile, group: int, n_found: int) -> None:
    if n_found != file.groups[group]:
        raise TableFileError(
            f"{file.name}: is damaged: row group {group + 1} has {n_found:,} rows, and its footer says {file.groups[group]:,}."
        )


def _batches(reader: Any, wanted: set[int] | None) -> Iterator[pa.RecordBatch | None]:
    """All record batches; None for those that are not wanted, where they need not be read."""
    if hasattr(reader, "num_record_batches"):
        for i in range(reader.num_record_batches):
            yield reader.get_batch(i) if wanted is None or i in wanted else None
        return
    for i, batch in enumerate(reader):
        yield batch if wanted is None or i in wanted else None


def _footer(location: Location) -> SourceFile:
    with _opened(location) as stream:
        if location.n_bytes == 0:
            raise TableFileError(f"{location.name}: is empty (0 bytes).")
        if location.format == "parquet":
            return _parquet_footer(stream, location)
        if location.format == "arrow":
            return _arrow_footer(stream, location)
        table = _text(stream, location)
        return SourceFile(location, _known_types(table), (table.num_rows,), _missing_in(table))


def _parquet_footer(stream: Any, location: Location) -> SourceFile:
    reader = open_arrow(stream, location.name, "parquet")
    try:
        schema, metadata = reader.schema_arrow, reader.metadata
        check_columns(schema, location.name)
        places = {n: i for i, n in enumerate(schema.names) if may_turn(schema.field(n).type)}
        groups = [metadata.row_group(g) for g in range(metadata.num_row_groups)]
        has_missing = {n: _missing_in_groups(groups, i) for n, i in places.items()}
        return SourceFile(location, schema, tuple(g.num_rows for g in groups), has_missing)
    except (pa.ArrowException, OSError, OverflowError) as error:
        if isinstance(error, TableFileError):
            raise
        raise damaged(error, location.name, "parquet") from error


def _missing_in_groups(groups: Sequence[Any], place: int) -> bool | None:
    unknown = False
    for group in groups:
        statistics = group.column(place).statistics
        if statistics is None or not statistics.has_null_count:
            unknown = unknown or group.num_rows > 0
        elif statistics.null_count:
            return True
    return None if unknown else False


def _arrow_footer(stream: Any, location: Location) -> SourceFile:
    reader = open_arrow(stream, location.name, "arrow")
    schema = reader.schema
    check_columns(schema, location.name)
    rows: list[int] = []
    has_missing: dict[str, bool | None] = {f.name: False for f in schema if may_turn(f.type)}
    stream.seek(0)
    looked_at = [i for i, f in enumerate(schema) if f.name in has_missing] or [0]
    reader = open_arrow(stream, location.name, "arrow", looked_at if len(schema) else None)
    try:
        for batch in _batches(reader, None):
            if batch is not None:
                rows.append(batch.num_rows)
                has_missing = {
                    n: bool(was) or batch.column(n).null_count > 0 for n, was in has_missing.items()
                }
    except (pa.ArrowException, OSError) as error:
        raise damaged(error, location.name, "arrow") from error
    return SourceFile(location, schema, tuple(rows), has_missing)


def _missing_in(table: pa.Table) -> dict[str, bool | None]:
    return {f.name: table.column(f.name).null_count > 0 for f in table.schema if may_turn(f.type)}


def _known_types(table: pa.Table) -> pa.Schema:
    """Of text, whose columns without any value may be of the type that they have in another file."""
    fields = [
        pa.field(f.name, pa.null()) if table.column(f.name).null_count == table.num_rows else f
        for f in table.schema
    ]
    return pa.schema(fields, table.schema.metadata)


def may_turn(type_: pa.DataType) -> bool:
    """Whether pandas has another dtype for a column of this type if values are missing."""
    return bool(pa.types.is_integer(type_) or pa.types.is_boolean(type_))


def _text(stream: Any, location: Location) -> pa.Table:
    data: Any = stream
    if is_gzipped_name(location.path):
        data = io.BytesIO(unpacked(stream, location.name, location.n_bytes))
    else:
        check_room(location.n_bytes, location.name)
        data = io.BytesIO(stream.read())
    return read_delimited(data, location.name, "\t" if location.format == "tsv" else None)


@contextlib.contextmanager
def _opened(location: Location) -> Iterator[Any]:
    """A file for random access; text unpacks as it is read."""
    try:
        if location.format in ("csv", "tsv"):
            stream = location.filesystem.open_input_stream(
                location.path, compression="gzip" if is_gzipped_name(location.path) else None
            )
        else:
            stream = location.filesystem.open_input_file(location.path)
    except FileNotFoundError as error:
        raise TableFileError(f"{location.name}: no such file.") from error
    except PermissionError as error:
        raise TableFileError(f"{location.name}: no permission to read it.") from error
    except OSError as error:
        raise TableFileError(f"{location.name}: cannot be read: {reason_of(error)}.") from error
    with stream:
        yield stream
