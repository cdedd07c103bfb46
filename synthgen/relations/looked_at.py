"""A table as detection sees it: some of its rows at first, whole columns when a relation has to be confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import pandas as pd

from synthgen.plain import Plain, to_plain
from synthgen.relations.quantities import decimals_of, is_whole, measure, numbers
from synthgen.schema import Schema

LOOK = 5_000
"""Rows that are looked at first."""
LARGEST = 1e70
"""Largest number that arithmetic is tried on: squares of products of two must not overflow."""
MIN_OFF_MODE = 20
"""Rows that must differ from a column's commonest value for it to show a relation."""


class LookedAt:
    """Columns by name, read once.

    Parameters
    ----------
    table : pandas.DataFrame, shape (N, n_columns)
        The table.
    schema : Schema
        Complete.
    """

    def __init__(self, table: pd.DataFrame, schema: Schema) -> None:
        self.table = table
        self.schema = schema
        self.n_rows = len(table)
        self._whole: dict[str, Plain] = {}
        step = max(1, -(-len(table) // LOOK))
        self._some = table.iloc[::step]
        self._first: dict[str, Plain] = {}

    @property
    def n_first(self) -> int:
        """How many rows are looked at first."""
        return len(self._some)

    def first(self, name: str) -> Plain:
        """A column in the rows that are looked at first."""
        if name not in self._first:
            self._first[name] = to_plain(self._some[name], self.schema[name])
        return self._first[name]

    def whole(self, name: str) -> Plain:
        """A whole column."""
        if name not in self._whole:
            self._whole[name] = to_plain(self.table[name], self.schema[name])
        return self._whole[name]

    def decimals(self, name: str) -> int | None:
        """A whole column's grid."""
        return decimals_of(self.whole(name), self.schema[name])

    @cached_property
    def measured(self) -> list[str]:
        """The columns of numbers, instants and durations that vary, but for numbers too large to be multiplied."""
        found = [c.name for c in self.schema if measure(c) is not None and c.kind != "constant"]
        return [n for n in found if self._largest(n) <= LARGEST]

    def _largest(self, name: str) -> float:
        values = self.whole(name).values
        return float(np.fmax.reduce(np.abs(values.astype(np.float64)), initial=0.0))

    def first_numbers(self, names: Sequence[str]) -> np.ndarray:
        """Columns in natural units in the rows looked at first, NaN where missing, shape (n_first, n_names)."""
        columns = [numbers(self.first(n), self.schema[n]) for n in names]
        return np.stack(columns, axis=1) if columns else np.zeros((self.n_first, 0))

    def is_on_grid(self, name: str) -> bool:
        """Whether a column's values are kept as they are: levels, whole numbers, decimals."""
        column = self.schema[name]
        return column.levels is not None or is_whole(column) or self.decimals(name) is not None


def n_off_mode(plain: Plain) -> int:
    """Rows that have a value other than the commonest."""
    values = plain.values[~plain.missing]
    if not len(values):
        return 0
    return len(values) - int(np.unique(values, return_counts=True)[1].max())
