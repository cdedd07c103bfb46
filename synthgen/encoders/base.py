"""What every column encoder promises."""

from __future__ import annotations

import abc
from typing import Any, Self

import numpy as np

from synthgen.exceptions import ColumnRejected
from synthgen.layout import Block
from synthgen.plain import Plain
from synthgen.schema import Column


def refuse_missing(plain: Plain, column: Column) -> None:
    """Refuse missing values in a column that had none in `fit`.

    Parameters
    ----------
    plain : Plain
        The values.
    column : Column
        What the column is.

    Raises
    ------
    ColumnRejected
        If any value is missing.
    """
    if plain.missing.any():
        row = int(np.flatnonzero(plain.missing)[0])
        raise ColumnRejected(column.name, f"has a missing value in row {row}, but had none in `fit`.")


class AbstractColumnEncoder(abc.ABC):
    """One table column to some matrix columns and back.

    An encoder is fitted by `fit` or restored by `from_state`; it holds statistics, never rows.
    """

    column: Column

    @classmethod
    @abc.abstractmethod
    def fit(cls, plain: Plain, column: Column) -> Self:
        """Learn from a column's plain arrays.

        Parameters
        ----------
        plain : Plain, length N
            The values.
        column : Column
            What the column is.

        Returns
        -------
        Self
            The fitted encoder.

        Raises
        ------
        ColumnRejected
            If the column cannot be encoded.
        """

    @abc.abstractmethod
    def blocks(self, start: int) -> list[Block]:
        """The layout, when the first matrix column is `start`. Empty if nothing is learnt."""

    @abc.abstractmethod
    def transform(self, plain: Plain, rng: np.random.Generator) -> np.ndarray:
        """Values to a float32 matrix of shape (N, width)."""

    @abc.abstractmethod
    def inverse_transform(self, matrix: np.ndarray, first_row: int, seed: int) -> Plain | list[str | None]:
        """A matrix of shape (N, width) to values.

        Parameters
        ----------
        matrix : ndarray of float32, shape (N, width)
            As `transform` gives it.
        first_row : int
            Number of the first row in the whole sample: for columns that are made row by row.
        seed : int
            For the same columns.

        Returns
        -------
        Plain or list of str
            Plain arrays, or strings for columns that are regenerated.
        """

    @abc.abstractmethod
    def possible(self) -> Plain:
        """What can come back: every level, or the smallest and the largest number; nothing if all is missing."""

    def n_kept_values(self) -> int:
        """How many values of the column are kept as they are."""
        return len(self.possible().values)

    @abc.abstractmethod
    def to_state(self) -> dict[str, Any]:
        """What was learnt, as JSON-able values and numpy arrays."""

    @classmethod
    @abc.abstractmethod
    def from_state(cls, column: Column, state: dict[str, Any]) -> Self:
        """From `to_state`'s data."""
