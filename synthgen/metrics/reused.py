"""Values that nearly every row has for itself (names, numbers of documents): whether they are real ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from synthgen.metrics.intervals import Estimate, wilson

MIN_DISTINCT = 0.9
"""Share of a column's values that must be distinct for a value to stand for a row."""
MIN_VALUES = 20
"""Fewer values than this are distinct by chance."""
SPARSE = 10
"""Whole numbers must span this many times their number: a dense range is hit by chance."""


@dataclass(frozen=True)
class ReusedValues:
    """How many values of one column are values of the real column.

    Parameters
    ----------
    name : str
        The column, of values that are nearly all distinct.
    synthetic : Estimate
        Share of the synthetic values that stand in the real column, in [0, 1].
    holdout : Estimate or None
        The same of held-out values; None without them.
    """

    name: str
    synthetic: Estimate
    holdout: Estimate | None


def reused_values(tables: Mapping[str, pd.DataFrame]) -> tuple[ReusedValues, ...]:
    """Look for real values in every column whose values stand for single rows.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        ``real``, ``synthetic`` and perhaps ``holdout``, as given: also columns that are compared otherwise nowhere.

    Returns
    -------
    tuple of ReusedValues
        For strings, and for whole numbers that are far from filling their range.
    """
    real, synthetic, holdout = tables["real"], tables["synthetic"], tables.get("holdout")
    out = []
    for name in real.columns:
        values = real[name].dropna()
        if not _stands_for_rows(values):
            continue
        control = None if holdout is None else _share(holdout[name], values)
        out.append(ReusedValues(str(name), _share(synthetic[name], values), control))
    return tuple(out)


def _stands_for_rows(values: pd.Series) -> bool:
    if len(values) < MIN_VALUES or values.dtype.kind in "fbMm":
        return False
    whole = pd.api.types.is_integer_dtype(values.dtype)
    if not whole and not pd.api.types.is_string_dtype(values.dtype):
        return False
    if values.nunique() < MIN_DISTINCT * len(values):
        return False
    return not whole or int(values.max()) - int(values.min()) > SPARSE * len(values)


def _share(values: pd.Series, known: pd.Series) -> Estimate:
    present = values.dropna()
    if present.empty:
        return Estimate(None)
    return wilson(int(present.isin(known).sum()), len(present))
