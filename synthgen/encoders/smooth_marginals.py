"""The distributions of many continuous columns, smoothed: knots of at least `MIN_ROWS` rows each.

A column's sorted values are cut into bins of equal share. Each bin becomes a knot: the mean normal score of the bin
against the mean of its values. Between knots, and beyond the outermost ones, values are linear in the normal score; a
normal column thus comes back with its own mean and spread, and no single value is kept.

NOTE[DIFF]: usual rank transforms (scikit-learn's QuantileTransformer) keep the order statistics themselves, extremes
included; with many columns and few rows that alone tells members from others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from synthgen.disclosure import MIN_ROWS
from synthgen.encoders.normal_scores import COLUMNS_TOGETHER, density_at

MAX_KNOTS = 256
FLOOR_SHARE = 0.05
"""Share of the rows from which on the lowest value stands by itself: zeros of counts."""
MAX_DECIMALS = 6
_REACH = 8.0
_CELLS = 8192  # of the table that finds a knot from a normal score
_EXACT_FLOAT32 = 2.0**24
_GLANCE = 8  # rows that rule out a grid at once


@dataclass(frozen=True)
class SmoothMarginals:
    """Smoothed quantile functions, one for each of q columns.

    Parameters
    ----------
    centres : ndarray of float64, shape (M,)
        Normal scores of the knots, ascending; the same for all columns.
    knots : ndarray of float32 or float64, shape (q, M)
        Values at the knots, not descending.
    decimals : ndarray of int8, shape (q,)
        Values are multiples of 10**-decimals; -1: continuous.
    floor_score : ndarray of float32, shape (q,)
        Below this normal score a value is the column's lowest, which many rows hold (zeros); -inf: none does.
    floor, above_floor : ndarray, shape (q,)
        That value, and the mean of the smallest values above it.
    low, high : ndarray, shape (q,)
        Bounds of the values; infinite where there are none.
    """

    centres: np.ndarray
    knots: np.ndarray
    decimals: np.ndarray
    floor_score: np.ndarray
    floor: np.ndarray
    above_floor: np.ndarray
    low: np.ndarray
    high: np.ndarray

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
        ndarray, shape (q', R)
            Rounded to the columns' decimals, inside the bounds.
        """
        knots, decimals = self.knots[columns], self.decimals[columns]
        slope = np.diff(knots, axis=1) / np.diff(self.centres).astype(knots.dtype)
        offset = knots[:, :-1] - slope * self.centres[:-1].astype(knots.dtype)
        piece = self._pieces()[
            ((scores + _REACH) * (_CELLS / (2 * _REACH))).clip(0, _CELLS - 1).astype(np.int32)
        ]
        piece += (np.arange(len(knots), dtype=np.int32) * slope.shape[1])[:, None]
        out = slope.ravel()[piece]
        out *= scores
        out += offset.ravel()[piece]
        self._lay_floor(out, scores, columns)
        _round(out, decimals)
        return np.clip(out, self.low[columns, None], self.high[columns, None], out=out)

    def scores(self, values: np.ndarray, columns: slice) -> np.ndarray:
        """Normal scores of values, the reverse of `values`; 0 where a value is missing.

        Parameters
        ----------
        values : ndarray, shape (q', R)
            Values of some of the columns; NaN where missing.
        columns : slice
            Which ones.

        Returns
        -------
        ndarray of float32, shape (q', R)
            Within the outermost knots.
        """
        out = np.empty(values.shape, dtype=np.float32)
        for i, (row, knots) in enumerate(zip(values, self.knots[columns], strict=True)):
            place, first = np.unique(knots, return_index=True)
            # equal knots are one window: its score is the mean of theirs
            windows = np.add.reduceat(self.centres, first) / np.diff(np.append(first, len(knots)))
            out[i] = np.interp(row, place, windows)
        return np.nan_to_num(out, copy=False)

    def stored_values(self, columns: slice) -> list[dict[str, Any]]:
        """What is kept of the values of some columns, as plain data."""
        has_floor = np.isfinite(self.floor_score[columns])
        parts = zip(
            self.knots[columns], self.floor[columns], self.above_floor[columns], has_floor, strict=True
        )
        return [
            {
                "knots": np.unique(knots).tolist(),
                **({"single values": [floor.item()], "above it": [above.item()]} if own else {}),
            }
            for knots, floor, above, own in parts
        ]

    def to_state(self) -> dict[str, Any]:
        """As JSON-able values and numpy arrays."""
        return dict(vars(self))

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> SmoothMarginals:
        """From `to_state`'s data."""
        return cls(**state)

    def _lay_floor(self, values: np.ndarray, scores: np.ndarray, columns: slice) -> None:
        """Give the lowest value its exact share, in place; nothing lies between it and the smallest values above."""
        own = np.flatnonzero(np.isfinite(self.floor_score[columns]))
        if len(own):
            cut, floor, above = (
                a[columns][own, None] for a in (self.floor_score, self.floor, self.above_floor)
            )
            values[own] = np.where(scores[own] < cut, floor, np.maximum(values[own], above))

    def _pieces(self) -> np.ndarray:
        """For each cell of the normal scores the linear piece that its middle lies on, shape (_CELLS,)."""
        middle = (np.arange(_CELLS) + 0.5) * (2 * _REACH / _CELLS) - _REACH
        return np.clip(np.searchsorted(self.centres, middle) - 1, 0, len(self.centres) - 2).astype(np.int32)


def fit_smooth_marginals(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> SmoothMarginals:
    """Learn the quantile functions of many columns.

    Parameters
    ----------
    values : ndarray of float32 or float64, shape (q, N)
        One row for each column, N >= 2; NaN where missing.
    low, high : ndarray, shape (q,)
        Bounds that values are kept to; infinite for none.

    Returns
    -------
    SmoothMarginals
        With 2 to `MAX_KNOTS` knots.
    """
    n_knots = int(np.clip(values.shape[1] // MIN_ROWS, 2, MAX_KNOTS))
    knots = np.empty((len(values), n_knots))
    decimals = np.empty(len(values), dtype=np.int8)
    floors = np.empty((3, len(values)))
    for start in range(0, len(values), COLUMNS_TOGETHER):
        part = slice(start, start + COLUMNS_TOGETHER)
        ranked = np.sort(values[part], axis=1)
        knots[part] = _knots(ranked, n_knots)
        floors[:, part] = _floors(ranked.astype(np.float64))
        decimals[part] = _decimals(values[part])
    small = float(np.abs(knots).max(initial=0)) < _EXACT_FLOAT32 and not (decimals != 0).any()
    dtype = np.float32 if values.dtype == np.float32 or small else np.float64
    return SmoothMarginals(
        bin_scores(n_knots),
        knots.astype(dtype),
        decimals,
        floors[0].astype(np.float32),
        floors[1].astype(dtype),
        floors[2].astype(dtype),
        low.astype(dtype),
        high.astype(dtype),
    )


def _floors(ranked: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Score below which the lowest value lies, that value, and the mean of the smallest ones above it, each (q,)."""
    n_present = (~np.isnan(ranked)).sum(axis=1)
    lowest = ranked[:, :1]
    n_lowest = (ranked == lowest).sum(axis=1)
    is_floor = n_lowest >= np.maximum(MIN_ROWS, FLOOR_SHARE * n_present)
    is_floor &= n_present - n_lowest >= MIN_ROWS
    share = np.divide(n_lowest, n_present, out=np.zeros(len(ranked)), where=n_present > 0)
    score = np.where(is_floor, ndtri(np.clip(share, 0, 1)), -np.inf)
    place = np.minimum(n_lowest[:, None] + np.arange(MIN_ROWS), ranked.shape[1] - 1)
    above = np.take_along_axis(ranked, place, axis=1).mean(axis=1)
    return score, np.where(is_floor, lowest[:, 0], 0.0), np.where(is_floor, above, 0.0)


def bin_scores(n_bins: int) -> np.ndarray:
    """Mean normal score of each of `n_bins` bins of equal share, shape (n_bins,), ascending."""
    edge = density_at(np.arange(n_bins + 1) / n_bins)
    return np.asarray(n_bins * (edge[:-1] - edge[1:]))


def _knots(ranked: np.ndarray, n_knots: int) -> np.ndarray:
    """Bin means of sorted columns, shape (q, n_knots); columns with fewer values get fewer, wider bins."""
    n_present = (~np.isnan(ranked)).sum(axis=1)
    out = np.zeros((len(ranked), n_knots))
    for n in np.unique(n_present[n_present > 0]):
        own = int(min(n // MIN_ROWS, n_knots))
        rows = n_present == n
        if own < 2:  # one mean and one spread stand for all
            out[rows] = _normal_knots(ranked[rows, :n].astype(np.float64), n_knots)
            continue
        means = _bin_means(ranked[rows, :n].astype(np.float64), own)
        out[rows] = means if own == n_knots else _respaced(means, n_knots)
    return np.maximum.accumulate(out, axis=1)


def _normal_knots(values: np.ndarray, n_knots: int) -> np.ndarray:
    """Knots of the normal distribution with the mean and spread of each column's few values."""
    mean, spread = values.mean(axis=1, keepdims=True), values.std(axis=1, keepdims=True)
    return np.asarray(mean + spread * bin_scores(n_knots))


def _bin_means(ranked: np.ndarray, n_bins: int) -> np.ndarray:
    """Means of `n_bins` bins of equal share; a value on an edge counts for both sides by its parts."""
    total = np.concatenate([np.zeros((len(ranked), 1)), np.cumsum(ranked, axis=1)], axis=1)
    edge = np.arange(n_bins + 1) * (ranked.shape[1] / n_bins)
    whole = np.minimum(edge.astype(int), ranked.shape[1] - 1)
    at_edge = total[:, whole] + (edge - whole) * ranked[:, whole]
    return np.asarray(np.diff(at_edge, axis=1) / (ranked.shape[1] / n_bins))


def _respaced(means: np.ndarray, n_knots: int) -> np.ndarray:
    """Fewer knots read off, linearly in the normal score, where the common ones are."""
    own, wanted = bin_scores(means.shape[1]), bin_scores(n_knots)
    if len(own) == 1:
        return np.repeat(means, n_knots, axis=1)
    left = np.clip(np.searchsorted(own, wanted) - 1, 0, len(own) - 2)
    weight = (wanted - own[left]) / (own[left + 1] - own[left])
    return np.asarray(means[:, left] * (1 - weight) + means[:, left + 1] * weight)


def _decimals(values: np.ndarray) -> np.ndarray:
    """The fewest decimals that give every value back in its own dtype, shape (q,); -1: none do."""
    out = np.full(len(values), -1, dtype=np.int8)
    for decimals in reversed(range(MAX_DECIMALS + 1)):
        maybe = np.flatnonzero(_on_grid(values[:, :_GLANCE], decimals))
        out[maybe[_on_grid(values[maybe], decimals)]] = decimals
    return out


def _on_grid(values: np.ndarray, decimals: int) -> np.ndarray:
    """Which columns hold multiples of 10**-decimals only, shape (q,)."""
    back = (np.rint(values.astype(np.float64) * 10.0**decimals) / 10.0**decimals).astype(values.dtype)
    return np.asarray(((back == values) | np.isnan(values)).all(axis=1))


def _round(values: np.ndarray, decimals: np.ndarray) -> None:
    """Round rows to their decimals, in place."""
    whole = decimals == 0
    if whole.all():
        np.rint(values, out=values)
        return
    values[whole] = np.rint(values[whole])
    for places in np.unique(decimals[decimals > 0]):
        rows = decimals == places
        # in double precision: what is cast to the column's dtype must be the nearest to the decimal number
        values[rows] = np.round(values[rows].astype(np.float64), int(places))
