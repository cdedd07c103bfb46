"""Conditions that a model may be given, and how often."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthgen.rng import ROWS_PER_BLOCK, stream


@dataclass(frozen=True)
class ConditionTable:
    """The conditions that a model may be given.

    Parameters
    ----------
    rows : ndarray of float32, shape (K, C)
        Each distinct one, as matrix columns.
    share : ndarray of float64, shape (K,)
        How often it comes; sums to 1.
    """

    rows: np.ndarray
    share: np.ndarray

    def draw(self, seed: int, block: int, allowed: np.ndarray | None = None) -> np.ndarray:
        """The conditions of one block of rows.

        Parameters
        ----------
        seed, block : int
            Which rows.
        allowed : ndarray of int, shape (A,), or None
            Which conditions may be given; None: any.

        Returns
        -------
        ndarray of float32, shape (ROWS_PER_BLOCK, C)
            Drawn by their shares.
        """
        return self.pick(stream(seed, "condition", block).random(ROWS_PER_BLOCK), allowed)

    def pick(self, uniform: np.ndarray, allowed: np.ndarray | None = None) -> np.ndarray:
        """The conditions that stand at some places of the cumulated shares.

        Parameters
        ----------
        uniform : ndarray, shape (M,)
            In [0, 1).
        allowed : ndarray of int, shape (A,), or None
            Which conditions may be given; None: any.

        Returns
        -------
        ndarray of float32, shape (M, C)
            By their shares where the places are uniform.
        """
        which = np.arange(len(self.rows)) if allowed is None else allowed
        share = np.cumsum(self.share[which])
        return self.rows[which[np.searchsorted(share[:-1], uniform * share[-1], side="right")]]


def count_conditions(rows: np.ndarray) -> ConditionTable:
    """Distinct conditions and their shares.

    Parameters
    ----------
    rows : ndarray of float32, shape (N, C)
        One condition for each of some rows.

    Returns
    -------
    ConditionTable
        One empty row if there are no conditions.
    """
    distinct, counts = np.unique(rows, axis=0, return_counts=True)
    return ConditionTable(distinct, counts / counts.sum())
