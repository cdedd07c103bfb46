"""The conditions of a model: combinations of some columns as they occurred where they are frequent, drawn ones elsewhere."""

from __future__ import annotations

import numpy as np

from synthgen.disclosure import MIN_ROWS
from synthgen.layout import MatrixLayout
from synthgen.models.condition_rows import ConditionTable, count_conditions
from synthgen.models.gaussian_model import GaussianModel

_BLOCKS_DRAWN = 8
_SEED = 0  # of the same rows the same table


def condition_table(matrix: np.ndarray, layout: MatrixLayout, cond_columns: list[int]) -> ConditionTable:
    """The conditions that a model may be given.

    Parameters
    ----------
    matrix : ndarray of float32, shape (N, F)
        The training rows.
    layout : MatrixLayout
        What the columns are.
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
    drawn = count_conditions(drawn_rows(rows, layout.choices_of(cond_columns), [], _SEED))
    kept, share = distinct[counts >= MIN_ROWS], counts[counts >= MIN_ROWS] / len(rows)
    known = {row.tobytes() for row in kept}
    is_new = np.array([row.tobytes() not in known for row in drawn.rows], dtype=bool)
    if len(kept) and (rare < MIN_ROWS or not is_new.any()):
        return ConditionTable(kept, share / share.sum())
    others = drawn.share[is_new] / drawn.share[is_new].sum() * (rare / len(rows))
    return ConditionTable(np.concatenate([kept, drawn.rows[is_new]]), np.concatenate([share, others]))


def drawn_rows(rows: np.ndarray, layout: MatrixLayout, kept: list[int], seed: int) -> np.ndarray:
    """Some thousand rows of a Gaussian copula of choices.

    Parameters
    ----------
    rows : ndarray of float32, shape (N, C)
        What it is fitted to.
    layout : MatrixLayout
        Of these columns.
    kept : list of int
        Columns whose combinations come as they occurred.
    seed : int
        Of what is drawn.

    Returns
    -------
    ndarray of float32, shape (_BLOCKS_DRAWN * ROWS_PER_BLOCK, C)
        The rows.
    """
    model = GaussianModel.fit(rows, layout, kept)
    return np.concatenate([model.generate_block(seed, block) for block in range(_BLOCKS_DRAWN)])
