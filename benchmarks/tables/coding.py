"""Tables as matrices, for the metrics that need one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd


def codes(tables: Sequence[pd.DataFrame], categorical: Sequence[str]) -> list[np.ndarray]:
    """Levels as numbers 0, 1, ... over all the tables together; other columns as they are.

    Returns
    -------
    list of ndarray, float64, shape (N, n_columns)
    """
    both = pd.concat(tables, ignore_index=True)
    columns = [
        pd.factorize(both[c], sort=False)[0] if c in categorical else both[c].to_numpy(dtype=float)
        for c in both.columns
    ]
    whole = np.column_stack(columns).astype(float)
    return np.split(whole, np.cumsum([len(t) for t in tables])[:-1])


def one_hot(
    train: pd.DataFrame, others: Sequence[pd.DataFrame], categorical: Sequence[str]
) -> list[np.ndarray]:
    """A column for each level that `train` has, after the numbers; a level that it has not is a row of zeros.

    Returns
    -------
    list of ndarray, float32, shape (N, n_numbers + n_levels)
        Of `train` first, then the others.
    """
    numbers = [c for c in train.columns if c not in categorical]
    levels = {c: train[c].astype(object).unique() for c in train.columns if c in categorical}
    out = []
    for table in (train, *others):
        parts = [table[numbers].to_numpy(dtype=np.float32)]
        parts += [table[c].to_numpy(object)[:, None] == known[None, :] for c, known in levels.items()]
        out.append(np.column_stack(parts).astype(np.float32))
    return out


def sample_rows(table: pd.DataFrame, most: int, seed: int) -> pd.DataFrame:
    """At most so many random rows."""
    return table if len(table) <= most else table.sample(most, random_state=seed).reset_index(drop=True)
