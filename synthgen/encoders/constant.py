"""Columns with one value, or none: nothing to learn, one value to give back."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from synthgen.encoders.base import AbstractColumnEncoder
from synthgen.exceptions import ColumnRejected
from synthgen.layout import Block
from synthgen.plain import Plain
from synthgen.schema import Column


class ConstantEncoder(AbstractColumnEncoder):
    """No matrix columns.

    Parameters
    ----------
    column : Column
        What the column is.
    value : ndarray, shape (1,) or (0,)
        The plain value; none if all are missing.
    """

    def __init__(self, column: Column, value: np.ndarray) -> None:
        self.column = column
        self.value = value

    @classmethod
    def fit(cls, plain: Plain, column: Column) -> Self:
        """Keep the one value. See the base class."""
        distinct = np.unique(plain.values[~plain.missing])
        if len(distinct) > 1 or (len(distinct) == 1 and plain.missing.any()):
            raise ColumnRejected(column.name, "is declared constant but varies; declare another kind.")
        return cls(column, distinct)

    def blocks(self, start: int) -> list[Block]:
        """None."""
        return []

    def transform(self, plain: Plain, rng: np.random.Generator) -> np.ndarray:
        """A matrix without columns. See the base class."""
        return np.zeros((len(plain.values), 0), dtype=np.float32)

    def inverse_transform(self, matrix: np.ndarray, first_row: int, seed: int) -> Plain:
        """The value, N times. See the base class."""
        n = len(matrix)
        value = self.value if len(self.value) else np.zeros(1, dtype=self.value.dtype)
        return Plain(np.repeat(value, n), np.full(n, len(self.value) == 0))

    def possible(self) -> Plain:
        """The value. See the base class."""
        return Plain(self.value, np.zeros(len(self.value), dtype=bool))

    def to_state(self) -> dict[str, Any]:
        """The value."""
        return {"value": self.value}

    @classmethod
    def from_state(cls, column: Column, state: dict[str, Any]) -> Self:
        """From `to_state`'s data."""
        return cls(column, state["value"])
