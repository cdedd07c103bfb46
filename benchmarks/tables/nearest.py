"""Whether synthetic rows lie nearer to the training rows than to held-out ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from benchmarks.tables.coding import codes, sample_rows

MAX_SYNTHETIC = 5_000
"""A share of so many rows has a standard error of .007."""
_CELLS = 2_000_000


def dcr_share(
    train: pd.DataFrame,
    holdout: pd.DataFrame,
    synthetic: pd.DataFrame,
    categorical: Sequence[str],
    seed: int,
) -> float:
    """Share of the synthetic rows that are nearer to a training row than to any held-out one; .5 is ideal.

    As many training rows as held-out ones, at random. The distance is TabSyn's: differences of numbers over the
    training rows' range, and 2 for each level that differs (the L1 distance of its one-hot columns). NOTE[DIFF]: a tie
    counts one half, where TabSyn counts it as "not nearer", which pulls tables of levels below .5.
    """
    n = min(len(train), len(holdout))
    tables = [
        sample_rows(train, n, seed),
        sample_rows(holdout, n, seed),
        sample_rows(synthetic, MAX_SYNTHETIC, seed),
    ]
    rows = codes(tables, categorical)
    is_level = np.array([c in categorical for c in train.columns])
    numbers = train.loc[:, ~is_level].to_numpy(float)
    span = np.ones(len(is_level))
    if numbers.shape[1]:
        span[~is_level] = np.nanmax(numbers, axis=0) - np.nanmin(numbers, axis=0)
    span[span == 0] = 1
    a, b, made = ((np.nan_to_num(x) / span).astype(np.float32) for x in rows)
    to_train, to_holdout = (distance_to_nearest(x, made, is_level) for x in (a, b))
    return float((to_train < to_holdout).mean() + (to_train == to_holdout).mean() / 2)


def distance_to_nearest(points: np.ndarray, queries: np.ndarray, is_level: np.ndarray) -> np.ndarray:
    """L1 distance of each query to its nearest point, 2 for each level that differs; shape (n_queries,)."""
    out = np.empty(len(queries), dtype=np.float32)
    step = max(1, _CELLS // len(points))
    columns = np.ascontiguousarray(points.T)
    for start in range(0, len(queries), step):
        part = queries[start : start + step]
        total = np.zeros((len(part), len(points)), dtype=np.float32)
        for j, level in enumerate(is_level):
            q = part[:, j, None]
            if level:
                total += 2 * (columns[j] != q)
            else:
                difference = columns[j] - q
                total += np.abs(difference, out=difference)
        out[start : start + step] = total.min(axis=1)
    return out
