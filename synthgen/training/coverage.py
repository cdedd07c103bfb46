"""Which levels, numbers and whole rows occur at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from synthgen.layout import MatrixLayout
from synthgen.rng import stream

MIN_SHARE = 0.01
"""Rarer levels may be missing: the calibration after training brings them back."""
MIN_EXPECTED = 20
"""Fake rows that a level or bin should have to count: none at all has then a chance of 2e-9."""
N_BINS = 20
MAX_NUMBERS = 256
"""Numeric columns whose bins are counted: a random choice of more."""
MAX_BINNED = 20_000
"""Rows that quantiles are taken from."""
STEP = 0.1
"""Numbers that round to the same multiple of it are equal; in standard deviations of a normal score."""


@dataclass(frozen=True, eq=False)
class Coverage:
    """What real rows have: levels, bins of numbers, and keys of whole rows.

    Parameters
    ----------
    levels : ndarray of int, shape (L,)
        Matrix columns of one-hot blocks.
    shares : ndarray, shape (L,)
        Of the real rows with each.
    bins : tuple of (column, gate, edges, shares)
        Of numeric columns: matrix column, gate (-1: none), inner edges, and shares of the real rows in each bin.
    weights : ndarray of int64, shape (F,)
        Random odd numbers: a row's key is the sum of them times its choices and rounded numbers, modulo 2^64.
    numeric : ndarray of bool, shape (F,)
        Columns that are rounded to steps.
    """

    levels: np.ndarray
    shares: np.ndarray
    bins: tuple[tuple[int, int, np.ndarray, np.ndarray], ...]
    weights: np.ndarray
    numeric: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray, layout: MatrixLayout, seed: int) -> Self:
        """What real rows have.

        Parameters
        ----------
        rows : ndarray of float32, shape (N, F)
            N >= 1.
        layout : MatrixLayout
            What the F columns are.
        seed : int
            For the choice of columns and the keys.

        Returns
        -------
        Coverage
            Of these rows.
        """
        rng = stream(seed, "watch coverage")
        levels = np.array([i for b in layout.one_hot for i in range(b.start, b.stop)], dtype=np.int64)
        numeric = np.zeros(layout.width, dtype=bool)
        numeric[[b.start for b in layout.numeric]] = True
        chosen = rng.permutation(len(layout.numeric))[:MAX_NUMBERS]
        binned = rows[rng.permutation(len(rows))[:MAX_BINNED]]
        bins = tuple(
            _bins(binned, block.start, -1 if block.gate is None else block.gate)
            for block in (layout.numeric[i] for i in chosen)
        )
        weights = rng.integers(-(2**62), 2**62, layout.width) * 2 + 1
        return cls(levels, rows[:, levels].mean(axis=0, dtype=np.float64), bins, weights, numeric)

    def lost_levels(self, fake: np.ndarray) -> int:
        """How many levels that fake rows (M, F) should have none of them has."""
        expected = self.shares >= max(MIN_SHARE, MIN_EXPECTED / len(fake))
        return int((~fake[:, self.levels[expected]].any(axis=0)).sum())

    def empty_bins(self, fake: np.ndarray) -> float:
        """The share of bins that fake rows (M, F) should fall into and none does; 0 without such bins."""
        n_empty = n_bins = 0
        for column, gate, edges, shares in self.bins:
            expected = shares * len(fake) >= MIN_EXPECTED
            n_empty += int((expected & (_counts(fake, column, gate, edges) == 0)).sum())
            n_bins += int(expected.sum())
        return n_empty / n_bins if n_bins else 0.0

    def keys(self, rows: np.ndarray) -> np.ndarray:
        """Numbers that are equal for equal rows (N, F), after rounding; int64, shape (N,)."""
        found = np.zeros(len(rows), dtype=np.int64)
        for start in range(0, rows.shape[1], 512):
            part = slice(start, start + 512)
            steps = np.where(self.numeric[part], 1 / STEP, 1.0).astype(np.float32)
            found += np.rint(rows[:, part] * steps).astype(np.int64) @ self.weights[part]
        return found


def duplicate_share(keys: np.ndarray) -> float:
    """The share of rows that equal another one.

    Parameters
    ----------
    keys : ndarray of int64, shape (N,)
        Of rows; N >= 1.

    Returns
    -------
    float
        In [0, 1].
    """
    counts = np.unique(keys, return_counts=True)[1]
    return float(counts[counts > 1].sum() / len(keys))


def _bins(rows: np.ndarray, column: int, gate: int) -> tuple[int, int, np.ndarray, np.ndarray]:
    there = _numbers(rows, column, gate)
    inner = np.arange(1, N_BINS) / N_BINS
    edges = np.unique(np.quantile(there, inner, method="inverted_cdf")) if len(there) else np.empty(0)
    return column, gate, edges, _counts(rows, column, gate, edges) / len(rows)


def _counts(rows: np.ndarray, column: int, gate: int, edges: np.ndarray) -> np.ndarray:
    """Rows in each bin, shape (len(edges) + 1,); a bin begins at its lower edge."""
    there = _numbers(rows, column, gate)
    return np.bincount(np.searchsorted(edges, there, "right"), minlength=len(edges) + 1)


def _numbers(rows: np.ndarray, column: int, gate: int) -> np.ndarray:
    """The numbers of a column that count."""
    return rows[:, column] if gate < 0 else rows[rows[:, gate] > 0.5, column]
