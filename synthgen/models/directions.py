"""Directions between the axes of a table of few numbers, as features more.

Boosted trees cut across one feature at a time: a narrow structure that lies askew takes them many cuts, each of few rows.
Where there are only two or three numbers, mixtures of each pair of them, turned step by step, are cheap features that lie
along it. They have one-way margins; in two-way margins they would crowd out the table's own columns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Self

import numpy as np

from synthgen.models.row_features import RowFeatures

MAX_NUMBERS = 3
"""Tables of more numbers have no directions: there would be too many of them beside the other features."""
HALF_TURN = 10
"""Steps of a half turn, even: of them the two axes are features already."""
_MIDDLE = (0.16, 0.84)  # quantiles two standard deviations apart, were the number normal


@dataclass(frozen=True)
class Directions:
    """Mixtures of two numbers each.

    Parameters
    ----------
    pairs : ndarray of int64, shape (n_directions, 2)
        Features that are mixed.
    weights : ndarray of float64, shape (n_directions, 2)
        Of either, in its spreads.
    """

    pairs: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int64))
    weights: np.ndarray = field(default_factory=lambda: np.zeros((0, 2)))

    def extended(self, values: np.ndarray) -> np.ndarray:
        """Values with the mixtures after them.

        Parameters
        ----------
        values : ndarray of float64, shape (N, n_features)
            As `row_features` gives them.

        Returns
        -------
        ndarray of float64, shape (N, n_features + n_directions)
            A mixture is NaN where one of its numbers is.
        """
        if not len(self.pairs):
            return values
        return np.concatenate([values, (values[:, self.pairs] * self.weights).sum(axis=2)], axis=1)

    def added(self, features: RowFeatures) -> RowFeatures:
        """Features with the mixtures after them.

        Parameters
        ----------
        features : RowFeatures
            As `row_features` gives them.

        Returns
        -------
        RowFeatures
            The mixtures are numbers.
        """
        is_level = np.concatenate([features.is_level, np.zeros(len(self.pairs), dtype=bool)])
        return RowFeatures(self.extended(features.values), is_level)

    def to_state(self) -> dict[str, Any]:
        """As JSON-able values and numpy arrays."""
        return dict(vars(self))

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """From `to_state`'s data."""
        return cls(**state)


def fit_directions(real: RowFeatures) -> Directions:
    """Directions between every two numbers, where there are few of them.

    Parameters
    ----------
    real : RowFeatures
        Of the real rows.

    Returns
    -------
    Directions
        None (of no length) with fewer than two numbers that vary, or more than `MAX_NUMBERS`.
    """
    spreads = {
        i: _spread(values)
        for i, (values, is_level) in enumerate(zip(real.values.T, real.is_level, strict=True))
        if not is_level
    }
    numbers = [i for i, spread in spreads.items() if spread > 0]
    if not 2 <= len(numbers) <= MAX_NUMBERS:
        return Directions()
    steps = np.arange(1, HALF_TURN)
    angles = np.pi * steps[steps != HALF_TURN // 2] / HALF_TURN
    turns = np.column_stack([np.cos(angles), np.sin(angles)])
    couples = list(combinations(numbers, 2))
    weights = [turns / [spreads[i], spreads[j]] for i, j in couples]
    return Directions(np.repeat(couples, len(turns), axis=0), np.concatenate(weights))


def _spread(values: np.ndarray) -> float:
    """Half the width of the middle two thirds, or the standard deviation where ties leave that none."""
    present = values[~np.isnan(values)]
    if not len(present):
        return 0.0
    low, high = np.quantile(present, _MIDDLE)
    return float((high - low) / 2 or present.std())
