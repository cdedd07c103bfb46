"""How alike the correlations of columns are in two tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synthgen.metrics.baselines import some_of
from synthgen.metrics.features import pooled_codes
from synthgen.metrics.intervals import Estimate, finite
from synthgen.metrics.linear_detection import normal_scores
from synthgen.metrics.tables import CodedTable
from synthgen.rng import stream

MAX_CORRELATED = 500
"""Columns that are correlated, at most; a random choice beyond that."""
MAX_LEVELS = 10
"""Levels of a column that have an indicator of their own, at most; the rarer share one."""
_LEAST_PAIRS = 3


def correlation_agreement(table: CodedTable, heldout: CodedTable, seed: int) -> Estimate:
    """How alike the correlations of columns are in two tables.

    Parameters
    ----------
    table, heldout : CodedTable
        Coded together.
    seed : int
        For the choice of columns.

    Returns
    -------
    Estimate
        Pearson's correlation in [-1, 1], over pairs of features of different columns, of their correlation in one
        table and in the other. Without an interval; empty with fewer than three pairs.

    Notes
    -----
    A number is one feature, its normal score among the rows of its own table, so that margins do not count; a missing
    one is at the mean. Levels are indicators, one less than there are levels. Features that do not vary in both tables
    are left out.
    """
    used = some_of(len(heldout.columns), MAX_CORRELATED, stream(seed, "studies.correlations"))
    (first, second), owners = _features([table.select(used), heldout.select(used)])
    varies = np.logical_and(*((x**2).sum(axis=1) > 0 for x in (first, second)))
    owners = owners[varies]
    pairs = np.triu(owners[:, None] != owners)
    if pairs.sum() < _LEAST_PAIRS:
        return Estimate(None)
    r, s = (_correlations(x[varies])[pairs] for x in (first, second))
    with np.errstate(invalid="ignore", divide="ignore"):
        return Estimate(finite(np.corrcoef(r, s)[0, 1]))


def _correlations(features: np.ndarray) -> np.ndarray:
    scaled = features / np.sqrt((features**2).sum(axis=1, keepdims=True))
    return np.asarray(scaled @ scaled.T)


def _features(tables: Sequence[CodedTable]) -> tuple[list[np.ndarray], np.ndarray]:
    """Centred features of each table, shape (F, n), and the columns they belong to, shape (F,)."""
    columns = tables[0].columns
    numeric = [j for j, c in enumerate(columns) if c.is_numeric]
    parts: list[list[np.ndarray]] = [
        [normal_scores(np.stack([t.columns[j].values for j in numeric]))] if numeric else [] for t in tables
    ]
    owners = [np.array(numeric, dtype=np.int64)]
    for j, column in enumerate(columns):
        if column.is_numeric:
            continue
        codes = pooled_codes([t.columns[j] for t in tables], MAX_LEVELS)
        known = np.unique(np.concatenate(codes))
        levels = known[~np.isnan(known)][1:, None]
        for own, code in zip(parts, codes, strict=True):
            hot = (code == levels).astype(np.float32)
            own.append(hot - hot.mean(axis=1, keepdims=True))
        owners.append(np.full(len(levels), j))
    return [np.concatenate(own) for own in parts], np.concatenate(owners)
