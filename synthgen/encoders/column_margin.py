"""What a whole column is known to hold, where only some of its rows are in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class ColumnMargin:
    """Values of a column, and how many rows each stands for.

    An encoder that is fitted to it knows the column as if it had seen every row: where values and rows are exact, to the same
    bytes. What encoders keep stands for `disclosure.MIN_ROWS` rows or more *as counted here*, so that no value may be given
    more rows than are known to hold it, in a table that has at least as many rows as all of them together.

    Parameters
    ----------
    values : pandas.Series, length D
        Of the column's dtype; missing at most once.
    rows : ndarray of int64, shape (D,)
        At least 1 each.
    is_partial : bool
        Whether the column may hold levels that are not here: their rows are taken to hold one of those that are.
    """

    values: pd.Series
    rows: np.ndarray
    is_partial: bool = False
