"""The linear model of the matrix: numbers given the conditions are jointly normal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.covariance import oas

from synthgen.layout import Block, MatrixLayout
from synthgen.models.condition_table import ConditionTable, condition_table
from synthgen.models.gaussian_choice import choose_levels, latent_of_levels
from synthgen.models.matrix_model import AbstractMatrixModel
from synthgen.rng import ROWS_PER_BLOCK, stream

PRIOR_ROWS = 1.0
"""Rows of mean 0 that every condition is taken to have besides its own: the ridge of the regression."""


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


def fit_regression(latent: np.ndarray, conditions: np.ndarray) -> Regression:
    """Regress latent numbers on conditions and shrink what is left over.

    Parameters
    ----------
    latent : ndarray, shape (N, Q)
        The numbers.
    conditions : ndarray, shape (N, C)
        One-hot columns; C may be 0.

    Returns
    -------
    Regression
        Ridge means, and the covariance of the rest by oracle approximating shrinkage [1]_.

    References
    ----------
    .. [1] Y. Chen et al., "Shrinkage algorithms for MMSE covariance estimation", IEEE Transactions on Signal
       Processing 58, 2010.
    """
    centre = latent.mean(axis=0, dtype=np.float64)
    design = conditions.astype(np.float64) - conditions.mean(axis=0, dtype=np.float64)
    ridge = design.T @ design + PRIOR_ROWS * np.eye(design.shape[1])
    slopes = np.linalg.solve(ridge, design.T @ (latent - centre))
    means = np.vstack([slopes, centre - conditions.mean(axis=0, dtype=np.float64) @ slopes])
    rest = latent - centre - design @ slopes
    covariance = oas(rest, assume_centered=True)[0] if rest.shape[1] > 1 else np.atleast_2d(rest.var())
    return Regression(means, np.linalg.cholesky(covariance + 1e-6 * np.eye(len(covariance))))


class GaussianModel(AbstractMatrixModel):
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

    @classmethod
    def fit(cls, matrix: np.ndarray, layout: MatrixLayout, cond_columns: list[int], seed: int) -> Self:
        """Learn from encoded rows.

        Parameters
        ----------
        matrix : ndarray of float32, shape (N, F)
            The rows.
        layout : MatrixLayout
            What the columns are.
        cond_columns : list of int
            Matrix columns that are drawn first.
        seed : int
            For the places of levels and of numbers that do not count on their latent numbers.

        Returns
        -------
        Self
            The fitted model.
        """
        chosen = _other_choices(layout, cond_columns)
        shares = {
            str(b.start): matrix[:, b.start : b.stop].mean(axis=0).astype(float).tolist() for b in chosen
        }
        rng = stream(seed, "latent places")
        parts = [_numbers(matrix, layout, rng)]
        parts += [latent_of_levels(matrix[:, b.start : b.stop], shares[str(b.start)], rng) for b in chosen]
        latent = np.column_stack(parts)
        regression = fit_regression(latent, matrix[:, cond_columns])
        return cls(layout, cond_columns, condition_table(matrix, cond_columns), shares, regression)

    def generate_block(self, seed: int, block: int, allowed: np.ndarray | None = None) -> np.ndarray:
        """One block of rows. See the base class."""
        cond = self.conditions.draw(seed, block, allowed)
        normal = stream(seed, "latent", block).standard_normal((ROWS_PER_BLOCK, len(self.regression.root)))
        latent = self.regression.mean(cond) + normal @ self.regression.root.T
        rows = np.zeros((ROWS_PER_BLOCK, self.layout.width), dtype=np.float32)
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

    def condition_rows(self) -> np.ndarray:
        """The conditions that occurred in the training rows. See the base class."""
        return self.conditions.rows

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


def _numbers(matrix: np.ndarray, layout: MatrixLayout, rng: np.random.Generator) -> np.ndarray:
    """The numeric columns, shape (N, n_numeric); where one does not count, a random normal number."""
    out = matrix[:, [b.start for b in layout.numeric]].astype(np.float64)
    for i, block in enumerate(layout.numeric):
        if block.gate is not None:
            absent = matrix[:, block.gate] < 0.5
            out[absent, i] = rng.standard_normal(int(absent.sum()))
    return out
