"""Numbers as they are, or moved to [0, 1]: no ranks, nothing that a network could not have found itself."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from synthgen.encoders.base import AbstractColumnEncoder
from synthgen.exceptions import ColumnRejected
from synthgen.layout import Block
from synthgen.plain import Plain
from synthgen.schema import Column


class AffineEncoder(AbstractColumnEncoder):
    """One matrix column: ``(value - low) / (high - low)``, or the value itself.

    For the texts' experiments, where the network has to find mean and spread; `NumericEncoder` is for all else.

    Parameters
    ----------
    column : Column
        What the column is.
    low, high : float
        The ends of the training values.
    is_scaled : bool
        Whether values are moved to [0, 1], and generated ones kept there.
    is_whole : bool
        Whether the column's dtype holds whole numbers only; generated ones then stay between the ends.
    """

    def __init__(self, column: Column, low: float, high: float, is_scaled: bool, is_whole: bool) -> None:
        self.column = column
        self.low = low
        self.high = high
        self.is_scaled = is_scaled
        self.is_whole = is_whole

    @classmethod
    def fit(cls, plain: Plain, column: Column, is_scaled: bool = True) -> Self:
        """Keep the ends. See the base class."""
        _refuse_missing(plain, column)
        is_whole = plain.values.dtype.kind in "iu"
        return cls(column, float(plain.values.min()), float(plain.values.max()), is_scaled, is_whole)

    @property
    def origin(self) -> float:
        """The value that is 0 in the matrix."""
        return self.low if self.is_scaled else 0.0

    @property
    def unit(self) -> float:
        """The step that is 1 in the matrix."""
        return (self.high - self.low or 1.0) if self.is_scaled else 1.0

    def blocks(self, start: int) -> list[Block]:
        """One number. See the base class."""
        return [Block(self.column.name, "numeric", start, start + 1, ("value",))]

    def transform(self, plain: Plain, rng: np.random.Generator) -> np.ndarray:
        """Values on the matrix's scale. See the base class."""
        _refuse_missing(plain, self.column)
        return ((plain.values.astype(np.float64) - self.origin) / self.unit).astype(np.float32)[:, None]

    def inverse_transform(self, matrix: np.ndarray, first_row: int, seed: int) -> Plain:
        """Values from numbers, whole where the column's are. See the base class."""
        numbers = matrix[:, 0].astype(np.float64)
        numbers = np.clip(numbers, 0, 1) if self.is_scaled else numbers
        values = self.origin + self.unit * numbers
        if self.column.kind == "integer" or self.is_whole:
            values = np.rint(values)
        if self.is_whole:
            values = np.clip(values, self.low, self.high).astype(np.int64)
        return Plain(values, np.zeros(len(values), dtype=bool))

    def possible(self) -> Plain:
        """The smallest and the largest number. See the base class."""
        return Plain(np.array([self.low, self.high]), np.zeros(2, dtype=bool))

    def to_state(self) -> dict[str, Any]:
        """The ends."""
        return {
            "encoder": "affine",
            "low": self.low,
            "high": self.high,
            "is_scaled": self.is_scaled,
            "is_whole": self.is_whole,
        }

    @classmethod
    def from_state(cls, column: Column, state: dict[str, Any]) -> Self:
        """From `to_state`'s data."""
        return cls(column, state["low"], state["high"], state["is_scaled"], state["is_whole"])


def _refuse_missing(plain: Plain, column: Column) -> None:
    if plain.missing.any():
        row = int(np.flatnonzero(plain.missing)[0])
        raise ColumnRejected(
            column.name,
            f"has a missing value in row {row}, which only numeric_encoding='rank-normal' can encode.",
        )
