"""The conditions of a model: combinations of some columns as they occurred where they are frequent, drawn ones elsewhere."""

from __future__ import annotations

import numpy as np

from synthgen.layout import Block, MatrixLayout
from synthgen.models.condition_rows import ConditionTable, count_conditions
from synthgen.models.gaussian_model import GaussianModel

MIN_ROWS = 5
"""Rows of a combination for it to be kept as it occurred."""
_BLOCKS_DRAWN = 8
_SEED = 0  # of the same rows the same table


def condition_table(matrix: np.ndarray, cond_columns: list[int]) -> ConditionTable:
    """The conditions that a model may be given.

    Parameters
    ----------
    matrix : ndarray of float32, shape (N, F)
        The training rows.
    cond_columns : list of int
        The matrix columns that are conditions: whole choices, in matrix order.

    Returns
    -------
    ConditionTable
        One empty row if there are no conditions.

    Notes
    -----
    Combinations of fewer than `MIN_ROWS` rows are not kept. Their share goes to combinations that a Gaussian copula of
    the columns draws and that are not among the frequent ones: rare ones that occurred are then no more than likely,
    and ones that did not occur can come up.
    """
    rows = matrix[:, cond_columns]
    distinct, counts = np.unique(rows, axis=0, return_counts=True)
    rare = int(counts[counts < MIN_ROWS].sum())
    if not rare or not cond_columns:
        return ConditionTable(distinct, counts / counts.sum())
    own = _choices(rows)
    model = GaussianModel.fit(rows, own, [])
    drawn = count_conditions(np.concatenate([model.generate_block(_SEED, b) for b in range(_BLOCKS_DRAWN)]))
    kept, share = distinct[counts >= MIN_ROWS], counts[counts >= MIN_ROWS] / len(rows)
    known = {row.tobytes() for row in kept}
    is_new = np.array([row.tobytes() not in known for row in drawn.rows], dtype=bool)
    if len(kept) and (rare < MIN_ROWS or not is_new.any()):
        return ConditionTable(kept, share / share.sum())
    others = drawn.share[is_new] / drawn.share[is_new].sum() * (rare / len(rows))
    return ConditionTable(np.concatenate([kept, drawn.rows[is_new]]), np.concatenate([share, others]))


def _choices(rows: np.ndarray) -> MatrixLayout:
    """The one-hot blocks that some matrix columns are: each ends where all its rows have chosen."""
    blocks: list[Block] = []
    start, chosen = 0, np.zeros(len(rows))
    for i, column in enumerate(rows.T):
        chosen = chosen + column
        if (chosen > 0.5).all():
            labels = tuple(str(k) for k in range(i + 1 - start))
            blocks.append(Block(f"condition {len(blocks)}", "one-hot", start, i + 1, labels))
            start, chosen = i + 1, np.zeros(len(rows))
    return MatrixLayout(tuple(blocks))
