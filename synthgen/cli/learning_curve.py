"""`synthgen learning-curve`."""

from __future__ import annotations

from typing import Any

import click

from synthgen.cli.boundary import INTERRUPTED
from synthgen.cli.options import (
    about,
    check_inputs,
    check_outputs,
    common_options,
    force_option,
    format_option,
    note,
    schema_option,
    settings,
)
from synthgen.cli.outcomes import check_page, write_outcome
from synthgen.cli.tables import layout_options, read_input


@click.command("learning-curve")
@click.argument("data")
@click.option("-o", "--output", metavar="PAGE.html", help="Where the page goes.")
@click.option("--json", "json_output", metavar="FILE", help="Where the numbers go.")
@click.option(
    "--target", metavar="COLUMN", help="Column to predict: does learning from samples get better too?"
)
@click.option(
    "--sizes",
    metavar="N,N,...",
    help="Rows to fit to. Default: an eighth, a quarter, half and all that are not held out.",
)
@click.option(
    "--repeats",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="How often all is done, with other rows held out.",
)
@click.option(
    "--holdout-fraction",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.3,
    show_default=True,
    help="Share of the rows held out and measured on.",
)
@click.option(
    "--budget",
    type=click.FloatRange(min=0, min_open=True),
    metavar="MINUTES",
    help="Begin no fit that cannot be expected to end by then, but for the first two.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of rows, fits, samples and measurements.",
)
@click.option(
    "--set", "pairs", metavar="NAME=VALUE", multiple=True, help="A parameter of SynthGAN; repeatable."
)
@click.option(
    "--config", metavar="FILE", help="TOML file with SynthGAN's parameters under [fit]; --set wins."
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Who makes the fits: this process, or the workers of a Ray cluster. The results are the same.",
)
@click.option("--address", metavar="HOST:PORT", help="Of the Ray cluster; without it a local one is started.")
@click.option("--workers", type=click.IntRange(min=1), help="Fits at the same time, with Ray.")
@schema_option
@layout_options
@force_option
@format_option
@common_options
def learning_curve(
    data: str,
    output: str | None,
    json_output: str | None,
    sizes: str | None,
    config: str | None,
    pairs: tuple[str, ...],
    schema: str | None,
    force: bool,
    format_: str | None,
    layer: str | None,
    features_in_rows: bool,
    **given: Any,
) -> None:
    """Say whether more rows than those of DATA would make the samples better.

    SynthGAN is fitted to more and more of the rows. Every fit is measured on rows held out, beside the floor (columns
    drawn independently) and the ceiling (fresh real rows). The answer is one sentence with its interval: flat, rising,
    leaking, or too noisy to say. Ctrl-C ends with what there is, once two sizes are done.

    \b
    Examples:
      synthgen learning-curve data.parquet -o page.html
      synthgen learning-curve data.csv --target income --sizes 200,400,800 --budget 30
      synthgen learning-curve data.parquet --set max_steps=300 --json curve.json
      synthgen learning-curve data.parquet --engine ray --address 10.0.0.1:6379 -o page.html
    """
    check_inputs(data, schema)
    check_outputs(output, json_output, inputs=[data, schema, config], force=force)
    check_page(output)
    wanted = _parse_sizes(sizes)
    model = _model(config, pairs, schema)
    from synthgen.studies.learning_curve import learning_curve as study

    table = read_input(data, format_, layer, features_in_rows)[1]
    with about(data):
        found = study(
            table,
            model,
            sizes=wanted,
            n_repeats=given["repeats"],
            target=given["target"],
            holdout_fraction=given["holdout_fraction"],
            random_state=given["seed"],
            budget=given["budget"],
            verbose=settings().verbosity,
            engine=given["engine"],
            address=given["address"],
            workers=given["workers"],
        )
    write_outcome(found, "learning curve", output, json_output, force=force)
    if found.stopped == "it was interrupted":
        note(
            f"interrupted after {len(found.fits)} of {found.n_repeats * len(found.sizes)} fits; what there is was written"
        )
        click.get_current_context().exit(INTERRUPTED)


def _model(config: str | None, pairs: tuple[str, ...], schema: str | None) -> Any:
    from synthgen.cli.parameters import check_names, from_config, from_settings
    from synthgen.models.synthgan import SynthGAN
    from synthgen.table.read import read_schema

    found = ({} if config is None else from_config(config, "fit")) | from_settings(pairs)
    if schema is not None:
        found["schema"] = schema
    check_names(found, SynthGAN)
    if isinstance(found.get("schema"), str):
        found["schema"] = read_schema(found["schema"])
    return SynthGAN(**found)


def _parse_sizes(text: str | None) -> list[int] | None:
    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise click.UsageError(
            f"--sizes must be whole numbers separated by commas, e.g. 50,100,200. Got {text!r}."
        ) from None
