"""Whether two columns depend on each other as they do in the real table: a test for every pair."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy.stats import pearson3

from synthgen.metrics.features import pooled_codes
from synthgen.metrics.tables import CodedColumn, CodedTable

N_BINS = 5
"""Bins of a number, of equal shares."""
N_LEVELS = 8
"""Levels of a column that are told apart; the rest are one."""
_MIN_EXPECTED = 20
"""Rows that a cell must expect under independence, in both tables, to be judged."""
_HALF_A_ROW = 0.5


@dataclass(frozen=True)
class PairTest:
    """The relation of two columns in two tables.

    Parameters
    ----------
    first, second : str
        The columns.
    real, other : float
        Cramer's V in each table, corrected for its bias [1]_, in [0, 1]: 0 without any relation. Numbers are cut at
        the table's own quintiles, so that a changed marginal is no changed strength.
    p_value : float
        In [0, 1], for equal joint dependence; corrected for the cells of the pair, not for the number of pairs.
    """

    first: str
    second: str
    real: float
    other: float
    p_value: float


def pair_tests(real: CodedTable, other: CodedTable, columns: np.ndarray) -> tuple[PairTest, ...]:
    """Test every pair of columns for another relation than the real one.

    Parameters
    ----------
    real, other : CodedTable
        Coded together; independent samples.
    columns : ndarray of int
        Which columns to pair.

    Returns
    -------
    tuple of PairTest
        In column order; pairs without a cell that is large enough have the p-value 1.

    Notes
    -----
    For a cell with the joint share ``p_ij`` and the margins ``p_i``, ``p_j`` the dependence is
    ``D_ij = p_ij - p_i p_j``. The difference of the two tables' D is that of the means of
    ``(a - p_i)(b - p_j)``, with the indicators a and b and the margins of both tables together, but for a product of
    differences of margins. If the rows were shuffled between the tables, its variance and skewness would be exactly
    those given by the moments of these scores: it is referred to the Pearson type III distribution that has them
    [2]_, half a row nearer to 0. The p-value is the least of the cells, times their number (Bonferroni). Missing is a
    cell of its own.
    NOTE[DIFF]: the usual z with each table's own variance fails at the small p-values that a whole report needs: of
    20,000 and 1,500 rows with 20 to 60 expected, 5 to 500 times as many as there should be are below 1e-5. Here at
    most .9 times at 1e-4 and 1e-5, in a million pairs each with rare, equal, dependent and all but empty cells, in
    tables of 1,500 to 50,000 rows.
    Here numbers are cut at the quintiles of both tables together: cut at each table's own, the cells of a relation
    that is nearly exact would move with the sample's quantiles, which the variance does not know of. A changed
    marginal can therefore give a small p-value too: a changed relation shows in the two strengths as well.

    References
    ----------
    .. [1] W. Bergsma, "A bias-correction for Cramer's V and Tschuprow's T", Journal of the Korean Statistical
       Society 42 (2013).
    .. [2] P. W. Mielke, K. J. Berry, "Permutation Methods: A Distance Function Approach", Springer 2007.
    """
    cells = {j: _cells(real.columns[j], other.columns[j]) for j in columns.tolist()}
    return tuple(
        _test(real.columns[i].name, real.columns[j].name, cells[i], cells[j])
        for i, j in itertools.combinations(columns.tolist(), 2)
    )


@dataclass(frozen=True, eq=False)
class _Cells:
    """One column's cells in both tables: cut alike, for the test, and by each table's own quintiles."""

    real: np.ndarray
    other: np.ndarray
    own_real: np.ndarray
    own_other: np.ndarray
    n_cells: int


def _cells(real: CodedColumn, other: CodedColumn) -> _Cells:
    if real.is_numeric:
        x, y = real.values, other.values
        both = np.concatenate([x, y])
        alike_x, alike_y = _quantile_cells(x, both), _quantile_cells(y, both)
        return _Cells(alike_x, alike_y, _quantile_cells(x, x), _quantile_cells(y, y), N_BINS + 1)
    a, b = (_level_cells(codes) for codes in pooled_codes([real, other], N_LEVELS))
    return _Cells(a, b, a, b, N_LEVELS + 2)


def _level_cells(codes: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(codes), N_LEVELS + 1, codes).astype(np.int64)


def _quantile_cells(values: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Bins by mid-rank among `like`, so that ties share a bin; the last cell is for missing values."""
    present = np.sort(like[~np.isnan(like)])
    both = np.searchsorted(present, values, "left") + np.searchsorted(present, values, "right")
    bins = np.minimum(both * N_BINS // max(2 * len(present), 1), N_BINS - 1)
    return np.where(np.isnan(values), N_BINS, bins)


def _test(first: str, second: str, a: _Cells, b: _Cells) -> PairTest:
    shape = (a.n_cells, b.n_cells)
    p_values = _cell_p(_counts(a.real, b.real, shape), _counts(a.other, b.other, shape))
    p_value = min(1.0, float(p_values.min()) * len(p_values)) if len(p_values) else 1.0
    strength_real = _cramers_v(_counts(a.own_real, b.own_real, shape))
    strength_other = _cramers_v(_counts(a.own_other, b.own_other, shape))
    return PairTest(first, second, strength_real, strength_other, p_value)


def _counts(a: np.ndarray, b: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return np.bincount(a * shape[1] + b, minlength=shape[0] * shape[1]).reshape(shape)


def _cell_p(real: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The p-values of the cells that are large enough."""
    n, m = float(real.sum()), float(other.sum())
    total = n + m
    p = (real + other) / total
    row, column = p.sum(axis=1, keepdims=True), p.sum(axis=0, keepdims=True)
    judged = (min(n, m) * row * column >= _MIN_EXPECTED) & (row < 1) & (column < 1)
    variance, third = (x[judged] for x in _central_moments(p, row, column))
    off = n * m / total * (_dependence(other / m) - _dependence(real / n))[judged]
    z = np.maximum(np.abs(off) - _HALF_A_ROW, 0) / np.sqrt(n * m / (total - 1) * variance)
    skewness = (n - m) * np.sqrt((total - 1) / (n * m)) / (total - 2) * third / variance**1.5
    return np.minimum(2 * pearson3.sf(z, np.sign(off) * skewness), 1.0)


def _dependence(p: np.ndarray) -> np.ndarray:
    """D, cell by cell."""
    return p - p.sum(axis=1, keepdims=True) * p.sum(axis=0, keepdims=True)


def _central_moments(p: np.ndarray, row: np.ndarray, column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The second and the third of the scores ``(a - row)(b - column)``, cell by cell."""
    mean = p - row * column
    scores = (
        (p, (1 - row) * (1 - column)),
        (row - p, -(1 - row) * column),
        (column - p, -row * (1 - column)),
        (1 - row - column + p, row * column),
    )
    second, third = (sum(share * (score - mean) ** k for share, score in scores) for k in (2, 3))
    return np.asarray(second), np.asarray(third)


def _cramers_v(counts: np.ndarray) -> float:
    """Corrected for its bias: many cells of few rows show a relation where there is none."""
    counts = counts[np.ix_(counts.any(axis=1), counts.any(axis=0))]
    n, (rows, columns) = counts.sum(), counts.shape
    if min(rows, columns) < 2:
        return 0.0
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / n
    phi2 = ((counts - expected) ** 2 / expected).sum() / n
    phi2 = max(0.0, phi2 - (rows - 1) * (columns - 1) / (n - 1))
    smaller = min(rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)) - 1
    return float(min(np.sqrt(phi2 / smaller), 1.0)) if smaller > 0 else 0.0
