"""How much likelier a row is among real rows than in a pool of generated ones: boosted trees, cross-fitted, in rounds.

Each round learns to tell real rows from the pool as it is weighted so far, on all folds of both but one, and weights
that fold by the odds. So no row of the pool is weighted by trees that saw it. Fresh rows were seen by none: a block of
them takes the trees of one fold, and all folds in turn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.metrics import roc_auc_score

from synthgen.models.row_features import RowFeatures
from synthgen.rng import derived_seed, stream

if TYPE_CHECKING:
    import lightgbm

FOLDS = 3
MAX_ROUNDS = 4
MAX_TREES = 100
"""Of one fold in one round; fewer where more tell the fold left out apart no better."""
PATIENCE = 10
"""Trees without gain before a round ends."""
MIN_AUC = 0.505
"""On the folds left out, for a round to be kept and another to be tried."""
MIN_LEAF_ROWS = 50
"""Real and generated rows in a leaf at least: no leaf stands for a single real row."""
MAX_LOG_ODDS = 5.0
"""Of one round, up or down."""
_SETTINGS = {
    "objective": "binary",
    "learning_rate": 0.2,
    "num_leaves": 63,
    "min_data_in_leaf": MIN_LEAF_ROWS,
    "lambda_l2": 1.0,
    "max_bin": 255,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}


@dataclass(frozen=True)
class DensityRatio:
    """Boosted trees of every round and fold, as text.

    Parameters
    ----------
    trees : list of list of str
        By round, then by fold: LightGBM models in their text format.
    """

    trees: list[list[str]]

    @property
    def n_trees(self) -> int:
        """Trees that a row passes through, in the mean over folds."""
        return sum(b.num_trees() for boosters in self._boosters for b in boosters) // FOLDS

    def log_ratio(self, values: np.ndarray, fold: int) -> np.ndarray:
        """Log odds of fresh rows.

        Parameters
        ----------
        values : ndarray of float64, shape (N, n_features)
            As `row_features` gives them.
        fold : int
            Whose trees: any number, taken modulo the folds.

        Returns
        -------
        ndarray of float64, shape (N,)
            In nats, up to a constant.
        """
        out = np.zeros(len(values))
        for boosters in self._boosters:
            out += _log_odds(boosters[fold % FOLDS], values)
        return out

    @cached_property
    def _boosters(self) -> list[list[lightgbm.Booster]]:
        import lightgbm

        return [[lightgbm.Booster(model_str=text) for text in texts] for texts in self.trees]

    def to_state(self) -> dict[str, Any]:
        """The text as arrays of bytes."""
        return {"trees": [[np.frombuffer(t.encode(), dtype=np.uint8) for t in texts] for texts in self.trees]}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """From `to_state`'s data."""
        return cls([[part.tobytes().decode() for part in parts] for parts in state["trees"]])


@dataclass(frozen=True)
class FittedRatio:
    """What `fit_density_ratio` found.

    Parameters
    ----------
    ratio : DensityRatio
        The trees.
    log_weight : ndarray of float64, shape (M,)
        Of the pool's rows, each from trees that did not see it.
    aucs : list of float
        Of every round on the folds left out, before its weights: how well trees could still tell.
    """

    ratio: DensityRatio
    log_weight: np.ndarray
    aucs: list[float]


def fit_density_ratio(
    real: RowFeatures, pool: RowFeatures, seed: int, progress: Callable[[], object]
) -> FittedRatio:
    """Learn the ratio of real to generated density.

    Parameters
    ----------
    real, pool : RowFeatures
        Of N real rows and M generated ones.
    seed : int
        Deals rows into folds.
    progress : callable
        Called after every fold of every round.

    Returns
    -------
    FittedRatio
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
    log_weight, trees, aucs = np.zeros(len(pool.values)), [], []
    for number in range(MAX_ROUNDS):
        found = _fit_round(real, pool, log_weight, derived_seed(seed, "round", number), progress)
        aucs.append(found.auc)
        if found.auc < MIN_AUC:
            break
        trees.append(found.trees)
        log_weight += found.log_odds
    return FittedRatio(DensityRatio(trees), log_weight, aucs)


@dataclass(frozen=True)
class _Round:
    trees: list[str]
    log_odds: np.ndarray
    auc: float


def _fit_round(
    real: RowFeatures, pool: RowFeatures, log_weight: np.ndarray, seed: int, progress: Callable[[], object]
) -> _Round:
    n, m = len(real.values), len(pool.values)
    rng = stream(seed, "folds")
    fold_real, fold_pool = rng.permutation(n) % FOLDS, rng.permutation(m) % FOLDS
    weight = np.exp(log_weight - log_weight.max())
    weight *= n / weight.sum()
    odds_real, odds_pool, trees = np.zeros(n), np.zeros(m), []
    for fold in range(FOLDS):
        out_real, out_pool = fold_real == fold, fold_pool == fold
        booster = _fit_trees(
            _labelled(real.values[~out_real], pool.values[~out_pool], weight[~out_pool]),
            _labelled(real.values[out_real], pool.values[out_pool], weight[out_pool]),
        )
        odds_real[out_real] = _log_odds(booster, real.values[out_real])
        odds_pool[out_pool] = _log_odds(booster, pool.values[out_pool])
        trees.append(booster.model_to_string(num_iteration=booster.best_iteration))
        progress()
    label = np.repeat([1, 0], [n, m])
    weights = np.concatenate([np.ones(n), weight])
    auc = roc_auc_score(label, np.concatenate([odds_real, odds_pool]), sample_weight=weights)
    return _Round(trees, odds_pool, float(auc))


def _labelled(
    real: np.ndarray, pool: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, labels and weights."""
    label = np.repeat([1.0, 0.0], [len(real), len(pool)])
    return np.concatenate([real, pool]), label, np.concatenate([np.ones(len(real)), weight])


def _fit_trees(
    seen: tuple[np.ndarray, np.ndarray, np.ndarray], unseen: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> lightgbm.Booster:
    import lightgbm

    train = lightgbm.Dataset(seen[0], seen[1], weight=seen[2])
    valid = lightgbm.Dataset(unseen[0], unseen[1], weight=unseen[2], reference=train)
    stop = lightgbm.early_stopping(PATIENCE, verbose=False)
    return lightgbm.train(_SETTINGS, train, MAX_TREES, valid_sets=[valid], callbacks=[stop])


def _log_odds(booster: lightgbm.Booster, values: np.ndarray) -> np.ndarray:
    odds = booster.predict(values, raw_score=True, num_threads=1)
    return np.clip(np.asarray(odds), -MAX_LOG_ODDS, MAX_LOG_ODDS)
