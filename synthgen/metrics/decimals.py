"""How fine the grid is that a column's numbers lie on: decimals, or units of time.

A generator that writes 3.1415 where the real column has one decimal, or whole numbers where it has none, may match
the distribution and still be told apart by the first digit that anyone looks at.
"""

from __future__ import annotations

import numpy as np

MAX_DECIMALS = 8
"""Numbers that need more decimals than this are on no grid."""
N_GRIDS = MAX_DECIMALS + 2
"""Grids told apart: 0 to 8 decimals, or as many units of time, and none."""
MAX_VALUES = 20_000_000
"""Values of one table that are looked at, at most, over all its columns: evenly spaced rows beyond that."""
TIME_UNITS = (
    "days",
    "hours",
    "minutes",
    "seconds",
    "tenths of a second",
    "hundredths of a second",
    "milliseconds",
    "tenths of a millisecond",
    "hundredths of a millisecond",
)
"""The grids of instants, which are counted in seconds."""
_SHARE = 0.99
_SINGLE_DIGITS = float(1 << 24)
_SAFE = 1e7  # times 10^8 still below 2^53: a coarser grid is then part of the finest


def grids(real: np.ndarray, other: np.ndarray, *, times: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """The coarsest grid that each value lies on.

    Parameters
    ----------
    real, other : ndarray, shapes (n_columns, n) and (n_columns, m)
        The same columns of two tables; NaN is missing.
    times : bool
        Whether the values are seconds, whose coarser grids are minutes, hours and days.

    Returns
    -------
    (real, other) : (ndarray of int8, ndarray of int8), shapes as given
        The number of decimals in 0..8 (or the place in `TIME_UNITS`), 9 for none of these, and -1 for a missing
        value and for 0, which lies on every grid.

    Notes
    -----
    A value has d decimals if it is the double nearest to a whole number over 10^d. Where a table holds nothing but
    single-precision numbers and those are on no grid as doubles, both tables are read in single precision: 0.1
    that has been through float32 is 0.10000000149.
    """
    found = [_coarsest(x, times, single=False) for x in (real, other)]
    single = _is_single(real, found[0]) | _is_single(other, found[1])
    if single.any():
        for x, grid in zip((real, other), found, strict=True):
            grid[single] = _coarsest(x[single], times, single=True)
    return found[0], found[1]


def spaced_rows(n_rows: int, n_columns: int) -> slice:
    """Evenly spaced rows, so many that `MAX_VALUES` holds.

    Parameters
    ----------
    n_rows, n_columns : int
        Of one table.

    Returns
    -------
    slice
        Of at least 200 rows, where there are as many.
    """
    most = max(200, MAX_VALUES // max(n_columns, 1))
    return slice(0, None, max(1, n_rows // most))


def grid_counts(grid: np.ndarray) -> np.ndarray:
    """How many values lie on each grid.

    Parameters
    ----------
    grid : ndarray of int8, shape (n_columns, n)
        As `grids` gives it.

    Returns
    -------
    ndarray of int, shape (n_columns, N_GRIDS)
        Without the values that are missing or 0.
    """
    counts = [np.count_nonzero(grid == g, axis=1) for g in range(N_GRIDS)]
    return np.stack(counts, axis=1)


def column_grid(counts: np.ndarray) -> np.ndarray:
    """The coarsest grid that holds 99% of a column's values.

    Parameters
    ----------
    counts : ndarray of int, shape (n_columns, N_GRIDS)
        Values on each grid.

    Returns
    -------
    ndarray of int, shape (n_columns,)
        In 0..9, 9 for none; -1 where nothing was counted.
    """
    total = counts.sum(axis=1)
    enough = np.cumsum(counts, axis=1) >= _SHARE * total[:, None]
    return np.where(total > 0, enough.argmax(axis=1), -1)


def grid_words(grid: int, *, times: bool) -> str:
    """What a grid is called: "3 decimals", "whole numbers", "whole days".

    Parameters
    ----------
    grid : int
        In 0..9.
    times : bool
        Whether the values are instants.

    Returns
    -------
    str
        A plural noun.
    """
    if times:
        return f"times in {(*TIME_UNITS, 'still finer units')[grid]}"
    if grid > MAX_DECIMALS:
        return f"more than {MAX_DECIMALS} decimals"
    return "whole numbers" if grid == 0 else f"{grid} decimal{'s' * (grid > 1)}"


def _steps(times: bool) -> list[tuple[float, float]]:
    """Each grid as (unit, units per 1): one of the two is 1, since 0.1 is no double."""
    if times:
        return [(86400.0, 1.0), (3600.0, 1.0), (60.0, 1.0), *((1.0, 10.0**d) for d in range(6))]
    return [(1.0, 10.0**d) for d in range(N_GRIDS - 1)]


def _coarsest(values: np.ndarray, times: bool, *, single: bool) -> np.ndarray:
    out = np.full(values.shape, -1, dtype=np.int8)
    counted = ~np.isnan(values) & (values != 0)
    out[counted] = N_GRIDS - 1
    steps = _steps(times)
    if not single:
        # most columns of a wide table are on no grid at all, which the finest grid says at once
        counted &= _on_grid(values, *steps[-1], single=False) | (np.abs(values) > _SAFE)
    left = np.flatnonzero(counted)
    x = values.ravel()[left]
    flat = out.ravel()
    for grid, step in enumerate(steps):
        on = _on_grid(x, *step, single=single)
        flat[left[on]] = grid
        left, x = left[~on], x[~on]
        if not len(left):
            break
    return out


def _on_grid(x: np.ndarray, unit: float, per_one: float, *, single: bool) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):
        n_steps = np.rint(x / unit * per_one)
        nearest = n_steps * unit / per_one
        if not single:
            return nearest == x
        return (nearest.astype(np.float32) == x.astype(np.float32)) & (np.abs(n_steps) < _SINGLE_DIGITS)


def _is_single(values: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Which columns are on no grid as doubles, and hold nothing but single-precision numbers."""
    suspects = np.flatnonzero(column_grid(grid_counts(grid)) == N_GRIDS - 1)
    out = np.zeros(len(values), dtype=bool)
    with np.errstate(over="ignore"):
        x = values[suspects]
        out[suspects] = ((x.astype(np.float32) == x) | np.isnan(x)).all(axis=1)
    return out
