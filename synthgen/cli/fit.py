"""`synthgen fit`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from synthgen.cli.boundary import BAD_INPUT, INTERRUPTED
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
    shown,
)
from synthgen.cli.parameters import (
    MODELS,
    check_names,
    from_config,
    from_refine,
    from_settings,
    model_class,
)
from synthgen.cli.tables import layout_options, read_input
from synthgen.exceptions import TrainingError
from synthgen.files import STANDARD_STREAM

_LISTED = 8
"""Covariates that are named."""


@click.command()
@click.argument("data", nargs=-1, required=True)
@click.option("-o", "--output", metavar="MODEL", help="Where the model goes, e.g. model.synthgen.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Say what the fit will take of memory and time, and write nothing; -o is not needed.",
)
@click.option(
    "--model",
    "model_name",
    type=click.Choice(list(MODELS)),
    default="synthgan",
    show_default=True,
    help="What learns the table. The others are baselines: gaussian-copula joins columns by correlations; "
    "independent-marginals draws every column by itself; "
    "bootstrap draws training rows again and hides nothing.",
)
@schema_option
@layout_options
@click.option(
    "--conditional-on", metavar="COLUMN", multiple=True, help="Column to ask for values of; repeatable."
)
@click.option("--seed", type=int, help="The same seed, machine and versions, the same model.")
@click.option("--max-steps", type=int, help="Training steps at most.")
@click.option("--max-time", type=float, metavar="SECONDS", help="Seconds of training at most.")
@click.option("--batch-size", type=int, help="Rows in a training step.")
@click.option(
    "--refine",
    metavar="N",
    help="Rows drawn for each row that `sample` gives, of which it chooses those most like real ones: 2 to 64, auto "
    "(default: as many as that needs), or none.",
)
@click.option("--device", metavar="NAME", help="auto, cpu, cuda or mps.")
@click.option(
    "--checkpoint",
    metavar="FOLDER",
    help="Where the state of the training is written now and then, to be taken up by --resume. Keep it as you keep DATA.",
)
@click.option(
    "--checkpoint-every", type=int, metavar="STEPS", help="Steps between checkpoints (default: a twelfth)."
)
@click.option(
    "--resume", is_flag=True, help="Go on where the checkpoints end, to the same bytes; without any, begin."
)
@click.option(
    "--max-memory",
    metavar="SIZE",
    help="Most memory to hold, e.g. 4GiB: the whole process, some 700 MB at least (default: half of what is free). Streams "
    "DATA even if it is one file.",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray", "torchrun"]),
    default="local",
    show_default=True,
    help="Who trains: this process, processes of a Ray cluster, or those that torchrun started.",
)
@click.option("--address", metavar="HOST:PORT", help="Of the Ray cluster; without it a local one is started.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Ray processes that train together.")
@click.option(
    "--restarts",
    type=click.IntRange(min=2),
    metavar="K",
    help="Fit from K seeds, on four fifths of the rows, and keep the model whose rows look most like the other fifth; by "
    "--engine ray at the same time. For one table in memory.",
)
@click.option(
    "--set",
    "pairs",
    metavar="NAME=VALUE",
    multiple=True,
    help="Any other parameter of the model; repeatable.",
)
@click.option(
    "--config", metavar="FILE", help="TOML file with the model's parameters under [fit]; options win."
)
@force_option
@format_option
@common_options
def fit(
    data: tuple[str, ...],
    output: str | None,
    dry_run: bool,
    model_name: str,
    schema: str | None,
    config: str | None,
    pairs: tuple[str, ...],
    layer: str | None,
    features_in_rows: bool,
    force: bool,
    format_: str | None,
    checkpoint: str | None,
    checkpoint_every: int | None,
    resume: bool,
    max_memory: str | None,
    engine: str,
    address: str | None,
    workers: int | None,
    restarts: int | None,
    **given: Any,
) -> None:
    """Train a model on the table DATA.

    DATA may hold numbers, categories, booleans, dates and missing values; `synthgen inspect DATA` shows how its
    columns are understood. Of genomic files (.h5ad, .gct, PLINK's .bed, .vcf) the model keeps what is known of the
    genes or variants, so that `sample` can write such files. Relations between columns (sums, ordered pairs, ...) that
    every row obeys are kept in every sampled row; constraints of yours stand in the schema file or under [fit].
    Ctrl-C while training saves the best model so far; a second one ends at once.

    A folder, a pattern in quotes, an s3:// address or several DATA are one table in many files (Parquet, Arrow or CSV of the same
    columns), which is streamed: read twice, and never held. One file is read into memory, unless --max-memory is
    given, or it is a Parquet or Arrow file too large for half of the memory that is free. Rows to train on are kept
    meanwhile beside the checkpoints, or where TMPDIR says. With --resume the memory that is allowed may be more than what the fit
    began with, not too little for it.

    A .bed file (PLINK; one alone, several are refused) with --max-memory is read a chunk of variants at a time where its table
    would not fit; without it, it is read into memory.

    \b
    Examples:
      synthgen fit customers.parquet -o customers.synthgen
      synthgen fit customers.csv --dry-run
      synthgen fit customers.csv -o customers.synthgen --max-time 600 --seed 1
      synthgen fit customers.parquet -o customers.synthgen --conditional-on segment
      synthgen fit customers.parquet -o customers.synthgen --set loss=hinge --set hidden_dims=[256,256]
      synthgen fit cells.h5ad --layer counts -o cells.synthgen
      synthgen fit genes-by-samples.tsv --features-in-rows -o expression.synthgen
      synthgen fit trips.parquet -o trips.synthgen \\
        --set 'constraints=[{type="Inequality", low="pickup", high="dropoff"}]'
      synthgen fit customers.parquet -o customers.synthgen --checkpoint night --resume    (run it again if it was killed)
      synthgen fit customers.parquet -o floor.synthgen --model independent-marginals
      synthgen fit 'customers/*.parquet' -o customers.synthgen --max-memory 4GiB
      synthgen fit s3://bucket/customers -o customers.synthgen
      synthgen fit customers/ -o customers.synthgen --engine ray --address head:6379
    """
    check_inputs(*data, schema)
    if output is None and not dry_run:
        raise click.MissingParameter(param=_parameter("output"))
    from synthgen.cli.model_files import save_model
    from synthgen.models.fit_inputs import leads
    from synthgen.training.checkpoint import checkpoint_files, remove_checkpoints

    if not leads(engine):  # the first of torchrun's processes writes and speaks for all
        settings().verbosity = 0

    # what is taken up may have died after it had written its model
    force = force or (resume and checkpoint is not None and bool(checkpoint_files(checkpoint)))
    check_outputs(output, inputs=[*(d for d in data if not is_many(d)), schema, config], force=force)
    owner = model_class(model_name)
    model = owner(**_parameters(owner, config, pairs, schema, given))
    table, shape = _table(data, max_memory, format_, layer, features_in_rows)
    is_streamed = shape is None
    if restarts is not None:
        _check_restarts(is_streamed, checkpoint, engine)
    name = data[0] if len(data) == 1 else f"{data[0]} and {len(data) - 1} more"
    if output is None or dry_run:
        with about(name):
            held = {"max_memory": max_memory} if is_streamed else {}
            click.echo(model.estimate(table, **held).words())
        return
    failure = None
    with about(name):
        try:
            if restarts is not None:
                model = _best(model, table, restarts, given, engine, address, workers)
            else:
                model.fit(
                    table,
                    checkpoint=checkpoint,
                    checkpoint_every=checkpoint_every,
                    resume=resume,
                    max_memory=max_memory if is_streamed else None,
                    engine=engine,
                    address=address,
                    workers=workers,
                )
        except TrainingError as error:
            if not leads(engine):
                click.get_current_context().exit(BAD_INPUT)
            if not model.__sklearn_is_fitted__():
                raise
            failure = error
    if not leads(engine):
        return
    save_model(model, output, overwrite=force)
    _note_block(model)
    _note_selection(model)
    place = shown(output, "standard output")
    n_columns = len(model.schema_) if shape is None else shape[1]
    n_rows = shape[0] if shape is not None and restarts is None else model.n_rows_in_
    note(f"learnt {n_rows:,} rows of {n_columns:,} columns; the model is in {place}")
    if failure is not None:
        raise failure
    if model.interrupted_:
        click.get_current_context().exit(INTERRUPTED)
    if checkpoint is not None:
        remove_checkpoints(checkpoint)


def is_many(data: str) -> bool:
    """Whether DATA is a folder, a pattern or an address: a table in files that are streamed."""
    if "://" in data or data.endswith("/") or Path(data).is_dir():
        return True
    return any(c in data for c in "*?[") and not Path(data).exists()


def _table(
    data: tuple[str, ...],
    max_memory: str | None,
    format_: str | None,
    layer: str | None,
    features_in_rows: bool,
) -> tuple[Any, tuple[int, int] | None]:
    """The table in memory and its shape; or the names of its files, where these are to be streamed."""
    from synthgen.models.file_fit import is_too_large

    layout = {"--format": format_, "--layer": layer, "--features-in-rows": features_in_rows or None}
    named = [option for option, value in layout.items() if value is not None]
    is_streamed = len(data) > 1 or is_many(data[0]) or max_memory is not None
    if is_streamed and named:
        raise click.UsageError(
            f"{named[0]} goes with one table that is read into memory; DATA is streamed here."
        )
    if is_streamed and STANDARD_STREAM in data:
        raise click.UsageError(
            "standard input cannot be streamed: it would have to be read twice; give a file."
        )
    if is_streamed or (not named and is_too_large(data[0])):
        return list(data) if len(data) > 1 else data[0], None
    table, frame = read_input(data[0], format_, layer, features_in_rows)
    return table, frame.shape


def _check_restarts(is_streamed: bool, checkpoint: str | None, engine: str) -> None:
    """Refuse what does not go with fits from several seeds."""
    if is_streamed:
        raise click.UsageError("--restarts is for one table in memory; DATA is streamed here.")
    if checkpoint is not None or engine == "torchrun":
        other = "--checkpoint" if checkpoint is not None else "--engine torchrun"
        raise click.UsageError(f"--restarts and {other} do not go together; leave one of them out.")


def _best(
    model: Any,
    table: Any,
    restarts: int,
    given: dict[str, Any],
    engine: str,
    address: str | None,
    workers: int | None,
) -> Any:
    """The best of several fits, fitted."""
    from synthgen.studies.restarts import best_of_seeds

    seed = 0 if given.get("seed") is None else given["seed"]
    found = best_of_seeds(
        model, table, restarts, random_state=seed, engine=engine, address=address, workers=workers,
        verbose=settings().verbosity,
    )  # fmt: skip
    best = found.table["score"].max()
    note(
        f"of {restarts} seeds {found.seed} is kept: score {best:.3f}; differences below {found.noise:.3f} are chance"
    )
    return found.model


def _parameter(name: str) -> click.Parameter:
    """An option of the command that runs."""
    return next(p for p in click.get_current_context().command.params if p.name == name)


def _note_block(model: Any) -> None:
    """Of a wide table: what is learnt together and what stays beside it."""
    encoder = getattr(model, "encoder_", None)
    if encoder is None or encoder.block_ is None:
        return
    names = [encoder.column.name for encoder in encoder.encoders_]
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    beside = f"beside them as covariates: {', '.join(names[:_LISTED])}{more}" if names else "no covariates"
    way_out = (
        """; to keep a column out of the block: --set 'covariates=["age"]'"""
        if "covariates" in model.get_params(deep=False)
        else ""
    )
    note(f"{len(encoder.block_.names):,} columns are learnt together; {beside}{way_out}")
    if (winner := getattr(model, "winner_", None)) is not None:
        note(f"kept of the two models of their common factors: {winner}")


def _note_selection(model: Any) -> None:
    """What choosing among rows drawn will do, and cost."""
    selector = getattr(model, "selector_", None)
    if selector is None:
        return
    before, after = (max(auc, 0.5) for auc in (selector.ratio.aucs[0], selector.ratio.aucs[-1]))
    note(
        f"`sample` draws {selector.factor} rows for each it gives, and so takes about as many times as long: trees "
        f"told rows drawn from real ones with AUC {before:.2f}, and with {after:.2f} when weighted (0.5: not at all); "
        "`sample --refine none` gives rows as they are drawn"
    )


def _parameters(
    owner: type, config: str | None, pairs: tuple[str, ...], schema: str | None, given: dict[str, Any]
) -> dict[str, Any]:
    """The model's parameters: the file's, then --set's, then the options'."""
    from synthgen.constraints.rules import rule_from_dict
    from synthgen.table.read import read_schema

    found = {} if config is None else from_config(config, "fit")
    refine = given.pop("refine")
    found = {"verbose": settings().verbosity} | found | from_settings(pairs) | _options(given)
    if refine is not None:
        found["refine"] = from_refine(refine)
    if schema is not None:
        found["schema"] = schema
    check_names(found, owner)
    if isinstance(found.get("constraints"), list):
        found["constraints"] = [rule_from_dict(data) for data in found["constraints"]]
    if isinstance(found.get("schema"), str):
        found["schema"] = read_schema(found["schema"])
    return found


def _options(given: dict[str, Any]) -> dict[str, Any]:
    renamed = {"random_state" if name == "seed" else name: value for name, value in given.items()}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in renamed.items()
        if value is not None and value != ()
    }
