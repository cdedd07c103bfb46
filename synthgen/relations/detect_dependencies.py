"""Columns that another one determines, value by value."""

from __future__ import annotations

from collections.abc import Iterator, Set

import numpy as np

from synthgen.constraints.relation import Relation
from synthgen.constraints.rules import Dependency
from synthgen.relations.checks import numbered
from synthgen.relations.looked_at import MIN_OFF_MODE, LookedAt

MAX_VALUES = 2_000
"""Values of the column that determines, at most."""
ROWS_PER_VALUE = 5
"""Rows for each of them on average, at least."""
LOG_CHANCE = -30.0
"""Natural logarithm of the largest chance that independent columns would look as much related."""


def dependencies(looked: LookedAt, free: Set[str]) -> Iterator[Relation]:
    """Find them, those by fewer values first: one-to-one pairs by their column of levels, chains by their last link.

    Parameters
    ----------
    looked : LookedAt
        The table.
    free : set of str
        Columns that may be determined; any may determine.

    Yields
    ------
    Relation
        That holds in every row.
    """
    all_names = [c.name for c in looked.schema if c.kind not in ("identifier", "text", "constant")]
    first = np.stack([numbered(looked.first(n)) for n in all_names], axis=1) if all_names else None
    if first is None:
        return
    counted: dict[str, tuple[np.ndarray, int]] = {}

    def count(name: str) -> tuple[np.ndarray, int]:
        if name not in counted:
            codes = numbered(looked.whole(name))
            counted[name] = codes, int(codes.max()) + 1 + int((codes < 0).any())
        return counted[name]

    pairs = [
        (all_names[i], all_names[j])
        for i in range(len(all_names))
        for j in _maybe(first, i)
        if all_names[j] in free
    ]
    enough = [(by, c) for by, c in pairs if _is_few(count(by)[1], looked.n_rows)]
    order = {n: i for i, n in enumerate(all_names)}
    for by, column in sorted(enough, key=lambda p: (count(p[0])[1], _no_levels(looked, p[0]), order[p[0]])):
        relation = _confirmed(looked, by, column, count(by), count(column))
        if relation is not None:
            yield relation


def _is_few(n_values: int, n_rows: int) -> bool:
    return 1 < n_values <= min(MAX_VALUES, n_rows / ROWS_PER_VALUE)


def _no_levels(looked: LookedAt, name: str) -> bool:
    return looked.schema[name].levels is None


def _maybe(codes: np.ndarray, i: int) -> list[int]:
    """Which columns the i-th determines in the rows looked at first, shape of `codes` (n_first, n_columns)."""
    _, start, inverse = np.unique(codes[:, i], return_index=True, return_inverse=True)
    if len(start) < 2 or len(start) > len(codes) / 2:
        return []
    same = (codes == codes[start[inverse.reshape(-1)]]).all(axis=0)
    same[i] = False
    return [int(j) for j in np.flatnonzero(same)]


def _confirmed(
    looked: LookedAt, by: str, column: str, own: tuple[np.ndarray, int], other: tuple[np.ndarray, int]
) -> Relation | None:
    if other[1] > own[1] or other[1] < 2 or not looked.is_on_grid(by):
        return None
    codes, target = own[0] + 1, other[0] + 1
    sizes, shares = np.bincount(codes), np.bincount(target)
    first = np.zeros(len(sizes), dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    if not np.array_equal(target, target[first[codes]]):
        return None
    present = sizes[sizes > 0]
    if len(target) - shares.max() < MIN_OFF_MODE or _log_chance(present, shares) > LOG_CHANCE:
        return None
    if not looked.is_on_grid(column) and present.min() < ROWS_PER_VALUE:
        return None  # single rows' values of a continuous column are not to be kept
    n_rows, n_values = len(codes), len(present)
    words = "one to one" if other[1] == own[1] else f"{n_values:,} values to {other[1]:,}"
    reason = f"{words}, {n_rows / n_values:,.0f} rows a value on average, no exception"
    return Relation(Dependency(by, column), "detected", True, n_rows, reason)


def _log_chance(sizes: np.ndarray, counts: np.ndarray) -> float:
    """Log probability that the rows of every value agree, if the other column were drawn by its shares alone."""
    shares = counts[counts > 0] / counts.sum()
    size, times = np.unique(sizes, return_counts=True)
    log_agree = np.array([_log_sum(s * np.log(shares)) for s in size])
    return float((log_agree * times).sum())


def _log_sum(logs: np.ndarray) -> float:
    largest = logs.max()
    return float(largest + np.log(np.exp(logs - largest).sum()))
