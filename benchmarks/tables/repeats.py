"""Rows drawn twice, and copies of training rows."""

from __future__ import annotations

import pandas as pd


def repeats(train: pd.DataFrame, synthetic: pd.DataFrame) -> dict[str, float]:
    """Shares of rows that are there already.

    Returns
    -------
    dict of str to float
        ``rows_repeated``: share of the synthetic rows that equal an earlier synthetic row, less that share of the
        training rows (below 0: the real table repeats itself more). ``rows_copied``: share of the synthetic rows
        that equal a training row in every column.
    """
    keys = set(_keys(train))
    made = _keys(synthetic)
    return {
        "rows_repeated": float(synthetic.duplicated().mean() - train.duplicated().mean()),
        "rows_copied": float(sum(k in keys for k in made) / len(made)),
    }


def _keys(table: pd.DataFrame) -> list[int]:
    return pd.util.hash_pandas_object(
        table.apply(lambda c: c.astype(float) if c.dtype.kind in "iufb" else c.astype(object)), index=False
    ).tolist()
