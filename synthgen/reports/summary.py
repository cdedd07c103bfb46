"""Two tables to one report."""

from __future__ import annotations

import importlib.metadata
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synthgen.exceptions import DataError
from synthgen.metrics import baselines
from synthgen.metrics.dependence import pair_trends, paired_columns
from synthgen.metrics.detection import c2st
from synthgen.metrics.histograms import marginal
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.marginals import column_shapes
from synthgen.metrics.support import copies, nearest_distances, share_closer_to_real
from synthgen.metrics.tables import NOT_COMPARED, CodedTable, code_tables
from synthgen.metrics.utility import Task, find_task, utility
from synthgen.reports.notes import notes
from synthgen.reports.report import FORMAT_VERSION, LeftOut, Report
from synthgen.reports.scores import Score, make_score
from synthgen.rng import resolve_seed, stream
from synthgen.schema import Schema
from synthgen.table.infer import check_table, infer_schema
from synthgen.validation import Instance, Interval, Nothing, validate_parameters

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Report", "evaluate"]

MIN_ROWS = 10
"""Fewer rows than this in any table are refused: no figure would mean anything."""
MAX_MARGINALS = 40
"""Columns that get a figure."""
_LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy")
_CONSTRAINTS = {
    "target": [Instance(str, "a column name"), Nothing()],
    "schema": [Instance(Schema, "a Schema"), Nothing()],
    "random_state": [Interval("int", 0, 2**63), Nothing()],
    "verbose": [Interval("int", 0, math.inf)],
}


@dataclass(frozen=True, eq=False)
class _Tables:
    """Everything that is compared: the tables given, and the baselines made of the real rows.

    `reference` is what detection compares with: the holdout, or else the real rows. `twins` are two tables of
    the same source for the ceiling: holdout and real, or else two halves of the real rows.
    """

    real: CodedTable
    synthetic: CodedTable
    holdout: CodedTable | None
    reference: CodedTable
    twins: tuple[CodedTable, CodedTable]
    floor: CodedTable
    memoriser: CodedTable
    seed: int


@dataclass(frozen=True, eq=False)
class _Found:
    """What one metric has to say."""

    scores: dict[str, Score]
    details: dict[str, Any]


def evaluate(
    real: pd.DataFrame,
    synthetic: pd.DataFrame,
    holdout: pd.DataFrame | None = None,
    target: str | None = None,
    *,
    schema: Schema | None = None,
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
    given = {"target": target, "schema": schema, "random_state": random_state, "verbose": verbose}
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
    found = _run(_make_tables(coded, seed), task, verbose)
    return _assemble(found, coded, seed, task, left_out)


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


def _make_tables(coded: dict[str, CodedTable], seed: int) -> _Tables:
    real, synthetic, holdout = coded["real"], coded["synthetic"], coded.get("holdout")
    n = synthetic.n_rows
    if holdout is None:
        twins = baselines.split(real, 0.5, stream(seed, "evaluate.split"))
    else:
        twins = (real, baselines.subsample(holdout, n, stream(seed, "evaluate.ceiling")))
    return _Tables(
        real=real,
        synthetic=synthetic,
        holdout=holdout,
        reference=real if holdout is None else holdout,
        twins=twins,
        floor=baselines.permuted_columns(real, n, stream(seed, "evaluate.floor")),
        memoriser=baselines.bootstrap(real, n, stream(seed, "evaluate.memoriser")),
        seed=seed,
    )


def _run(tables: _Tables, task: Task | None, verbose: int) -> list[_Found]:
    from threadpoolctl import threadpool_limits
    from tqdm import tqdm

    steps: list[tuple[str, Callable[[], _Found]]] = [
        ("column shapes", lambda: _shapes(tables)),
        ("pair trends", lambda: _trends(tables)),
        ("detection", lambda: _detection(tables)),
        ("nearest records", lambda: _nearest(tables)),
    ]
    if task is not None:
        steps.append(("utility", lambda: _utility(tables, task)))
    found = []
    # two threads on a busy pair of cores are ten times slower than one (spinning at barriers), and no faster idle;
    # disable=None shows the bar on a terminal only
    hidden = None if verbose else True
    with threadpool_limits(limits=1), tqdm(total=len(steps), desc="evaluate", disable=hidden) as bar:
        for label, step in steps:
            bar.set_postfix_str(label)
            found.append(step())
            bar.update()
    return found


def _shapes(t: _Tables) -> _Found:
    model, columns = column_shapes(t.real, t.synthetic)
    ceiling, ceilings = column_shapes(*t.twins)
    floor, memoriser = column_shapes(t.real, t.floor)[0], column_shapes(t.real, t.memoriser)[0]
    pairs = zip(t.real.columns[:MAX_MARGINALS], t.synthetic.columns, strict=False)
    details = {
        "columns": columns,
        "column_ceilings": {c.name: c.score.value for c in ceilings},
        "marginals": tuple(marginal(a, b) for a, b in pairs),
    }
    return _Found({"column_shapes": make_score("column_shapes", model, ceiling, floor, memoriser)}, details)


def _trends(t: _Tables) -> _Found:
    chosen = paired_columns(len(t.real.columns), stream(t.seed, "evaluate.pairs"))
    model, pairs = pair_trends(t.real, t.synthetic, chosen)
    others = [pair_trends(a, b, chosen)[0] for a, b in (t.twins, (t.real, t.floor), (t.real, t.memoriser))]
    return _Found({"pair_trends": make_score("pair_trends", model, *others)}, {"pairs": pairs})


def _detection(t: _Tables) -> _Found:
    model = c2st(t.synthetic, t.reference, t.seed, importances=True)
    others = [
        c2st(a, b, t.seed).auc for a, b in (t.twins, (t.floor, t.reference), (t.memoriser, t.reference))
    ]
    score = make_score("c2st_auc", model.auc, *others, caution=_detection_caution(t, model.auc))
    return _Found({"c2st_auc": score}, {"detection": model})


def _detection_caution(t: _Tables, auc: Estimate) -> str:
    cautions = []
    if t.holdout is None:
        cautions.append(
            "Compared with the rows that the synthetic table was made from, not with held-out rows: "
            "a copy of the real rows looks perfect here."
        )
    if auc.high is not None and auc.high < 0.5:
        cautions.append(
            "Below 0.5 is not better than 0.5: the same or nearly the same rows stand in both tables, "
            "so that a row learnt under one label comes back under the other."
        )
    return " ".join(cautions)


def _nearest(t: _Tables) -> _Found:
    distances = {
        "synthetic": nearest_distances(t.synthetic, t.real, t.seed),
        "ceiling": nearest_distances(t.holdout or t.real, t.real, t.seed, itself=t.holdout is None),
        "floor": nearest_distances(t.floor, t.real, t.seed),
        "memoriser": nearest_distances(t.memoriser, t.real, t.seed),
    }
    copied = [copies(t.synthetic, t.real), copies(t.twins[1], t.twins[0])]
    copied += [copies(t.floor, t.real), copies(t.memoriser, t.real)]
    scores = {
        "nearest_record_distance": make_score(
            "nearest_record_distance", *(d.median for d in distances.values())
        ),
        "nearest_record_copies": make_score("nearest_record_copies", *copied),
    }
    if t.holdout is None:
        caution = "Not available: it needs held-out rows."
        scores["nearest_record_real_share"] = make_score(
            "nearest_record_real_share", Estimate(None), caution=caution
        )
    else:
        scores["nearest_record_real_share"] = _real_share(t, t.holdout)
    return _Found(scores, {"distances": distances})


def _real_share(t: _Tables, holdout: CodedTable) -> Score:
    shares = [share_closer_to_real(x, t.real, holdout, t.seed) for x in (t.synthetic, t.floor, t.memoriser)]
    return make_score("nearest_record_real_share", shares[0], Estimate(0.5), *shares[1:])


def _utility(t: _Tables, task: Task) -> _Found:
    train, test, caution = t.real, t.holdout, ""
    if test is None:
        train, test = baselines.split(t.real, 0.8, stream(t.seed, "evaluate.utility"))
        caution = (
            "Tested on a fifth of the real rows, which the synthetic table was made from too: "
            "it is flattered, the ceiling (trained on the other rows) is not."
        )
    model, ceiling, floor, memoriser = (
        utility(x, test, task, t.seed) for x in (t.synthetic, train, t.floor, t.memoriser)
    )
    name = f"utility_{task.metric}"
    return _Found({name: make_score(name, model, ceiling, floor, memoriser, caution)}, {})


def _assemble(
    found: list[_Found],
    coded: dict[str, CodedTable],
    seed: int,
    task: Task | None,
    left_out: tuple[LeftOut, ...],
) -> Report:
    details: dict[str, Any] = {name: value for f in found for name, value in f.details.items()}
    scores = {name: score for f in found for name, score in f.scores.items()}
    n_rows = {which: table.n_rows for which, table in coded.items()}
    n_columns = len(coded["real"].columns)
    return Report(
        format_version=FORMAT_VERSION,
        synthgen_version=_version("synthgen"),
        libraries={name: _version(name) for name in _LIBRARIES},
        seed=seed,
        n_rows=n_rows,
        n_columns=n_columns,
        has_holdout="holdout" in coded,
        target=None if task is None else task.target,
        scores=scores,
        left_out=left_out,
        notes=notes(n_rows, n_columns, scores, details["detection"], task),
        **details,
    )


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
