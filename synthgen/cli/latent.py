"""`synthgen latent`."""

from __future__ import annotations

import click

from synthgen.cli.options import (
    about,
    check_inputs,
    check_outputs,
    common_options,
    force_option,
    format_option,
    settings,
)
from synthgen.cli.outcomes import check_page, write_outcome
from synthgen.cli.tables import layout_options, read_alike


@click.command()
@click.argument("model")
@click.option("-o", "--output", metavar="PAGE.html", help="Where the page goes.")
@click.option("--json", "json_output", metavar="FILE", help="Where the numbers go.")
@click.option(
    "--holdout",
    metavar="FILE",
    help="Real rows that the model never saw; without them nothing is said of real rows.",
)
@click.option(
    "--paths",
    type=click.IntRange(min=2),
    default=1000,
    show_default=True,
    help="Walks between random latent vectors; fewer are taken of wide tables.",
)
@click.option(
    "--steps",
    type=click.IntRange(min=3),
    default=11,
    show_default=True,
    help="Rows of each walk, ends included.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of vectors, rows and detectors."
)
@layout_options
@force_option
@format_option
@common_options
def latent(
    model: str,
    output: str | None,
    json_output: str | None,
    holdout: str | None,
    paths: int,
    steps: int,
    seed: int,
    force: bool,
    format_: str | None,
    layer: str | None,
    features_in_rows: bool,
) -> None:
    """Walk through the latent space of MODEL, and say whether there are holes between its rows.

    Rows along walks between random latent vectors are judged by detectors that learn from held-out rows what is plausible,
    beside samples and two controls that must be low. The page shows walks, a map, and the latent numbers that change rows most.
    MODEL is a SynthGAN or a SynthVAE; other models have no latent space.

    \b
    Examples:
      synthgen latent model.synthgen -o page.html
      synthgen latent model.synthgen --holdout holdout.parquet -o page.html
      synthgen latent model.synthgen --holdout holdout.csv --paths 300 --steps 21 --json latent.json
    """
    check_inputs(model, holdout)
    check_outputs(output, json_output, inputs=[model, holdout], force=force)
    check_page(output)
    from synthgen.cli.model_files import load_model
    from synthgen.studies.latent_study import latent_study

    fitted = load_model(model)
    table = None if holdout is None else read_alike(holdout, format_, layer, features_in_rows)
    with about(model if holdout is None else holdout):
        found = latent_study(
            fitted, table, n_paths=paths, steps=steps, random_state=seed, verbose=settings().verbosity
        )
    write_outcome(found, "latent study", output, json_output, force=force)
