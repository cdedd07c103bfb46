"""Singling out: whether what is true of one synthetic row only is true of one real row only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import hypergeom

from synthgen.metrics.baselines import subsample
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.predicates import (
    Predicate,
    count_matches,
    find_matches,
    predicates_of_rows,
    random_predicates,
)
from synthgen.metrics.risk import Risk, columns_in_words, make_risk, some_columns, success_rate
from synthgen.metrics.tables import CodedTable
from synthgen.rng import stream

N_COLUMNS = 3
"""Columns that a predicate speaks of."""
MAX_COLUMNS = 60
"""Columns that predicates choose among, at most; a random choice of them beyond that."""
MAX_ROWS = 200_000
"""Rows of each table that are looked at, at most."""


def singling_out(real: CodedTable, synthetic: CodedTable, holdout: CodedTable | None, seed: int) -> Risk:
    """Try predicates that single out a synthetic row on the real rows.

    Parameters
    ----------
    real, synthetic : CodedTable
        Coded together.
    holdout : CodedTable or None
        Real rows that the synthesizer has not seen, coded with the others.
    seed : int
        For the columns and the predicates.

    Returns
    -------
    Risk
        A success is a predicate that holds for exactly one real row.

    Notes
    -----
    A predicate is about a synthetic row's values in `N_COLUMNS` columns drawn at random: a number at least as far
    from the median as the row's, the same level, or missing too.
    The control counts predicates that hold for exactly one row of a table as large as the real one, in which all n
    held-out rows have taken the place of as many of the N real ones, drawn at random (hypergeometric, without drawing
    any); those that hold for a held-out row, times ``N / n``. Real and held-out rows that the synthetic table is
    equally ignorant of thus have the same expectation, and a row given away is never taken for a success of the
    control. Of more held-out rows than real ones as many are drawn.
    A row far from all others may be singled out by many predicates, which succeed or fail together: the intervals
    are those of fewer predicates, ``sum(w^2) / sum(w)`` times, where w are the successes on each row: in the table
    in which that is more, since a small one may lack such a row by chance.
    NOTE[DIFF]: anonymeter multiplies by a curve of two parameters fitted to subsamples of the control, and takes
    predicates for independent. Repeated rows are taken together in the synthetic table only (there in all three): a
    person whom another equals is not singled out. Rates are of the predicates found, not of those wanted. Instants
    are numbers (there text).

    References
    ----------
    .. [1] M. Giomi, F. Boenisch, C. Wehmeyer, B. Tasnadi, "A unified framework for quantifying privacy risk in
       synthetic data", PoPETs 2023, section 5.1.
    .. [2] A. Cohen, K. Nissim, "Towards formalizing the GDPR's notion of singling out", PNAS 117 (2020).
    """
    draw = stream(seed, "metrics.singling_out")
    used, n_given = some_columns(real, MAX_COLUMNS, draw), len(real.columns)
    n_columns = min(N_COLUMNS, len(used))
    real, synthetic = (subsample(t.select(used), MAX_ROWS, draw) for t in (real, synthetic))
    unlike = synthetic.take(np.sort(np.unique(synthetic.row_keys, return_index=True)[1]))
    predicates = predicates_of_rows(unlike, n_columns, draw)
    random = random_predicates(unlike, n_columns, draw)
    n_matches, rows = find_matches(real, predicates)
    attack = _Successes((n_matches == 1).astype(np.float64), rows)
    control, scaled = None, ""
    if holdout is not None:
        held_out = subsample(holdout.select(used), real.n_rows, draw)
        control = _of_control(held_out, predicates, n_matches, real.n_rows)
        if held_out.n_rows < real.n_rows:
            scaled = f" The control is scaled to that number from {held_out.n_rows:,} held-out rows."
    together = max(s.together() for s in (attack, control) if s is not None)
    return make_risk(
        attack.rate(together),
        None if control is None else control.rate(together),
        success_rate(int((count_matches(real, random) == 1).sum()), len(random)),
        len(predicates),
        f"{len(predicates):,} predicates about {n_columns} of {columns_in_words(len(used), n_given)}, each true of "
        f"exactly one of {unlike.n_rows:,} different synthetic rows, tried on {real.n_rows:,} real rows.{scaled}",
    )


@dataclass(frozen=True, eq=False)
class _Successes:
    """How far each predicate succeeds, in [0, 1], on which row; and how many times more there would be."""

    weights: np.ndarray
    rows: np.ndarray
    factor: float = 1.0

    def together(self) -> float:
        """How many predicates succeed at once, on average: 1 if each has a row of its own."""
        by_row = np.bincount(self.rows, self.weights)
        return max(float((by_row**2).sum() / by_row.sum()), 1.0) if self.weights.any() else 1.0

    def rate(self, together: float) -> Estimate:
        """The rate, with the interval of predicates of which so many succeed at once."""
        n, n_hits = len(self.weights), float(self.weights.sum())
        n_apart = round(n / together)
        value = success_rate(min(n_hits * self.factor, n), n).value
        few = success_rate(n_hits / n * n_apart if n else 0.0, n_apart)
        if value is None or few.low is None or few.high is None:
            return Estimate(None)
        low, high = few.low * self.factor, min(few.high * self.factor, 1.0)
        return Estimate(value, min(low, value), max(high, value))


def _of_control(
    held_out: CodedTable, predicates: Sequence[Predicate], n_matches: np.ndarray, n_real: int
) -> _Successes:
    """The successes on held-out rows that have taken the place of as many real ones."""
    n_held = held_out.n_rows
    n_held_matches, rows = find_matches(held_out, predicates)
    weights = (n_held_matches == 1).astype(np.float64)
    if n_held < n_real:
        weights *= hypergeom.pmf(0, n_real, n_matches, n_real - n_held)
    return _Successes(weights, rows, n_real / n_held)
