"""`synthgen training`."""

from __future__ import annotations

import click

from synthgen.cli.options import check_inputs, check_outputs, common_options, force_option
from synthgen.cli.outcomes import check_page, write_outcome


@click.command()
@click.argument("model")
@click.option("-o", "--output", metavar="PAGE.html", help="Where the page goes.")
@click.option("--json", "json_output", metavar="FILE", help="Where the numbers go.")
@force_option
@common_options
def training(model: str, output: str | None, json_output: str | None, force: bool) -> None:
    """Show how the training of MODEL went: alarms in words, and what was measured over the steps.

    An alarm says what was seen, what a model without fault has, and which parameters to change. Nothing of the
    training table is needed: all numbers are in the model file.

    \b
    Examples:
      synthgen training model.synthgen
      synthgen training model.synthgen -o page.html --json training.json
    """
    check_inputs(model)
    check_outputs(output, json_output, inputs=[model], force=force)
    check_page(output)
    from synthgen.cli.model_files import load_model
    from synthgen.reports.training_report import training_report

    write_outcome(training_report(load_model(model)), "training report", output, json_output, force=force)
