"""Two tables to one report."""

from __future__ import annotations

import importlib.metadata
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from synthgen.exceptions import DataError
from synthgen.metrics.reused import reused_values
from synthgen.metrics.tables import NOT_COMPARED, CodedTable, code_tables
from synthgen.metrics.utility import Task, find_task, is_testable
from synthgen.metrics.value_block import number_columns
from synthgen.reports.notes import notes
from synthgen.reports.plan import PARTS, chosen, fitting, run
from synthgen.reports.report import FORMAT_VERSION, LeftOut, Report
from synthgen.reports.section import Section
from synthgen.reports.tables import make_tables
from synthgen.reports.verdicts import judged
from synthgen.reports.wordings import WORDINGS
from synthgen.rng import resolve_seed
from synthgen.schema import Schema
from synthgen.table.infer import check_table, infer_schema
from synthgen.validation import Choice, Constraint, Each, Instance, Interval, Nothing, validate_parameters

if TYPE_CHECKING:
    import pandas as pd

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
}


def evaluate(
    real: pd.DataFrame,
    synthetic: pd.DataFrame,
    holdout: pd.DataFrame | None = None,
    target: str | None = None,
    schema: Schema | None = None,
    metrics: str | Sequence[str] = "auto",
    budget: float | None = None,
    random_state: int | None = 0,
    verbose: int = 0,
) -> Report:
    """Compare a synthetic table with the real one it was made from.

    Parameters
    ----------
    real : pandas.DataFrame, shape (N, n_columns)
        The rows that the synthesizer was trained on; at least 10.
    synthetic : pandas.DataFrame, shape (M, n_columns)
        What it made; at least 10 rows, the same columns in any order.
    holdout : pandas.DataFrame, optional
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
    }
    validate_parameters("evaluate", _CONSTRAINTS, given)
    seed = resolve_seed(random_state)
    frames = {"real": real, "synthetic": synthetic} | ({} if holdout is None else {"holdout": holdout})
    _check_tables(frames)
    schema = infer_schema(real, schema)
    coded = code_tables(frames, schema)
    task = None if target is None else _task(coded["real"], target, schema)
    left_out = tuple(LeftOut(c.name, f"{c.kind}: {c.reason}") for c in schema if c.kind in NOT_COMPARED)
    if not coded["real"].columns:
        raise DataError(f"No column can be compared: {left_out[0].name!r} is {left_out[0].reason}.")
    testable = task is None or "holdout" not in coded or is_testable(coded["holdout"], task)
    tables = make_tables(coded, seed, target)
    wanted, untargeted = chosen(metrics, task is not None, testable)
    names, unfit = fitting(wanted, tables.block, metrics, len(number_columns(tables.real, target)))
    found, late = run(tables, task, names, budget, verbose)
    if "nearest" in names:
        found.append(Section({}, {"reused": reused_values(frames)}))
    return _assemble(found, coded, seed, task, left_out, [*untargeted, *unfit, *late])


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
        **details,
    )
    report = replace(report, notes=notes(report, task))
    return judged(report)


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
