"""The nearest rows by Gower's distance, as an attacker seeks them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthgen.metrics.tables import CodedColumn, CodedTable

MAX_COLUMNS = 60
"""Columns that a distance is over, at most."""
_GRID = 2.0**46
_MISSING = 3.0
_BLOCK = 8_192


@dataclass(frozen=True, eq=False)
class _Points:
    """Rows as columns of two matrices: numbers by their range, NaN-free, and levels."""

    numbers: np.ndarray
    levels: np.ndarray


def nearest_rows(
    targets: CodedTable,
    candidates: CodedTable,
    column_sets: Sequence[Sequence[int] | np.ndarray],
    picks: np.ndarray,
) -> np.ndarray:
    """The candidate nearest to each target, for several sets of columns at once.

    Parameters
    ----------
    targets, candidates : CodedTable
        Coded together, at most `MAX_COLUMNS` columns.
    column_sets : sequence of sequences of int
        The numbers of the columns that each distance is over.
    picks : ndarray, shape (n_sets, n_targets)
        In [0, 1): which one is taken where several candidates are equally near; 0 is the first.

    Returns
    -------
    ndarray of int, shape (n_sets, n_targets)
        Row numbers of `candidates`.

    Notes
    -----
    Over the columns of a set the sum of ``|a - b| / range`` for numbers, the range over both tables, and of
    ``a != b`` for levels: anonymeter's ``MixedTypeKNeighbors``.
    NOTE[DIFF]: instants are numbers (there levels). A missing number differs by 1 from every number and by 0 from
    another missing one (there by NaN, which sorts last, and by 1). Ties are broken at random, not by a sort: among
    rows of few levels most distances are ties, and two sets that both took the first of them would agree too often.

    References
    ----------
    .. [1] J. C. Gower, "A general coefficient of similarity and some of its properties", Biometrics 27 (1971).
    """
    is_number = np.array([c.is_numeric for c in candidates.columns])
    used = np.array([[j in columns for j in range(len(is_number))] for columns in map(set, column_sets)])
    sets = _Points(used[:, is_number].astype(float), used[:, ~is_number])
    queries, points = _coordinates([targets, candidates])
    out = np.empty(picks.shape, dtype=np.int64)
    for i in range(targets.n_rows):
        query = _Points(queries.numbers[:, i, None], queries.levels[:, i, None])
        for j, distances in enumerate(_distances(query, points, sets)):
            ties = np.flatnonzero(distances == distances.min())
            out[j, i] = ties[int(picks[j, i] * len(ties))]
    return out


def _coordinates(tables: Sequence[CodedTable]) -> list[_Points]:
    columns = list(zip(*(t.columns for t in tables), strict=True))
    numbers = [_scaled(parts) for parts in columns if parts[0].is_numeric]
    levels = [[p.values + 1 for p in parts] for parts in columns if not parts[0].is_numeric]
    dtype = np.min_scalar_type(max((len(parts[0].levels) for parts in columns), default=0))
    return [
        _Points(
            np.array([column[i] for column in numbers]).reshape(len(numbers), t.n_rows),
            np.array([column[i] for column in levels], dtype=dtype).reshape(len(levels), t.n_rows),
        )
        for i, t in enumerate(tables)
    ]


def _scaled(parts: Sequence[CodedColumn]) -> list[np.ndarray]:
    """Numbers by their range, in [0, 1]: multiples of 2^-46, so that sums are exact in any order, and ties ties."""
    largest = max(np.abs(p.values[~p.missing]).max(initial=0) for p in parts)
    # to the size of 1, without rounding: the range of the largest doubles is infinite
    sized = [np.ldexp(p.values, -np.frexp(largest)[1]) for p in parts]
    present = np.concatenate([v[~np.isnan(v)] for v in sized])
    low = present.min() if len(present) else 0.0
    width = (present.max() - low if len(present) else 0.0) or 1.0
    return [np.where(np.isnan(v), _MISSING, np.rint((v - low) / width * _GRID) / _GRID) for v in sized]


def _distances(query: _Points, points: _Points, sets: _Points) -> np.ndarray:
    """Shape (n_sets, n_candidates); in blocks that stay in the processor's cache."""
    n = points.numbers.shape[1]
    out = np.empty((len(sets.numbers), n))
    for start in range(0, n, _BLOCK):
        block = slice(start, start + _BLOCK)
        gaps = points.numbers[:, block] - query.numbers
        np.abs(gaps, out=gaps)
        np.minimum(gaps, 1.0, out=gaps)
        out[:, block] = sets.numbers @ gaps
        unlike = points.levels[:, block] != query.levels
        for total, used in zip(out[:, block], sets.levels, strict=True):
            total += np.add.reduce(unlike[used].view(np.uint8), axis=0, dtype=np.uint8)
    return out
