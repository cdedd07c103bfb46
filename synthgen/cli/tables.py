"""Tables from and to files, with the options that say how they lie in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from synthgen.cli.options import note
from synthgen.files import STANDARD_STREAM

Command = TypeVar("Command", bound=Callable[..., Any])


def layout_options(command: Command) -> Command:
    """Add --layer and --features-in-rows to a command that reads tables.

    Parameters
    ----------
    command : callable
        A function that click makes a command of.

    Returns
    -------
    callable
        The same function.
    """
    rows = click.option(
        "--features-in-rows",
        is_flag=True,
        help="Each row of the table is a feature and each column a sample; the first column names the features.",
    )
    layer = click.option("--layer", metavar="NAME", help="Take this layer of an .h5ad file, not X.")
    return layer(rows(command))


def read_input(path: str, format_: str | None, layer: str | None, features_in_rows: bool) -> tuple[Any, Any]:
    """A table that a command was given.

    Parameters
    ----------
    path : str
        The file; ``-`` is standard input.
    format_ : str or None
        What --format says.
    layer : str or None
        What --layer says.
    features_in_rows : bool
        What --features-in-rows says.

    Returns
    -------
    table : DataFrame or AnnotatedTable
        As `synthgen.table.read.read_annotated` gives it.
    frame : DataFrame
        Its rows and columns.
    """
    from synthgen.table.annotated import AnnotatedTable
    from synthgen.table.read import read_annotated

    found = read_annotated(path, format=format_, layer=layer, features_in_rows=features_in_rows)
    return found, found.frame if isinstance(found, AnnotatedTable) else found


def read_alike(path: str, format_: str | None, layer: str | None, features_in_rows: bool) -> Any:
    """One of several tables that may be of different formats; each heeds the options that its format has.

    Parameters
    ----------
    path : str
        The file; ``-`` is standard input.
    format_, layer, features_in_rows
        As for `read_input`.

    Returns
    -------
    DataFrame
        Rows are samples.
    """
    from synthgen.table.formats import GENOMIC, format_of_name

    named = format_ is not None or path != STANDARD_STREAM
    kind = format_of_name(path, format_) if named else "csv"
    return read_input(
        path, format_, layer if kind == "h5ad" else None, features_in_rows and kind not in GENOMIC
    )[1]


def write_output(
    table: Any,
    annotation: Any,
    path: str,
    *,
    schema: Any = None,
    format_: str | None = None,
    features_in_rows: bool | None = None,
    synthetic: bool = True,
    overwrite: bool = False,
) -> None:
    """Write a table that a command made.

    Parameters
    ----------
    table : DataFrame
        Rows are samples.
    annotation : Annotation or None
        What is known of its features.
    path : str
        Where it goes; ``-`` is standard output.
    schema : Schema, optional
        What its columns are.
    format_ : str, optional
        What --format says.
    features_in_rows : bool, optional
        None: as the annotation says.
    synthetic : bool
        Whether the rows are a model's.
    overwrite : bool
        Whether an existing file may be replaced.
    """
    from synthgen.table.annotated import AnnotatedTable
    from synthgen.table.features_in_rows import with_numbers_as_features
    from synthgen.table.formats import GENOMIC
    from synthgen.table.write import format_to_write, write_annotated, write_table

    kind = format_to_write(path, format_)
    if annotation is not None:
        annotated = AnnotatedTable(table, annotation)
    elif kind in ("h5ad", "gct") or (features_in_rows and kind not in GENOMIC):
        annotated = with_numbers_as_features(table, "anndata" if kind == "h5ad" else "gct", path)
        n = len(annotated.annotation)
        note(f"{n:,} columns of numbers are features, {table.shape[1] - n:,} other columns describe the rows")
    else:
        write_table(table, path, schema=schema, format=format_, overwrite=overwrite)
        return
    write_annotated(
        annotated,
        path,
        schema=schema,
        format=format_,
        features_in_rows=features_in_rows,
        synthetic=synthetic,
        overwrite=overwrite,
    )
