"""The same fit from several seeds, of which the best is kept: by rows that none of them has seen."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from tqdm import tqdm

from synthgen.engines.engine import check_engine, open_engine
from synthgen.exceptions import DataError, ParameterError, SynthgenError
from synthgen.models.table_score import score_noise
from synthgen.rng import derived_seed, resolve_seed, stream
from synthgen.table.annotated import as_annotated
from synthgen.table.infer import check_table
from synthgen.validation import Constraint, Each, Interval, Nothing, validate_parameters

FEWEST_ROWS = 4
"""Rows to learn from, and rows kept aside, at least."""
_SEED = Interval("int", 0, 2**63)
_CONSTRAINTS: Mapping[str, Sequence[Constraint]] = {
    "seeds": [Interval("int", 1, math.inf), Each(_SEED, min_length=1)],
    "validation_fraction": [Interval("float", 0, 1, "neither")],
    "random_state": [_SEED, Nothing()],
    "verbose": [Interval("int", 0, math.inf)],
}


@dataclass(frozen=True)
class Restarts:
    """What came of several fits.

    Parameters
    ----------
    model : synthesizer
        The best one, fitted.
    table : pandas.DataFrame
        One row for each fit, in the order of seeds: ``seed``, ``score`` in [0, 1], ``fit_seconds``.
    n_fitted, n_validation : int
        Rows learnt from, and rows kept aside.
    noise : float
        Standard error of a score on so many rows: smaller differences are chance.
    """

    model: Any
    table: pd.DataFrame
    n_fitted: int
    n_validation: int
    noise: float

    @property
    def seed(self) -> int:
        """Of the best model."""
        return int(self.table["seed"].iloc[int(np.argmax(self.table["score"]))])


@dataclass(frozen=True)
class _Fitted:
    """What a task gives: the model as the data of its file."""

    kind: type
    state: dict[str, Any]
    score: float
    seconds: float


def best_of_seeds(
    model: Any,
    X: Any,
    seeds: int | Sequence[int] = 5,
    *,
    validation_fraction: float = 0.2,
    random_state: int | None = 0,
    engine: str = "local",
    address: str | None = None,
    workers: int | None = None,
    verbose: int = 1,
) -> Restarts:
    """Fit a model from several seeds, and keep the one whose rows look most like rows that none has seen.

    Parameters
    ----------
    model : synthesizer
        Not fitted, or fitted and then cloned.
    X : pandas.DataFrame, AnnData or AnnotatedTable, shape (N, n_columns)
        The table, in memory.
    seeds : int or sequence of int
        How many fits, or the `random_state` of each.
    validation_fraction : float
        Share of the rows that is kept aside, in (0, 1): the same for all.
    random_state : int or None
        Of the rows kept aside, and of the seeds if only their number is given.
    engine : {"local", "ray"}
        Who fits: this process, one after the other, or the workers of a Ray cluster. The models are the same.
    address : str, optional
        Of the Ray cluster. None: what RAY_ADDRESS says, or a local one, which is started and ended.
    workers : int, optional
        Fits at the same time by Ray. None: one for each processor.
    verbose : int
        0: no progress bar.

    Returns
    -------
    Restarts
        The best model by its own `score` on the rows kept aside, the first of equals, and the scores of all.

    Raises
    ------
    ParameterError
        If a parameter breaks its constraint.
    DataError
        If the table has too few rows.
    SynthgenError
        If a fit fails; the message says which.

    Notes
    -----
    The best score of several is too good by itself: of K models that are equal it lies above their mean, by about 1.2 standard errors for
    K = 5. Judge the model that is kept on other rows. It has not learnt from the rows kept aside.

    Nothing is kept of fits that were done when it is interrupted.
    """
    given = {
        "seeds": seeds,
        "validation_fraction": validation_fraction,
        "random_state": random_state,
        "verbose": verbose,
    }
    validate_parameters("best_of_seeds", _CONSTRAINTS, given)
    check_engine("best_of_seeds", engine, address, workers)
    if not all(callable(getattr(model, name, None)) for name in ("fit", "score", "to_state")):
        raise ParameterError(
            f"The `model` parameter of best_of_seeds must be one of synthgen's models. Got {model!r:.80} instead."
        )
    frame = as_annotated(X)[0]
    check_table(frame)
    seed = resolve_seed(random_state)
    learnt, aside = _rows(len(frame), validation_fraction, seed)
    own = (
        [derived_seed(seed, "studies.restart", i) for i in range(seeds)]
        if isinstance(seeds, int)
        else list(seeds)
    )
    found = _fit_all(partial(_fit_one, model, X, learnt, aside), own, (engine, address, workers), verbose)
    best = found[int(np.argmax([one.score for one in found]))]
    table = pd.DataFrame(
        {
            "seed": own,
            "score": [one.score for one in found],
            "fit_seconds": [one.seconds for one in found],
        }
    )
    # what came from a worker may not be written to
    fitted = best.kind.from_state(copy.deepcopy(best.state))  # type: ignore[attr-defined]
    return Restarts(fitted, table, len(learnt), len(aside), score_noise(len(aside)))


def _rows(n_rows: int, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from and rows kept aside, each in the table's order."""
    n_aside = round(fraction * n_rows)
    if min(n_aside, n_rows - n_aside) < FEWEST_ROWS:
        raise DataError(
            f"Of {n_rows} rows {n_aside} would be kept aside; best_of_seeds needs {FEWEST_ROWS} of them, and as many to "
            "learn from. Change validation_fraction, or add rows."
        )
    order = stream(seed, "studies.restarts").permutation(n_rows)
    return np.sort(order[n_aside:]), np.sort(order[:n_aside])


def _fit_all(task: Any, seeds: list[int], engine: tuple[Any, ...], verbose: int) -> list[_Fitted]:
    found: dict[int, _Fitted] = {}
    with (
        open_engine(*engine) as tasks,
        tqdm(total=len(seeds), desc="restarts", unit="fit", disable=None if verbose else True) as bar,
    ):
        for number, one in tasks.map(task, seeds):
            found[number] = one
            bar.update()
    return [found[number] for number in range(len(seeds))]


def _fit_one(model: Any, X: Any, learnt: np.ndarray, aside: np.ndarray, seed: int) -> _Fitted:
    """One fit, and its score."""
    fitted = clone(model).set_params(random_state=seed, verbose=0)
    start = time.monotonic()
    try:
        fitted.fit(_taken(X, learnt))
        seconds = time.monotonic() - start
        score = fitted.score(_taken(X, aside))
    except SynthgenError as error:
        raise SynthgenError(f"The fit of {type(model).__name__} with seed {seed} failed: {error}") from error
    return _Fitted(type(fitted), fitted.to_state(), score, seconds)


def _taken(X: Any, rows: np.ndarray) -> Any:
    """Some rows, in the form that they came in."""
    frame, annotation = as_annotated(X)
    part = frame.iloc[rows].reset_index(drop=True)
    if annotation is None:
        return part
    from synthgen.table.annotated import AnnotatedTable, is_anndata

    table = AnnotatedTable(part, annotation)
    if not is_anndata(X):
        return table
    from synthgen.table.h5ad import to_anndata

    return to_anndata(table)
