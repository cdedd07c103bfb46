"""What every fit of a study is measured with, and the measuring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthgen.exceptions import DataError
from synthgen.metrics.baselines import independent_columns, some_of, subsample
from synthgen.metrics.membership import split_holdout
from synthgen.metrics.rows import concatenate
from synthgen.metrics.tables import NOT_COMPARED, CodedTable, code_tables
from synthgen.metrics.tasks import Task
from synthgen.metrics.utility import find_task
from synthgen.rng import derived_seed, stream
from synthgen.schema import Schema
from synthgen.studies.points import Point, Readings, points
from synthgen.studies.quality import MAX_BLOCKS, Target, quality
from synthgen.studies.risk import Attacked, risk
from synthgen.studies.splits import Splits
from synthgen.table.infer import infer_schema

MAX_COLUMNS = 10_000
"""Columns of the table that anything is measured on, at most; a random choice beyond that."""
MAX_COVARIATES = 200
"""Of these, columns that do not hold numbers."""
MAX_HELDOUT = 2_000
"""Held-out rows that are measured on, at most."""
LEAST_SYNTHETIC = 1_000
"""Rows sampled from each fit, at least."""
MAX_SYNTHETIC = 3_000
"""The same at most: five times the held-out rows between the two."""


@dataclass(frozen=True, eq=False)
class Ruler:
    """What the fits of one study are measured with.

    Parameters
    ----------
    names : list of str
        Columns of the table that are looked at.
    schema : Schema
        What they are.
    task : Task or None
        What is predicted.
    target : str or None
        The column that is.
    n_synthetic : int
        Rows to sample from each fit.
    seed : int
        Of the study.
    """

    names: list[str]
    schema: Schema
    task: Task | None
    target: str | None
    n_synthetic: int
    seed: int


def make_ruler(frame: pd.DataFrame, splits: Splits, target: str | None, declared: Schema | None) -> Ruler:
    """Choose what is measured.

    Parameters
    ----------
    frame : pandas.DataFrame
        The whole table.
    splits : Splits
        Its rows.
    target : str or None
        A column to predict.
    declared : Schema or None
        What the user says of some columns.

    Returns
    -------
    Ruler
        For all fits of a study.

    Raises
    ------
    DataError
        If the target is no column, or cannot be predicted; or if no column can be compared.
    SchemaError
        If the schema does not fit the table.
    """
    if target is not None and target not in frame.columns:
        known = ", ".join(map(repr, frame.columns[:20])) + (", ..." if frame.shape[1] > 20 else "")
        raise DataError(f"The target {target!r} is not a column of the table. It has {known}.")
    names = _columns(frame, target, splits.seed)
    wanted = set(names)
    kinds = None if declared is None else Schema(tuple(c for c in declared if c.name in wanted))
    schema = infer_schema(frame[names], kinds)
    coded = code_tables({"real": frame[names]}, schema)["real"]
    if not coded.columns:
        raise DataError(
            "No column can be compared: all are identifiers or free text. Add columns, or declare kinds."
        )
    if target is not None and schema[target].kind in NOT_COMPARED:
        raise DataError(
            f"The target {target!r} cannot be predicted: it is {schema[target].kind}. Name another column."
        )
    return Ruler(
        names=names,
        schema=schema,
        task=None if target is None else find_task(coded, target),
        target=target,
        n_synthetic=min(max(LEAST_SYNTHETIC, MAX_BLOCKS * splits.n_heldout), MAX_SYNTHETIC),
        seed=splits.seed,
    )


def measure(
    coded: dict[str, CodedTable],
    ruler: Ruler,
    repeat: int,
    n: int,
    ceilings: dict[int, Readings],
    *,
    by_span: bool,
) -> list[Point]:
    """Measure one fit, its floor and its ceiling.

    Parameters
    ----------
    coded : dict of str to CodedTable
        ``real`` (the rows that are not held out, those of the fit first), ``heldout`` and ``synthetic``.
    ruler : Ruler
        What with.
    repeat, n : int
        Which fit.
    ceilings : dict of int to Readings
        By repeat, the ceilings of quality, which are those of all sizes; gets that of this repeat.
    by_span : bool
        Whether the attack is the span attack, else the strongest of several.

    Returns
    -------
    list of Point
        One a measure.

    Notes
    -----
    The attacks are made with as many samples as rows were fitted: more would make a stronger attack, so that sizes could
    not be compared. Floor and control have as many rows too, but for the control of the largest fits: see `_control`.
    """
    seed = derived_seed(ruler.seed, "studies.measure", repeat)  # the same for all sizes of a repeat
    real, synthetic = coded["real"], coded["synthetic"]
    used = some_of(coded["heldout"].n_rows, MAX_HELDOUT, stream(seed, "studies.heldout"))
    heldout = coded["heldout"].take(used)
    members = real.take(np.arange(n))
    floor = independent_columns(members, synthetic.n_rows, stream(seed, "studies.floor", n))
    target = Target(heldout, min(synthetic.n_rows, real.n_rows), ruler.task, seed)
    nonmembers, reference, fresh = split_holdout(heldout, seed)
    attacked = Attacked(members, nonmembers, reference, by_span, seed)
    values = quality(synthetic, target) | risk(synthetic, attacked)
    floors = quality(floor, target, n_blocks=1) | risk(floor, attacked)
    if repeat not in ceilings:
        ceilings[repeat] = quality(real, target)
    return points(
        repeat, n, values, floors, ceilings[repeat] | risk(_control(real, n, fresh, seed), attacked)
    )


def _control(real: CodedTable, n: int, fresh: CodedTable, seed: int) -> CodedTable:
    """Real rows that the fit has not seen, in place of its samples: n of them, as far as there are.

    Rows that are left to learn from but not fitted to come first, then a third of the held-out ones; all the other rows
    are needed as candidates and as the attacker's reference.
    """
    rest = real.take(np.arange(n, min(2 * n, real.n_rows)))
    return concatenate([rest, subsample(fresh, n - rest.n_rows, stream(seed, "studies.control", n))])


def _columns(frame: pd.DataFrame, target: str | None, seed: int) -> list[str]:
    """All names, or a random choice of numeric ones beside the others."""
    if frame.shape[1] <= MAX_COLUMNS:
        return [str(name) for name in frame.columns]
    numeric = np.array([pd.api.types.is_numeric_dtype(dtype) for dtype in frame.dtypes])
    others = np.flatnonzero(~numeric)
    others = others[some_of(len(others), MAX_COVARIATES, stream(seed, "studies.covariates"))]
    numbers = np.flatnonzero(numeric)
    numbers = numbers[some_of(len(numbers), MAX_COLUMNS - len(others), stream(seed, "studies.numbers"))]
    asked = [] if target is None else [frame.columns.get_loc(target)]
    return [str(frame.columns[j]) for j in sorted({*others.tolist(), *numbers.tolist(), *asked})]
