"""`synthgen sample`."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from synthgen.cli.options import (
    check_outputs,
    check_table_names,
    common_options,
    force_option,
    format_option,
    note,
    settings,
    shown,
)
from synthgen.cli.tables import write_output
from synthgen.exceptions import TableFileError
from synthgen.files import STANDARD_STREAM, TABLE_FORMATS

_COUNT = re.compile(r"[0-9][0-9_]*(\.[0-9]+)?[eE]\+?[0-9]+")
_MOST = 10**18
"""Rows, at most."""


@click.command()
@click.argument("model")
@click.option(
    "-n",
    "--rows",
    metavar="N or A:B",
    required=True,
    help="How many rows, 1e9 and 1_000_000 too; or A:B, rows A to B - 1 of the sample of --seed: parts drawn apart make up "
    "the whole.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE or FOLDER/",
    required=True,
    help="Where the synthetic table goes; with a slash at the end, a folder of files (s3://... too).",
)
@click.option(
    "--rows-per-file",
    metavar="N",
    help="Write a folder of files of so many rows. Default: 1,000,000 where the output is a folder.",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Of a folder: who draws, this process or the workers of a Ray cluster, with the same bytes.",
)
@click.option("--address", metavar="HOST:PORT", help="Of the Ray cluster; without it a local one is started.")
@click.option("--workers", type=click.IntRange(min=1), help="Files that Ray makes at the same time.")
@click.option(
    "--where",
    metavar="COLUMN=VALUE",
    multiple=True,
    help="Only rows with this value; LOW..HIGH is a range, and nothing after = is a missing value. Repeatable.",
)
@click.option("--seed", type=int, help="The same seed, the same rows.")
@click.option(
    "--refine",
    metavar="N",
    help="Rows drawn for each row given: 2 to 64, auto (default: as the model was fitted), or none: the quickest.",
)
@click.option("--batch-size", type=int, help="Rows made at a time; changes memory, never the rows.")
@click.option(
    "--features-in-rows/--samples-in-rows",
    default=None,
    help="In Parquet, Arrow, CSV and TSV, what a row is. Default: as in the file that the model learnt.",
)
@force_option
@format_option
@common_options
def sample(
    model: str,
    rows: str,
    output: str,
    where: tuple[str, ...],
    seed: int | None,
    batch_size: int | None,
    refine: str | None,
    features_in_rows: bool | None,
    force: bool,
    format_: str | None,
    rows_per_file: str | None,
    engine: str,
    address: str | None,
    workers: int | None,
) -> None:
    """Draw synthetic rows from MODEL.

    CSV holds values as they are; those that begin with =, +, - or @ are formulas to spreadsheets (SECURITY.md).
    A model of a genomic file writes such files again (.h5ad, .gct, .bed, .vcf, .vcf.gz), and tables too. A model of
    a table writes .h5ad and .gct too: its columns of numbers are the genes, the others what is known of the samples.

    \b
    Examples:
      synthgen sample customers.synthgen -n 10000 -o synthetic.parquet --seed 1
      synthgen sample customers.synthgen -n 500 -o synthetic.csv --where segment=retail --where age=18..30
      synthgen sample customers.synthgen -n 5 -o -
      synthgen sample customers.synthgen -n 1000000 -o many.parquet --refine none
      synthgen sample customers.synthgen --rows 500000:1000000 --seed 1 -o second-half.parquet
      synthgen sample cells.synthgen -n 1000 -o synthetic.h5ad
      synthgen sample customers.synthgen -n 1e9 --seed 1 -o out/
      synthgen sample customers.synthgen -n 1e9 --seed 1 -o s3://bucket/out/ --engine ray --address 10.0.0.1:6379

    A folder is written in memory that does not grow with the rows. If the command is ended early, the same command writes the
    files that are missing, and no others. Its files after each other are the rows of one file of the same --seed; but under
    --where, or if rules of the model drop rows, each file is drawn by itself, and only the first is how that one file begins.
    """
    if is_folder(output, rows_per_file):
        to_folder(
            model,
            rows,
            output,
            where,
            refine,
            features_in_rows,
            {
                "random_state": seed,
                "batch_size": batch_size,
                "overwrite": force,
                "format": format_ or "parquet",
                "rows_per_file": rows_per_file,
                "engine": engine,
                "address": address,
                "workers": workers,
            },
        )
        return
    if engine != "local" or address is not None or workers is not None:
        raise click.UsageError("--engine, --address and --workers are for a folder; give -o FOLDER/.")
    check_outputs(output, inputs=[model], force=force)
    try:
        check_table_names(output, format_=format_)
    except TableFileError as error:
        if Path(output).suffix:
            raise
        raise TableFileError(f"{error} For a folder of files, end it with /.") from None
    first, n = _span(rows, seed)
    fitted, conditions, own = _loaded(model, where, refine)
    from synthgen.models.bed_sample import is_of_bed, sample_to_bed
    from synthgen.table.annotated import as_annotated, is_anndata

    if output.lower().endswith(".bed") and n and not (conditions or first or own) and is_of_bed(fitted):
        sample_to_bed(fitted, output, n, seed=seed, overwrite=force, verbose=fitted.verbose)
        note(f"{n:,} rows are in {output}")
        return
    table = fitted.sample(
        n, conditions=conditions, random_state=seed, batch_size=batch_size, first_row=first, **own
    )
    if is_anndata(table):
        table, _ = as_annotated(table)
    write_output(
        table,
        fitted.annotation_,
        output,
        schema=fitted.schema_,
        format_=format_,
        features_in_rows=features_in_rows,
        overwrite=force,
    )
    note(f"{len(table):,} rows are in {shown(output, 'standard output')}")


def _span(text: str, seed: int | None) -> tuple[int, int]:
    """The first row, and how many."""
    low, colon, high = text.partition(":")
    try:
        first, last = (count(low), count(high)) if colon else (0, count(text))
    except ValueError:
        raise click.UsageError(f"--rows must be a number N, or A:B. Got {text!r}.") from None
    except OverflowError as error:
        raise click.UsageError(f"--rows {error}") from None
    if not colon and last < 0:
        raise click.UsageError(f"--rows must be 0 or more. Got {text!r}.")
    if colon and not 0 <= first <= last:
        raise click.UsageError(f"--rows A:B must have 0 <= A <= B. Got {text!r}.")
    if colon and seed is None:
        raise click.UsageError("--rows A:B needs --seed: without one every call draws from another sample.")
    return first, last - first


def count(text: str) -> int:
    """A number of rows: ``1000``, ``1_000`` or ``1e3``.

    Parameters
    ----------
    text : str
        As it was given.

    Returns
    -------
    int
        The number.

    Raises
    ------
    ValueError
        If it is no whole number.
    OverflowError
        If it is beyond 10^18.
    """
    try:
        number = Decimal(int(text))
    except ValueError:
        number = Decimal(text) if _COUNT.fullmatch(text.strip()) else Decimal("nan")
        if number != number.to_integral_value():
            raise
    if number > _MOST:
        raise OverflowError(f"must be at most 1e18. Got {text[:40]!r}.")
    return int(number)


def is_folder(output: str, rows_per_file: str | None) -> bool:
    """Whether an output is a folder of files, not one file.

    Parameters
    ----------
    output : str
        What -o says.
    rows_per_file : str or None
        What --rows-per-file says.

    Returns
    -------
    bool
        True also for addresses such as ``s3://...``.
    """
    return rows_per_file is not None or output.endswith("/") or "://" in output or Path(output).is_dir()


def to_folder(
    model: str,
    rows: str,
    output: str,
    where: tuple[str, ...],
    refine: str | None,
    features_in_rows: bool | None,
    given: dict[str, Any],
) -> None:
    """Draw rows into a folder of files.

    Parameters
    ----------
    model, rows, output, where, refine, features_in_rows
        As the command has them.
    given : dict
        Arguments of `sample_to`, ``rows_per_file`` as text or None.
    """
    if output == STANDARD_STREAM:
        raise click.UsageError("--rows-per-file is for a folder; give -o FOLDER/.")
    if ":" in rows:
        raise click.UsageError(
            "--rows A:B is for one file; a folder takes -n, and goes on where it was ended."
        )
    if features_in_rows:
        raise click.UsageError("--features-in-rows is for one file; in a folder every row is a sample.")
    _check_folder(output, given)
    per_file = given.pop("rows_per_file")
    sizes = {} if per_file is None else {"rows_per_file": _per_file(per_file)}
    _, n = _span(rows, None)
    if n < 1:
        raise click.UsageError(f"--rows must be 1 or more for a folder. Got {rows!r}.")
    fitted, conditions, own = _loaded(model, where, refine)
    try:
        found = fitted.sample_to(output, n, conditions=conditions, **sizes, **own, **given)
    except KeyboardInterrupt as interruption:
        if str(interruption):
            note(str(interruption).replace("the same call", "the same command"))
        raise
    kept = len(found.files) - found.n_written
    was_there = f"; {kept:,} of them were there already" if kept else ""
    note(f"{found.n_rows:,} rows are in {found.address}, files: {len(found.files):,}{was_there}")
    if found.streams != "one":
        note(
            "conditions or rules of this model drop rows, so each file is drawn by itself: only the first is how one file of "
            "the same seed begins"
        )


def _check_folder(output: str, given: dict[str, Any]) -> None:
    """Refuse options that a folder does not have."""
    from synthgen.table.part_writer import SUFFIXES

    if output.lower().endswith(".bed") and given["rows_per_file"] is not None:
        raise click.UsageError(f"--rows-per-file is for a folder, and {output} is one file; leave it out.")
    if given["format"] not in SUFFIXES:
        known = ", ".join(f for f in TABLE_FORMATS if f in SUFFIXES)
        raise click.UsageError(f"--format of a folder must be one of {known}. Got {given['format']!r}.")
    if given["engine"] == "local" and not given["address"] is given["workers"] is None:
        raise click.UsageError("--address and --workers need --engine ray.")


def _per_file(text: str) -> int:
    """What --rows-per-file says."""
    try:
        found = count(text)
    except ValueError:
        raise click.UsageError(f"--rows-per-file must be a number. Got {text!r}.") from None
    except OverflowError as error:
        raise click.UsageError(f"--rows-per-file {error}") from None
    if found < 1:
        raise click.UsageError(f"--rows-per-file must be 1 or more. Got {text!r}.")
    return found


def _loaded(model: str, where: tuple[str, ...], refine: str | None) -> tuple[Any, Any, dict[str, Any]]:
    """The model, the conditions of --where, and what --refine says."""
    pairs = [_pair(text) for text in where]
    if len({name for name, _ in pairs}) < len(pairs):
        raise click.UsageError("--where names a column twice; one value or range LOW..HIGH a column.")
    from synthgen.cli.model_files import load_model

    fitted = load_model(model)
    fitted.set_params(verbose=settings().verbosity)
    conditions = {name: _value(fitted.schema_, name, text) for name, text in pairs} or None
    return fitted, conditions, {} if refine is None else _refine(fitted, refine)


def _refine(fitted: Any, text: str) -> dict[str, Any]:
    from synthgen.cli.parameters import from_refine

    if not hasattr(fitted, "selector_"):
        raise click.UsageError(
            f"--refine: {type(fitted).__name__} never chooses among its rows; leave it out."
        )
    return {"refine": from_refine(text)}


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"--where must be COLUMN=VALUE. Got {text!r}.")
    return name, value


def _value(schema: Any, name: str, text: str) -> Any:
    """The value of a column that a text means; what cannot be told here is left to `sample` to judge."""
    if name not in schema:
        return text
    levels = schema[name].levels
    if levels is not None:
        spelled = {str(level): level for level in levels}
        spelled |= {str(level).lower(): level for level in levels if isinstance(level, bool)}
        return spelled.get(text, None if text == "" else text)
    low, dots, high = text.partition("..")
    return (low, high) if dots else (text or None)
