"""Nearest-record distances and exact copies: a smoke test, not a measure of privacy.

A synthesizer that copies rows shows here, if it copies them whole. One that leaks in any subtler way does not:
membership inference succeeds against tables that pass all of these.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.neighbors import NearestNeighbors

from synthgen.metrics.baselines import subsample
from synthgen.metrics.features import MAX_ONE_HOT_LEVELS, distance_matrix, row_keys
from synthgen.metrics.intervals import Estimate, wilson
from synthgen.metrics.tables import CodedTable
from synthgen.rng import stream

MAX_ROWS = 5_000
"""Rows whose nearest real row is sought, at most."""
MAX_REFERENCE = 50_000
"""Real rows among which it is sought, at most. Few, and a copied row's original would not be among them."""
_MAX_CELLS = 100_000_000


@dataclass(frozen=True)
class Distances:
    """Distances of rows to their nearest real row.

    Parameters
    ----------
    to_real : tuple of float
        The 0, 1, ..., 100% quantiles; distances in [0, 1].
    median : Estimate
        Their median.
    n_rows, n_reference : int
        Rows that were measured, and real rows among which the nearest was sought.
    """

    to_real: tuple[float, ...]
    median: Estimate
    n_rows: int
    n_reference: int


def nearest_distances(table: CodedTable, real: CodedTable, seed: int, *, itself: bool = False) -> Distances:
    """Distance of each row of a table to the nearest real row.

    Parameters
    ----------
    table, real : CodedTable
        Coded together.
    seed : int
        For the choice of rows, where there are too many.
    itself : bool
        Whether `table` is `real` itself: then a row's nearest is another row.

    Returns
    -------
    Distances
        In the space of `synthgen.metrics.features.distance_matrix`.
    """
    reference = subsample(real, _reference_cap(real), stream(seed, "metrics.nearest.real"))
    rows = subsample(reference if itself else table, MAX_ROWS, stream(seed, "metrics.nearest.table"))
    points, queries = distance_matrix([reference, rows])
    distances = np.sort(_nearest(points, queries, rank=2 if itself else 1))
    quantiles = np.quantile(distances, np.linspace(0, 1, 101))
    return Distances(
        to_real=tuple(float(q) for q in quantiles),
        median=_median(distances),
        n_rows=len(queries),
        n_reference=len(points),
    )


def share_closer_to_real(table: CodedTable, real: CodedTable, holdout: CodedTable, seed: int) -> Estimate:
    """The share of rows that lie nearer to a real row than to a held-out one.

    Parameters
    ----------
    table, real, holdout : CodedTable
        Coded together. As many real rows as held-out ones are used.
    seed : int
        For the choice of rows.

    Returns
    -------
    Estimate
        In [0, 1]; 0.5 if the table knows no more of the real rows than of the held-out ones. Ties count one
        half. The interval treats the two sets of real rows as given.
    """
    n = min(real.n_rows, holdout.n_rows, _reference_cap(real))
    chosen = [
        subsample(t, m, stream(seed, f"metrics.closer.{name}"))
        for name, t, m in (("real", real, n), ("holdout", holdout, n), ("table", table, MAX_ROWS))
    ]
    points, held_out, queries = distance_matrix(chosen)
    to_real, to_holdout = _nearest(points, queries), _nearest(held_out, queries)
    tied = np.isclose(to_real, to_holdout, rtol=0, atol=1e-6)
    n_hits = float((tied * 0.5 + (~tied & (to_real < to_holdout))).sum())
    return wilson(n_hits, len(queries))


def copies(table: CodedTable, real: CodedTable, *, itself: bool = False) -> Estimate:
    """The share of rows that equal a real row in every compared column.

    Parameters
    ----------
    table, real : CodedTable
        Coded together; all rows are used.
    itself : bool
        Whether `table` is `real` itself: then a row must equal another row.

    Returns
    -------
    Estimate
        In [0, 1].
    """
    keys, real_keys = row_keys([table, real])
    found, counts = np.unique(real_keys, return_counts=True)
    matching = found[counts > 1] if itself else found
    return wilson(int(np.isin(keys, matching).sum()), table.n_rows)


def _reference_cap(table: CodedTable) -> int:
    width = sum(2 if c.is_numeric else min(len(c.levels), MAX_ONE_HOT_LEVELS) + 2 for c in table.columns)
    return int(np.clip(_MAX_CELLS // width, 200, MAX_REFERENCE))


def _nearest(points: np.ndarray, queries: np.ndarray, rank: int = 1) -> np.ndarray:
    rank = min(rank, len(points))
    search = NearestNeighbors(n_neighbors=rank, algorithm="brute").fit(points)
    nearest = search.kneighbors(queries, return_distance=False)[:, -1]
    # taken anew: the search's expansion of (a - b)^2 loses the digits of small distances
    return np.sqrt(((queries - points[nearest]).astype(np.float64) ** 2).sum(axis=1))


def _median(ordered: np.ndarray) -> Estimate:
    """The median with its interval from the order statistics, sorted values in."""
    n = len(ordered)
    half = 0.98 * np.sqrt(n)
    low, high = int(max(n / 2 - half, 0)), int(min(n / 2 + half, n - 1))
    return Estimate(float(np.median(ordered)), float(ordered[low]), float(ordered[high]))
