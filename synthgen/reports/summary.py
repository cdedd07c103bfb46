"""Two tables to one report."""

from __future__ import annotations

import importlib.metadata
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from synthgen.engines.engine import Engine, check_engine, open_engine
from synthgen.exceptions import DataError
from synthgen.metrics.reused import reused_values
from synthgen.metrics.tables import NOT_COMPARED, CodedTable, code_tables
from synthgen.metrics.utility import Task, find_task, is_testable
from synthgen.metrics.value_block import number_columns
from synthgen.reports.coverage import Coverage, covering
from synthgen.reports.file_margins import Margins
from synthgen.reports.file_tables import SAMPLE_ROWS, FrameSource, first_rows, sketch_and_sample, source_of
from synthgen.reports.notes import notes
from synthgen.reports.plan import PARTS, chosen, fitting, run
from synthgen.reports.report import FORMAT_VERSION, LeftOut, Report
from synthgen.reports.section import Section
from synthgen.reports.tables import MAX_ROWS, make_tables
from synthgen.reports.verdicts import judged
from synthgen.reports.wordings import WORDINGS
from synthgen.rng import resolve_seed
from synthgen.schema import Schema
from synthgen.table.infer import check_table, infer_schema
from synthgen.table.sources import TableSource, is_files
from synthgen.validation import Choice, Constraint, Each, Instance, Interval, Nothing, validate_parameters

__all__ = ["Report", "evaluate"]

MIN_ROWS = 10
"""Fewer rows than this in any table are refused: no figure would mean anything."""
_LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy")
_CONSTRAINTS: Mapping[str, Sequence[Constraint]] = {
    "target": [Instance(str, "a column name"), Nothing()],
    "schema": [Instance(Schema, "a Schema"), Nothing()],
    "metrics": [Choice(("auto",)), Each(Choice(tuple(PARTS)), min_length=1)],
    "budget": [Interval("float", 0, math.inf, closed="neither"), Nothing()],
    "random_state": [Interval("int", 0, 2**63), Nothing()],
    "verbose": [Interval("int", 0, math.inf)],
    "sample_rows": [Interval("int", MIN_ROWS, MAX_ROWS)],
}


def evaluate(
    real: Any,
    synthetic: Any,
    holdout: Any = None,
    target: str | None = None,
    schema: Schema | None = None,
    metrics: str | Sequence[str] = "auto",
    budget: float | None = None,
    random_state: int | None = 0,
    verbose: int = 0,
    *,
    sample_rows: int = SAMPLE_ROWS,
    engine: str = "local",
    address: str | None = None,
    workers: int | None = None,
) -> Report:
    """Compare a synthetic table with the real one it was made from.

    Parameters
    ----------
    real : pandas.DataFrame, shape (N, n_columns), or files
        The rows that the synthesizer was trained on; at least 10. Files are what `synthgen.table.sources.open_source` takes: a
        path, a folder, a pattern, an ``s3://`` address, a list of these or a pyarrow dataset.
    synthetic : pandas.DataFrame, shape (M, n_columns), or files
        What it made; at least 10 rows, the same columns in any order.
    holdout : pandas.DataFrame or files, optional
        Real rows of the same source that the synthesizer has not seen; at least 10. Without them the report says
        which figures cannot be trusted.
    target : str, optional
        A column to predict, for utility.
    schema : Schema, optional
        Declares kinds of some or all columns. Default: inferred from `real`.
    metrics : "auto" or list of str
        Which parts to measure: ``columns``, ``pairs``, ``triples``, ``relations``, ``detection``,
        ``linear_detection``, ``support``, ``mmd``, ``collapse``, ``utility``, ``nearest``, ``rare``, ``membership``,
        ``disclosure``, ``expression`` (for tables of 200 genes or more), ``genotypes`` (of 200 variants or more).
        Default: all that the tables allow.
    budget : float or None
        Seconds after which no further part is begun; what was left out is named in the report. Default: no limit.
    random_state : int or None
        Seed of row samples, folds and baselines; None draws one, which the report states.
    verbose : int
        1 shows a progress bar, on a terminal.
    sample_rows : int
        Of tables in files: random rows of each on which everything but the margins is measured; at least 10.
    engine : {"local", "ray"}
        Who sketches the rows of files and measures the parts: this process, or tasks of a Ray cluster. The report is the same.
    address : str, optional
        Of the Ray cluster. None: as RAY_ADDRESS says, or a local one that is started and ended.
    workers : int, optional
        Ray tasks at the same time. None: one for each processor.

    Returns
    -------
    Report
        Scores with intervals, each beside its ceiling, floor and memoriser.

    Raises
    ------
    ParameterError
        If a parameter breaks its constraint.
    DataError
        If a table is empty, too short, has other columns or dtypes than the real one, or `target` is not one of
        the columns that can be predicted.
    SchemaError
        If the schema does not fit the real table.
    TableFileError
        If a file is missing, damaged, or has other columns than the others of its table.

    Notes
    -----
    Of tables in files the margins (column shapes, levels, ranges, missing values) are of all rows, read once: exact for columns of
    up to 100,000 distinct values, else within the bound that the report states; everything else is of `sample_rows` random rows
    of each table. `Report.coverage` says which is which.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"x": range(40), "y": [0, 1] * 20})
    >>> evaluate(table, table.sample(40, random_state=1)).scores["nearest_record_copies"].value
    1.0
    """
    given = {
        "target": target,
        "schema": schema,
        "metrics": metrics,
        "budget": budget,
        "random_state": random_state,
        "verbose": verbose,
        "sample_rows": sample_rows,
    }
    validate_parameters("evaluate", _CONSTRAINTS, given)
    check_engine("evaluate", engine, address, workers)
    seed = resolve_seed(random_state)
    tables = {"real": real, "synthetic": synthetic} | ({} if holdout is None else {"holdout": holdout})
    in_files = any(is_files(table) for table in tables.values())
    if in_files:
        _check_tables({which: table for which, table in tables.items() if not is_files(table)})
    sources = {which: source_of(table) for which, table in tables.items()} if in_files else {}
    _check_sources(sources, schema)
    with open_engine(engine, address, workers) as runner:
        margins, frames = None, tables
        if in_files:
            margins, frames = _read(sources, sample_rows, seed, runner, verbose)
        return _evaluate(frames, margins, target, schema, metrics, budget, seed, verbose, runner)


def _evaluate(
    frames: dict[str, pd.DataFrame],
    margins: Margins | None,
    target: str | None,
    schema: Schema | None,
    metrics: str | Sequence[str],
    budget: float | None,
    seed: int,
    verbose: int,
    engine: Engine,
) -> Report:
    """The report of tables in memory, or of samples of tables in files whose margins are known."""
    _check_tables(frames)
    schema = infer_schema(frames["real"], schema)
    coded = code_tables(frames, schema)
    task = None if target is None else _task(coded["real"], target, schema)
    left_out = tuple(LeftOut(c.name, f"{c.kind}: {c.reason}") for c in schema if c.kind in NOT_COMPARED)
    if not coded["real"].columns:
        raise DataError(f"No column can be compared: {left_out[0].name!r} is {left_out[0].reason}.")
    testable = task is None or "holdout" not in coded or is_testable(coded["holdout"], task)
    tables = make_tables(coded, seed, target, margins)
    wanted, untargeted = chosen(metrics, task is not None, testable)
    names, unfit = fitting(wanted, tables.block, metrics, len(number_columns(tables.real, target)))
    found, late = run(tables, task, names, budget, verbose, engine)
    if "nearest" in names:
        found.append(Section({}, {"reused": reused_values(frames)}))
    return _assemble(found, coded, seed, task, left_out, [*untargeted, *unfit, *late], margins)


def _check_sources(sources: dict[str, TableSource | FrameSource], schema: Schema | None) -> None:
    """Refuse tables in files that cannot be compared, by their first rows, before all are read."""
    if not sources:
        return
    for which, source in sources.items():
        if source.n_rows < MIN_ROWS:
            raise DataError(
                f"The {which} table has {source.n_rows} rows; evaluate needs at least {MIN_ROWS}."
            )
    first = {which: first_rows(source) for which, source in sources.items()}
    _check_tables(first)
    code_tables(first, infer_schema(first["real"], schema))


def _read(
    sources: dict[str, TableSource | FrameSource], sample_rows: int, seed: int, engine: Engine, verbose: int
) -> tuple[Margins, dict[str, pd.DataFrame]]:
    """The margins of all rows, and the samples."""
    from tqdm import tqdm

    total = sum(source.n_rows for source in sources.values())
    with tqdm(
        total=total, desc="read", unit=" rows", unit_scale=True, disable=None if verbose else True
    ) as bar:
        sketches, samples = sketch_and_sample(sources, sample_rows, seed, engine, lambda n: bar.update(n))
    margins = Margins(sketches)
    margins.check_finite()
    return margins, samples


def _check_tables(frames: dict[str, pd.DataFrame]) -> None:
    for which, frame in frames.items():
        try:
            check_table(frame)
        except DataError as error:
            raise DataError(f"The {which} table cannot be evaluated. {error}") from error
        if len(frame) < MIN_ROWS:
            raise DataError(f"The {which} table has {len(frame)} rows; evaluate needs at least {MIN_ROWS}.")


def _task(real: CodedTable, target: str, schema: Schema) -> Task:
    if target not in schema:
        names = ", ".join(map(repr, schema.names[:20])) + (", ..." if len(schema) > 20 else "")
        raise DataError(f"The target {target!r} is not a column of the real table. It has {names}.")
    if schema[target].kind in NOT_COMPARED:
        raise DataError(f"The target {target!r} cannot be predicted: it is {schema[target].kind}.")
    if len(real.columns) < 2:
        raise DataError(f"There is no other column to predict {target!r} from.")
    return find_task(real, target)


def _assemble(
    found: Sequence[Section],
    coded: dict[str, CodedTable],
    seed: int,
    task: Task | None,
    left_out: tuple[LeftOut, ...],
    skipped: Sequence[LeftOut],
    margins: Margins | None,
) -> Report:
    details: dict[str, Any] = {name: value for f in found for name, value in f.details.items()}
    scores = {name: score for f in found for name, score in f.scores.items()}
    report = Report(
        format_version=FORMAT_VERSION,
        synthgen_version=_version("synthgen"),
        libraries={name: _version(name) for name in _LIBRARIES},
        seed=seed,
        n_rows={which: table.n_rows for which, table in coded.items()},
        n_columns=len(coded["real"].columns),
        has_holdout="holdout" in coded,
        target=None if task is None else task.target,
        scores={name: scores[name] for name in WORDINGS if name in scores},
        left_out=left_out,
        skipped=tuple(skipped),
        coverage=None if margins is None else _coverage(margins, coded),
        **details,
    )
    report = judged(replace(report, notes=notes(report, task)))
    return report if report.coverage is None else replace(report, n_rows=report.coverage.margins)


def _coverage(margins: Margins, coded: dict[str, CodedTable]) -> Coverage:
    real = coded["real"]
    rows = {which: sketch.n_rows for which, sketch in margins.sketches.items()}
    sampled = {which: min(table.n_rows, MAX_ROWS) for which, table in coded.items()}
    return covering(rows, sampled, len(real.columns), margins.approximate(real))


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
