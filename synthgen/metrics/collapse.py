"""Collapse of a whole table: rows said twice, and directions in which nothing varies any more."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from synthgen.metrics.baselines import subsample
from synthgen.metrics.coordinates import standardised
from synthgen.metrics.features import one_hot_width, pooled_codes
from synthgen.metrics.intervals import Estimate, normal_interval, wilson
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.rng import stream

MAX_ROWS = 20_000
"""Rows whose covariance is taken, at most; fewer where there are many features."""
MAX_LEVELS = 20
"""Levels of one column that count by themselves, the most frequent; the others are one."""
N_GROUPS = 20
"""Groups of rows that the jackknife leaves out in turn."""
_MAX_FEATURES = 2_000
"""Beyond that the rows' Gram matrix is taken, of no more rows than this."""
_BLOCK = 512
_CLIP = 10.0


def duplicate_share(table: CodedTable) -> Estimate:
    """The share of rows that equal an earlier row of the same table in every compared column.

    Parameters
    ----------
    table : CodedTable
        All rows are used; at least one.

    Returns
    -------
    Estimate
        In [0, 1), with Wilson's interval. It grows with the number of rows: compare tables of equal size.
    """
    keys = table.row_keys
    return wilson(table.n_rows - len(np.unique(keys)), table.n_rows)


def participation_ratio(table: CodedTable, like: CodedTable, seed: int) -> Estimate:
    """How many directions a table varies in: the effective number of principal components.

    Parameters
    ----------
    table : CodedTable
        The table to judge.
    like : CodedTable
        Coded with it; gives the scale of each column, usually the real table.
    seed : int
        For the choice of rows and the groups of the jackknife.

    Returns
    -------
    Estimate
        At least 1, at most the number of features and of rows less one. Empty if nothing varies.

    Notes
    -----
    ``(sum l)^2 / sum l^2`` over the eigenvalues ``l`` of the covariance matrix [1]_, which are not needed one by
    one: the sums are its trace and its squared Frobenius norm, or those of the rows' centred Gram matrix.
    A number is standardised by the mean and standard deviation in `like`, cut at 10 of them, missing values at the
    mean; a level becomes a one-hot row, scaled so that the column's variance in `like` sums to 1.
    Fewer rows give less: about ``1 / (1 / ratio + 1 / n_rows)``. Compare tables of the same number of rows only;
    a wide table's ratio is mostly a statement about that number.
    The interval is normal, by a jackknife over 20 groups of rows, and holds what tables of as many rows give on
    average (in 85 to 100% of simulated draws), not the ratio of the population.

    References
    ----------
    .. [1] P. Gao et al., "A theory of multineuronal dimensionality, dynamics and measurement",
       bioRxiv 214262 (2017), equation 5.
    """
    if table.n_rows < 2:
        return Estimate(None)
    draw = stream(seed, "metrics.participation_ratio")
    width = sum(1 if c.is_numeric else one_hot_width(c, MAX_LEVELS) for c in table.columns)
    table = subsample(table, MAX_ROWS if width <= _MAX_FEATURES else _MAX_FEATURES, draw)
    groups = draw.permutation(table.n_rows) % min(N_GROUPS, table.n_rows)
    blocks = _feature_blocks(table, like)
    if width <= min(table.n_rows, _MAX_FEATURES):
        return _jackknifed(*_from_covariance(np.concatenate(list(blocks), axis=1), groups))
    return _jackknifed(*_from_gram(_summed_products(blocks, width > _MAX_FEATURES), groups))


def _summed_products(blocks: Iterator[np.ndarray], is_wide: bool) -> np.ndarray:
    """Inner products of rows; of wide tables each block's in single precision, which is twice as fast."""
    parts = (b.astype(np.float32) if is_wide else b for b in blocks)
    return np.asarray(sum((p @ p.T).astype(np.float64, copy=False) for p in parts))


def _jackknifed(value: float, without: np.ndarray) -> Estimate:
    n_groups = len(without)
    if not math.isfinite(value) or n_groups < 2:
        return Estimate(value if math.isfinite(value) else None)
    variance = (n_groups - 1) * np.var(without)
    return normal_interval(value, float(variance), (1.0, math.inf))


def _from_covariance(features: np.ndarray, groups: np.ndarray) -> tuple[float, np.ndarray]:
    """The ratio of all rows, and without each group."""
    squares, sums, n = features.T @ features, features.sum(axis=0), len(features)
    without = []
    for g in range(groups.max() + 1):
        part = features[groups == g]
        without.append(_ratio(squares - part.T @ part, sums - part.sum(axis=0), n - len(part)))
    return _ratio(squares, sums, n), np.array(without)


def _ratio(squares: np.ndarray, sums: np.ndarray, n: int) -> float:
    covariance = squares - np.outer(sums, sums) / max(n, 1)
    return _trace_over_norm(covariance, float(np.trace(squares)))


def _from_gram(gram: np.ndarray, groups: np.ndarray) -> tuple[float, np.ndarray]:
    every = np.ones(len(gram), dtype=bool)
    without = [_gram_ratio(gram, groups != g) for g in range(groups.max() + 1)]
    return _gram_ratio(gram, every), np.array(without)


def _gram_ratio(gram: np.ndarray, rows: np.ndarray) -> float:
    part = gram[np.ix_(rows, rows)]
    means = part.mean(axis=0)
    return _trace_over_norm(part - means - means[:, None] + means.mean(), float(np.trace(part)))


def _trace_over_norm(matrix: np.ndarray, scale: float) -> float:
    """NaN where nothing varies, but for rounding."""
    trace = float(np.trace(matrix))
    return trace**2 / float((matrix**2).sum()) if trace > 1e-12 * scale else math.nan


def _feature_blocks(table: CodedTable, like: CodedTable) -> Iterator[np.ndarray]:
    """Columns on the scale of `like`, some at a time; float64, shape (N, f)."""
    pairs = list(zip(table.columns, like.columns, strict=True))
    numeric = [pair for pair in pairs if pair[0].is_numeric]
    for start in range(0, len(numeric), _BLOCK):
        chosen = numeric[start : start + _BLOCK]
        values, scale = (np.stack([pair[i].values for pair in chosen]) for i in (0, 1))
        yield standardised(values, scale, _CLIP).T
    for column, model in pairs:
        if not column.is_numeric:
            yield _one_hot(column, model)


def _one_hot(column: CodedColumn, like: CodedColumn) -> np.ndarray:
    own, model = pooled_codes([column, like], MAX_LEVELS)
    levels = np.arange(one_hot_width(column, MAX_LEVELS) - 1)
    hot, shares = (
        np.concatenate([codes[:, None] == levels, np.isnan(codes)[:, None]], axis=1) for codes in (own, model)
    )
    spread = math.sqrt(float(shares.var(axis=0).sum()))
    return (hot - shares.mean(axis=0)) / spread if spread > 0 else np.zeros(hot.shape)
