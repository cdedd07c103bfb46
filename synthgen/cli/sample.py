"""`synthgen sample`."""

from __future__ import annotations

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


@click.command()
@click.argument("model")
@click.option(
    "-n",
    "--rows",
    metavar="N or A:B",
    required=True,
    help="How many rows; or A:B, rows A to B - 1 of the sample of --seed: parts drawn apart make up the whole.",
)
@click.option("-o", "--output", metavar="FILE", required=True, help="Where the synthetic table goes.")
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
    """
    check_outputs(output, inputs=[model], force=force)
    check_table_names(output, format_=format_)
    first, n = _span(rows, seed)
    pairs = [_pair(text) for text in where]
    if len({name for name, _ in pairs}) < len(pairs):
        raise click.UsageError("--where names a column twice; one value or range LOW..HIGH a column.")
    from synthgen.cli.model_files import load_model
    from synthgen.table.annotated import as_annotated, is_anndata

    fitted = load_model(model)
    fitted.set_params(verbose=settings().verbosity)
    conditions = {name: _value(fitted.schema_, name, text) for name, text in pairs} or None
    own = {} if refine is None else _refine(fitted, refine)
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
        first, last = (int(low), int(high)) if colon else (0, int(text))
    except ValueError:
        raise click.UsageError(f"--rows must be a number N, or A:B. Got {text!r}.") from None
    if not colon and last < 0:
        raise click.UsageError(f"--rows must be 0 or more. Got {text!r}.")
    if colon and not 0 <= first <= last:
        raise click.UsageError(f"--rows A:B must have 0 <= A <= B. Got {text!r}.")
    if colon and seed is None:
        raise click.UsageError("--rows A:B needs --seed: without one every call draws from another sample.")
    return first, last - first


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
