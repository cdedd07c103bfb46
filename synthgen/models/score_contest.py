"""Which of two models of the same matrix is nearer to rows that neither has seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from synthgen.models.matrix_model import AbstractMatrixModel

_BLOCKS = 8


@dataclass(frozen=True)
class Contest:
    """Held-out evidence for the GAN over the linear model.

    Parameters
    ----------
    gain : float
        Mean log density ratio of the validation rows, in nats: above 0 they look more like the GAN's.
    standard_error : float
        Of the gain, over the validation rows.
    n_rows : int
        Validation rows.
    step : int
        After how many steps of the GAN.
    """

    gain: float
    standard_error: float
    n_rows: int
    step: int

    @property
    def winner(self) -> str:
        """``gan`` where the gain exceeds its standard error, else ``linear``."""
        return "gan" if self.gain > self.standard_error else "linear"

    def to_state(self) -> dict[str, Any]:
        """As JSON-able values."""
        return dict(vars(self))

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """From `to_state`'s data."""
        return cls(**state)


def hold_contest(
    linear: AbstractMatrixModel, rival: AbstractMatrixModel, validation: np.ndarray, step: int, seed: int
) -> Contest:
    """Compare two models on validation rows.

    Parameters
    ----------
    linear, rival : AbstractMatrixModel
        Fitted without the validation rows.
    validation : ndarray of float32, shape (M, F)
        Rows that neither has seen (the encoder has: margins and factors are learnt from all rows).
    step : int
        Steps that the rival was trained.
    seed : int
        Of the generated rows and the classifier.

    Returns
    -------
    Contest
        The evidence for the rival.

    Notes
    -----
    A classifier that tells the rival's rows from the linear model's estimates their log density ratio [1]_, from as
    many generated rows as one likes; its mean over real rows is the rival's gain in log-likelihood. Errors of the
    classifier lower the mean, so that a draw goes to the linear model.

    References
    ----------
    .. [1] M. Sugiyama, T. Suzuki, T. Kanamori, "Density Ratio Estimation in Machine Learning", 2012.
    """
    rows = [
        np.concatenate([model.generate_block(seed, b) for b in range(_BLOCKS)]) for model in (linear, rival)
    ]
    label = np.repeat([0, 1], [len(r) for r in rows])
    trees = HistGradientBoostingClassifier(
        max_iter=150,
        max_leaf_nodes=15,
        learning_rate=0.05,
        min_samples_leaf=100,
        early_stopping=False,
        random_state=seed % 2**32,
    )
    with threadpool_limits(1, user_api="openmp"):
        trees.fit(np.concatenate(rows), label)
        ratio = trees.decision_function(validation)
    return Contest(float(ratio.mean()), float(ratio.std() / np.sqrt(len(ratio))), len(ratio), step)
