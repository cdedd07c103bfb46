"""The nearest real rows of a table's rows: one search that several figures are read from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.neighbors import NearestNeighbors

from synthgen.metrics.baselines import some_of
from synthgen.metrics.features import coordinate_widths, distance_matrix
from synthgen.metrics.tables import CodedTable
from synthgen.rng import stream

MAX_ROWS = 5_000
"""Rows whose nearest real row is sought, at most."""
MAX_REFERENCE = 50_000
"""Real rows among which it is sought, at most. Few, and a copied row's original would not be among them."""
MAX_COLUMNS = 2_000
"""Columns that distances are taken over, at most; a random choice of them beyond that."""
_MAX_CELLS = 100_000_000


@dataclass(frozen=True, eq=False)
class Nearest:
    """How near rows lie to real ones, in the space of `synthgen.metrics.features.distance_matrix`.

    Parameters
    ----------
    first, second : ndarray, shape (N,)
        Distances in [0, 1] to the nearest and to the second nearest real row; NaN if there is no second one.
    to_part, to_holdout : ndarray, shape (N,), or None
        Distances to the nearest of as many real rows as held-out ones, and to the nearest held-out row. None
        without a holdout.
    n_reference : int
        Real rows among which the nearest was sought.
    n_columns : int
        Columns that the distances are taken over.
    """

    first: np.ndarray
    second: np.ndarray
    to_part: np.ndarray | None
    to_holdout: np.ndarray | None
    n_reference: int
    n_columns: int


def nearest(
    table: CodedTable,
    real: CodedTable,
    seed: int,
    *,
    holdout: CodedTable | None = None,
    itself: bool = False,
) -> Nearest:
    """Seek the two nearest real rows of each row of a table.

    Parameters
    ----------
    table, real : CodedTable
        Coded together.
    seed : int
        For the choice of rows and columns, where there are too many.
    holdout : CodedTable or None
        Held-out rows, coded with the others, whose distances are wanted too.
    itself : bool
        Whether `table` is `real` itself: then a row's nearest is another row, and `holdout` is not looked at.

    Returns
    -------
    Nearest
        Of at most `MAX_ROWS` rows.
    """
    table, real, holdout = _fewer_columns(table, real, holdout, seed)
    among = _some(real.n_rows, _reference_cap(real), seed, "metrics.nearest.real")
    asked = _some(len(among) if itself else table.n_rows, MAX_ROWS, seed, "metrics.nearest.table")
    reference, rows = real.take(among), table.take(among[asked] if itself else asked)
    if holdout is None or itself:
        points, queries = distance_matrix([reference, rows])
        indices, distances = _search(points, queries, 3 if itself else 2)
        if itself:
            distances = np.sort(np.where(indices == asked[:, None], np.inf, distances), axis=1)
        return _found(distances, (None, None), reference)
    n = min(len(among), holdout.n_rows)
    held = holdout.take(_some(holdout.n_rows, n, seed, "metrics.closer.holdout"))
    points, held_points, queries = distance_matrix([reference, held, rows])
    part = _some(len(among), n, seed, "metrics.closer.real")
    distances, to_part = _search_parts(points, part, queries)
    to_holdout = _search(held_points, queries, 1)[1][:, 0]
    return _found(distances, (to_part, to_holdout), reference)


def _fewer_columns(
    table: CodedTable, real: CodedTable, holdout: CodedTable | None, seed: int
) -> tuple[CodedTable, CodedTable, CodedTable | None]:
    if len(real.columns) <= MAX_COLUMNS:
        return table, real, holdout
    used = _some(len(real.columns), MAX_COLUMNS, seed, "metrics.nearest.columns")
    return table.select(used), real.select(used), None if holdout is None else holdout.select(used)


def _some(n: int, most: int, seed: int, purpose: str) -> np.ndarray:
    return some_of(n, most, stream(seed, purpose))


def _reference_cap(table: CodedTable) -> int:
    width = int(coordinate_widths(table).sum())
    return int(np.clip(_MAX_CELLS // max(width, 1), 200, MAX_REFERENCE))


def _found(
    distances: np.ndarray,
    held_out: tuple[np.ndarray | None, np.ndarray | None],
    reference: CodedTable,
) -> Nearest:
    none = np.full(len(distances), np.nan)
    second = (
        np.where(np.isfinite(distances[:, 1]), distances[:, 1], np.nan) if distances.shape[1] > 1 else none
    )
    return Nearest(distances[:, 0], second, *held_out, reference.n_rows, len(reference.columns))


def _search_parts(points: np.ndarray, part: np.ndarray, queries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distances to the two nearest of all points, and to the nearest of a part of them, in one pass."""
    distances = _search(points[part], queries, 2)[1]
    to_part = distances[:, 0]
    if len(part) < len(points):
        rest = np.setdiff1d(np.arange(len(points)), part, assume_unique=True)
        distances = np.sort(np.concatenate([distances, _search(points[rest], queries, 2)[1]], axis=1), axis=1)
    return distances, to_part


def _search(points: np.ndarray, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest points of each query, nearest first, and their distances; shapes (n, k)."""
    search = NearestNeighbors(n_neighbors=min(k, len(points)), algorithm="brute").fit(points)
    indices = search.kneighbors(queries, return_distance=False)
    # taken anew: the search's expansion of (a - b)^2 loses the digits of small distances
    gaps = [np.sqrt(((queries - points[column]).astype(np.float64) ** 2).sum(axis=1)) for column in indices.T]
    distances = np.stack(gaps, axis=1)
    order = np.argsort(distances, axis=1, kind="stable")
    return np.take_along_axis(indices, order, axis=1), np.take_along_axis(distances, order, axis=1)
