"""Is my n enough? A model fitted to more and more rows of a table."""

from __future__ import annotations

import importlib.metadata
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pandas as pd
from sklearn.base import BaseEstimator, clone
from threadpoolctl import threadpool_limits

from synthgen.engines.engine import Engine, check_engine, open_engine
from synthgen.exceptions import ParameterError, SynthgenError
from synthgen.metrics.tables import code_tables
from synthgen.rng import derived_seed, resolve_seed
from synthgen.schema import Schema
from synthgen.studies.answer import advice_on_leaks, answer, quality_answer
from synthgen.studies.clock import MIN_SIZES, Clock
from synthgen.studies.measuring import Ruler, make_ruler, measure
from synthgen.studies.points import MEASURES, Fit, Point, Readings
from synthgen.studies.remarks import remarks
from synthgen.studies.result import FORMAT_VERSION, LearningCurve
from synthgen.studies.risk import attacked_by_span
from synthgen.studies.splits import Splits, make_splits
from synthgen.studies.trend import Trend, find_trend
from synthgen.table.annotated import as_annotated
from synthgen.table.infer import check_table
from synthgen.validation import Constraint, Each, Instance, Interval, Nothing, validate_parameters

_CONSTRAINTS: Mapping[str, Sequence[Constraint]] = {
    "sizes": [Each(Interval("int", 1, math.inf)), Nothing()],
    "n_repeats": [Interval("int", 1, math.inf)],
    "target": [Instance(str, "a column name"), Nothing()],
    "holdout_fraction": [Interval("float", 0, 1, "neither")],
    "random_state": [Interval("int", 0, 2**63), Nothing()],
    "budget": [Interval("float", 0, math.inf, "neither"), Nothing()],
    "verbose": [Interval("int", 0, math.inf)],
}


def learning_curve(
    table: Any,
    model: Any = None,
    *,
    sizes: Sequence[int] | None = None,
    n_repeats: int = 3,
    target: str | None = None,
    holdout_fraction: float = 0.3,
    random_state: int | None = 0,
    budget: float | None = None,
    verbose: int = 1,
    engine: str = "local",
    address: str | None = None,
    workers: int | None = None,
) -> LearningCurve:
    """Say whether more rows would make a model's samples better, by fitting it to fewer.

    Parameters
    ----------
    table : pandas.DataFrame, AnnData or AnnotatedTable, shape (N, n_columns)
        All rows that there are; 67 at least, unless `holdout_fraction` is larger.
    model : synthesizer, optional
        Not fitted, or fitted and then cloned: it has `fit`, `sample`, and scikit-learn's parameters. Each fit is given a
        `random_state` of its own. Default: ``SynthGAN()``.
    sizes : sequence of int, optional
        Rows to fit to, at least two sizes of 10 rows at least. Default: an eighth, a quarter, half and all of the rows
        that are not held out.
    n_repeats : int
        How often all of it is done, with other rows held out. Two are needed for any answer but that it is too noisy.
    target : str, optional
        A column to predict, for utility.
    holdout_fraction : float
        Share of the rows that is held out in each repeat, in (0, 1), and measured on.
    random_state : int or None
        Seed of the rows, the fits, the samples and the measurements; None draws one, which the result states.
    budget : float, optional
        Minutes: a fit that cannot be expected to end within them is not begun, but for the first two.
    verbose : int
        0: no progress bar. It is off anyway when not writing to a terminal.
    engine : {"local", "ray"}
        Who makes the fits: this process, one after the other, or the workers of a Ray cluster. But for the times that they
        take, the results are the same.
    address : str, optional
        Of the Ray cluster. None: what RAY_ADDRESS says, or a local one, which is started and ended.
    workers : int, optional
        Fits at the same time by Ray. None: one for each processor.

    Returns
    -------
    LearningCurve
        `answer` is the sentence; points, trends, a frame, JSON and a page.

    Raises
    ------
    ParameterError
        If a parameter breaks its constraint.
    DataError
        If the table has too few rows, or cannot be used.
    SynthgenError
        If a fit fails; the message says to how many rows.

    Notes
    -----
    In each repeat the rows are put into random order; the first share is held out, and a fit to n rows takes the first
    n of the rest. From every fit 1,000 to 3,000 rows are sampled, and measured on the held-out rows: fidelity, utility
    if there is a target, and how well an attacker tells the training rows from the others. The *floor* is columns drawn
    by themselves from the n rows. The *ceiling* is the rows that are not held out, in place of the samples; correlations
    and utility take equally many of all three.

    The attacks are made with n samples, 3,000 at most, at every size: with more of them an attacker does better. Their
    ceiling is n real rows that were not fitted, where there are as many: for fits to more than half of the rows that
    are not held out it has fewer, for the largest a third of the held-out rows.

    The answer's rule is in `synthgen.studies.answer.answer`, the change by the next doubling in `synthgen.studies.curves.next_doubling`
    and the number of rows in `synthgen.studies.needed.needed_rows`. It says nothing of more than ten times the
    largest size, and what it says holds for this model with these parameters.

    Interrupted (Ctrl-C), it ends with what there is once two sizes are measured.

    With Ray the first fit is made by itself, since it says which attack is made on all of them. A budget is held in the same
    way: a worker that is free begins no fit that cannot be expected to end in time, as fits before it took; what is begun is ended.
    Fits that run at the same time take longer each where they share memory and processors, and the expectation is of these.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from synthgen.models.independent import IndependentMarginals
    >>> table = load_iris(as_frame=True).frame
    >>> found = learning_curve(table, IndependentMarginals(), sizes=[25, 50], n_repeats=1, verbose=0)
    >>> found.kind, len(found.fits)
    ('too noisy to say', 2)
    """
    given = {
        "sizes": sizes,
        "n_repeats": n_repeats,
        "target": target,
        "holdout_fraction": holdout_fraction,
        "random_state": random_state,
        "budget": budget,
        "verbose": verbose,
    }
    validate_parameters("learning_curve", _CONSTRAINTS, given)
    check_engine("learning_curve", engine, address, workers)
    frame = as_annotated(table)[0]
    check_table(frame)
    model = _checked_model(model)
    seed = resolve_seed(random_state)
    splits = make_splits(len(frame), sizes, n_repeats, holdout_fraction, seed)
    ruler = make_ruler(frame, splits, target, _schema_of(model))
    study = _Study(frame, model, splits, ruler)
    with open_engine(engine, address, workers) as tasks:
        done = _run(study, tasks, budget, verbose)
    return _result(frame, model, splits, ruler, done)


@dataclass(frozen=True)
class _Study:
    """What every fit needs.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    model : synthesizer
        Not fitted.
    splits : Splits
        Of the rows.
    ruler : Ruler
        What is measured with.
    ceilings : dict of int to Readings
        By repeat, as far as this process knows them.
    """

    frame: pd.DataFrame
    model: Any
    splits: Splits
    ruler: Ruler
    ceilings: dict[int, Readings] = field(default_factory=dict)


@dataclass(frozen=True)
class _Measured:
    """What comes of one fit."""

    fit: Fit
    points: list[Point]
    by_span: bool


@dataclass
class _Done:
    """What is known so far, by the place in the plan."""

    measured: dict[int, _Measured] = field(default_factory=dict)
    stopped: str | None = None

    @property
    def in_order(self) -> list[_Measured]:
        """In the order of the plan, whoever came first."""
        return [self.measured[number] for number in sorted(self.measured)]

    @property
    def points(self) -> list[Point]:
        """Of all fits."""
        return [point for one in self.in_order for point in one.points]

    @property
    def fits(self) -> list[Fit]:
        """All of them."""
        return [one.fit for one in self.in_order]

    @property
    def by_span(self) -> bool | None:
        """How all are attacked: the first fit decides."""
        return self.measured[0].by_span if self.measured else None


def _checked_model(model: Any) -> Any:
    if model is None:
        from synthgen.models.synthgan import SynthGAN

        return SynthGAN()
    lacking = [name for name in ("fit", "sample") if not callable(getattr(model, name, None))]
    if lacking or not isinstance(model, BaseEstimator) or isinstance(model, type):
        raise ParameterError(
            "The `model` parameter of learning_curve must be an unfitted model with `fit`, `sample` and scikit-learn's "
            f"parameters, such as SynthGAN(). Got {model!r:.80} instead."
        )
    return model


def _schema_of(model: Any) -> Schema | None:
    found = model.get_params(deep=False).get("schema")
    return found if isinstance(found, Schema) else None


def _run(study: _Study, tasks: Engine, budget: float | None, verbose: int) -> _Done:
    splits = study.splits
    plan = [(repeat, n) for repeat in range(splits.n_repeats) for n in splits.sizes]
    done = _Done()

    def begun(spots: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        for spot in spots:
            if not clock.has_time():
                done.stopped = f"the budget of {budget:g} minutes was spent"
                return
            clock.begin()
            yield spot

    try:
        with Clock(plan, budget, verbose) as clock:
            for first, last in ((0, 1), (1, len(plan))):  # the first fit says how all are attacked
                for place, found in tasks.map(partial(_one, study, done.by_span), begun(plan[first:last])):
                    done.measured[first + place] = found
                    clock.end(first + place)
    except KeyboardInterrupt:
        if len({fit.n_rows for fit in done.fits}) < MIN_SIZES:
            raise
        done.stopped = "it was interrupted"
    return done


def _one(study: _Study, by_span: bool | None, spot: tuple[int, int]) -> _Measured:
    """Fit, sample and measure once."""
    (repeat, n), splits, ruler = spot, study.splits, study.ruler
    heldout, pool = splits.rows(repeat)
    fitted = _seeded(study.model, derived_seed(splits.seed, "studies.fit", repeat, n))
    start = time.monotonic()
    try:
        fitted.fit(study.frame.iloc[pool[:n]].reset_index(drop=True))
        sampled = time.monotonic()
        seed = derived_seed(splits.seed, "studies.sample", repeat, n)
        drawn = as_annotated(fitted.sample(ruler.n_synthetic, random_state=seed))[0]
    except SynthgenError as error:
        raise SynthgenError(
            f"The fit of {type(study.model).__name__} to {n} rows, repeat {repeat + 1}, failed: {error}"
        ) from error
    if by_span is None:
        by_span = attacked_by_span(fitted)
    measured = time.monotonic()
    parts = {
        "real": study.frame.iloc[pool][ruler.names],
        "heldout": study.frame.iloc[heldout][ruler.names],
        "synthetic": drawn[ruler.names],
    }
    with threadpool_limits(limits=1):
        coded = code_tables(parts, ruler.schema)
        points = measure(coded, ruler, repeat, n, study.ceilings, by_span=by_span)
    took = Fit(repeat, n, sampled - start, measured - sampled, time.monotonic() - measured)
    return _Measured(took, points, by_span)


def _seeded(model: Any, seed: int) -> Any:
    """A model like it, not fitted, quiet and with a seed of its own."""
    known = model.get_params(deep=False)
    given = {name: value for name, value in (("random_state", seed), ("verbose", 0)) if name in known}
    return clone(model).set_params(**given)


def _trends(points: Sequence[Point], overlap: float) -> tuple[Trend, ...]:
    names = [name for name in MEASURES if any(p.measure == name for p in points)]
    n_quality = sum(MEASURES[name].area != "privacy" for name in names)
    return tuple(find_trend([p for p in points if p.measure == name], overlap, n_quality) for name in names)


def _result(frame: pd.DataFrame, model: Any, splits: Splits, ruler: Ruler, done: _Done) -> LearningCurve:
    trends = _trends(done.points, splits.overlap)
    kind, sentence = answer(trends, advice_on_leaks(list(model.get_params(deep=False)), bool(done.by_span)))
    found = LearningCurve(
        format_version=FORMAT_VERSION,
        synthgen_version=importlib.metadata.version("synthgen"),
        answer=sentence,
        kind=kind,
        remarks=(),
        model=type(model).__name__,
        parameters=_changed(model),
        n_rows=len(frame),
        n_columns=frame.shape[1],
        n_heldout=splits.n_heldout,
        n_measured_columns=len(ruler.names),
        n_synthetic=ruler.n_synthetic,
        sizes=splits.sizes,
        n_repeats=splits.n_repeats,
        target=ruler.target,
        seed=splits.seed,
        points=tuple(done.points),
        fits=tuple(done.fits),
        trends=trends,
        stopped=done.stopped,
    )
    beside = quality_answer(trends)[1] if kind == "leaking" else None
    return replace(found, remarks=remarks(found, beside))


def _changed(model: Any) -> dict[str, str]:
    """Parameters that are not those of a model made without any."""
    own = model.get_params(deep=False)
    try:
        usual = type(model)().get_params(deep=False)
    except TypeError:  # it has parameters without a default
        usual = {}
    return {
        name: repr(value)
        for name, value in own.items()
        if name not in ("random_state", "verbose", "schema")
        and repr(usual.get(name, _changed)) != repr(value)
    }
