"""One- and two-way margins of rows, and raking: weights under which a pool has the margins of the real rows.

Raking multiplies a row's weight by a factor for each cell it lies in, so that what it learns on one pool holds for
every other pool of the same generator: a table of factors, one for each cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any, Self

import numpy as np

from synthgen.disclosure import MIN_ROWS
from synthgen.models.row_features import RowFeatures

FINE_BINS = 50
"""Bins of a number in its own margin, equally full, ..."""
COARSE_BINS = 10
"""... and in its margin with another column."""
TAIL_SHARE = 0.005
"""Share of the highest (and of the lowest) numbers that have a bin of their own."""
MAX_PAIRS = 400
"""Two-way margins at most: of the pairs that the pool has least right."""
MAX_PAIRED = 80
"""Columns whose two-way margins are looked at, at most: those that the pool has least right by themselves."""
SCREENED = 20_000
"""Rows, of either, by which pairs are compared."""
MAX_LEVELS = 64
"""Columns of more levels have no margins with others."""
MIN_POOL_ROWS = 20
"""Cells of fewer generated rows have no factor: what is not there cannot be weighted."""
PRIOR_ROWS = 1.5
"""Added for each margin to the rows that a cell should hold, and to those that it holds: small cells move slowly, and
the more so the more margins there are, each with noise of its own, ..."""
SWEEPS = 5
"""... and every margin is raked so many times only, so that the noise of small cells is not learnt."""
MAX_FACTOR = 4.0
"""Of one cell in one sweep, up or down."""


@dataclass(frozen=True)
class Margins:
    """Which margins there are, what share of the real rows each cell holds, and its factor.

    Parameters
    ----------
    fine, coarse : list of ndarray of float64
        Inner edges of each feature's bins, ascending: for its own margin, and for its margins with others. A value
        that is missing has the last bin to itself.
    pairs : ndarray of int64, shape (n_pairs, 2)
        Features whose two-way margins are kept.
    share : ndarray of float64, shape (n_cells,)
        Of the real rows, in each cell; margin after margin, each sums to 1. Rare cells have the mean of theirs.
    is_rare : ndarray of bool, shape (n_cells,)
        Fewer than `MIN_ROWS` real rows, or `MIN_POOL_ROWS` generated ones.
    log_factor : ndarray of float64, shape (n_cells,)
        What a row in the cell is weighted by.
    """

    fine: list[np.ndarray]
    coarse: list[np.ndarray]
    pairs: np.ndarray
    share: np.ndarray
    is_rare: np.ndarray
    log_factor: np.ndarray

    @property
    def wanted(self) -> np.ndarray:
        """The shares; NaN in rare cells."""
        return np.where(self.is_rare, np.nan, self.share)

    @property
    def sizes(self) -> np.ndarray:
        """Cells of each margin, shape (n_margins,)."""
        own = [len(e) + 2 for e in self.fine]
        wide = np.array([len(e) + 2 for e in self.coarse], dtype=np.int64)
        return np.concatenate([own, wide[self.pairs[:, 0]] * wide[self.pairs[:, 1]]]).astype(np.int64)

    def cells(self, values: np.ndarray) -> np.ndarray:
        """Which cell of each margin every row lies in.

        Parameters
        ----------
        values : ndarray of float64, shape (N, n_features)
            As `row_features` gives them.

        Returns
        -------
        ndarray of int32, shape (n_margins, N)
            Places in `share`.
        """
        fine, coarse = binned(values, self.fine), binned(values, self.coarse)
        wide = [len(e) + 2 for e in self.coarse]
        starts = np.concatenate([[0], np.cumsum(self.sizes)[:-1]]).astype(np.int32)
        out = np.empty((len(starts), len(values)), dtype=np.int32)
        out[: len(fine)] = fine
        for row, (i, j) in enumerate(self.pairs, start=len(fine)):
            np.multiply(coarse[i], wide[j], out=out[row])
            out[row] += coarse[j]
        out += starts[:, None]
        return out

    def log_weight(self, cells: np.ndarray) -> np.ndarray:
        """The sum of every row's factors.

        Parameters
        ----------
        cells : ndarray of int32, shape (n_margins, N)
            From `cells`.

        Returns
        -------
        ndarray of float64, shape (N,)
            In nats.
        """
        out = np.zeros(cells.shape[1])
        for own in cells:
            out += self.log_factor[own]
        return out

    def to_state(self) -> dict[str, Any]:
        """As JSON-able values and numpy arrays."""
        return dict(vars(self))

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """From `to_state`'s data."""
        return cls(**state)


def fit_margins(
    real: RowFeatures, pool: RowFeatures, weight: np.ndarray, n_paired: int | None = None
) -> tuple[Margins, np.ndarray]:
    """Rake a weighted pool to the margins of the real rows.

    Parameters
    ----------
    real, pool : RowFeatures
        Of N real rows and M generated ones.
    weight : ndarray of float64, shape (M,)
        Of the pool's rows, > 0.
    n_paired : int, optional
        The first so many features have margins with others; None: all.

    Returns
    -------
    margins : Margins
        With factors.
    weight : ndarray of float64, shape (M,)
        Times the factors; sums to 1.

    References
    ----------
    .. [1] W. E. Deming, F. F. Stephan, "On a least squares adjustment of a sampled frequency table when the expected
       marginal totals are known", Annals of Mathematical Statistics 11, 1940.

    Notes
    -----
    NOTE[DIFF]: a sweep changes a factor four times at most, and less where a cell has few rows: exact raking would
    learn the noise of small cells and leave a few rows to stand for many. Cells of fewer than `MIN_ROWS` real rows
    are raked as one, so that no factor tells of single rows.
    """
    fine = [edges(v, levels, FINE_BINS) for v, levels in zip(real.values.T, real.is_level, strict=True)]
    coarse = [edges(v, levels, COARSE_BINS) for v, levels in zip(real.values.T, real.is_level, strict=True)]
    narrow = [i for i, inner in enumerate(coarse[:n_paired]) if len(inner) < MAX_LEVELS]
    pairs = _worst_pairs(narrow, binned(real.values, coarse), binned(pool.values, coarse), weight)
    empty = Margins(fine, coarse, pairs, *(np.zeros(0) for _ in range(3)))
    sizes = empty.sizes
    real_cells = empty.cells(real.values)
    count = np.bincount(real_cells.ravel(), minlength=int(sizes.sum()))
    is_rare = _joined(count, count < MIN_ROWS, sizes)
    share = count / len(real.values)
    pool_cells = empty.cells(pool.values)
    is_absent = np.bincount(pool_cells.ravel(), minlength=len(count)) < MIN_POOL_ROWS
    prior = PRIOR_ROWS * len(sizes) / len(real.values)
    log_factor, raked = _rake(pool_cells, share, is_rare, is_absent, sizes, weight, prior)
    share, is_rare = _pooled(share, is_rare, sizes), is_rare | is_absent
    return Margins(fine, coarse, pairs, share, is_rare, log_factor), raked


def edges(values: np.ndarray, is_level: bool, n_bins: int) -> np.ndarray:
    """Inner edges between levels or few values, or between equally full bins with both tails apart.

    Parameters
    ----------
    values : ndarray of float64, shape (N,)
        One feature; NaN for missing.
    is_level : bool
        Whether the values are codes.
    n_bins : int
        Of numbers.

    Returns
    -------
    ndarray of float64, shape (n_edges,)
        Ascending: between levels, between values of `MIN_ROWS` rows, or means of so many neighbouring values. A value
        on an edge belongs below it.
    """
    present = values[~np.isnan(values)]
    distinct, counts = np.unique(present, return_counts=True)
    if len(distinct) < 2:
        return np.zeros(0)
    if is_level:
        return distinct[:-1] / 2 + distinct[1:] / 2
    if len(distinct) <= n_bins:
        shared = distinct[counts >= MIN_ROWS]
        return shared[:-1] / 2 + shared[1:] / 2
    at = np.concatenate([[TAIL_SHARE], np.arange(1, n_bins) / n_bins, [1 - TAIL_SHARE]])
    ordered = np.sort(present)
    around = np.clip((at * len(ordered)).astype(int), MIN_ROWS // 2, len(ordered) - 1 - MIN_ROWS // 2)
    places = around[:, None] + np.arange(-(MIN_ROWS // 2), MIN_ROWS // 2 + 1)
    return np.unique((ordered[places] / MIN_ROWS).sum(axis=1))


def binned(values: np.ndarray, inner_edges: list[np.ndarray]) -> np.ndarray:
    """The bin of every value.

    Parameters
    ----------
    values : ndarray of float64, shape (N, n_features)
        NaN for missing.
    inner_edges : list of ndarray
        Of each feature.

    Returns
    -------
    ndarray of int32, shape (n_features, N)
        From 0; missing values have the number after the last bin's.
    """
    out = np.empty((len(inner_edges), len(values)), dtype=np.int32)
    for row, (column, inner) in enumerate(zip(values.T, inner_edges, strict=True)):
        out[row] = np.searchsorted(inner, column, side="left")
        out[row, np.isnan(column)] = len(inner) + 1
    return out


def _worst_pairs(features: list[int], real: np.ndarray, pool: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The pairs of some features whose joint shares differ most, shape (n_pairs, 2)."""
    if len(features) > MAX_PAIRED:
        own = [_distance(real[i], pool[i], weight) for i in features]
        features = sorted(features[k] for k in np.argsort(own)[::-1][:MAX_PAIRED])
    pairs = np.array(list(combinations(features, 2)), dtype=np.int64).reshape(-1, 2)
    if len(pairs) <= MAX_PAIRS:
        return pairs
    real, pool, weight = real[:, :SCREENED], pool[:, :SCREENED], weight[:SCREENED]
    width = 1 + max(int(real.max()), int(pool.max()))
    distance = [
        _distance(real[i] * width + real[j], pool[i] * width + pool[j], weight) for i, j in pairs.tolist()
    ]
    return pairs[np.sort(np.argsort(distance)[::-1][:MAX_PAIRS])]


def _distance(real: np.ndarray, pool: np.ndarray, weight: np.ndarray) -> float:
    """Total variation distance of the distributions of two arrays of numbers of bins."""
    size = int(max(real.max(initial=0), pool.max(initial=0))) + 1
    a = np.bincount(real, minlength=size) / max(len(real), 1)
    b = np.bincount(pool, weight, minlength=size) / weight.sum()
    return float(np.abs(a - b).sum() / 2)


def _joined(count: np.ndarray, is_rare: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Rare cells, with the next smallest of their margin until they hold `MIN_ROWS` real rows together, or none."""
    out, start = is_rare.copy(), 0
    for size in sizes:
        part, held = out[start : start + size], count[start : start + size]
        for cell in np.argsort(held, kind="stable"):
            if not 0 < held[part].sum() < MIN_ROWS:
                break
            part[cell] = True
        start += size
    return out


def _pooled(share: np.ndarray, is_rare: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The shares, with the mean of a margin's rare cells in each of them."""
    out, start = share.copy(), 0
    for size in sizes:
        part, rare = out[start : start + size], is_rare[start : start + size]
        if rare.any():
            part[rare] = part[rare].mean()
        start += size
    return out


def _rake(
    cells: np.ndarray,
    share: np.ndarray,
    is_rare: np.ndarray,
    is_absent: np.ndarray,
    sizes: np.ndarray,
    weight: np.ndarray,
    prior: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Factors of all cells, and the weights with them."""
    log_factor, weight = np.zeros(len(share)), weight / weight.sum()
    for _ in range(SWEEPS):
        start = 0
        for own, size in zip(cells, sizes, strict=True):
            here = slice(start, start + int(size))
            held = np.bincount(own - start, weight, minlength=int(size))
            factor = _factor(share[here], held, is_rare[here] & ~is_absent[here], prior)
            factor[is_absent[here]] = 1.0
            log_factor[here] += np.log(factor)
            weight = weight * factor[own - start]
            weight /= weight.sum()
            start += int(size)
    return log_factor, weight


def _factor(wanted: np.ndarray, held: np.ndarray, is_rare: np.ndarray, prior: float) -> np.ndarray:
    wanted, held = wanted.copy(), held.copy()
    if is_rare.any():
        wanted[is_rare], held[is_rare] = wanted[is_rare].sum(), held[is_rare].sum()
    return np.clip((wanted + prior) / (held + prior), 1 / MAX_FACTOR, MAX_FACTOR)
