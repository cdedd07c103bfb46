"""The covariates' combinations that a wide model draws from, none of them the profile of one or two rows."""

from __future__ import annotations

import numpy as np

from synthgen.layout import Block, MatrixLayout
from synthgen.models.condition_rows import ConditionTable, count_conditions
from synthgen.models.gaussian_model import GaussianModel

MIN_ROWS = 5
"""Rows of a combination for it to be kept as it occurred."""
_BLOCKS_DRAWN = 8


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
    own = _only(layout, cond_columns)
    kept: list[int] = []
    for block in own.blocks:
        more = [*kept, *range(block.start, block.stop)]
        if _rarest(rows[:, more]) >= MIN_ROWS:
            kept = more
    model = GaussianModel.fit(rows, own, kept)
    drawn = np.concatenate([model.generate_block(seed, b) for b in range(_BLOCKS_DRAWN)])
    return count_conditions(drawn)


def _rarest(rows: np.ndarray) -> int:
    """Rows of the rarest combination."""
    return int(np.unique(rows, axis=0, return_counts=True)[1].min())


def _only(layout: MatrixLayout, columns: list[int]) -> MatrixLayout:
    """The blocks of some columns, moved together."""
    blocks: list[Block] = []
    for block in layout.one_hot:
        if block.start in columns:
            start = blocks[-1].stop if blocks else 0
            blocks.append(Block(block.column, "one-hot", start, start + block.width, block.labels))
    return MatrixLayout(tuple(blocks))
