"""How well a generator fools a tree classifier on rows that training never saw."""

from __future__ import annotations

import math

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from synthgen.layout import MatrixLayout

NOT_COUNTED = -10.0
"""Stands for a number that does not count: below every normal score. (scikit-learn cannot bin a column of NaN only.)"""


def compact(matrix: np.ndarray, layout: MatrixLayout) -> np.ndarray:
    """One feature for each block: the choice of a one-hot block, or the number (`NOT_COUNTED` where it does not count).

    Parameters
    ----------
    matrix : ndarray of float32, shape (N, F)
        Hard rows.
    layout : MatrixLayout
        What the columns are.

    Returns
    -------
    ndarray of float32, shape (N, n_blocks)
        For trees.
    """
    out = np.empty((len(matrix), len(layout.blocks)), dtype=np.float32)
    for i, block in enumerate(layout.blocks):
        part = matrix[:, block.start : block.stop]
        out[:, i] = part.argmax(axis=1) if block.activation == "one-hot" else part[:, 0]
        if block.activation == "numeric" and block.gate is not None:
            out[matrix[:, block.gate] < 0.5, i] = NOT_COUNTED
    return out


def auc_noise(n_rows: int) -> float:
    """Standard error of the AUC of a classifier that cannot tell two samples of equal size apart.

    Parameters
    ----------
    n_rows : int
        Rows of each sample.

    Returns
    -------
    float
        sqrt((2 n + 1) / (12 n^2)).

    References
    ----------
    .. [1] J. A. Hanley, B. J. McNeil, "The meaning and use of the area under a receiver operating characteristic
       (ROC) curve", Radiology 143, 1982.
    """
    return math.sqrt((2 * n_rows + 1) / (12 * n_rows**2))


def detection_auc(
    real: np.ndarray, fake: np.ndarray, random_state: int, *, n_folds: int = 2, min_leaf: int = 20
) -> float:
    """AUC of a boosted-tree classifier that tells fake from real, cross-fitted.

    Parameters
    ----------
    real, fake : ndarray, shape (M, n_blocks)
        As `compact` gives them.
    random_state : int
        In [0, 2**32): seeds the trees.
    n_folds : int
        Parts, row i in part ``i % n_folds``, each judged by trees that learnt from the others.
    min_leaf : int
        Rows in a leaf at least.

    Returns
    -------
    float
        In [0, 1]; 0.5: cannot tell. The mean over the folds.
    """
    features = np.concatenate([real, fake])
    label = np.repeat([0, 1], [len(real), len(fake)])
    fold = np.concatenate([np.arange(len(real)), np.arange(len(fake))]) % n_folds
    aucs = []
    for held_out in range(n_folds):
        trees = HistGradientBoostingClassifier(
            max_iter=60,
            max_leaf_nodes=15,
            min_samples_leaf=min_leaf,
            learning_rate=0.15,
            early_stopping=False,
            random_state=random_state,
        )
        with threadpool_limits(1, user_api="openmp"):  # a busy machine would make more threads wait, not work
            trees.fit(features[fold != held_out], label[fold != held_out])
            odds = trees.decision_function(features[fold == held_out])
        aucs.append(roc_auc_score(label[fold == held_out], odds))
    return float(np.mean(aucs))
