"""GCT, the Broad Institute's text tables of expression: genes in rows, samples in columns.

Version 1.2 has a description of each gene; version 1.3 has any metadata of genes and of samples. The format:
https://clue.io/connectopedia/gct_format.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from synthgen.exceptions import TableFileError
from synthgen.table.annotated import AnnotatedTable, Annotation
from synthgen.table.arrow import check_names
from synthgen.table.delimited import MISSING, read_delimited, typed
from synthgen.table.features_in_rows import feature_names, sample_columns, samples_frame

DESCRIPTION = "Description"
"""The one column of metadata that version 1.2 has."""
_NO_VALUE = "na"
_MISSING = {*MISSING, _NO_VALUE, "-666"}
"""In the metadata of samples; the last is what older files of the format have."""
_UNSAFE = str.maketrans({"\t": " ", "\n": " ", "\r": " ", '"': "'"})


@dataclass(frozen=True)
class _Head:
    """What stands above the numbers."""

    version: str
    n_features: int
    n_samples: int
    names: list[str]
    n_feature_columns: int
    sample_metadata: dict[str, list[str]]


def read_gct(stream: BinaryIO, source: str) -> AnnotatedTable:
    """An annotated table from GCT text.

    Parameters
    ----------
    stream : seekable binary file
        UTF-8 text, at its start.
    source : str
        The file's name, for messages.

    Returns
    -------
    AnnotatedTable
        Metadata of samples as covariates, typed as CSV is; metadata of genes, as text, as the annotation. The
        samples' names are left out.

    Raises
    ------
    TableFileError
        If it is no GCT of version 1.2 or 1.3, is cut short, or a value is no number.
    DataError
        If a gene's name is missing or repeats.
    """
    head = _read_head(stream, source)
    body = io.BytesIO(("\t".join(head.names) + "\n").encode() + stream.read())
    n_texts = 1 + head.n_feature_columns
    table = read_delimited(body, source, "\t", n_texts)
    if (table.num_rows, table.num_columns - n_texts) != (head.n_features, head.n_samples):
        raise TableFileError(
            f"{source}: says that it has {head.n_features:,} rows and {head.n_samples:,} samples, but holds "
            f"{table.num_rows:,} and {table.num_columns - n_texts:,}; it may be cut short."
        )
    names = feature_names(table.column(0), source)
    genes = samples_frame(table.select(table.column_names[n_texts:]), names, source)
    features = pd.DataFrame(
        {n: table.column(n).to_pandas().to_numpy() for n in table.column_names[1:n_texts]}, index=names
    )
    frame = pd.concat([_covariates(head, source), genes], axis=1)
    check_names(list(frame.columns), source)
    details = {"version": head.version, "name_column": head.names[0]}
    return AnnotatedTable(frame, Annotation(features, "gct", details))


def write_gct(table: AnnotatedTable, sink: Any, synthetic: bool = True) -> None:
    """Write an annotated table of samples as GCT text.

    Parameters
    ----------
    table : AnnotatedTable
        Covariates become metadata of the samples, and make the file one of version 1.3.
    sink : binary file or pyarrow.NativeFile
        Where it goes.
    synthetic : bool
        Whether the samples are a model's.

    Notes
    -----
    Tabs and line ends within texts become blanks, because GCT has no quotation marks.
    """
    features, details = table.annotation.features, table.annotation.details
    samples = sample_columns(table, synthetic)
    short = list(features.columns) in ([], [DESCRIPTION]) and table.covariates.empty
    if short and details.get("version") != "1.3":
        texts = [features.get(DESCRIPTION, pd.Series(_NO_VALUE, index=features.index))]
        lines = ["#1.2", f"{len(features)}\t{len(samples)}", _line(["Name", DESCRIPTION, *samples])]
    else:
        texts = [features[name] for name in features.columns]
        lines = ["#1.3", f"{len(features)}\t{len(samples)}\t{len(texts)}\t{table.covariates.shape[1]}"]
        lines += [_line([_name_column(table), *features.columns, *samples])]
        fill = [_NO_VALUE] * len(texts)
        lines += [_line([n, *fill, *_texts(column)]) for n, column in table.covariates.items()]
    sink.write(("\n".join(lines) + "\n").encode())
    columns = [pa.array(_texts(text), pa.string()) for text in (features.index.to_series(), *texts)]
    columns += list(samples.values())
    body = pa.Table.from_arrays(columns, names=[str(i) for i in range(len(columns))])
    options = pyarrow.csv.WriteOptions(include_header=False, delimiter="\t", quoting_style="none")
    pyarrow.csv.write_csv(body, sink, options)


def _name_column(table: AnnotatedTable) -> str:
    """What the column of the genes' names is called, other than the columns beside it."""
    name = str(table.annotation.details.get("name_column", "id"))
    return f"{name} (name)" if name in table.annotation.features.columns else name


def _read_head(stream: BinaryIO, source: str) -> _Head:
    version = _text(stream.readline(), source).strip()
    if version not in ("#1.2", "#1.3"):
        raise TableFileError(
            f"{source}: is not GCT of version 1.2 or 1.3: its first line is {version[:20]!r}, not #1.2 or #1.3."
        )
    wanted = 2 if version == "#1.2" else 4
    sizes = _text(stream.readline(), source).split()
    if len(sizes) < wanted or not all(size.isdecimal() for size in sizes[:wanted]):
        raise TableFileError(
            f"{source}: the second line of a GCT file of version {version[1:]} must hold {wanted} whole numbers. "
            f"Got {' '.join(sizes)[:40]!r}."
        )
    n_features, n_samples, *more = map(int, sizes[:wanted])
    n_feature_columns, n_sample_columns = more or (1, 0)
    names = _cells(stream, source)
    metadata = {}
    for _ in range(n_sample_columns):
        label, *cells = _cells(stream, source)
        metadata[label] = cells[n_feature_columns : n_feature_columns + n_samples]
    return _Head(version[1:], n_features, n_samples, names, n_feature_columns, metadata)


def _cells(stream: BinaryIO, source: str) -> list[str]:
    line = _text(stream.readline(), source).rstrip("\r\n")
    if not line:
        raise TableFileError(f"{source}: is cut short: it ends before its header does.")
    return line.split("\t")


def _text(line: bytes, source: str) -> str:
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableFileError(f"{source}: is not UTF-8 text, so not GCT.") from error


def _covariates(head: _Head, source: str) -> pd.DataFrame:
    columns = {}
    for name, cells in head.sample_metadata.items():
        if len(cells) != head.n_samples:
            raise TableFileError(
                f"{source}: the line {name!r} holds {len(cells):,} values for {head.n_samples:,} samples."
            )
        values = pa.chunked_array([pa.array([None if c in _MISSING else c for c in cells], pa.string())])
        columns[name] = typed(values).to_pandas()
    return pd.DataFrame(columns, index=range(head.n_samples))


def _texts(column: pd.Series) -> list[str]:
    return [_NO_VALUE if pd.isna(v) else str(v).translate(_UNSAFE) for v in column.tolist()]


def _line(cells: list[Any]) -> str:
    return "\t".join(str(cell).translate(_UNSAFE) for cell in cells)
