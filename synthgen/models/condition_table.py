"""The conditions that occur in the training rows, and how often."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthgen.rng import ROWS_PER_BLOCK, stream


@dataclass(frozen=True)
class ConditionTable:
    """The conditions that occur in the training rows.

    Parameters
    ----------
    rows : ndarray of float32, shape (K, C)
        Each distinct one, as matrix columns.
    share : ndarray of float64, shape (K,)
        How often it occurs; sums to 1.
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


def condition_table(matrix: np.ndarray, cond_columns: list[int]) -> ConditionTable:
    """Count the distinct conditions of the training rows.

    Parameters
    ----------
    matrix : ndarray of float32, shape (N, F)
        The training rows.
    cond_columns : list of int
        The matrix columns that are conditions.

    Returns
    -------
    ConditionTable
        One empty row if there are no conditions.
    """
    rows, counts = np.unique(matrix[:, cond_columns], axis=0, return_counts=True)
    return ConditionTable(rows, counts / counts.sum())
