"""`synthgen evaluate`."""

from __future__ import annotations

import contextlib
import math
import operator
import re
from collections.abc import Iterator, Sequence
from typing import Any

import click

from synthgen.cli.boundary import THRESHOLD_FAILED
from synthgen.cli.options import (
    check_inputs,
    check_outputs,
    common_options,
    force_option,
    format_option,
    schema_option,
    settings,
    shown,
)
from synthgen.cli.outcomes import check_page, write_outcome
from synthgen.cli.tables import layout_options, read_alike
from synthgen.exceptions import DataError, SchemaError, SynthgenError

_COMPARISONS = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}


@click.command()
@click.argument("real")
@click.argument("synthetic")
@click.option(
    "--holdout", metavar="FILE", help="Real rows that the model never saw; without them less can be told."
)
@click.option(
    "--target", metavar="COLUMN", help="Column to predict: does learning from synthetic rows work as well?"
)
@click.option("-o", "--output", metavar="REPORT.html", help="Where the report page goes.")
@click.option("--json", "json_output", metavar="REPORT.json", help="Where the report's numbers go.")
@click.option(
    "--require",
    "requirements",
    metavar="CONDITION",
    multiple=True,
    help='Fail (exit code 1) unless a score holds, e.g. "c2st_auc<=0.75" or "membership_auc<=0.6"; repeatable.',
)
@click.option(
    "--metrics",
    metavar="PARTS",
    help="Parts to measure, separated by commas, e.g. columns,detection,membership. Default: all.",
)
@click.option(
    "--budget",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Begin no further part after this time.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Of the random parts of the measurements."
)
@click.option(
    "--sample-rows",
    type=click.IntRange(min=10),
    default=100_000,
    show_default=True,
    help="Of tables in several files: random rows of each that all but the margins are measured on.",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Who does the work: this process, or tasks of a Ray cluster.",
)
@click.option("--address", metavar="HOST:PORT", help="Of the Ray cluster; without it a local one is started.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Ray tasks at the same time.")
@schema_option
@layout_options
@force_option
@format_option
@common_options
def evaluate(
    real: str,
    synthetic: str,
    holdout: str | None,
    target: str | None,
    output: str | None,
    json_output: str | None,
    requirements: tuple[str, ...],
    metrics: str | None,
    budget: float | None,
    seed: int,
    sample_rows: int,
    engine: str,
    address: str | None,
    workers: int | None,
    schema: str | None,
    layer: str | None,
    features_in_rows: bool,
    force: bool,
    format_: str | None,
) -> None:
    """Compare a SYNTHETIC table with the REAL one that it imitates.

    REAL are the rows that the model learnt from. What is good and what is wrong is printed, with every score beside
    its ceiling (held-out rows), floor (columns drawn independently) and memoriser (copied rows); -o writes the whole
    report as a page. The files may be of different formats; --layer holds for those that are .h5ad, and
    --features-in-rows for those that are tables.

    Each of the tables may be a folder, a pattern in quotes or an s3:// address. Such tables are never held: the margins are of
    all rows, read once, and the rest is measured on --sample-rows random rows of each; the report says which is which.

    \b
    Examples:
      synthgen evaluate train.parquet synthetic.parquet --holdout holdout.parquet -o report.html
      synthgen evaluate train.csv synthetic.csv --target income --json report.json
      synthgen evaluate train.parquet synthetic.parquet --holdout holdout.parquet --require "membership_auc<=0.6"
      synthgen evaluate 'real/*.parquet' synthetic/ --holdout s3://bucket/held-out -o report.html
    """
    check_inputs(real, synthetic, holdout, schema)
    check_outputs(output, json_output, inputs=[real, synthetic, holdout, schema], force=force)
    check_page(output)
    wanted = [_parse_requirement(text) for text in requirements]
    _check_known(wanted)
    parts = _parse_parts(metrics)
    from synthgen.reports.summary import evaluate as compare
    from synthgen.table.read import read_schema

    real_table, synthetic_table, holdout_table = (
        None if path is None else _table(path, format_, layer, features_in_rows)
        for path in (real, synthetic, holdout)
    )
    declared = None if schema is None else read_schema(schema)
    with _about({"real": real, "synthetic": synthetic, "holdout": holdout or ""}):
        report = compare(
            real_table,
            synthetic_table,
            holdout_table,
            target,
            metrics=parts,
            budget=budget,
            random_state=seed,
            verbose=settings().verbosity,
            schema=declared,
            sample_rows=sample_rows,
            engine=engine,
            address=address,
            workers=workers,
        )
    write_outcome(report, "report", output, json_output, force=force)
    failed = [text for text in (_failure(report.scores, *w) for w in wanted) if text is not None]
    for text in failed:
        click.echo(f"synthgen: {text}", err=True)
    if failed:
        click.get_current_context().exit(THRESHOLD_FAILED)


def _table(path: str, format_: str | None, layer: str | None, features_in_rows: bool) -> Any:
    """A table in memory; or the name of one that is read in parts."""
    from synthgen.table.sources import must_be_streamed, open_source

    if not must_be_streamed(path):
        return read_alike(path, format_, layer, features_in_rows)
    if format_ is not None or features_in_rows:
        option = "--features-in-rows" if features_in_rows else "--format"
        raise click.UsageError(
            f"{shown(path)} is read in parts, which {option} does not go with; leave it out."
        )
    return open_source(path)


@contextlib.contextmanager
def _about(files: dict[str, str]) -> Iterator[None]:
    """Put the files whose tables an error speaks of before it; an error that names none is about the real one."""
    try:
        yield
    except (DataError, SchemaError) as error:
        spoken_of = re.findall(rf"\b({'|'.join(files)}) table\b", str(error)) or ["real"]
        names = dict.fromkeys(shown(files[which]) for which in spoken_of)
        raise SynthgenError(f"{' / '.join(names)}: {error}") from error


def _parse_requirement(text: str) -> tuple[str, str, float]:
    """The score's name, the comparison and the bound."""
    found = re.fullmatch(r"\s*([\w.\-]+)\s*(<=|>=|<|>)\s*([^\s<>=]+)\s*", text)
    try:
        if found and not math.isnan(bound := float(found[3])):
            return found[1], found[2], bound
    except ValueError:
        pass
    raise click.UsageError(
        f'--require must be a score, a comparison and a number, e.g. "c2st_auc<=0.75". Got {text!r}.'
    )


def _parse_parts(text: str | None) -> str | list[str]:
    from synthgen.reports.plan import PARTS

    if text is None or text.strip() == "auto":
        return "auto"
    parts = [part.strip() for part in text.split(",")]
    if unknown := [part for part in parts if part not in PARTS]:
        raise click.UsageError(
            f"--metrics names the unknown part {unknown[0]!r}; known are {', '.join(PARTS)}."
        )
    return parts


def _check_known(wanted: Sequence[tuple[str, str, float]]) -> None:
    from synthgen.reports.wordings import WORDINGS

    if unknown := [name for name, _, _ in wanted if name not in WORDINGS]:
        raise click.UsageError(
            f"--require names the unknown score {unknown[0]!r}; known are {', '.join(WORDINGS)}."
        )


def _failure(scores: Any, name: str, comparison: str, bound: float) -> str | None:
    """What is wrong with a score; None if it holds."""
    if name in scores and not scores[name].trusted:
        return f"required {name} {comparison} {bound:g}, but without sound held-out rows it cannot be trusted"
    value = scores[name].value if name in scores else None
    if value is None or math.isnan(value):
        return f"required {name} {comparison} {bound:g}, but it could not be measured"
    if _COMPARISONS[comparison](value, bound):
        return None
    return f"required {name} {comparison} {bound:g}, but it is {value:.4g}"
