"""Singling out: whether what is true of one synthetic row only is true of one real row only."""

from __future__ import annotations

import numpy as np
from scipy.stats import hypergeom

from synthgen.metrics.baselines import subsample
from synthgen.metrics.features import row_keys
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.predicates import (
    count_matches,
    extreme_predicates,
    predicates_of_rows,
    random_predicates,
)
from synthgen.metrics.risk import Risk, columns_in_words, make_risk, only, some_columns, success_rate
from synthgen.metrics.tables import CodedTable
from synthgen.rng import stream

N_COLUMNS = 3
"""Columns that a predicate speaks of."""
MAX_COLUMNS = 60
"""Columns that predicates choose among, at most; a random choice of them beyond that."""
MAX_ROWS = 200_000
"""Rows of each table that are looked at, at most."""


def singling_out(
    real: CodedTable,
    synthetic: CodedTable,
    holdout: CodedTable | None,
    seed: int,
    *,
    n_columns: int = N_COLUMNS,
) -> Risk:
    """Try predicates that single out a synthetic row on the real rows.

    Parameters
    ----------
    real, synthetic : CodedTable
        Coded together.
    holdout : CodedTable or None
        Real rows that the synthesizer has not seen, coded with the others.
    seed : int
        For the columns and the predicates.
    n_columns : int
        Columns that a predicate speaks of. With one, predicates are about the least, the largest and the unique
        values of a column; with more, about a synthetic row's values in columns drawn at random: a number at least
        as far from the median as the row's, the same level, or missing too.

    Returns
    -------
    Risk
        A success is a predicate that holds for exactly one real row.

    Notes
    -----
    The control counts predicates that hold for exactly one held-out row, which depends on the number of rows. With
    more held-out rows than real ones, the expected number in as many held-out rows as there are real ones is taken
    (hypergeometric, without drawing any). With fewer, the share is multiplied by how many times more predicates
    hold for exactly one of all real rows than are expected to in as many of them as are held out. Real and held-out
    rows that the synthetic table is equally ignorant of thus have the same expectation.
    NOTE[DIFF]: anonymeter multiplies by a curve of two parameters fitted to subsamples of the control. Repeated rows
    are taken together in the synthetic table only (there in all three): a person whom another equals is not singled
    out. Rates are of the predicates found, not of those wanted. Instants are numbers (there text).

    References
    ----------
    .. [1] M. Giomi, F. Boenisch, C. Wehmeyer, B. Tasnadi, "A unified framework for quantifying privacy risk in
       synthetic data", PoPETs 2023, section 5.1.
    .. [2] A. Cohen, K. Nissim, "Towards formalizing the GDPR's notion of singling out", PNAS 117 (2020).
    """
    draw = stream(seed, "metrics.singling_out", n_columns)
    used, n_given = some_columns(real, MAX_COLUMNS, draw), len(real.columns)
    n_columns = min(n_columns, len(used))
    real, synthetic = (subsample(only(t, used), MAX_ROWS, draw) for t in (real, synthetic))
    unlike = synthetic.take(np.sort(np.unique(row_keys([synthetic])[0], return_index=True)[1]))
    if n_columns == 1:
        predicates = extreme_predicates(unlike, draw)
    else:
        predicates = predicates_of_rows(unlike, n_columns, draw)
    n_matches = count_matches(real, predicates)
    random = random_predicates(unlike, n_columns, draw)
    control, scaled = None, ""
    if holdout is not None:
        held_out = subsample(only(holdout, used), MAX_ROWS, draw)
        control = _control(n_matches, real.n_rows, count_matches(held_out, predicates), held_out.n_rows)
        if held_out.n_rows != real.n_rows:
            scaled = f" The control is scaled to that number from {held_out.n_rows:,} held-out rows."
    return make_risk(
        success_rate(int((n_matches == 1).sum()), len(predicates)),
        control,
        success_rate(int((count_matches(real, random) == 1).sum()), len(random)),
        len(predicates),
        f"{len(predicates):,} predicates about {n_columns} of {columns_in_words(len(used), n_given)}, each true of "
        f"exactly one of {unlike.n_rows:,} different synthetic rows, tried on {real.n_rows:,} real rows.{scaled}",
    )


def _control(n_matches: np.ndarray, n_real: int, n_held_matches: np.ndarray, n_held: int) -> Estimate:
    """The success rate against as many held-out rows as there are real ones."""
    n = len(n_matches)
    if n_held >= n_real:
        return success_rate(float(_single(n_held_matches, n_held, n_real).sum()), n)
    thinned = float(_single(n_matches, n_real, n_held).sum())
    factor = float((n_matches == 1).sum()) / thinned if thinned > 0 else 1.0
    rate = success_rate(min(float((n_held_matches == 1).sum()) * factor, n), n)
    if rate.value is None or rate.low is None:
        return rate
    error = (rate.value - rate.low) * max(factor, 1.0) ** 0.5
    return Estimate(rate.value, max(rate.value - error, 0.0), min(rate.value + error, 1.0))


def _single(n_matches: np.ndarray, n_rows: int, n_drawn: int) -> np.ndarray:
    """The chance that exactly one match is among so many rows drawn without replacement."""
    return hypergeom.pmf(1, n_rows, n_matches, n_drawn)
