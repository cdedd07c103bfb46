"""The fitted regressions of linked columns, and the features of the rows' scores that they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_PRODUCTS = 3
"""So many leading scores enter by their products too: allele frequencies of a cluster of rows are no linear function."""
ROWS_PER_PRODUCT = 100
"""Products only of as many scores as leave so many rows for each product."""


@dataclass(frozen=True)
class Linkage:
    """The fitted regressions of q columns.

    Parameters
    ----------
    cuts : ndarray of float32, shape (q, L - 1)
        A value lies above level l if its latent number exceeds cut l; +inf and -inf for levels never or always passed.
    shares : ndarray of float32, shape (q, L - 1)
        Smoothed share of the rows at or below each level but the last.
    slopes : ndarray of float32, shape (q, F)
        Of the features of the scores: the scores, then products of the first of them.
    parents : ndarray of int32, shape (q, w)
        Earlier columns; the column itself where there is none.
    weights : ndarray of float32, shape (q, w)
        What the latent number gains for each level of the parent; 0 where there is none.
    bounds : ndarray of float32, shape (2, k)
        Scores beyond these are taken for these.
    centre, spread : ndarray of float32, shape (F,)
        Mean and standard deviation of the features over the training rows.
    """

    cuts: np.ndarray
    shares: np.ndarray
    slopes: np.ndarray
    parents: np.ndarray
    weights: np.ndarray
    bounds: np.ndarray
    centre: np.ndarray
    spread: np.ndarray

    @property
    def n_columns(self) -> int:
        """Columns, q."""
        return len(self.cuts)

    def to_state(self) -> dict[str, Any]:
        """As numpy arrays."""
        return dict(vars(self))

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Linkage:
        """From `to_state`'s data."""
        return cls(**state)

    def features(self, scores: np.ndarray) -> np.ndarray:
        """Standardised features of rows with these scores, shape (N, F)."""
        n_products = len(self.centre) - scores.shape[1]
        n_multiplied = round((np.sqrt(8 * n_products + 1) - 1) / 2)
        return (_products(scores.astype(np.float32), self.bounds, n_multiplied) - self.centre) / self.spread


def fit_features(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The features of the training rows.

    Parameters
    ----------
    scores : ndarray of float32, shape (N, k)
        Common scores of the rows; k may be 0.

    Returns
    -------
    design : ndarray of float32, shape (F, N)
        At mean 0 and deviation 1.
    bounds : ndarray of float32, shape (2, k)
        Three standard deviations on either side of the mean: no row's own score is kept.
    centre, spread : ndarray of float32, shape (F,)
        What they were standardised by.
    """
    bounds = _bounds(scores)
    raw = _products(scores.astype(np.float32), bounds, _n_multiplied(*scores.shape))
    centre, spread = raw.mean(axis=0), np.maximum(raw.std(axis=0), 1e-6)
    design = np.ascontiguousarray(((raw - centre) / spread).T)
    return design, bounds, centre, spread.astype(np.float32)


def _bounds(scores: np.ndarray) -> np.ndarray:
    centre, spread = scores.mean(axis=0), 3 * scores.std(axis=0)
    return np.stack([centre - spread, centre + spread]).astype(np.float32)


def _n_multiplied(n_rows: int, n_scores: int) -> int:
    """How many of the leading scores enter by their products."""
    allowed = [m for m in range(MAX_PRODUCTS + 1) if m * (m + 1) // 2 * ROWS_PER_PRODUCT <= n_rows]
    return min(allowed[-1], n_scores)


def _products(scores: np.ndarray, bounds: np.ndarray, n_multiplied: int) -> np.ndarray:
    """Scores within the bounds, then products of the leading ones, shape (N, F)."""
    held = np.clip(scores, bounds[0], bounds[1])
    first, second = np.triu_indices(n_multiplied)
    return np.concatenate([held, held[:, first] * held[:, second]], axis=1)
