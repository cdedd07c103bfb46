"""Frames to table files."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from synthgen.exceptions import TableFileError
from synthgen.files import STANDARD_STREAM, atomic_write, write_to_stdout
from synthgen.schema import Schema
from synthgen.table.annotated import AnnotatedTable
from synthgen.table.arrow import WIDE, from_frame
from synthgen.table.formats import GENOMIC, WHOLE_FILES, format_of_name, is_gzipped_name
from synthgen.table.infer import check_table

_NAMES = {"plink": "PLINK", "vcf": "VCF"}
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
        otherwise. CSV holds categories as text, instants with a zone in UTC, durations as counts of their unit. In
        ``.h5ad`` and ``.gct`` files all columns of numbers are features, the others what is known of the samples.
    schema : Schema, optional
        Kept in the metadata of Parquet and Arrow files under ``synthgen.schema``, so that `read_table` gives
        every dtype back and `read_schema` the schema. CSV cannot hold it.
    format : {"parquet", "csv", "tsv", "arrow", "h5ad", "gct"}, optional
        Overrides the suffix.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    DataError
        If column names repeat or are no strings.
    TableFileError
        If a column has a type that the format cannot hold, or the format is one of genotypes (``.bed``, ``.vcf``).
    FileError
        If the file cannot be written: permission, full disk, or it exists and may not be replaced.

    Notes
    -----
    CSV holds values and names as they are, those that begin with ``=``, ``+``, ``-`` or ``@`` too, which spreadsheets take for
    formulas: see SECURITY.md.

    Examples
    --------
    >>> write_table(pd.DataFrame({"age": [31, 44]}), "ages.parquet")  # doctest: +SKIP
    """
    if len(table):
        check_table(table)
    kind = format_to_write(path, format)
    if kind in GENOMIC:
        from synthgen.table.features_in_rows import with_numbers_as_features

        annotated = with_numbers_as_features(table, "gct" if kind == "gct" else "anndata", _shown(path))
        _write_genomic(annotated, path, kind, True, overwrite)
        return
    arrow = from_frame(table, schema, _shown(path))
    _write_stream(path, lambda sink: _write(arrow, sink, kind), overwrite)


def write_annotated(
    table: AnnotatedTable,
    path: str | os.PathLike[str],
    *,
    schema: Schema | None = None,
    format: str | None = None,
    features_in_rows: bool | None = None,
    synthetic: bool = True,
    overwrite: bool = True,
) -> None:
    """Write a table of samples with what is known of its features.

    Parameters
    ----------
    table : AnnotatedTable
        Its index is not written; samples are called ``syn1``, ``syn2``, ... or, if real, ``row1``, ``row2``, ...
    path : path-like
        The suffix gives the format, as in `read_annotated`. ``-`` is standard output, CSV unless `format` says
        otherwise.
    schema : Schema, optional
        As for `write_table`; only Parquet and Arrow with samples in rows keep it.
    format : {"parquet", "csv", "tsv", "arrow", "h5ad", "gct", "plink", "vcf"}, optional
        Overrides the suffix.
    features_in_rows : bool, optional
        In Parquet, Arrow, CSV and TSV, whether each row is a feature. None: as in the file that the annotation
        came from.
    synthetic : bool
        Whether the rows are a model's: the samples' names, and ``uns`` of an ``.h5ad`` file, say so.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    TableFileError
        If the format has no place for a column, or needs to know more of the features.
    FileError
        If the file cannot be written, or a library is missing that the format needs.
    """
    kind = format_to_write(path, format)
    if kind in GENOMIC:
        _write_genomic(table, path, kind, synthetic, overwrite)
        return
    came_so = table.annotation.container == "features-in-rows"
    if not (came_so if features_in_rows is None else features_in_rows):
        write_table(table.frame, path, schema=schema, format=format, overwrite=overwrite)
        return
    from synthgen.table.features_in_rows import turned_back

    arrow = turned_back(table, _shown(path), synthetic)
    _write_stream(path, lambda sink: _write(arrow, sink, kind), overwrite)


def format_to_write(path: str | os.PathLike[str], format: str | None) -> str:
    """The format that a table is to be written in.

    Parameters
    ----------
    path : path-like
        ``-`` is standard output, CSV unless `format` says otherwise.
    format : str or None
        One of `synthgen.files.TABLE_FORMATS` overrides the suffix.

    Returns
    -------
    str
        One of `synthgen.files.TABLE_FORMATS`.

    Raises
    ------
    TableFileError
        If nothing says what the format is, or standard output cannot have it.
    """
    if str(path) != STANDARD_STREAM:
        return format_of_name(path, format)
    kind = format_of_name(path, format or "csv")
    if kind in WHOLE_FILES:
        raise TableFileError(f"{kind} cannot be written to standard output; give the name of a file.")
    return kind


def _shown(path: str | os.PathLike[str]) -> str:
    return "standard output" if str(path) == STANDARD_STREAM else str(path)


def _write_genomic(
    table: AnnotatedTable, path: str | os.PathLike[str], kind: str, synthetic: bool, overwrite: bool
) -> None:
    if kind == "h5ad":
        from synthgen.table.h5ad import write_h5ad

        write_h5ad(table, path, synthetic=synthetic, overwrite=overwrite)
    elif kind == "gct":
        from synthgen.table.gct import write_gct

        _write_stream(path, lambda sink: write_gct(table, sink, synthetic), overwrite)
    elif table.annotation.container not in ("plink", "vcf"):
        raise TableFileError(
            f"{path}: {_NAMES[kind]} needs the places and alleles of variants, which only a model of a .bed or .vcf "
            "file knows; write .parquet or .h5ad."
        )
    elif not synthetic:
        raise TableFileError(
            f"{path}: real people are not written as {_NAMES[kind]}, which would call them syn1, syn2, ...; use plink2 "
            "--keep, or write .parquet."
        )
    elif kind == "plink":
        from synthgen.table.plink import write_plink

        write_plink(table, path, overwrite=overwrite)
    else:
        from synthgen.table.vcf import write_vcf

        write_vcf(table, path, overwrite=overwrite)


def _write_stream(path: str | os.PathLike[str], write: Callable[[Any], None], overwrite: bool) -> None:
    """Let a function write to a file that appears whole or not at all, or to standard output."""
    if str(path) == STANDARD_STREAM:
        sink = pa.BufferOutputStream()
        write(sink)
        write_to_stdout(memoryview(sink.getvalue()))
        return
    with atomic_write(path, overwrite=overwrite) as temporary, pa.OSFile(str(temporary), "wb") as file:
        if is_gzipped_name(path):
            with pa.CompressedOutputStream(file, "gzip") as packed:
                write(packed)
        else:
            write(file)


def _write(table: pa.Table, sink: Any, kind: str) -> None:
    if kind == "parquet":
        pq.write_table(table, sink, write_page_checksum=True, **packing(table))
    elif kind == "arrow":
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    else:
        options = pyarrow.csv.WriteOptions(delimiter="\t" if kind == "tsv" else ",")
        columns = {n: printable(c) for n, c in zip(table.column_names, table.columns, strict=True)}
        pyarrow.csv.write_csv(pa.table(columns), sink, options)


def packing(table: pa.Table) -> dict[str, Any]:
    """How Parquet shall pack the columns: those of floats in a wide table without a list of values, and lightly.

    Parameters
    ----------
    table : pyarrow.Table
        To be written.

    Returns
    -------
    dict
        Arguments of pyarrow's writer.

    Notes
    -----
    Floats of a few hundred rows are mostly distinct, and to find out costs as much as to write them.
    """
    if table.num_columns < WIDE:
        return {"compression": "zstd"}
    floats = {field.name for field in table.schema if pa.types.is_floating(field.type)}
    return {
        "compression": {name: "snappy" if name in floats else "zstd" for name in table.column_names},
        "use_dictionary": [name for name in table.column_names if name not in floats],
    }


def printable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column as CSV shall show it, so that `read_table` sees the same kind of value.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Any.

    Returns
    -------
    pyarrow.ChunkedArray
        Whole floats with one decimal, instants in UTC, midnights as days; others as they are.
    """
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
