"""Values to standard normal scores and back, through a smoothed empirical distribution.

The distinct values of a column are cut into segments, each with its share of the rows. A value that
occurs often is a segment of its own (a *step*); the others share segments of about `MIN_ROWS` rows or more,
inside which values are taken as evenly spread. Shares become intervals of the normal score:
a step is encoded as a random score inside its interval, any other value as its place between the ends
of its segment. Both directions are exact for steps and for values on a grid; for continuous values they
agree within the width of a segment, and no value of fewer than `MIN_ROWS` rows is kept.

NOTE[DIFF]: methods such as RDT's or scikit-learn's QuantileTransformer give tied values one score; random
scores inside a tie keep the matrix normal, so no generator has to learn a point mass in a continuous output.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

MIN_ROWS = 5
"""Fewest rows of a step, or of a shared segment of continuous values."""
MAX_SEGMENTS = 4096
"""About how many shared segments a column may have."""
_MARGIN = 0.01  # share of a segment left unused at each end, so that float32 never crosses an edge
_RESOLUTION = 16.0  # float32 spacings that one grid step must span to be told apart


@dataclass(frozen=True)
class RankMap:
    """A monotone map between values and normal scores.

    Parameters
    ----------
    edges : ndarray of float64, shape (S + 1,)
        Scores at which the segments meet, ascending.
    low, high : ndarray of float64, int64 or uint64, shape (S,)
        First and last value of each segment, ascending; equal for a step.
    grid : int
        For whole numbers the spacing of the values; 0 for continuous ones.
    """

    edges: np.ndarray
    low: np.ndarray
    high: np.ndarray
    grid: int


def fit_rank_map(distinct: np.ndarray, counts: np.ndarray, *, smooth: bool = True) -> RankMap:
    """Fit the map to a column's distinct values.

    Parameters
    ----------
    distinct : ndarray of float64, int64 or uint64, shape (D,)
        Ascending; whole-number dtypes are decoded exactly.
    counts : ndarray of int, shape (D,)
        Rows of each value.
    smooth : bool
        False makes every value a step, so that only the values seen come back.

    Returns
    -------
    RankMap
        The map.
    """
    whole = distinct.dtype.kind in "iu"
    grid = _common_step(distinct) if whole else 0
    starts = _segment_starts(counts) if smooth else np.arange(len(distinct))
    edges = _edges(starts, counts)
    if whole and smooth:
        starts = _split_unresolved(starts, edges, distinct, grid)
        edges = _edges(starts, counts)
    ends = np.append(starts[1:], len(distinct)) - 1
    low, high = distinct[starts], distinct[ends]
    if not whole and smooth:
        low, high = _blur(low, high, distinct, counts, starts)
    return RankMap(edges, low, high, grid)


def to_scores(values: np.ndarray, rank_map: RankMap, uniform: np.ndarray) -> np.ndarray:
    """Normal scores of values.

    Parameters
    ----------
    values : ndarray, shape (N,)
        Of the map's dtype. Values outside or between the segments take the nearest end.
    rank_map : RankMap
        The map.
    uniform : ndarray of float64, shape (N,)
        In [0, 1): where in a step's interval the score lies.

    Returns
    -------
    ndarray of float64, shape (N,)
        The scores.
    """
    segment = np.minimum(np.searchsorted(rank_map.high, values, side="left"), len(rank_map.high) - 1)
    low, high = rank_map.low[segment], rank_map.high[segment]
    left, right = rank_map.edges[segment], rank_map.edges[segment + 1]
    width = _distance(low, high)
    inside = _distance(low, np.clip(values, low, high)) / np.where(width > 0, width, 1.0)
    linear = left + (right - left) * (_MARGIN + (1 - 2 * _MARGIN) * inside)
    p_left, p_right = ndtr(left), ndtr(right)
    step = ndtri(p_left + (p_right - p_left) * (_MARGIN + (1 - 2 * _MARGIN) * uniform))
    return np.where(width > 0, linear, step)


def from_scores(scores: np.ndarray, rank_map: RankMap) -> np.ndarray:
    """Values of normal scores.

    Parameters
    ----------
    scores : ndarray of float, shape (N,)
        Any; beyond the ends they give the first or last value.
    rank_map : RankMap
        The map.

    Returns
    -------
    ndarray of the map's dtype, shape (N,)
        The values: on the grid if there is one, never beyond the values seen.
    """
    scores = scores.astype(np.float64)
    segment = np.searchsorted(rank_map.edges[1:-1], scores, side="right")
    low, high = rank_map.low[segment], rank_map.high[segment]
    left, right = rank_map.edges[segment], rank_map.edges[segment + 1]
    inside = np.clip(((scores - left) / (right - left) - _MARGIN) / (1 - 2 * _MARGIN), 0.0, 1.0)
    if rank_map.grid == 0:
        return np.clip(low * (1 - inside) + high * inside, low, high)
    grid = np.uint64(
        rank_map.grid
    )  # differences of int64 need all 64 bits; adding them wraps round to the value
    steps = np.rint(inside * ((high - low).view(np.uint64) // grid).astype(np.float64))
    return low + (steps.astype(np.uint64) * grid).view(low.dtype)


def _distance(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Half the distance, as float64: the whole of it may overflow."""
    if low.dtype.kind == "f":
        return high / 2 - low / 2
    return (high - low).view(np.uint64).astype(np.float64) / 2


def _common_step(distinct: np.ndarray) -> int:
    if len(distinct) < 2:
        return 1
    return int(np.gcd.reduce(np.diff(distinct.view(np.uint64))))


def _segment_starts(counts: np.ndarray) -> np.ndarray:
    """Index of the first distinct value of every segment."""
    n_rows = int(counts.sum())
    fewest = max(MIN_ROWS, -(-n_rows // MAX_SEGMENTS))
    step = counts >= fewest
    run_start = np.flatnonzero(np.diff(step, prepend=not step[0]) | step)
    run = np.cumsum(np.isin(np.arange(len(counts)), run_start)) - 1
    before = np.cumsum(counts) - counts
    in_run = before - before[run_start][run]
    left_in_run = np.append(before[run_start[1:]], n_rows)[run] - before
    group = np.where(step, 0, in_run // fewest)
    opens = np.diff(run, prepend=-1) != 0
    opens |= (np.diff(group, prepend=-1) != 0) & (left_in_run >= fewest)
    return np.flatnonzero(opens)


def _edges(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    n_rows = counts.sum()
    before = np.cumsum(counts) - counts
    share = np.append(before[starts], n_rows) / n_rows
    share[0], share[-1] = 0.25 / n_rows, 1 - 0.25 / n_rows
    return ndtri(share)


def _split_unresolved(starts: np.ndarray, edges: np.ndarray, distinct: np.ndarray, grid: int) -> np.ndarray:
    """Turn into steps what float32 scores could not tell apart inside a segment."""
    ends = np.append(starts[1:], len(distinct)) - 1
    n_steps = ((distinct[ends] - distinct[starts]).view(np.uint64) // np.uint64(grid)).astype(np.float64)
    reach = np.maximum(np.abs(edges[:-1]), np.abs(edges[1:])).astype(np.float32)
    unresolved = n_steps * _RESOLUTION * np.spacing(reach) > np.diff(edges) * (1 - 2 * _MARGIN)
    segment = np.cumsum(np.isin(np.arange(len(distinct)), starts)) - 1
    return np.flatnonzero(np.isin(np.arange(len(distinct)), starts) | unresolved[segment])


def _blur(
    low: np.ndarray, high: np.ndarray, distinct: np.ndarray, counts: np.ndarray, starts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Move the ends of shared segments off the values seen; steps stay where they are."""
    low, high = low.copy(), high.copy()
    rows = np.add.reduceat(counts, starts)
    means = np.add.reduceat(
        distinct * (counts / np.repeat(rows, np.diff(np.append(starts, len(distinct))))), starts
    )
    is_step = (low == high) & (rows >= MIN_ROWS)
    middle = high[:-1] / 2 + low[1:] / 2
    # beside a step a segment reaches up to it, beside another segment halfway
    below = np.where(is_step[:-1], np.nextafter(high[:-1], np.inf), middle)
    above = np.where(is_step[1:], np.nextafter(low[1:], -np.inf), middle)
    low[1:] = np.where(is_step[1:], low[1:], below)
    high[:-1] = np.where(is_step[:-1], high[:-1], above)
    # at the two ends it reaches to its mean, or is one with the step beside it
    if not is_step[0]:
        low[0] = means[0] if rows[0] >= MIN_ROWS or len(rows) == 1 else high[0]
    if not is_step[-1]:
        high[-1] = means[-1] if rows[-1] >= MIN_ROWS or len(rows) == 1 else low[-1]
    return low, np.maximum(low, high)
