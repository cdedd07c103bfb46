"""Numbers, durations and instants: randomised rank-normal scores with atoms."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from synthgen.disclosure import MIN_ROWS
from synthgen.encoders import gated
from synthgen.encoders.base import AbstractColumnEncoder, refuse_missing, shown
from synthgen.encoders.ranks import RankMap, fit_rank_map
from synthgen.layout import Block
from synthgen.plain import Plain
from synthgen.relations.quantities import decimals_of
from synthgen.schema import Column

MAX_DISCRETE = 20
"""Up to this many distinct values, each of `MIN_ROWS` rows is an atom (if they have as many on average)."""
ATOM_SHARE = 0.02
"""Least share of the rows for a value to stand out as an atom among others."""
ATOM_EXCESS = 3.0
"""How many times more rows than its neighbours' median such a value must have."""
_FURTHEST = 2.0**62  # on the grid: beyond every value that `fit` can have seen
_NEIGHBOURS = 5  # distinct values on either side that a possible atom is compared with


class NumericEncoder(AbstractColumnEncoder):
    """Whole numbers, durations, instants and decimals on their own grid; other floats smoothed.

    Values that `MIN_ROWS` rows hold come back exactly, others within their segment (`ranks`).

    Parameters
    ----------
    column : Column
        What the column is.
    parts : gated.Gated
        Gate and score.
    decimals : int or None
        Floats are multiples of 10**-decimals; None: continuous, or no floats.
    """

    def __init__(self, column: Column, parts: gated.Gated, decimals: int | None) -> None:
        self.column = column
        self.parts = parts
        self.decimals = decimals

    @classmethod
    def fit(cls, plain: Plain, column: Column) -> Self:
        """Find the grid, the atoms and the distribution of the rest. See the base class.

        Where fewer than `MIN_ROWS` of as many rows or more have a value, the column comes back without any.
        """
        present = plain.values[~plain.missing]
        decimals = decimals_of(plain, column) if present.dtype.kind == "f" else None
        distinct, counts = plain.counted(~plain.missing, _to_grid(present, decimals))
        has_missing = bool(plain.missing.any())
        if has_missing and counts.sum() < MIN_ROWS <= plain.n_rows:
            distinct, counts = distinct[:0], counts[:0]
        is_atom = find_atoms(counts)
        return cls(
            column, gated.Gated(distinct[is_atom], has_missing, fit_rest(distinct, counts, is_atom)), decimals
        )

    def blocks(self, start: int) -> list[Block]:
        """Gate and score. See the base class."""
        atoms = _from_grid(self.parts.atoms, self.decimals)
        return gated.blocks(self.parts, self.column.name, start, [repr(a) for a in atoms.tolist()])

    def transform(self, plain: Plain, rng: np.random.Generator) -> np.ndarray:
        """Gate and score of every value; numbers never seen take the nearest place. See the base class."""
        if not self.parts.has_missing:
            refuse_missing(plain, self.column)
        values = np.where(plain.missing, plain.values.dtype.type(0), plain.values)
        keys = _to_grid(values, self.decimals).astype(self.parts.atoms.dtype, copy=False)
        return gated.encode(Plain(keys, plain.missing), self.parts, rng)

    def inverse_transform(self, matrix: np.ndarray, first_row: int, seed: int) -> Plain:
        """Numbers from gate and score. See the base class."""
        keys = gated.decode(matrix, self.parts)
        return Plain(_from_grid(keys.values, self.decimals), keys.missing)

    def possible(self) -> Plain:
        """The smallest and the largest number that come back. See the base class."""
        keys = gated.seen(self.parts)
        ends = keys[[keys.argmin(), keys.argmax()]] if len(keys) else keys
        return Plain(_from_grid(ends, self.decimals), np.zeros(len(ends), dtype=bool))

    def stored_values(self) -> dict[str, Any]:
        """Atoms, steps, ends and knots. See the base class."""
        return gated.stored(self.parts, lambda keys: shown(_from_grid(keys, self.decimals), self.column))

    def to_state(self) -> dict[str, Any]:
        """Gate, score and decimals."""
        return {**gated.to_state(self.parts), "decimals": self.decimals}

    @classmethod
    def from_state(cls, column: Column, state: dict[str, Any]) -> Self:
        """From `to_state`'s data."""
        return cls(column, gated.from_state(state), state["decimals"])


def find_atoms(counts: np.ndarray) -> np.ndarray:
    """Which distinct values stand on their own.

    Parameters
    ----------
    counts : ndarray of int, shape (D,)
        Rows of each distinct value, in the order of the values.

    Returns
    -------
    ndarray of bool, shape (D,)
        All frequent ones where there are few; else those that hold `ATOM_SHARE` of the rows and far more than
        the values beside them (a smooth peak is no atom).
    """
    n_rows = int(counts.sum())
    if len(counts) <= MAX_DISCRETE and n_rows >= MIN_ROWS * len(counts):
        return counts >= MIN_ROWS
    out = np.zeros(len(counts), dtype=bool)
    for i in np.flatnonzero(counts >= max(ATOM_SHARE * n_rows, 2 * MIN_ROWS)):
        beside = np.r_[counts[max(i - _NEIGHBOURS, 0) : i], counts[i + 1 : i + 1 + _NEIGHBOURS]]
        out[i] = len(beside) == 0 or counts[i] > ATOM_EXCESS * np.median(beside)
    return out


def fit_rest(distinct: np.ndarray, counts: np.ndarray, is_atom: np.ndarray) -> RankMap | None:
    """The distribution of the values that are no atoms.

    Parameters
    ----------
    distinct, counts : ndarray, shape (D,)
        A column's values, ascending, and the rows of each.
    is_atom : ndarray of bool, shape (D,)
        From `find_atoms`.

    Returns
    -------
    RankMap or None
        None where there are none, or fewer than `MIN_ROWS` rows hold them all: the nearest atoms stand for these.
    """
    if is_atom.all() or (is_atom.any() and counts[~is_atom].sum() < MIN_ROWS):
        return None
    return fit_rank_map(distinct[~is_atom], counts[~is_atom])


def _to_grid(values: np.ndarray, decimals: int | None) -> np.ndarray:
    if decimals is None:
        return values
    return np.rint(np.clip(values * 10.0**decimals, -_FURTHEST, _FURTHEST)).astype(np.int64)


def _from_grid(keys: np.ndarray, decimals: int | None) -> np.ndarray:
    return keys if decimals is None else keys / 10.0**decimals
