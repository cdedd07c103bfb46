"""Table files to frames."""

from __future__ import annotations

import gzip
import io
import os
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from synthgen.exceptions import SchemaError, TableFileError
from synthgen.files import STANDARD_STREAM
from synthgen.schema import Schema
from synthgen.table.annotated import AnnotatedTable
from synthgen.table.arrow import check_columns, stored_schema, to_frame
from synthgen.table.arrow_files import ARROW_FORMATS, damaged, open_arrow
from synthgen.table.delimited import read_delimited
from synthgen.table.formats import GENOMIC, WHOLE_FILES, format_of_bytes, format_of_name, is_gzipped_name
from synthgen.table.limits import check_arrow, unpacked

_COLUMNS = 2000
"""Columns of a Parquet file that are read together."""


def read_table(path: str | os.PathLike[str], *, format: str | None = None) -> pd.DataFrame:
    """A table from a file, its dtypes as they went in.

    Parameters
    ----------
    path : path-like
        ``.parquet``, ``.pq``, ``.csv``, ``.tsv`` (either with ``.gz``), ``.arrow`` or ``.feather``, or a genomic
        file (see `read_annotated`); ``-`` is standard input, whose format is told by its first bytes.
    format : {"parquet", "csv", "tsv", "arrow", "h5ad", "gct", "plink", "vcf"}, optional
        Overrides the suffix.

    Returns
    -------
    pandas.DataFrame, shape (N, n_columns)
        With a RangeIndex. An index that has a name becomes a column, where it stands in the file; an index
        without one only numbers the rows and is dropped, as is the unnamed first column that pandas and R put
        into CSV files. Names stay strings. Of a genomic file: the samples, covariates first, then features.

    Raises
    ------
    TableFileError
        If the file is missing, a folder, empty, cut short, damaged, not of its format, too large, or may not be read;
        if a column is nested, or two have one name; if CSV is ragged or not UTF-8.

    Notes
    -----
    From Parquet and Arrow files every dtype that pandas describes in the metadata comes back: nullable and
    Arrow-backed dtypes, categories with their order, zones, units. Categories that are no strings are kept by
    Parquet without those that no row has, unless a schema is in the file (see `write_table`).

    From CSV a column becomes whole numbers, floats, booleans (true/false) or ISO dates and times if all its
    values are; anything else, codes with leading zeros included, stays text. An empty field and the usual
    words for it (NA, NaN, NULL, ...) are missing values unless they stand in quotes.

    A file that stands for far more than its size, or for more than half of the machine's memory, is refused before it is
    read; the environment variable SYNTHGEN_MAX_TABLE_BYTES allows more (see `synthgen.table.limits`).

    Examples
    --------
    >>> table = read_table("adult.parquet")  # doctest: +SKIP
    """
    found = read_annotated(path, format=format)
    return found.frame if isinstance(found, AnnotatedTable) else found


def read_annotated(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    layer: str | None = None,
    features_in_rows: bool = False,
) -> pd.DataFrame | AnnotatedTable:
    """A table from a file, with what the file says of its features.

    Parameters
    ----------
    path : path-like
        ``.h5ad``, ``.gct`` (or ``.gct.gz``), ``.bed`` (beside its ``.bim`` and ``.fam``), ``.vcf`` or ``.vcf.gz``, or
        what `read_table` reads.
    format : {"parquet", "csv", "tsv", "arrow", "h5ad", "gct", "plink", "vcf"}, optional
        Overrides the suffix.
    layer : str, optional
        Of an ``.h5ad`` file: take the values of this layer, not of ``X``.
    features_in_rows : bool
        Of Parquet, Arrow, CSV and TSV: the first column (or the index that pandas wrote) names features, and each
        other column is a sample.

    Returns
    -------
    AnnotatedTable or pandas.DataFrame
        Rows are samples. A plain frame only for Parquet, Arrow, CSV and TSV with samples in rows.

    Raises
    ------
    TableFileError
        As `read_table`; or if a layer is asked of a format without layers, or `features_in_rows` of a format that
        says by itself where its features are.
    DataError
        If a feature has no name, or two have one; if there is no such layer.
    FileError
        If a library is missing that the format needs.
    """
    if not Path(path).is_dir() and (kind := _named_format(path, format)) in WHOLE_FILES:
        _check_options(str(path), kind, layer, features_in_rows)
        return _read_whole_file(path, kind, layer)
    source = "standard input" if str(path) == STANDARD_STREAM else str(path)
    with _opened(path) as stream:
        kind = _named_format(path, format) or _format_of_stream(stream)
        _check_options(source, kind, layer, features_in_rows)
        if kind == "gct":
            from synthgen.table.gct import read_gct

            return read_gct(stream, source)
        if features_in_rows:
            from synthgen.table.features_in_rows import turned

            return turned(_read_turned(stream, source, kind), source)
        return _READERS[kind](stream, source)


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
            found = stored_schema(_arrow_schema(stream, str(path), kind)) if kind in ARROW_FORMATS else None
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
            with path.open("rb") as raw, gzip.GzipFile(fileobj=raw) as stream:
                return io.BytesIO(unpacked(stream, str(path), path.stat().st_size))
        return path.open("rb")
    except TableFileError:
        raise
    except FileNotFoundError as error:
        raise TableFileError(f"{path}: no such file.") from error
    except PermissionError as error:
        raise TableFileError(f"{path}: no permission to read it.") from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise TableFileError(f"{path}: is not a whole gzip file: {error}.") from error
    except OSError as error:
        raise TableFileError(f"{path}: cannot be read: {error.strerror or error}.") from error


def _named_format(path: str | os.PathLike[str], format: str | None) -> str:
    """The format that is declared or that the suffix says; empty for standard input of any format."""
    return "" if format is None and str(path) == STANDARD_STREAM else format_of_name(path, format)


def _format_of_stream(stream: BinaryIO) -> str:
    start = stream.read(6)
    stream.seek(0)
    return format_of_bytes(start)


def _check_options(source: str, kind: str, layer: str | None, features_in_rows: bool) -> None:
    """Refuse what a format does not have."""
    if kind in WHOLE_FILES and source in (STANDARD_STREAM, "standard input"):
        raise TableFileError(f"{kind} cannot be read from standard input; give the name of a file.")
    if layer is not None and kind != "h5ad":
        raise TableFileError(f"{source}: only .h5ad files have layers; leave --layer out.")
    if features_in_rows and kind in GENOMIC:
        raise TableFileError(
            f"{source}: a file of format {kind} says by itself where its features are; leave --features-in-rows out."
        )


def _read_whole_file(path: str | os.PathLike[str], kind: str, layer: str | None) -> AnnotatedTable:
    if kind == "h5ad":
        from synthgen.table.h5ad import read_h5ad

        return read_h5ad(path, layer)
    if kind == "plink":
        from synthgen.table.plink import read_plink

        return read_plink(path)
    from synthgen.table.vcf import read_vcf

    return read_vcf(path)


def _read_turned(stream: BinaryIO, source: str, kind: str) -> pa.Table:
    """The columns of a file with features in its rows, as the file has them."""
    if kind in ARROW_FORMATS:
        return _read_columns(stream, source, kind)
    return read_delimited(stream, source, "\t" if kind == "tsv" else None, n_texts=1)


def _read_arrow(stream: BinaryIO, source: str, kind: str) -> pd.DataFrame:
    table = _read_columns(stream, source, kind)
    try:
        frame = to_frame(table)
    except pa.ArrowException as error:
        raise damaged(error, source, kind) from error
    if frame.empty:
        raise TableFileError(
            f"{source}: has {frame.shape[0]} rows and {frame.shape[1]} columns; it needs at least one of each."
        )
    return frame


def _read_columns(stream: BinaryIO, source: str, kind: str) -> pa.Table:
    file = open_arrow(stream, source, kind)
    schema = file.schema_arrow if kind == "parquet" else file.schema
    check_columns(schema, source)
    if kind == "parquet":
        check_arrow(schema, file.metadata.num_rows, source)
    try:
        table = _read_parquet(file, schema) if kind == "parquet" else file.read_all()
        table.validate(full=True)  # what is wrong inside would end the process, not the call
        return table
    except (pa.ArrowException, OSError, OverflowError) as error:
        raise damaged(error, source, kind) from error


def _read_parquet(file: pq.ParquetFile, schema: pa.Schema) -> pa.Table:
    """All columns, some at a time: each one that is being read takes a fifth of a megabyte besides its values."""
    if len(schema) <= _COLUMNS:
        return file.read()
    columns: list[pa.ChunkedArray] = []
    for start in range(0, len(schema), _COLUMNS):
        # by number, because a name with a dot stands for parts of nested columns too
        places = list(range(start, min(start + _COLUMNS, len(schema))))
        columns += file.reader.read_all(column_indices=places).columns
    return pa.Table.from_arrays(columns, schema=schema)


def _arrow_schema(stream: BinaryIO, source: str, kind: str) -> pa.Schema:
    file = open_arrow(stream, source, kind)
    return file.schema_arrow if kind == "parquet" else file.schema


def _read_text(stream: BinaryIO, source: str, delimiter: str | None) -> pd.DataFrame:
    return to_frame(read_delimited(stream, source, delimiter))


_READERS: dict[str, Callable[[BinaryIO, str], pd.DataFrame]] = {
    "parquet": lambda stream, source: _read_arrow(stream, source, "parquet"),
    "arrow": lambda stream, source: _read_arrow(stream, source, "arrow"),
    "csv": lambda stream, source: _read_text(stream, source, None),
    "tsv": lambda stream, source: _read_text(stream, source, "\t"),
}
