"""The half of a synthesizer that knows only the matrix."""

from __future__ import annotations

import abc
from typing import Any

import numpy as np

from synthgen.rng import ROWS_PER_BLOCK


class AbstractMatrixModel(abc.ABC):
    """The half of a synthesizer that knows only the matrix: a fitted source of rows."""

    cond_columns: list[int]
    """Matrix columns that are drawn first and given to the model; empty for none."""
    draws_per_row: int = 1
    """Rows that are made for each row of a block."""

    @abc.abstractmethod
    def generate_block(self, seed: int, block: int, allowed: np.ndarray | None = None) -> np.ndarray:
        """One block of rows: a function of its arguments alone.

        Parameters
        ----------
        seed : int
            Of the sample.
        block : int
            Number of the block.
        allowed : ndarray of int or None
            Which rows of `condition_rows` may be given; None: any.

        Returns
        -------
        ndarray of float32, shape (ROWS_PER_BLOCK, F)
            Matrix rows.
        """

    @abc.abstractmethod
    def condition_rows(self) -> np.ndarray:
        """The distinct conditions that can be given, shape (K, C)."""

    @abc.abstractmethod
    def to_state(self) -> dict[str, Any]:
        """What was learnt, as JSON-able values and numpy arrays."""


class EmptyModel(AbstractMatrixModel):
    """The model of tables in which there is nothing to learn: rows without columns."""

    def __init__(self) -> None:
        self.cond_columns = []

    def generate_block(self, seed: int, block: int, allowed: np.ndarray | None = None) -> np.ndarray:
        """Rows without columns. See the base class."""
        return np.zeros((ROWS_PER_BLOCK, 0), dtype=np.float32)

    def condition_rows(self) -> np.ndarray:
        """One empty condition."""
        return np.zeros((1, 0), dtype=np.float32)

    def to_state(self) -> dict[str, Any]:
        """Nothing."""
        return {}
