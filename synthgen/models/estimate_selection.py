"""How long learning to choose rows takes: pools, trees and margins, tried on some rows."""

from __future__ import annotations

import numpy as np

from synthgen.models.density_ratio import _SETTINGS, MAX_ROUNDS, SET_ASIDE
from synthgen.models.directions import fit_directions
from synthgen.models.estimate_memory import selection_rows
from synthgen.models.estimate_time import Rehearsal, seconds, seconds_of_all
from synthgen.models.margins import fit_margins
from synthgen.models.matrix_model import AbstractMatrixModel
from synthgen.models.row_features import RowFeatures, row_features
from synthgen.models.selection import draw_pool
from synthgen.rng import ROWS_PER_BLOCK, stream

TREES_A_ROUND = 170
"""Trees of a round until more of them tell the rows set aside apart no better, and ..."""
ROUNDS = MAX_ROUNDS
"""... rounds, as they came out with most tables of many rows (benchmarks/results/trust/memory.json): the table decides."""
TRIED_TREES = (2, 22)
TRIED_ROWS = (8_000, 40_000)
TRIED_BLOCKS = (4, 12)
"""Trees, rows and blocks of generated rows that time is taken of."""


def selection_seconds(rehearsal: Rehearsal, model: AbstractMatrixModel) -> dict[str, float]:
    """Seconds of `selection.fit_selector`, by part.

    Parameters
    ----------
    rehearsal : Rehearsal
        Some rows.
    model : AbstractMatrixModel
        With the networks' real sizes, trained or not.

    Returns
    -------
    dict of str to float
        Pools, trees, weights (every pool is weighted by the trees of all rounds before) and margins.
    """
    encoder, seed = rehearsal.encoder, rehearsal.seed
    n_real, n_pool = selection_rows(rehearsal.shape)
    own = row_features(rehearsal.matrix, encoder)
    if not own.values.shape[1]:
        return {}
    directions, n_own = fit_directions(own), own.values.shape[1]
    both = directions.added(own)
    real, pool = _every_other(both, 0), _every_other(both, 1)  # as from a generator that is right
    one_pool = seconds_of_all(
        lambda n: draw_pool(model, encoder, n, seed), TRIED_BLOCKS, n_pool // ROWS_PER_BLOCK
    )
    trees, weighing = _trees(real, pool, n_real, n_pool)

    def margins(n: int) -> object:
        first, second = _some(real, n // 2), _some(pool, n - n // 2)
        return fit_margins(first, second, np.full(len(second.values), 1.0 / len(second.values)), n_own)

    return {
        "pools": (ROUNDS + 2) * one_pool,
        "trees": (ROUNDS + 1) * trees,
        # the pools of rounds 1, 2, ... and of the margins
        "weights": n_pool * weighing * TREES_A_ROUND * (ROUNDS * (ROUNDS + 1) // 2 + ROUNDS),
        "margins": seconds_of_all(margins, TRIED_ROWS, n_real + n_pool),
    }


def _trees(real: RowFeatures, pool: RowFeatures, n_real: int, n_pool: int) -> tuple[float, float]:
    """Seconds of the trees of one round, and of one tree for one row that is weighted."""
    import lightgbm

    held: list[lightgbm.Booster] = []
    values = np.concatenate([real.values, pool.values])
    label = np.repeat([1.0, 0.0], [len(real.values), len(pool.values)])
    order = stream(0, "estimated trees").permutation(len(values))

    def chosen(n: int) -> np.ndarray:
        return order[np.arange(n) % len(order)]

    def grow(n_trees: int, n: int) -> None:
        held.append(lightgbm.train(_SETTINGS, lightgbm.Dataset(values[chosen(n)], label[chosen(n)]), n_trees))

    few, many = TRIED_TREES
    n_all = n_real + n_pool
    n_learnt = n_all - n_all // SET_ASIDE
    first = seconds_of_all(lambda n: grow(few, n), TRIED_ROWS, n_learnt)
    second = seconds_of_all(lambda n: grow(many, n), TRIED_ROWS, n_learnt)
    one_tree = max(second - first, 0.0) / (many - few)
    booster = held[-1]
    scored_rows = values[chosen(TRIED_ROWS[1])]
    weighing = seconds(lambda: booster.predict(scored_rows, raw_score=True, num_threads=1))
    weighing /= len(scored_rows) * many
    # rows set aside are scored as trees grow, and once more; the leaves of real rows are counted
    scored = 2 * (n_all - n_learnt) + n_real
    return first + one_tree * (TREES_A_ROUND - few) + weighing * TREES_A_ROUND * scored, weighing


def _every_other(features: RowFeatures, first: int) -> RowFeatures:
    return RowFeatures(features.values[first::2], features.is_level)


def _some(features: RowFeatures, n: int) -> RowFeatures:
    return RowFeatures(features.values[np.arange(n) % len(features.values)], features.is_level)
