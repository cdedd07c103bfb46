"""The distributions of many columns of few levels: dosages 0/1/2, haplotypes 0/1, sparse counts, constants.

A level is a window onto a standard normal number, cut at the thresholds that give each level its share: the liability
threshold model, or probit link.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from synthgen.disclosure import MIN_ROWS
from synthgen.encoders.normal_scores import COLUMNS_TOGETHER, density_at

MAX_LEVELS = 16
"""Whole numbers of up to this many distinct values are levels, ..."""
FEW_LEVELS = 3
"""... of more than this many only where there are `MIN_ROWS` rows for each."""


@dataclass(frozen=True)
class LevelMarginals:
    """Levels and thresholds, one row for each of q columns.

    Parameters
    ----------
    levels : ndarray of float64, shape (q, L)
        Ascending; the last one repeats where a column has fewer. NaN: the column has no value at all.
    shares : ndarray of float64, shape (q, L)
        Share of the rows at or below each level; 1 from the last level on.
    """

    levels: np.ndarray
    shares: np.ndarray

    def values(self, scores: np.ndarray, columns: slice) -> np.ndarray:
        """Values at normal scores.

        Parameters
        ----------
        scores : ndarray of float32, shape (q', R)
            Normal scores of some of the columns.
        columns : slice
            Which ones.

        Returns
        -------
        ndarray of float64, shape (q', R)
            One of each column's levels.
        """
        levels, cuts = self.levels[columns], ndtri(self.shares[columns]).astype(np.float32)
        place = np.zeros(scores.shape, dtype=np.int8)
        for cut in cuts[:, :-1].T:
            if np.isposinf(cut).all():
                break
            place += scores > cut[:, None]
        return np.take_along_axis(levels, place.astype(np.intp), axis=1)

    @property
    def n_levels(self) -> int:
        """Levels of the column that has most."""
        return self.levels.shape[1]

    def places(self, values: np.ndarray, columns: slice) -> np.ndarray:
        """The place of each value among its column's levels.

        Parameters
        ----------
        values : ndarray, shape (q', R)
            Values of some of the columns; NaN where missing. A value that is no level counts as the one below it.
        columns : slice
            Which ones.

        Returns
        -------
        ndarray of int8, shape (q', R)
            -1 where missing.
        """
        levels, shares = self.levels[columns], self.shares[columns]
        is_own = np.diff(shares, axis=1) > 0  # the last level repeats where a column has fewer
        place = np.zeros(values.shape, dtype=np.int8)
        for level, own in zip(levels[:, 1:].T, is_own.T, strict=True):
            place += (values >= level[:, None]) & own[:, None]
        place[np.isnan(values)] = -1
        return place

    def scores(self, values: np.ndarray, columns: slice) -> np.ndarray:
        """Conditional mean scores of values, 0 where a value is missing.

        Parameters
        ----------
        values : ndarray, shape (q', R)
            Values of some of the columns; NaN where missing. A value that is no level counts as the one below it.
        columns : slice
            Which ones.

        Returns
        -------
        ndarray of float32, shape (q', R)
            E[z | level].
        """
        shares = self.shares[columns]
        edge = density_at(np.concatenate([np.zeros((len(shares), 1)), shares], axis=1))
        width = np.diff(np.concatenate([np.zeros((len(shares), 1)), shares], axis=1), axis=1)
        means = np.divide(edge[:, :-1] - edge[:, 1:], width, out=np.zeros_like(width), where=width > 0)
        place = self.places(values, columns)
        out = np.take_along_axis(means, np.maximum(place, 0).astype(np.intp), axis=1).astype(np.float32)
        out[place < 0] = 0.0
        return out

    def stored_values(self, columns: slice) -> list[dict[str, Any]]:
        """The levels of some columns, as plain data."""
        return [{"levels": np.unique(own[~np.isnan(own)]).tolist()} for own in self.levels[columns]]

    def to_state(self) -> dict[str, Any]:
        """As JSON-able values and numpy arrays."""
        return dict(vars(self))

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> LevelMarginals:
        """From `to_state`'s data."""
        return cls(**state)


def has_few_levels(values: np.ndarray) -> np.ndarray:
    """Which columns are levels: constants, and whole numbers of few distinct values.

    Parameters
    ----------
    values : ndarray, shape (q, N)
        One row for each column; NaN where missing.

    Returns
    -------
    ndarray of bool, shape (q,)
        True also for columns without any value.
    """
    ranked = np.sort(values, axis=1)
    is_present = ~np.isnan(ranked)
    n_distinct = ((ranked[:, 1:] > ranked[:, :-1]) & is_present[:, 1:]).sum(axis=1) + is_present[:, 0]
    whole = ((ranked == np.rint(ranked)) | ~is_present).all(axis=1)
    most = np.clip(is_present.sum(axis=1) // MIN_ROWS, FEW_LEVELS, MAX_LEVELS)
    return (n_distinct <= 1) | (whole & (n_distinct <= most))


def fit_level_marginals(values: np.ndarray) -> LevelMarginals:
    """Count the levels of many columns.

    Parameters
    ----------
    values : ndarray, shape (q, N)
        Columns of few levels (`has_few_levels`); NaN where missing.

    Returns
    -------
    LevelMarginals
        As wide as the column of most levels. From ten rows on, a value that fewer than `MIN_ROWS` cells hold is
        replaced by the nearest that more do.
    """
    parts = [
        _count(values[start : start + COLUMNS_TOGETHER]) for start in range(0, len(values), COLUMNS_TOGETHER)
    ]
    width = max((levels.shape[1] for levels, _ in parts), default=1)
    levels = [np.pad(a, ((0, 0), (0, width - a.shape[1])), mode="edge") for a, _ in parts]
    shares = [np.pad(a, ((0, 0), (0, width - a.shape[1])), mode="edge") for _, a in parts]
    if not parts:
        return LevelMarginals(np.zeros((0, 1)), np.ones((0, 1)))
    return LevelMarginals(_without_rare(np.concatenate(levels), values), np.concatenate(shares))


def marginals_of_counts(counts: np.ndarray, n_rows: int) -> LevelMarginals:
    """`fit_level_marginals` of columns of whole numbers from 0 on, from how often each has which.

    Parameters
    ----------
    counts : ndarray of int, shape (q, L)
        Rows that hold 0, 1, ..., L - 1.
    n_rows : int
        Rows of the table.

    Returns
    -------
    LevelMarginals
        The same to the last bit.
    """
    if not len(counts):
        return LevelMarginals(np.zeros((0, 1)), np.ones((0, 1)))
    n_own, n_present = (counts > 0).sum(axis=1), counts.sum(axis=1)
    width = max(int(n_own.max(initial=0)), 1)
    order = np.argsort(counts == 0, axis=1, kind="stable")  # levels that a column has come first, ascending
    last = np.maximum(n_own - 1, 0)[:, None]
    place = np.minimum(np.arange(width), last)
    levels = np.take_along_axis(order, place, axis=1).astype(np.float64)
    levels[n_present == 0] = np.nan
    shares = np.cumsum(np.take_along_axis(counts, order, axis=1)[:, :width], axis=1)
    shares = shares / np.maximum(n_present, 1)[:, None]
    shares[np.arange(width) >= last] = 1.0
    found = np.arange(counts.shape[1], dtype=np.float64)
    return LevelMarginals(_without_rare_ones(levels, found, counts.sum(axis=0), n_rows), shares)


def _without_rare(levels: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Levels that fewer than `MIN_ROWS` cells of all columns hold, replaced by the nearest that more do."""
    found, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    return _without_rare_ones(levels, found, counts, values.shape[1])


def _without_rare_ones(levels: np.ndarray, found: np.ndarray, counts: np.ndarray, n_rows: int) -> np.ndarray:
    """The same from all values that there are, ascending, and how many cells hold them."""
    common = found[counts >= MIN_ROWS].astype(np.float64)
    if not len(common) or n_rows < 2 * MIN_ROWS:
        return levels
    after = np.clip(np.searchsorted(common, levels), 1, len(common) - 1) if len(common) > 1 else 0
    nearest = common[after]
    if len(common) > 1:
        before = common[after - 1]
        nearest = np.where(levels - before <= nearest - levels, before, nearest)
    return np.where(np.isnan(levels), np.nan, nearest)


def _count(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Levels and cumulative shares of some columns, as wide as the one of most levels."""
    ranked = np.sort(values, axis=1).astype(np.float64)
    is_present = ~np.isnan(ranked)
    is_new = is_present.copy()
    is_new[:, 1:] &= ranked[:, 1:] > ranked[:, :-1]
    number = np.cumsum(is_new, axis=1) - 1
    last = np.maximum(number.max(axis=1, initial=0), 0)
    width = int(last.max(initial=0)) + 1
    flat = (np.arange(len(values))[:, None] * width + number)[is_present]
    counts = np.bincount(flat, minlength=len(values) * width).reshape(len(values), width)
    levels = np.full((len(values), width), np.nan)
    row, place = np.nonzero(is_new)
    levels[row, number[row, place]] = ranked[row, place]
    beyond = np.arange(width) > last[:, None]
    levels = np.where(beyond, np.take_along_axis(levels, last[:, None], axis=1), levels)
    shares = np.cumsum(counts, axis=1) / np.maximum(is_present.sum(axis=1), 1)[:, None]
    shares[np.arange(width) >= last[:, None]] = 1.0
    return levels, shares
