"""The covariates' combinations that a wide model draws from, none of them the profile of one or two rows."""

from __future__ import annotations

import numpy as np

from synthgen.disclosure import MIN_ROWS
from synthgen.layout import MatrixLayout
from synthgen.models.condition_rows import ConditionTable, count_conditions
from synthgen.models.condition_table import drawn_rows


def covariate_table(
    matrix: np.ndarray, layout: MatrixLayout, cond_columns: list[int], seed: int
) -> ConditionTable:
    """Combinations of the covariates: as they occurred where each is frequent, else drawn from a model of them.

    Parameters
    ----------
    matrix : ndarray of float32, shape (N, F)
        The training rows.
    layout : MatrixLayout
        What the columns are.
    cond_columns : list of int
        Of all one-hot blocks, in matrix order.
    seed : int
        Of what is drawn.

    Returns
    -------
    ConditionTable
        What the model may be given.

    Notes
    -----
    A table of many covariates has as many combinations as rows: to repeat these would be to publish them. Then
    covariates are taken together in turn for as long as every combination has `MIN_ROWS` rows; the others follow them by
    a Gaussian copula, and some thousand rows of that are what the model draws from.
    """
    rows = matrix[:, cond_columns]
    if not cond_columns or _rarest(rows) >= MIN_ROWS:
        return count_conditions(rows)
    own = layout.choices_of(cond_columns)
    kept: list[int] = []
    for block in own.blocks:
        more = [*kept, *range(block.start, block.stop)]
        if _rarest(rows[:, more]) >= MIN_ROWS:
            kept = more
    return count_conditions(drawn_rows(rows, own, kept, seed))


def _rarest(rows: np.ndarray) -> int:
    """Rows of the rarest combination."""
    return int(np.unique(rows, axis=0, return_counts=True)[1].min())
