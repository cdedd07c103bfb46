"""Numbers as they are, or moved to [0, 1]: no ranks, nothing that a network could not have found itself."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from synthgen.encoders.base import AbstractColumnEncoder, shown
from synthgen.encoders.ranks import blurred_ends
from synthgen.exceptions import ColumnRejected
from synthgen.layout import Block
from synthgen.plain import Plain
from synthgen.schema import Column

_LARGEST = 1e30  # of a number in the matrix as it is: networks square it


class AffineEncoder(AbstractColumnEncoder):
    """One matrix column: ``(value - low) / (high - low)``, or the value itself.

    For the texts' experiments, where the network has to find mean and spread; `NumericEncoder` is for all else.

    Parameters
    ----------
    column : Column
        What the column is.
    low, high : float
        The ends: means of the five smallest and the five largest training values (`ranks.blurred_ends`).
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
        """Keep the ends. See the base class.

        Raises
        ------
        ColumnRejected
            If a value is missing, or too large for the matrix as it is.
        """
        _refuse_missing(plain, column)
        is_whole = plain.values.dtype.kind in "iu"
        largest = float(np.abs(plain.values.astype(np.float64)).max())
        if not is_scaled and largest > _LARGEST:
            raise ColumnRejected(
                column.name,
                f"holds {largest:.3g}, which numeric_encoding='raw' cannot hold; use 'rank-normal'.",
            )
        low, high = blurred_ends(*plain.counted(~plain.missing)).tolist()
        return cls(column, float(low), float(high), is_scaled, is_whole)

    @property
    def origin(self) -> float:
        """The value that is 0 in the matrix."""
        return self.low if self.is_scaled else 0.0

    @property
    def unit(self) -> float:
        """Half the step that is 1 in the matrix: the whole of it may overflow."""
        return (self.high / 2 - self.low / 2 or 0.5) if self.is_scaled else 0.5

    def blocks(self, start: int) -> list[Block]:
        """One number. See the base class."""
        return [Block(self.column.name, "numeric", start, start + 1, ("value",))]

    def transform(self, plain: Plain, rng: np.random.Generator) -> np.ndarray:
        """Values on the matrix's scale; those beyond the ends are taken to be these. See the base class."""
        _refuse_missing(plain, self.column)
        values = np.clip(plain.values.astype(np.float64), self.low, self.high)
        return ((values / 2 - self.origin / 2) / self.unit).astype(np.float32)[:, None]

    def inverse_transform(self, matrix: np.ndarray, first_row: int, seed: int) -> Plain:
        """Values from numbers, whole where the column's are. See the base class."""
        numbers = matrix[:, 0].astype(np.float64)
        numbers = np.clip(numbers, 0, 1) if self.is_scaled else numbers
        values = (self.origin / 2 + self.unit * numbers) * 2
        if self.column.kind == "integer" or self.is_whole:
            values = np.rint(values)
        if self.is_whole:
            values = _whole(np.clip(values, self.low, self.high), self.low < 0)
        elif self.is_scaled:
            values = np.clip(values, self.low, self.high)
        return Plain(values, np.zeros(len(values), dtype=bool))

    def possible(self) -> Plain:
        """The smallest and the largest number that come back. See the base class."""
        return Plain(np.array([self.low, self.high]), np.zeros(2, dtype=bool))

    def stored_values(self) -> dict[str, Any]:
        """The ends. See the base class."""
        ends: np.ndarray = np.array([self.low, self.high])
        return {"ends": shown(_whole(ends, self.low < 0) if self.is_whole else ends, self.column)}

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


def _whole(values: np.ndarray, has_negative: bool) -> np.ndarray:
    """Floats as the whole numbers of 64 bits that they are nearest to."""
    dtype: type[np.signedinteger[Any] | np.unsignedinteger[Any]] = np.int64 if has_negative else np.uint64
    limits = np.iinfo(dtype)
    inside = (values > float(limits.min)) & (values < float(limits.max))
    out = np.where(inside, values, 0.0).astype(dtype)
    out[~inside & (values >= float(limits.max))] = limits.max
    out[~inside & (values <= float(limits.min))] = limits.min
    return out if has_negative or (len(out) and out.max() > np.iinfo(np.int64).max) else out.astype(np.int64)


def _refuse_missing(plain: Plain, column: Column) -> None:
    if plain.missing.any():
        row = int(np.flatnonzero(plain.missing)[0])
        raise ColumnRejected(
            column.name,
            f"has a missing value in row {row}, which only numeric_encoding='rank-normal' can encode.",
        )
