"""How much likelier a row is among real rows than among generated ones: boosted trees, in rounds.

Each round draws a pool of its own, weights it by what the rounds before have learnt, and learns to tell real rows from
it. So no row is ever weighted by trees that saw it, neither here nor when rows are drawn later, and what one round
overrates, the next one sees and takes back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.metrics import roc_auc_score

from synthgen.disclosure import MIN_ROWS
from synthgen.models.row_features import RowFeatures
from synthgen.models.tree_text import checked_text
from synthgen.rng import stream

if TYPE_CHECKING:
    import lightgbm

MAX_ROUNDS = 6
MAX_TREES = 200
"""Of one round; fewer where more tell the rows set aside apart no better."""
PATIENCE = 10
"""Trees without gain before a round ends."""
SET_ASIDE = 5
"""One in so many rows, real and generated, is no part of what a round learns from: they say when it is done, and its AUC."""
MIN_AUC = 0.52
"""On the rows set aside, for a round to be kept and another to be tried."""
MAX_WEIGHT = 16.0
"""Of a row of a pool, over the mean."""
_CUTS = 30  # each lowers the mean, until the heaviest are at the limit
MAX_LOG_ODDS = 5.0
"""Of one round, up or down."""
_SETTINGS = {
    "objective": "binary",
    "learning_rate": 0.15,
    "num_leaves": 63,
    "min_data_in_leaf": 50,  # real and generated rows, about: LightGBM counts weighted rows by their Hessians
    "min_data_in_bin": 5,
    "lambda_l2": 1.0,
    "max_bin": 255,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
_Labelled = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class DensityRatio:
    """Boosted trees of every round, as text.

    Parameters
    ----------
    trees : list of str
        LightGBM models in their text format.
    aucs : list of float
        How well trees tell real rows from weighted ones, on rows set aside: without weights, then after each round.
    """

    trees: list[str] = field(default_factory=list, repr=False)
    aucs: list[float] = field(default_factory=list)

    @property
    def n_trees(self) -> int:
        """Trees that a row passes through."""
        return sum(b.num_trees() for b in self._boosters)

    def log_ratio(self, values: np.ndarray) -> np.ndarray:
        """Log odds of rows that no round has seen.

        Parameters
        ----------
        values : ndarray of float64, shape (N, n_features)
            As `row_features` gives them.

        Returns
        -------
        ndarray of float64, shape (N,)
            In nats, up to a constant.
        """
        out = np.zeros(len(values))
        for booster in self._boosters:
            if booster.num_feature() != values.shape[1]:
                raise ValueError(f"trees of {booster.num_feature()} features for {values.shape[1]} columns")
            odds = np.asarray(booster.predict(values, raw_score=True, num_threads=1))
            out += np.clip(odds, -MAX_LOG_ODDS, MAX_LOG_ODDS)
        return out

    @cached_property
    def _boosters(self) -> list[lightgbm.Booster]:
        import lightgbm

        return [lightgbm.Booster(model_str=checked_text(text)) for text in self.trees]

    def to_state(self) -> dict[str, Any]:
        """The text as arrays of bytes."""
        return {
            "trees": [np.frombuffer(text.encode(), dtype=np.uint8) for text in self.trees],
            "aucs": self.aucs,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """From `to_state`'s data."""
        return cls([part.tobytes().decode() for part in state["trees"]], state["aucs"])


def fit_density_ratio(
    real: RowFeatures, draw: Callable[[int], RowFeatures], seed: int, progress: Callable[[], object]
) -> DensityRatio:
    """Learn the ratio of real to generated density.

    Parameters
    ----------
    real : RowFeatures
        Of N real rows.
    draw : callable
        Number of a round -> a pool of generated rows, another one for each number.
    seed : int
        Which rows are set aside.
    progress : callable
        Called after every round.

    Returns
    -------
    DensityRatio
        Without trees where nothing can be told apart.

    References
    ----------
    .. [1] M. Sugiyama, T. Suzuki, T. Kanamori, "Density ratio estimation in machine learning", Cambridge University
       Press, 2012, section 4.
    .. [2] S. Azadi et al., "Discriminator rejection sampling", ICLR 2019.

    Notes
    -----
    NOTE[DIFF]: [2] rejects by the GAN's own discriminator; trees see the sharp structure that it missed.
    """
    found = DensityRatio()
    for number in range(MAX_ROUNDS + 1):  # the last round only measures
        pool = draw(number)
        weight = relative(found.log_ratio(pool.values)) * len(real.values)
        text, auc = _fit_round(real.values, pool.values, weight, stream(seed, "set aside", number))
        progress()
        if number == MAX_ROUNDS or not auc >= MIN_AUC:
            return DensityRatio(found.trees, [*found.aucs, auc])
        found = DensityRatio([*found.trees, text], [*found.aucs, auc])
    return found


def relative(log_weight: np.ndarray) -> np.ndarray:
    """Weights that sum to 1, from their logarithms; none more than about `MAX_WEIGHT` times the mean.

    A row is chosen once, however heavy it is; and a round that learnt from a few heavy rows would learn their accidents.
    """
    weight = np.exp(log_weight - log_weight.max())
    for _ in range(_CUTS):
        weight = np.minimum(weight, MAX_WEIGHT * weight.mean())
    out: np.ndarray = weight / weight.sum()
    return out


def _fit_round(
    real: np.ndarray, pool: np.ndarray, weight: np.ndarray, rng: np.random.Generator
) -> tuple[str, float]:
    """Trees that tell real rows from weighted ones, and their AUC on rows set aside."""
    import lightgbm

    aside_real, aside_pool = (rng.permutation(len(rows)) % SET_ASIDE == 0 for rows in (real, pool))
    learn = _labelled(real[~aside_real], pool[~aside_pool], weight[~aside_pool])
    check = _labelled(real[aside_real], pool[aside_pool], weight[aside_pool])
    train = lightgbm.Dataset(learn[0], learn[1], weight=learn[2])
    valid = lightgbm.Dataset(check[0], check[1], weight=check[2], reference=train)
    stop = lightgbm.early_stopping(PATIENCE, verbose=False)
    booster = lightgbm.train(_SETTINGS, train, MAX_TREES, valid_sets=[valid], callbacks=[stop])
    odds = np.asarray(booster.predict(check[0], raw_score=True, num_threads=1))
    auc = float(roc_auc_score(check[1], odds, sample_weight=check[2]))
    own = lightgbm.Booster(model_str=booster.model_to_string(num_iteration=booster.best_iteration))
    _blur_leaves(own, real[~aside_real])
    return own.model_to_string(), auc


def _blur_leaves(booster: lightgbm.Booster, real: np.ndarray) -> None:
    """Give all leaves of a tree that fewer than `MIN_ROWS` real rows reach their mean value."""
    reached = np.asarray(booster.predict(real, pred_leaf=True)).reshape(len(real), -1)
    for tree, facts in enumerate(booster.dump_model()["tree_info"]):
        values = np.array([booster.get_leaf_output(tree, leaf) for leaf in range(facts["num_leaves"])])
        rare = np.flatnonzero(np.bincount(reached[:, tree], minlength=len(values)) < MIN_ROWS)
        for leaf in rare.tolist():
            booster.set_leaf_output(tree, leaf, float(values[rare].mean()))


def _labelled(real: np.ndarray, pool: np.ndarray, weight: np.ndarray) -> _Labelled:
    """Rows, labels and weights."""
    label = np.repeat([1.0, 0.0], [len(real), len(pool)])
    return np.concatenate([real, pool]), label, np.concatenate([np.ones(len(real)), weight])
