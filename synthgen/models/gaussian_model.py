"""The linear model of the matrix: numbers given the conditions are jointly normal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from sklearn.covariance import ledoit_wolf
from torch import Tensor

from synthgen.layout import Block, MatrixLayout
from synthgen.models.condition_rows import ConditionTable, count_conditions
from synthgen.models.gaussian_choice import choose_levels, level_scores
from synthgen.models.latent_model import AbstractLatentModel

PRIOR_ROWS = 1.0
"""Rows of mean 0 that every condition is taken to have besides its own: the ridge of the regression."""
_LEAST_REST = 0.05  # of the variance of a cut number that conditions leave over
_LEAST_VALUE = 1e-6
_CERTAIN = 1e4


@dataclass(frozen=True)
class Regression:
    """Q latent numbers given C condition columns: ``y = c B + L e`` with e standard normal.

    Parameters
    ----------
    means : ndarray of float64, shape (C + 1, Q)
        B; its last row is the intercept.
    root : ndarray of float64, shape (Q, Q)
        L, the lower Cholesky root of the covariance within conditions.
    """

    means: np.ndarray
    root: np.ndarray

    @property
    def covariance(self) -> np.ndarray:
        """Within conditions, shape (Q, Q)."""
        return self.root @ self.root.T

    def mean(self, conditions: np.ndarray) -> np.ndarray:
        """Means of rows with these conditions, shape (N, Q)."""
        return np.asarray(conditions @ self.means[:-1] + self.means[-1])


def fit_regression(
    latent: np.ndarray, conditions: np.ndarray, information: np.ndarray | None = None
) -> Regression:
    """Regress latent numbers on conditions and shrink what is left over.

    Parameters
    ----------
    latent : ndarray, shape (N, Q)
        The numbers, or their means given what is known of them.
    conditions : ndarray, shape (N, C)
        One-hot columns; C may be 0.
    information : ndarray, shape (Q,), optional
        In (0, 1]: the variance of those means over that of the numbers, by which covariances are too small. None: 1.

    Returns
    -------
    Regression
        Ridge means, and the covariance of the rest shrunk towards a multiple of the identity [1]_.

    Notes
    -----
    Scores are whitened, so the rest may have the identity as its covariance exactly; there oracle approximating
    shrinkage divides zero by zero, and this one does not.

    References
    ----------
    .. [1] O. Ledoit, M. Wolf, "A well-conditioned estimator for large-dimensional covariance matrices", Journal of
       Multivariate Analysis 88, 2004.
    """
    if not latent.shape[1]:
        return Regression(np.zeros((conditions.shape[1] + 1, 0)), np.zeros((0, 0)))
    scale = np.ones(latent.shape[1]) if information is None else 1 / np.maximum(information, 1e-3)
    centre = latent.mean(axis=0, dtype=np.float64)
    usual = conditions.sum(axis=0, dtype=np.float64) / max(len(conditions), 1)
    design = conditions.astype(np.float64) - usual
    ridge = design.T @ design + PRIOR_ROWS * np.eye(design.shape[1])
    slopes = np.linalg.solve(ridge, design.T @ (latent - centre))
    rest = latent - centre - design @ slopes
    covariance = (
        ledoit_wolf(rest, assume_centered=True)[0] if rest.shape[1] > 1 else np.atleast_2d(rest.var())
    )
    slopes = slopes * scale
    covariance = _of_the_numbers(covariance, scale, (design @ slopes).var(axis=0))
    return Regression(np.vstack([slopes, centre - usual @ slopes]), np.linalg.cholesky(covariance))


def _of_the_numbers(covariance: np.ndarray, scale: np.ndarray, explained: np.ndarray) -> np.ndarray:
    """The covariance of numbers of variance 1 from that of their means; positive definite."""
    out = covariance * np.outer(scale, scale)
    is_hidden = scale > 1 + 1e-9
    diagonal = np.where(is_hidden, np.maximum(1 - explained, _LEAST_REST), np.diag(out))
    np.fill_diagonal(out, diagonal)
    values, vectors = np.linalg.eigh(out)
    if values[0] < _LEAST_VALUE:
        out = (vectors * np.maximum(values, _LEAST_VALUE)) @ vectors.T
        shrunk = np.sqrt(np.maximum(diagonal, _LEAST_VALUE) / np.diag(out))
        out = out * np.outer(shrunk, shrunk)
    return np.asarray(out)


class GaussianModel(AbstractLatentModel):
    """Conditions as they occur together; all else jointly normal given them.

    Choices that are no conditions (one-hot blocks) follow a latent normal number each, cut at the thresholds that give
    every level its share: a Gaussian copula.

    Parameters
    ----------
    layout : MatrixLayout
        What the F columns are.
    cond_columns : list of int
        Matrix columns that are drawn first, of whole one-hot blocks.
    conditions : ConditionTable
        What may be drawn.
    shares : dict of str to list of float
        For every other one-hot block, by its first column, the share of each level.
    regression : Regression
        Of the latent numbers: first the numeric blocks, then the other one-hot blocks, in matrix order.
    """

    def __init__(
        self,
        layout: MatrixLayout,
        cond_columns: list[int],
        conditions: ConditionTable,
        shares: dict[str, list[float]],
        regression: Regression,
    ) -> None:
        self.layout = layout
        self.cond_columns = cond_columns
        self.conditions = conditions
        self.shares = shares
        self.regression = regression
        self.latent_dim = len(regression.root)

    @classmethod
    def fit(
        cls,
        matrix: np.ndarray,
        layout: MatrixLayout,
        cond_columns: list[int],
        conditions: ConditionTable | None = None,
    ) -> Self:
        """Learn from encoded rows.

        Parameters
        ----------
        matrix : ndarray of float32, shape (N, F)
            The rows.
        layout : MatrixLayout
            What the columns are.
        cond_columns : list of int
            Matrix columns that are drawn first.
        conditions : ConditionTable, optional
            What may be drawn. None: what occurs in the rows.

        Returns
        -------
        Self
            The fitted model.
        """
        chosen = _other_choices(layout, cond_columns)
        shares = {
            str(b.start): matrix[:, b.start : b.stop].mean(axis=0).astype(float).tolist() for b in chosen
        }
        scored = [level_scores(shares[str(b.start)]) for b in chosen]
        numbers = matrix[:, [b.start for b in layout.numeric]].astype(np.float64)
        choices = [matrix[:, b.start : b.stop] @ s for b, (s, _) in zip(chosen, scored, strict=True)]
        # a number that does not count is 0 in the matrix: its mean, if its gate says nothing of it
        counted = [1.0 if b.gate is None else float(matrix[:, b.gate].mean()) for b in layout.numeric]
        information = np.array([*counted, *(i for _, i in scored)])
        regression = fit_regression(
            np.column_stack([numbers, *choices]), matrix[:, cond_columns], information
        )
        return cls(
            layout, cond_columns, conditions or count_conditions(matrix[:, cond_columns]), shares, regression
        )

    def generate_block(self, seed: int, block: int, allowed: np.ndarray | None = None) -> np.ndarray:
        """One block of rows; conditions come from a stream of their own. See the base class."""
        cond = self.conditions.draw(seed, block, allowed)
        return self.whole_block(self.draw_latent(seed, block), cond, 0, likeliest=False)

    def whole_block(self, z: np.ndarray, cond: np.ndarray, key: int, *, likeliest: bool) -> np.ndarray:
        """Hard rows: nothing is left to chance once z is drawn. See the base class."""
        latent = self.regression.mean(cond) + z @ self.regression.root.T
        rows = np.zeros((len(z), self.layout.width), dtype=np.float32)
        rows[:, self.cond_columns] = cond
        n_numbers = len(self.layout.numeric)
        for i, own in enumerate(_other_choices(self.layout, self.cond_columns)):
            rows[:, own.start : own.stop] = choose_levels(
                latent[:, n_numbers + i], self.shares[str(own.start)]
            )
        for i, own in enumerate(self.layout.numeric):
            counts = 1.0 if own.gate is None else rows[:, own.gate]
            rows[:, own.start] = latent[:, i] * counts
        return rows

    def raw(self, z: Tensor, cond: Tensor) -> Tensor:
        """Numbers, and conditions as certain choices; other choices are left out (logits 0). See the base class."""
        means, root = (torch.from_numpy(v).to(z) for v in (self.regression.means, self.regression.root))
        latent = cond @ means[:-1] + means[-1] + z @ root.T
        numeric = torch.tensor([b.start for b in self.layout.numeric], dtype=torch.long)
        raw = z.new_zeros(len(z), self.layout.width).index_copy(1, numeric, latent[:, : len(numeric)])
        given = torch.tensor(self.cond_columns, dtype=torch.long)
        return raw.index_copy(1, given, (cond - 1) * _CERTAIN)

    @property
    def has_way_back(self) -> bool:
        """Unless choices that are no conditions hide numbers. See the base class."""
        return not _other_choices(self.layout, self.cond_columns)

    def first_guess(self, rows: Tensor) -> Tensor:
        """The solution of the linear equations. See the base class."""
        cond = rows[:, self.cond_columns].numpy()
        numbers = rows[:, [b.start for b in self.layout.numeric]].numpy()
        solved = np.linalg.solve(self.regression.root, (numbers - self.regression.mean(cond)).T).T
        return torch.from_numpy(solved).to(rows)

    def to_state(self) -> dict[str, Any]:
        """Conditions, shares and regression. See the base class."""
        return {
            "cond_columns": self.cond_columns,
            "conditions": vars(self.conditions),
            "shares": self.shares,
            "regression": dict(vars(self.regression)),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], layout: MatrixLayout) -> Self:
        """From `to_state`'s data."""
        return cls(
            layout,
            state["cond_columns"],
            ConditionTable(**state["conditions"]),
            state["shares"],
            Regression(**state["regression"]),
        )


def _other_choices(layout: MatrixLayout, cond_columns: list[int]) -> list[Block]:
    given = set(cond_columns)
    return [b for b in layout.one_hot if b.start not in given]
