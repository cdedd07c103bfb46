"""What every column encoder promises."""

from __future__ import annotations

import abc
from typing import Any, Self

import numpy as np

from synthgen.exceptions import ColumnRejected
from synthgen.layout import Block
from synthgen.plain import Plain, from_plain
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


def shown(values: np.ndarray, column: Column) -> list[Any]:
    """Plain values as what the column holds, fit for JSON: numbers and levels as they are, all else as text."""
    found = from_plain(Plain(values, np.zeros(len(values), dtype=bool)), column).tolist()
    return [v if isinstance(v, (str, int, float, bool)) else str(v) for v in found]


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

    def stored_values(self) -> dict[str, Any]:
        """Every value of the column that is kept, as plain data.

        Returns
        -------
        dict of str to list
            By what they are, such as ``levels``, ``single values`` (each of several rows), ``ends`` and ``knots``.
        """
        return {"levels": shown(self.possible().values, self.column)}

    def n_kept_values(self) -> int:
        """How many levels and single values of the column are kept as they are."""
        kept = self.stored_values()
        return sum(len(v) for name, v in kept.items() if name.endswith(("levels", "single values")))

    @abc.abstractmethod
    def to_state(self) -> dict[str, Any]:
        """What was learnt, as JSON-able values and numpy arrays."""

    @classmethod
    @abc.abstractmethod
    def from_state(cls, column: Column, state: dict[str, Any]) -> Self:
        """From `to_state`'s data."""
