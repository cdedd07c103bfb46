"""Classifier two-sample test: can gradient-boosted trees tell two tables apart?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold

from synthgen.metrics.baselines import subsample
from synthgen.metrics.features import fill_empty_columns, tree_matrix
from synthgen.metrics.intervals import Estimate, auc_interval, auc_with_variance
from synthgen.metrics.tables import CodedTable
from synthgen.rng import stream

N_FOLDS = 5
MAX_ROWS = 20_000
"""Rows of each table that the classifier sees, at most."""
MAX_FEATURES = 500
"""Columns that the classifier sees, at most; a random choice of them beyond that."""
_SMALL = 1_000
"""Tables of fewer rows are cross-fitted several times over: the folds themselves are a source of noise."""
_REPEATS = 3
_FEW_ROWS = 2_000
"""Below this, fewer and longer steps: as good, and the time goes into the trees' number, not into the rows."""


@dataclass(frozen=True)
class FeatureImportance:
    """What one column gives away.

    Parameters
    ----------
    name : str
        The column.
    auc_drop : float
        How far the AUC falls when the column is shuffled in the rows that are scored.
    """

    name: str
    auc_drop: float


@dataclass(frozen=True)
class Detection:
    """Outcome of a classifier two-sample test.

    Parameters
    ----------
    auc : Estimate
        Out of fold; 0.5 if the tables cannot be told apart, 1 if they always can.
    n_rows : int
        Rows of each table that were used.
    n_columns : int
        Columns that were used.
    importances : tuple of FeatureImportance
        Largest first. Empty if not asked for.
    """

    auc: Estimate
    n_rows: int
    n_columns: int
    importances: tuple[FeatureImportance, ...] = ()


def c2st(synthetic: CodedTable, holdout: CodedTable, seed: int, *, importances: bool = False) -> Detection:
    """Cross-fitted AUC of a gradient-boosted classifier of one table against another.

    Parameters
    ----------
    synthetic, holdout : CodedTable
        Coded together, at least ten rows each. The larger is cut to the size of the smaller.
    seed : int
        For the rows, the folds and the trees.
    importances : bool
        Whether to find out which columns give the table away (as many extra predictions as columns).

    Returns
    -------
    Detection
        With the mean AUC over the folds.

    Notes
    -----
    An AUC is taken within each fold, because scores of differently fitted trees do not share a scale; the mean
    of the folds' AUCs has the mean of DeLong's variances over the folds, divided by their number. Trees that were
    fitted to overlapping rows are not independent, which this leaves out. Below 0.5 the same or nearly the same
    rows stand in both tables (as with a copy of the rows that it is compared with): a row seen in training under
    one label comes back under the other.

    References
    ----------
    .. [1] D. Lopez-Paz, M. Oquab, "Revisiting classifier two-sample tests", ICLR 2017.
    .. [2] E. LeDell, M. Petersen, M. van der Laan, "Computationally efficient confidence intervals for
       cross-validated area under the ROC curve estimates", Electronic Journal of Statistics 9 (2015).
    """
    draw = stream(seed, "metrics.c2st")
    n = min(synthetic.n_rows, holdout.n_rows, MAX_ROWS)
    used = _columns(len(synthetic.columns), draw)
    tables = [
        CodedTable(tuple(t.columns[j] for j in used), t.n_rows)
        for t in (subsample(synthetic, n, draw), subsample(holdout, n, draw))
    ]
    (fake, real), is_categorical = tree_matrix(tables)
    matrix, labels = np.concatenate([fake, real]), np.repeat([1, 0], n)
    aucs, variances, drops = [], [], []
    for repeat in range(_REPEATS if n < _SMALL else 1):
        folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=int(draw.integers(2**31)))
        for fold, (train, test) in enumerate(folds.split(matrix, labels)):
            model = boosted_classifier(len(train), is_categorical, int(draw.integers(2**31)))
            seen, unseen = fill_empty_columns(matrix[train], matrix[test])
            model.fit(seen, labels[train])
            auc, variance = _auc(model, unseen, labels[test])
            aucs.append(auc)
            variances.append(variance)
            if importances and repeat == 0 and (fold == 0 or len(used) <= 50):
                drops.append(_auc_drops(model, unseen, labels[test], auc, draw))
    auc = auc_interval(float(np.mean(aucs)), float(np.mean(variances)) / N_FOLDS, n)
    named = _named([tables[0].columns[j].name for j in range(len(used))], drops)
    return Detection(auc, n, len(used), named)


def boosted_classifier(
    n_rows: int, is_categorical: np.ndarray, random_state: int
) -> HistGradientBoostingClassifier:
    """Gradient-boosted trees, of a size that a few hundred rows can bear.

    Parameters
    ----------
    n_rows : int
        Rows it will be fitted to.
    is_categorical : ndarray of bool, shape (n_features,)
        Which features are codes.
    random_state : int
        For the rows held out to stop early.

    Returns
    -------
    HistGradientBoostingClassifier
        Not fitted.
    """
    return HistGradientBoostingClassifier(**tree_settings(n_rows, is_categorical, random_state))


def tree_settings(n_rows: int, is_categorical: np.ndarray, random_state: int) -> dict[str, object]:
    """Settings of histogram gradient boosting for both classifiers and regressors.

    Parameters
    ----------
    n_rows, is_categorical, random_state
        As `boosted_classifier` takes them.

    Returns
    -------
    dict
        Keyword arguments.
    """
    few = n_rows < _FEW_ROWS
    return {
        "categorical_features": is_categorical,
        "learning_rate": 0.2 if few else 0.1,
        "max_iter": 50 if few else 100,
        "min_samples_leaf": int(np.clip(n_rows // 40, 2, 20)),
        "random_state": random_state,
    }


def _columns(n_columns: int, draw: np.random.Generator) -> np.ndarray:
    if n_columns <= MAX_FEATURES:
        return np.arange(n_columns)
    return np.sort(draw.choice(n_columns, MAX_FEATURES, replace=False))


def _auc(
    model: HistGradientBoostingClassifier, matrix: np.ndarray, labels: np.ndarray
) -> tuple[float, float]:
    scores = model.decision_function(matrix)
    return auc_with_variance(scores[labels == 1], scores[labels == 0])


def _auc_drops(
    model: HistGradientBoostingClassifier,
    matrix: np.ndarray,
    labels: np.ndarray,
    auc: float,
    draw: np.random.Generator,
) -> list[float]:
    drops = []
    for j in range(matrix.shape[1]):
        shuffled = matrix.copy()
        shuffled[:, j] = shuffled[draw.permutation(len(shuffled)), j]
        drops.append(auc - _auc(model, shuffled, labels)[0])
    return drops


def _named(names: list[str], drops: list[list[float]]) -> tuple[FeatureImportance, ...]:
    if not drops:
        return ()
    means = np.mean(drops, axis=0)
    order = np.argsort(-means, kind="stable")
    return tuple(FeatureImportance(names[j], float(means[j])) for j in order)
