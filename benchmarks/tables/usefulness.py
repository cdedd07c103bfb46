"""How well XGBoost predicts held-out real rows when it has learnt from the synthetic ones ("MLE")."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from benchmarks.tables.coding import one_hot

ROUNDS = (10, 50, 100)
CHILD_WEIGHTS = (1, 10)
DEPTHS = (5, 10, 20)
GAMMAS = (0.0, 1.0)
VALIDATION = 9
"""One row in nine of the synthetic ones chooses the setting."""
TARGET_RANGE = (1.0, 20_000.0)
"""Beijing's target is cut here before its logarithm is taken."""


def mle(
    synthetic: pd.DataFrame,
    holdout: pd.DataFrame,
    target: str,
    task: str,
    categorical: Sequence[str],
    seed: int,
) -> dict[str, float]:
    """XGBoost on the synthetic rows, its setting chosen on a ninth of them, tested on the held-out rows.

    Parameters
    ----------
    synthetic, holdout : pandas.DataFrame
    target : str
    task : {"classification", "regression"}
    categorical : sequence of str
        Predictors with a column for each level.
    seed : int
        Of the validation rows.

    Returns
    -------
    dict of str to float
        ``mle``: AUC (higher is better), or for a regression the RMSE of log(clip(y, 1, 20000)) (lower is better).

    Notes
    -----
    The grid of TabSyn's ``eval/mle`` (36 settings), which TabDiff has taken over. NOTE[DIFF]: there the regression's
    validation rows keep the raw target beside predictions on the log scale, so that the choice is next to random; here
    both are on the log scale. There all numbers are scaled or logged by the first number's range; trees do not see the
    scaling, and here there is no logarithm. A number of trees is taken as a beginning of the longest fit: the same
    trees, fitted once.
    """
    predictors = [c for c in synthetic.columns if c != target]
    levels = [c for c in categorical if c != target]
    made, real = one_hot(synthetic[predictors], [holdout[predictors]], levels)
    y_made, y_real = _targets(synthetic[target], holdout[target], task)
    order = np.random.default_rng(seed).permutation(len(made))
    validation, rest = np.split(order, [len(made) // VALIDATION])
    if task == "classification" and len(np.unique(y_made[rest])) < 2:
        return {"mle": 0.5}
    tested = [
        (_score(y_made[validation], on_validation, task), _score(y_real, on_real, task))
        for on_validation, on_real in _grid(made[rest], y_made[rest], (made[validation], real), task)
    ]
    best = max(tested, key=lambda pair: pair[0])[1]
    return {"mle": best if task == "classification" else -best}


def _targets(synthetic: pd.Series, holdout: pd.Series, task: str) -> tuple[np.ndarray, np.ndarray]:
    """Numbers to predict: which of the two classes, or the logarithm."""
    if task == "regression":
        return tuple(
            np.log(np.clip(y.fillna(y.mean()).to_numpy(float), *TARGET_RANGE)) for y in (synthetic, holdout)
        )
    positive = sorted(holdout.unique(), key=str)[-1]
    return tuple((y == positive).to_numpy(int) for y in (synthetic, holdout))


def _grid(
    rows: np.ndarray, labels: np.ndarray, others: tuple[np.ndarray, ...], task: str
) -> Iterator[list[np.ndarray]]:
    """Predictions for the other rows, setting by setting."""
    from xgboost import XGBClassifier, XGBRegressor

    kind = XGBClassifier if task == "classification" else XGBRegressor
    for depth, weight, gamma in itertools.product(DEPTHS, CHILD_WEIGHTS, GAMMAS):
        model = kind(
            n_estimators=max(ROUNDS), max_depth=depth, min_child_weight=weight, gamma=gamma, n_jobs=1
        ).fit(rows, labels)
        for rounds in ROUNDS:
            span = {"iteration_range": (0, rounds)}
            if task == "classification":
                yield [model.predict_proba(x, **span)[:, 1] for x in others]
            else:
                yield [model.predict(x, **span) for x in others]


def _score(y: np.ndarray, predicted: np.ndarray, task: str) -> float:
    """The higher, the better."""
    from sklearn.metrics import roc_auc_score

    if task == "regression":
        return -float(np.sqrt(np.mean((y - predicted) ** 2)))
    return float(roc_auc_score(y, predicted)) if len(np.unique(y)) > 1 else 0.5
