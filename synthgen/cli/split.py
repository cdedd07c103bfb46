"""`synthgen split`."""

from __future__ import annotations

import click

from synthgen.cli.options import (
    about,
    check_outputs,
    check_table_names,
    common_options,
    force_option,
    format_option,
    note,
    shown,
)
from synthgen.cli.tables import layout_options, read_input, write_output


@click.command()
@click.argument("data")
@click.option("--share", type=float, default=0.2, show_default=True, help="Share of the rows to hold out.")
@click.option("-o", "--output", metavar="FILE", required=True, help="Where the rows to learn from go.")
@click.option("--holdout", metavar="FILE", required=True, help="Where the rows held out go.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The same seed, the same split."
)
@layout_options
@force_option
@format_option
@common_options
def split(
    data: str,
    share: float,
    output: str,
    holdout: str,
    seed: int,
    layer: str | None,
    features_in_rows: bool,
    force: bool,
    format_: str | None,
) -> None:
    """Hold rows of DATA out, to judge a synthetic table against later.

    A synthetic table shall be as near to rows that the model never saw as to those it learnt from; without
    held-out rows nobody can tell. --format is that of DATA, and of outputs without a suffix of their own. Of an
    .h5ad file X (or the layer), obs and var are written, without the samples' names; genotypes go to .parquet.

    \b
    Examples:
      synthgen split data.parquet --share 0.2 -o train.parquet --holdout holdout.parquet
    """
    check_outputs(output, holdout, inputs=[data], force=force)
    check_table_names(output, holdout, format_=format_)
    from synthgen.table.split import split_table

    table, frame = read_input(data, format_, layer, features_in_rows)
    with about(data):
        train, held = split_table(frame, share, seed)
    for rows, path in ((train, output), (held, holdout)):
        write_output(
            rows,
            getattr(table, "annotation", None),
            path,
            format_=_written_format(path, format_),
            synthetic=False,
            overwrite=force,
        )
    places = [shown(path, "standard output") for path in (output, holdout)]
    note(f"{len(train):,} rows to learn from in {places[0]}, {len(held):,} held out in {places[1]}")


def _written_format(path: str, format_: str | None) -> str | None:
    """What --format says of an input need not hold of an output that has a suffix."""
    from synthgen.table.formats import is_table_name

    return None if is_table_name(path) else format_
