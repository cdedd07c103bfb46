"""Values to standard normal scores and back, through a smoothed empirical distribution.

The distinct values of a column are cut into segments, each with its share of the rows. A value that
occurs often is a segment of its own (a *step*); the others share segments of about `MIN_ROWS` rows or more,
inside which values are taken as evenly spread. Shares become intervals of the normal score: a step is encoded as a
random score inside its interval, a whole number as the middle of its own part of its segment's interval, any other value
as its place between the ends of its segment.

What is kept tells of no single row: a segment stands for `MIN_ROWS` rows or more, a value is kept as it is only where
as many rows hold it, and the smallest and the largest value are means of the outermost segments, in which no single row
counts as further out than the others reach. Steps come back
exactly, whole numbers too where a segment holds no more of them than float32 can tell apart; the rest within its
segment.

NOTE[DIFF]: methods such as RDT's or scikit-learn's QuantileTransformer give tied values one score and keep the
smallest and the largest value; random scores inside a tie keep the matrix normal, so no generator has to learn a point
mass in a continuous output.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from synthgen.disclosure import MIN_ROWS

MAX_SEGMENTS = 4096
"""About how many shared segments a column may have."""
_MARGIN = 0.01  # share of a segment left unused at each end, so that float32 never crosses an edge
_FILLED = (
    0.5  # least share of the whole numbers between two values that must occur for them to share a segment
)

_LIKE = 3  # times as many rows as a rare value's at most may a step have that shares a segment with it


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
        Ascending; whole-number dtypes are decoded to whole numbers.
    counts : ndarray of int, shape (D,)
        Rows of each value.
    smooth : bool
        False makes every value a step, so that only the values seen come back, however rare: for levels.

    Returns
    -------
    RankMap
        The map.
    """
    grid = common_step(distinct) if distinct.dtype.kind in "iu" else 0
    if not smooth:
        return RankMap(_edges(np.arange(len(distinct)), counts), distinct, distinct, grid)
    distinct, counts = _without_lone(distinct, counts, grid)
    starts = _joined(_segment_starts(counts), distinct, counts, grid)
    low, high = _ends(distinct, counts, starts, grid)
    return RankMap(_edges(starts, counts), low, high, grid)


def blurred_ends(distinct: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The smallest and the largest value, or the means of the `MIN_ROWS` rows beside each end if fewer rows hold them.

    Parameters
    ----------
    distinct : ndarray of float64, int64 or uint64, shape (D,)
        Ascending, D >= 1.
    counts : ndarray of int, shape (D,)
        Rows of each value.

    Returns
    -------
    ndarray of the same dtype, shape (2,)
        Ascending, on the values' grid. Of fewer than twice `MIN_ROWS` rows both are the mean of all.
    """
    grid = common_step(distinct) if distinct.dtype.kind in "iu" else 0
    if counts.sum() < 2 * MIN_ROWS:
        return np.repeat(_mean(distinct, counts, grid, "nearest"), 2)
    ends = []
    for order, rounding in ((slice(None), "up"), (slice(None, None, -1), "down")):
        own = np.minimum(np.cumsum(counts[order]), MIN_ROWS)
        rows = np.diff(own, prepend=0)[order]
        here = np.flatnonzero(rows)
        ends.append(_mean(distinct[here], rows[here], grid, rounding))
    low, high = ends
    return np.array([low, max(low, high)], dtype=distinct.dtype)


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
    segment = _segments(values, rank_map)
    low, high = rank_map.low[segment], rank_map.high[segment]
    left, right = rank_map.edges[segment], rank_map.edges[segment + 1]
    width = _distance(low, high)
    clipped = np.clip(values, low, high)
    if rank_map.grid:
        unit = rank_map.grid / 2
        inside = (np.floor(_distance(low, clipped) / unit) + 0.5) / (np.floor(width / unit) + 1)
    else:
        inside = _distance(low, clipped) / np.where(width > 0, width, 1.0)
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
    most = (high - low).view(np.uint64) // grid
    place = np.floor(inside * (most.astype(np.float64) + 1))
    is_last = place >= most.astype(np.float64)
    steps = np.where(is_last, 0.0, place).astype(np.uint64)
    return low + (np.where(is_last, most, steps) * grid).view(low.dtype)


def common_step(distinct: np.ndarray) -> int:
    """The largest whole number that all distances between ascending whole numbers are multiples of; 1 for one value."""
    if len(distinct) < 2:
        return 1
    return int(np.gcd.reduce(np.diff(distinct.view(np.uint64))))


def _segments(values: np.ndarray, rank_map: RankMap) -> np.ndarray:
    """The segment of each value, or the nearest where it lies between two, shape (N,)."""
    after = np.minimum(np.searchsorted(rank_map.high, values, side="left"), len(rank_map.high) - 1)
    before = np.maximum(after - 1, 0)
    is_between = (values < rank_map.low[after]) & (values > rank_map.high[before])
    to_next = _distance(np.minimum(values, rank_map.low[after]), rank_map.low[after])
    to_last = _distance(rank_map.high[before], np.maximum(values, rank_map.high[before]))
    return np.where(is_between & (to_last < to_next), before, after)


def _distance(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Half the distance, as float64: the whole of it may overflow."""
    if low.dtype.kind == "f":
        return high / 2 - low / 2
    return (high - low).view(np.uint64).astype(np.float64) / 2


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
    begins_run = opens.copy()
    opens |= (np.diff(group, prepend=-1) != 0) & (left_in_run >= fewest)
    starts = np.flatnonzero(opens)
    # a value of several rows may leave too few for what comes after it
    is_thin = np.add.reduceat(counts, starts) < MIN_ROWS
    return starts[~is_thin | begins_run[starts]]


def _edges(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    n_rows = counts.sum()
    before = np.cumsum(counts) - counts
    share = np.append(before[starts], n_rows) / n_rows
    share[0], share[-1] = 0.25 / n_rows, 1 - 0.25 / n_rows
    return ndtri(share)


def _without_lone(distinct: np.ndarray, counts: np.ndarray, grid: int) -> tuple[np.ndarray, np.ndarray]:
    """The values without the rare ones that can share no segment: their rows count for the step beside them."""
    starts = _segment_starts(counts)
    counts, keep = counts.copy(), np.ones(len(distinct), dtype=bool)
    for i, step in _thin(starts, distinct, counts, grid):
        own = slice(starts[i], starts[i + 1] if i + 1 < len(starts) else len(distinct))
        can_join = not {i, step} & {0, len(starts) - 1} and counts[starts[step]] <= _LIKE * counts[own].sum()
        if not (can_join and _is_filled(distinct, own, int(starts[step]), grid)):
            counts[starts[step]] += counts[own].sum()
            keep[own] = False
    return distinct[keep], counts[keep]


def _joined(starts: np.ndarray, distinct: np.ndarray, counts: np.ndarray, grid: int) -> np.ndarray:
    """The segments' first values, where those of fewer than `MIN_ROWS` rows are one with the step beside them."""
    opens = np.ones(len(starts), dtype=bool)
    for i, step in _thin(starts, distinct, counts, grid):
        opens[max(i, step)] = False
    return starts[opens]


def _thin(
    starts: np.ndarray, distinct: np.ndarray, counts: np.ndarray, grid: int
) -> Iterator[tuple[int, int]]:
    """The segments of fewer than `MIN_ROWS` rows, each with the nearest segment beside it, which is a step."""
    last = distinct[np.append(starts[1:], len(distinct)) - 1]
    gap = _distance(last[:-1], distinct[starts][1:])
    rows = np.add.reduceat(counts, starts)
    for i in np.flatnonzero(rows < MIN_ROWS).tolist() if len(starts) > 1 else []:
        is_left = i == len(starts) - 1 or (i > 0 and gap[i - 1] <= gap[i])
        yield i, i - 1 if is_left else i + 1


def _is_filled(distinct: np.ndarray, own: slice, step: int, grid: int) -> bool:
    """Whether the whole numbers from some values to a step beside them mostly occur."""
    if not grid:
        return False
    first, last = distinct[min(own.start, step)], distinct[max(own.stop - 1, step)]
    possible = 2 * float(_distance(np.asarray(first), np.asarray(last))) / grid + 1
    return own.stop - own.start + 1 >= _FILLED * possible


def _ends(
    distinct: np.ndarray, counts: np.ndarray, starts: np.ndarray, grid: int
) -> tuple[np.ndarray, np.ndarray]:
    """First and last value of every segment."""
    ends = np.append(starts[1:], len(distinct)) - 1
    low, high = distinct[starts], distinct[ends]
    is_step = (low == high) & (np.add.reduceat(counts, starts) >= MIN_ROWS)
    parts = [slice(a, b + 1) for a, b in zip(starts, ends, strict=True)]
    if len(starts) == 1:
        only = low[0] if is_step[0] else _mean(distinct, counts, grid, "nearest")
        return np.array([only], dtype=distinct.dtype), np.array([only], dtype=distinct.dtype)
    spread = np.array(
        [
            (low[i], high[i]) if is_step[i] else _spread(distinct[p], counts[p], grid)
            for i, p in enumerate(parts)
        ],
        dtype=distinct.dtype,
    )
    below, above = _meeting(low, high, is_step, spread, grid)
    own = low, high
    low, high = np.append(low[:1], above), np.append(below, high[-1:])
    _no_point(low, high, own, is_step, grid)
    # a value of enough rows may be an end as it is
    if not is_step[0] and counts[starts[0]] < MIN_ROWS:
        low[0] = _mean(distinct[parts[0]], counts[parts[0]], grid, "up")
    if not is_step[-1] and counts[-1] < MIN_ROWS:
        high[-1] = _mean(distinct[parts[-1]], counts[parts[-1]], grid, "down")
    # an outermost segment may be thinner than its mean is rounded
    high[0], low[-1] = max(low[0], high[0]), min(low[-1], high[-1])
    return low, high


def _meeting(
    low: np.ndarray, high: np.ndarray, is_step: np.ndarray, spread: np.ndarray, grid: int
) -> tuple[np.ndarray, np.ndarray]:
    """Where neighbours end and begin, each of shape (S - 1,): shared segments meet halfway, and stop short of a step."""
    last, first = high[:-1], low[1:]
    if grid:
        steps = (first - last).view(np.uint64) // np.uint64(grid)
        below = last + (steps // np.uint64(2) * np.uint64(grid)).view(last.dtype)
        above, unit = below + last.dtype.type(grid), last.dtype.type(grid)
        before_step, after_step = first - unit, last + unit
        is_tight = steps == 1
    else:
        below = np.clip(last / 2 + first / 2, last, first)
        above = below
        before_step, after_step = np.nextafter(first, -np.inf), np.nextafter(last, np.inf)
        is_tight = np.zeros(len(last), dtype=bool)
    # beside a step a segment goes as far as an even spread of its mean and variance would
    reach = np.where(is_tight, before_step, np.minimum(np.maximum(spread[:-1, 1], low[:-1]), before_step))
    begin = np.where(is_tight, after_step, np.maximum(np.minimum(spread[1:, 0], high[1:]), after_step))
    below = np.where(is_step[:-1], last, np.where(is_step[1:], reach, below))
    above = np.where(is_step[1:], first, np.where(is_step[:-1], begin, above))
    return below, above


def _no_point(
    low: np.ndarray, high: np.ndarray, own: tuple[np.ndarray, np.ndarray], is_step: np.ndarray, grid: int
) -> None:
    """Widen shared segments of whole numbers that came down to one value, which fewer than `MIN_ROWS` rows may hold."""
    point = np.flatnonzero((low == high) & ~is_step) if grid else np.zeros(0, dtype=np.intp)
    for i in point[(point > 0) & (point < len(low) - 1)]:
        if high[i] < own[1][i]:
            high[i] += low.dtype.type(grid)
        else:
            low[i] -= low.dtype.type(grid)


def _spread(distinct: np.ndarray, counts: np.ndarray, grid: int) -> tuple[int | float, ...]:
    """The ends of the even spread that has the values' mean and variance, on their grid."""
    first, last = distinct[:1], distinct[-1:]
    unit = float(_distance(first, last)[0]) or 1.0
    place = _distance(np.repeat(first, len(distinct)), distinct) / unit  # in [0, 1]
    share = counts / counts.sum()
    mean = float(share @ place)
    variance = float(share @ (place - mean) ** 2)
    if not grid:
        at = mean + np.sqrt(3 * variance) * np.array([-1.0, 1.0])
        with np.errstate(over="ignore"):  # the steps beside it are nearer than infinity
            return tuple((first[0] * (1 - at) + last[0] * at).tolist())
    steps = round(2 * unit / grid)
    half = (np.sqrt(12 * variance * steps**2 + 1) - 1) / 2
    limits = np.iinfo(distinct.dtype)
    ends = (int(first[0]) + round(mean * steps + x) * grid for x in (-half, half))
    return tuple(min(max(end, int(limits.min)), int(limits.max)) for end in ends)


def _without_leverage(distinct: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The values, an outermost single row's moved to where it is no further from the next than that is from the other end."""
    if len(distinct) < 3:
        return distinct
    out = distinct.copy()
    values: list[Any] = distinct.tolist()  # Python's numbers: sums of int64 do not wrap
    first, second, before_last, last = values[0], values[1], values[-2], values[-1]
    if counts[-1] == 1:
        out[-1] = last = min(last, before_last + (before_last - first))
    if counts[0] == 1:
        out[0] = max(first, second - (last - second))
    return out


def _mean(distinct: np.ndarray, counts: np.ndarray, grid: int, rounding: str) -> int | float:
    """The mean of some values; of whole numbers rounded "up", "down" or to the "nearest" on their grid.

    A single row far from the others must not show in it: it counts as no further out than the others reach.
    """
    distinct, share = _without_leverage(distinct, counts), counts / counts.sum()
    if not grid:
        return float(np.clip(share @ distinct, distinct[0], distinct[-1]))
    steps = (distinct - distinct[0]).view(np.uint64) // np.uint64(grid)
    mean = float(share @ steps.astype(np.float64))
    nearest = round(mean)
    if abs(mean - nearest) > 1e-9 * max(1.0, mean):
        nearest = {"up": int(np.ceil(mean)), "down": int(np.floor(mean)), "nearest": nearest}[rounding]
    return int(distinct[0]) + min(nearest, int(steps[-1])) * grid
