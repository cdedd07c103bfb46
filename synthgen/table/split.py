"""Rows that are held out."""

from __future__ import annotations

import pandas as pd

from synthgen.exceptions import DataError
from synthgen.rng import stream
from synthgen.table.infer import check_table


def split_table(
    table: pd.DataFrame, share: float, random_state: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split a table's rows at random: those to learn from, and those held out.

    Parameters
    ----------
    table : pandas.DataFrame, shape (N, n_columns)
        At least two rows.
    share : float
        Of the rows to hold out, in (0, 1). At least one row goes to each side.
    random_state : int
        The same number gives the same split.

    Returns
    -------
    train, holdout : pandas.DataFrame
        Their rows in the order of the table, each with a RangeIndex.

    Raises
    ------
    DataError
        If the share is not within (0, 1), or the table has fewer than two rows.

    Examples
    --------
    >>> train, holdout = split_table(pd.DataFrame({"x": range(10)}), 0.2)
    >>> len(train), len(holdout)
    (8, 2)
    """
    check_table(table)
    if not 0 < share < 1:
        raise DataError(f"The share of rows to hold out must be within (0, 1). Got {share!r}.")
    if len(table) < 2:
        raise DataError("A table must have at least two rows to be split. Got 1.")
    n_held = min(max(round(share * len(table)), 1), len(table) - 1)
    order = stream(random_state, "split").permutation(len(table))
    held, kept = sorted(order[:n_held]), sorted(order[n_held:])
    return table.iloc[kept].reset_index(drop=True), table.iloc[held].reset_index(drop=True)
