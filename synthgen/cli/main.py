"""The `synthgen` command."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from synthgen.cli.boundary import Boundary
from synthgen.cli.compare import compare
from synthgen.cli.evaluate import evaluate
from synthgen.cli.fit import fit
from synthgen.cli.inspect import inspect
from synthgen.cli.latent import latent
from synthgen.cli.learning_curve import learning_curve
from synthgen.cli.sample import sample
from synthgen.cli.split import split
from synthgen.cli.training import training

_EPILOG = """\b
Exit codes:
  0    done
  1    a threshold given with `evaluate --require` failed
  2    wrong usage or input, or a training that diverged (`fit` has saved its best weights); one line says what
  70   a fault of synthgen's own
  130  interrupted (Ctrl-C); `fit` has saved the best model so far if training had begun; nothing is half-written
  141  nobody reads the output any more
  143  terminated; nothing is left half-written
"""


@click.group(
    epilog=_EPILOG, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="synthgen", message="synthgen %(version)s")
@click.pass_context
def cli(context: click.Context) -> None:
    """Make synthetic tables that resemble a real one, and measure how well.

    \b
    From a table to a synthetic one and a report:
      synthgen split data.parquet --share 0.2 -o train.parquet --holdout holdout.parquet
      synthgen fit train.parquet -o model.synthgen
      synthgen sample model.synthgen -n 1000 -o synthetic.parquet
      synthgen evaluate train.parquet synthetic.parquet --holdout holdout.parquet -o report.html

    Tables are Parquet, CSV, TSV (either with .gz) or Arrow files, or genomic: .h5ad, .gct, .bed, .vcf[.gz]; `-` stands
    for standard input or output.
    `synthgen COMMAND --help` explains a command, with examples.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for _command in (split, fit, sample, evaluate, compare, inspect, learning_curve, latent, training):
    cli.add_command(_command)


def run(arguments: Sequence[str]) -> int:
    """Run the command line and say how it ended.

    Parameters
    ----------
    arguments : sequence of str
        What follows the program's name.

    Returns
    -------
    int
        The exit code: 0 done, 1 a stated threshold failed, 2 wrong usage or input, 130 interrupted,
        141 nobody reads the output any more, 143 terminated, 70 a fault of synthgen's own.
    """
    boundary = Boundary()
    # not cli.main(): it would print its own errors, over several lines
    with boundary, cli.make_context("synthgen", list(arguments), obj=boundary.settings) as context:
        cli.invoke(context)
    return boundary.exit_code


def main() -> None:
    """Run the command line of this process, and end it."""
    sys.exit(run(sys.argv[1:]))
