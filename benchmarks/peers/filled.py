"""Tables without gaps, for synthesizers that take none."""

from __future__ import annotations

import pandas as pd

UNKNOWN = "?"
"""As `benchmarks.tables.splits.UNKNOWN`, which this file cannot import: it runs in the peers' environments."""


def filled(frame: pd.DataFrame) -> pd.DataFrame:
    """Missing text becomes a level of its own, a missing number the mean of its column; text is of dtype object."""
    out = {}
    for name, column in frame.items():
        if pd.api.types.is_numeric_dtype(column):
            out[name] = column.fillna(column.mean()) if column.isna().any() else column
        else:
            out[name] = column.astype(object).where(column.notna(), UNKNOWN)
    return pd.DataFrame(out)
