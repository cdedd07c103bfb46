"""Linkability: whether a synthetic row ties together two things known about one person."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synthgen.metrics.baselines import subsample
from synthgen.metrics.gower import MAX_COLUMNS, nearest_rows
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.risk import (
    MAX_SYNTHETIC,
    Risk,
    columns_in_words,
    make_risk,
    n_targets,
    no_attack,
    some_columns,
    success_rate,
)
from synthgen.metrics.tables import CodedTable
from synthgen.rng import stream


def linkability(real: CodedTable, synthetic: CodedTable, holdout: CodedTable | None, seed: int) -> Risk:
    """Cut real rows in two and link the halves by their nearest synthetic rows.

    Parameters
    ----------
    real, synthetic : CodedTable
        Coded together.
    holdout : CodedTable or None
        Real rows that the synthesizer has not seen, coded with the others.
    seed : int
        For the choice of rows, the halves, and ties.

    Returns
    -------
    Risk
        A success is a row whose two halves have the same synthetic row nearest. Empty with fewer than two columns.

    Notes
    -----
    The columns are split in two at random, alike for every table of one seed. As many held-out rows are attacked as
    real ones.

    References
    ----------
    .. [1] M. Giomi, F. Boenisch, C. Wehmeyer, B. Tasnadi, "A unified framework for quantifying privacy risk in
       synthetic data", PoPETs 2023, section 5.2.
    """
    draw = stream(seed, "metrics.linkability")
    used = some_columns(real, MAX_COLUMNS, draw)
    if len(used) < 2:
        return no_attack("There are no two columns to link.")
    order = draw.permutation(len(used))
    halves = (np.sort(order[::2]), np.sort(order[1::2]))
    n = n_targets(real, synthetic, holdout, len(used))
    guesses = subsample(synthetic.select(used), MAX_SYNTHETIC, draw)
    attack = _rate(links(subsample(real.select(used), n, draw), guesses, halves, draw))
    control = None
    if holdout is not None:
        control = _rate(links(subsample(holdout.select(used), n, draw), guesses, halves, draw))
    first, second = draw.integers(guesses.n_rows, size=(2, n))
    words = (
        f"{n:,} real rows, each cut into {len(halves[0])} and {len(halves[1])} of "
        f"{columns_in_words(len(used), len(real.columns))}, linked by the nearest of {guesses.n_rows:,} synthetic rows."
    )
    return make_risk(attack, control, _rate(first == second), n, words)


def links(
    targets: CodedTable,
    synthetic: CodedTable,
    halves: Sequence[np.ndarray],
    generator: np.random.Generator,
) -> np.ndarray:
    """Which rows the synthetic ones link.

    Parameters
    ----------
    targets, synthetic : CodedTable
        Coded together.
    halves : two ndarray of int
        The numbers of the columns in each half.
    generator : numpy.random.Generator
        Breaks ties, in each half for itself.

    Returns
    -------
    ndarray of bool, shape (n_targets,)
        Whether both halves have the same nearest synthetic row (anonymeter's ``find_links`` with one neighbour).
    """
    first, second = nearest_rows(targets, synthetic, halves, generator.random((2, targets.n_rows)))
    return first == second


def _rate(right: np.ndarray) -> Estimate:
    return success_rate(int(right.sum()), len(right))
