"""How long learning to choose rows takes: pools, trees and margins, tried on some rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthgen.models.density_ratio import _SETTINGS, MAX_ROUNDS, MAX_TREES, SET_ASIDE
from synthgen.models.directions import fit_directions
from synthgen.models.estimate_memory import selection_rows
from synthgen.models.estimate_time import Rehearsal, Times, seconds, seconds_of_all
from synthgen.models.gan_fit import AUDIT_STEPS
from synthgen.models.margins import fit_margins
from synthgen.models.matrix_model import AbstractMatrixModel
from synthgen.models.row_features import RowFeatures, row_features
from synthgen.models.selection import draw_pool
from synthgen.rng import ROWS_PER_BLOCK, stream

TRAINED = (4, 80)
"""Rounds, and trees of each, that are expected after a training: three of 50 trees are few, all of 200 many."""
UNTRAINED = (MAX_ROUNDS, 190)
"""The same after fewer than `AUDIT_STEPS` steps: trees tell such rows from real ones however many rounds there are."""
TRIED_TREES = (2, 22)
TRIED_ROWS = (8_000, 40_000)
TRIED_BLOCKS = (4, 12)
"""Trees, rows and blocks of generated rows that time is taken of."""


@dataclass(frozen=True)
class SelectionCosts:
    """Seconds of the pieces of a selection.

    Parameters
    ----------
    n_pool : int
        Rows of a pool.
    pool : float
        To draw one.
    binning : float
        What a round takes before its first tree.
    tree : float
        One tree of a round.
    weighing : float
        One row that passes through one tree.
    margins : float
        Of all margins.
    """

    n_pool: int
    pool: float
    binning: float
    tree: float
    weighing: float
    margins: float

    def parts(self, n_rounds: int, n_trees: int) -> dict[str, float]:
        """Seconds by part, for so many rounds that are kept, of so many trees each.

        A round more only measures, unless all are kept and the last one measures. The pools of all rounds but the first, and
        of the margins, are weighted by the trees of all rounds before.
        """
        return {
            "pools": (n_rounds + 2) * self.pool,
            "trees": (n_rounds + 1) * (self.binning + n_trees * self.tree),
            "weights": self.n_pool * self.weighing * n_trees * (n_rounds * (n_rounds + 1) // 2 + n_rounds),
            "margins": self.margins,
        }


def selection_seconds(rehearsal: Rehearsal, model: AbstractMatrixModel, n_steps: int) -> Times:
    """Seconds of `selection.fit_selector`.

    Parameters
    ----------
    rehearsal : Rehearsal
        Some rows.
    model : AbstractMatrixModel
        With the networks' real sizes, trained or not.
    n_steps : int
        Steps that it will be trained.

    Returns
    -------
    Times
        As it usually goes; more where all rounds are needed.
    """
    costs = _costs(rehearsal, model)
    if costs is None:
        return Times()
    expected = costs.parts(*(TRAINED if n_steps >= AUDIT_STEPS else UNTRAINED))
    most = costs.parts(MAX_ROUNDS, MAX_TREES)
    return Times(expected, sum(most.values()) - sum(expected.values()))


def _costs(rehearsal: Rehearsal, model: AbstractMatrixModel) -> SelectionCosts | None:
    """Try the pieces; None where there is nothing to choose by."""
    encoder, seed = rehearsal.encoder, rehearsal.seed
    n_real, n_pool = selection_rows(rehearsal.shape)
    own = row_features(rehearsal.matrix, encoder)
    if not own.values.shape[1]:
        return None
    directions, n_own = fit_directions(own), own.values.shape[1]
    both = directions.added(own)
    real, pool = _every_other(both, 0), _every_other(both, 1)  # as from a generator that is right

    def margins(n: int) -> object:
        first, second = _some(real, n // 2), _some(pool, n - n // 2)
        return fit_margins(first, second, np.full(len(second.values), 1.0 / len(second.values)), n_own)

    return SelectionCosts(
        n_pool,
        seconds_of_all(lambda n: draw_pool(model, encoder, n, seed), TRIED_BLOCKS, n_pool // ROWS_PER_BLOCK),
        *_trees(real, pool, n_real, n_pool),
        seconds_of_all(margins, TRIED_ROWS, n_real + n_pool),
    )


def _trees(real: RowFeatures, pool: RowFeatures, n_real: int, n_pool: int) -> tuple[float, float, float]:
    """Seconds of binning, of one tree, and of one row that passes through one tree."""
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
    tree = max(second - first, 0.0) / (many - few)
    booster = held[-1]
    rows = values[chosen(TRIED_ROWS[1])]
    weighing = seconds(lambda: booster.predict(rows, raw_score=True, num_threads=1)) / (len(rows) * many)
    # rows set aside are scored as trees grow, and once more; the leaves of real rows are counted
    scored = 2 * (n_all - n_learnt) + n_real
    return max(first - few * tree, 0.0), tree + weighing * scored, weighing


def _every_other(features: RowFeatures, first: int) -> RowFeatures:
    return RowFeatures(features.values[first::2], features.is_level)


def _some(features: RowFeatures, n: int) -> RowFeatures:
    return RowFeatures(features.values[np.arange(n) % len(features.values)], features.is_level)
