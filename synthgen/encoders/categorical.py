"""Levels: one-hot, with rare levels of a long list pooled into one gate column and a score."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from synthgen.encoders import gated
from synthgen.encoders.base import AbstractColumnEncoder, refuse_missing
from synthgen.encoders.ranks import fit_rank_map
from synthgen.exceptions import ColumnRejected
from synthgen.layout import Block
from synthgen.plain import Plain
from synthgen.schema import Column

MAX_ONE_HOT = 60
"""Up to this many levels, each has a matrix column."""
COMMON_SHARE = 0.01
"""In a longer list a level of this share of the rows has a matrix column; the others are pooled."""
MIN_COMMON = 10
"""Fewest rows of such a level."""


class CategoricalEncoder(AbstractColumnEncoder):
    """Levels by their codes; which of them were seen, which stand alone and which are pooled.

    Pooled levels share one gate column; which of them it is, is the score of the level's place in code
    order, so levels that sort together (postal codes, ticket numbers) lie together.

    Parameters
    ----------
    column : Column
        With levels.
    parts : gated.Gated
        Over the codes.
    shares : ndarray of float64, shape (L,)
        Of each level of `_seen`, in its order; sums to 1.
    takes_others : bool
        Whether values that are no level are taken to be one, drawn by the shares (`pooling`).
    """

    def __init__(
        self, column: Column, parts: gated.Gated, shares: np.ndarray, takes_others: bool = False
    ) -> None:
        self.column = column
        self.parts = parts
        self.shares = shares
        self.takes_others = takes_others

    @classmethod
    def fit(cls, plain: Plain, column: Column) -> Self:
        """Count the levels and decide which are pooled. See the base class."""
        is_level = ~plain.missing & (plain.values >= 0)
        takes_others = bool((~plain.missing & ~is_level).any())
        seen, counts = plain.counted(is_level)
        if takes_others and not len(seen):  # made-up levels
            seen = np.arange(len(column.levels or ()), dtype=np.int64)
            counts = np.ones(len(seen), dtype=np.int64)
        if len(seen) <= MAX_ONE_HOT:
            pooled = np.zeros(len(seen), dtype=bool)
        else:
            pooled = counts < max(COMMON_SHARE * counts.sum(), MIN_COMMON)
        rest = fit_rank_map(seen[pooled], counts[pooled], smooth=False) if pooled.any() else None
        parts = gated.Gated(seen[~pooled], bool(plain.missing.any()), rest)
        return cls(
            column, parts, np.append(counts[~pooled], counts[pooled]) / max(counts.sum(), 1), takes_others
        )

    def blocks(self, start: int) -> list[Block]:
        """Gate, and score where levels are pooled. See the base class."""
        levels = self.column.levels or ()
        return gated.blocks(self.parts, self.column.name, start, [str(levels[a]) for a in self.parts.atoms])

    def transform(self, plain: Plain, rng: np.random.Generator) -> np.ndarray:
        """Gate and score of every code, one drawn for those of no level if there are such. See the base class.

        Raises
        ------
        ColumnRejected
            If a value is outside the levels that were seen in `fit`.
        """
        if not self.parts.has_missing:
            refuse_missing(plain, self.column)
        plain = self._with_others(plain, rng)
        unseen = np.flatnonzero(~plain.missing & ~np.isin(plain.values, _seen(self.parts)))
        if len(unseen):
            level = (self.column.levels or ())[plain.values[unseen[0]]]
            raise ColumnRejected(
                self.column.name, f"holds {level!r} in row {unseen[0]}, which `fit` never saw."
            )
        return gated.encode(plain, self.parts, rng)

    def inverse_transform(self, matrix: np.ndarray, first_row: int, seed: int) -> Plain:
        """Codes from gate and score. See the base class."""
        return gated.decode(matrix, self.parts)

    def possible(self) -> Plain:
        """Every level that was seen. See the base class."""
        seen = _seen(self.parts)
        return Plain(seen, np.zeros(len(seen), dtype=bool))

    def to_state(self) -> dict[str, Any]:
        """Gate and score."""
        return {**gated.to_state(self.parts), "shares": self.shares, "takes_others": self.takes_others}

    @classmethod
    def from_state(cls, column: Column, state: dict[str, Any]) -> Self:
        """From `to_state`'s data."""
        return cls(column, gated.from_state(state), state["shares"], state["takes_others"])

    def _with_others(self, plain: Plain, rng: np.random.Generator) -> Plain:
        """The codes, with drawn ones where a value is no level."""
        other = np.flatnonzero(~plain.missing & (plain.values < 0))
        if not self.takes_others or not len(other):
            return plain
        place = np.searchsorted(np.cumsum(self.shares)[:-1], rng.random(len(other)), side="right")
        values = plain.values.copy()
        values[other] = _seen(self.parts)[place]
        return Plain(values, plain.missing)


def _seen(parts: gated.Gated) -> np.ndarray:
    """Every level that was seen, those with matrix columns first."""
    return parts.atoms if parts.rest is None else np.append(parts.atoms, parts.rest.low)
