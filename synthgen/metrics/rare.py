"""Rare combinations: how many rows share a combination of values with only a few real people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from synthgen.metrics.baselines import some_of, subsample
from synthgen.metrics.intervals import Estimate, normal_interval, wilson
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.rng import stream

K = 5
"""A combination that fewer real rows than this have is rare."""
N_COLUMNS = 3
"""Columns of a combination."""
MAX_SETS = 50
"""Sets of columns that are looked at, at most."""
MAX_ROWS = 200_000
"""Rows of the table that are looked up, at most; they are counted among all the real ones."""
MAX_VALUES = 50
"""A numeric column of at most so many values, all whole, is taken by its values."""
N_WORST = 5
_MAX_SCANNED = 500
_N_CUTS = 10
_FEW = 1_000_000
_GLIMPSE = 1_000


@dataclass(frozen=True)
class RareSet:
    """One set of columns.

    Parameters
    ----------
    columns : tuple of str
        Their names.
    share : float
        Of rows whose combination of values is rare among the real rows, in [0, 1].
    """

    columns: tuple[str, ...]
    share: float


@dataclass(frozen=True)
class Rare:
    """How often a table reproduces rare combinations.

    Parameters
    ----------
    share : Estimate
        The share of rows with a combination that 1 to ``K - 1`` real rows have, averaged over the sets.
    n_sets : int
        Sets of columns that were looked at.
    sets : tuple of RareSet
        All of them: the same sets in the same order for every table of one real table and seed.
    worst : tuple of RareSet
        Those with the largest share, largest first.
    """

    share: Estimate
    n_sets: int
    sets: tuple[RareSet, ...]
    worst: tuple[RareSet, ...]


@dataclass(frozen=True, eq=False)
class _Cells:
    """One column's codes in [0, n), of the real rows and of the others."""

    real: np.ndarray
    other: np.ndarray
    n: int


def rare_combinations(table: CodedTable, real: CodedTable, seed: int, *, itself: bool = False) -> Rare:
    """The share of a table's rows whose combinations of values point to a few real rows.

    Parameters
    ----------
    table, real : CodedTable
        Coded together.
    seed : int
        For the choice of sets and of rows.
    itself : bool
        Whether `table` is `real` itself: then a row is not counted among those that share its combination.

    Returns
    -------
    Rare
        With sets of fewer columns where fewer vary; empty if none does.

    Notes
    -----
    Sets of three columns are drawn from those with levels and those of few whole numbers; if there are fewer than
    three of them, from all, numbers cut at the real deciles. Some rare combinations come by chance from any good
    model: held-out rows say how many. More than they have means that rare people are reproduced, or that columns are
    put together which do not belong together, as in a table of shuffled columns.
    A row's part in the share is the mean over the sets; the interval is a normal one over rows, and takes the real
    rows and the sets as given.
    NOTE[DIFF]: k-map asks whether each row of a released sample has at least k matches in a population; here the
    rows are synthetic, the population is the real table, and rows without any match, which point to no one, are
    not counted.

    References
    ----------
    .. [1] L. Sweeney, "Computational disclosure control", PhD thesis, MIT 2001 (k-map).
    .. [2] K. El Emam, F. K. Dankar, "Protecting privacy using k-anonymity", JAMIA 15 (2008).
    """
    chosen = _columns(real, seed)
    sets = _sets(len(chosen), seed)
    if not sets:
        return Rare(Estimate(None), 0, (), ())
    rows = real if itself else table
    rows = subsample(rows, MAX_ROWS, stream(seed, "metrics.rare.rows"))
    needed = sorted({i for members in sets for i in members})
    coded = {i: _cells(real.columns[chosen[i]], rows.columns[chosen[i]]) for i in needed}
    per_row, shares = np.zeros(rows.n_rows), []
    for members in sets:
        is_rare = _is_rare([coded[i] for i in members], itself)
        per_row += is_rare
        shares.append(float(is_rare.mean()))
    names = [tuple(real.columns[chosen[i]].name for i in members) for members in sets]
    found = tuple(RareSet(n, s) for n, s in zip(names, shares, strict=True))
    worst = tuple(sorted(found, key=lambda s: -s.share)[:N_WORST])
    return Rare(_share(per_row / len(sets)), len(sets), found, worst)


def _columns(real: CodedTable, seed: int) -> list[int]:
    """The numbers of the columns that sets are drawn from."""
    scanned = some_of(len(real.columns), _MAX_SCANNED, stream(seed, "metrics.rare.columns"))
    varied = [int(j) for j in scanned if _varies(real.columns[j])]
    discrete = [
        j for j in varied if not real.columns[j].is_numeric or _few_values(real.columns[j]) is not None
    ]
    return discrete if len(discrete) >= N_COLUMNS else varied


def _varies(column: CodedColumn) -> bool:
    if column.missing.any():
        return not column.missing.all()
    return bool((column.values != column.values[0]).any())


def _few_values(column: CodedColumn) -> np.ndarray | None:
    """The values of a column of few whole numbers, in order; None for other columns."""
    present = column.values[~column.missing]
    if len(np.unique(present[:_GLIMPSE])) > MAX_VALUES or (present != np.rint(present)).any():
        return None
    values = np.unique(present)
    return values if len(values) <= MAX_VALUES else None


def _sets(n: int, seed: int) -> list[tuple[int, ...]]:
    """Different sets of three out of so many: all if there are few."""
    size = min(n, N_COLUMNS)
    if comb(n, size) <= MAX_SETS:
        return list(combinations(range(n), size)) if n else []
    draw = stream(seed, "metrics.rare.sets")
    drawn: dict[tuple[int, ...], None] = {}
    while len(drawn) < MAX_SETS:
        drawn[tuple(int(j) for j in np.sort(draw.choice(n, size, replace=False)))] = None
    return list(drawn)


def _cells(real: CodedColumn, other: CodedColumn) -> _Cells:
    """0 for missing; a number that the real column lacks has a code of its own."""
    if not real.is_numeric:
        codes, n = [real.values + 1, other.values + 1], len(real.levels) + 1
        return _Cells(codes[0].astype(np.int32), codes[1].astype(np.int32), n)
    values = _few_values(real)
    deciles = np.linspace(0, 1, _N_CUTS + 1)[1:-1]
    cuts = np.quantile(real.values[~real.missing], deciles, method="lower") if values is None else values
    codes = []
    for column in (real, other):
        at = np.searchsorted(cuts, column.values)
        if values is not None:
            at = np.where(np.append(values, np.nan)[at] == column.values, at, len(cuts))
        codes.append(np.where(column.missing, 0, at + 1))
    return _Cells(codes[0].astype(np.int32), codes[1].astype(np.int32), len(cuts) + 2)


def _is_rare(cells: Sequence[_Cells], itself: bool) -> np.ndarray:
    """Whether each row's combination is that of 1 to K - 1 real rows."""
    real, other, size = cells[0].real.astype(np.int64), cells[0].other.astype(np.int64), cells[0].n
    for c in cells[1:]:
        real, other, size = real * c.n + c.real, other * c.n + c.other, size * c.n
    n_matches = _counts(real, other, size) - int(itself)
    return (n_matches > 0) & (n_matches < K)


def _counts(among: np.ndarray, keys: np.ndarray, size: int) -> np.ndarray:
    """How often each key, in [0, size), occurs among others."""
    if size <= max(4 * len(among), _FEW):
        return np.bincount(among, minlength=size)[keys]
    values, counts = np.unique(among, return_counts=True)
    at = np.minimum(np.searchsorted(values, keys), len(values) - 1)
    return np.where(values[at] == keys, counts[at], 0)


def _share(per_row: np.ndarray) -> Estimate:
    mean, n = float(per_row.mean()), len(per_row)
    variance = float(per_row.var()) / n
    return normal_interval(mean, variance, (0, 1)) if variance > 0 else wilson(mean * n, n)
