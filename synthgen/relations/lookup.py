"""One column from another through a table of values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from synthgen.constraints.rules import Dependency
from synthgen.plain import Plain
from synthgen.relations.steps import AbstractStep, Table
from synthgen.schema import Schema


class LookupStep(AbstractStep):
    """Leave a column out and read it off another's value.

    Parameters
    ----------
    rule : Dependency
        Which column, by which.
    keys : ndarray, shape (K,)
        The values of the column that determines, ascending.
    values : ndarray, shape (K + 1,)
        What each comes with; the last belongs to a missing key.
    missing : ndarray of bool, shape (K + 1,)
        Where that is a missing value.
    """

    name: ClassVar[str] = "lookup"

    def __init__(self, rule: Dependency, keys: np.ndarray, values: np.ndarray, missing: np.ndarray) -> None:
        self.rule = rule
        self.targets, self.inputs = (rule.column,), (rule.by,)
        self.keys, self.values, self.missing = keys, values, missing

    @classmethod
    def fit(cls, rule: Dependency, table: Table) -> Self:
        """Read the table of values off rows in which the rule holds.

        Parameters
        ----------
        rule : Dependency
            Which column, by which.
        table : Table
            Its columns.

        Returns
        -------
        Self
            The fitted step.
        """
        by, column = table.columns[rule.by], table.columns[rule.column]
        present = np.flatnonzero(~by.missing)
        keys, first = np.unique(by.values[present], return_index=True)
        rows = present[first]
        gap = np.flatnonzero(by.missing)[:1]
        values = np.append(column.values[rows], column.values[gap] if len(gap) else column.values[:1])
        missing = np.append(column.missing[rows], column.missing[gap] if len(gap) else True)
        return cls(rule, keys, values, missing)

    def restore(self, columns: Mapping[str, Plain], own: Plain | None) -> dict[str, Plain]:
        """See the base class. A number that is not in the table takes the place of the nearest one that is."""
        by = columns[self.rule.by]
        place = np.full(len(by.values), len(self.keys), dtype=np.int64)
        if len(self.keys):
            place = np.where(by.missing, place, _nearest(self.keys, by.values))
        return {self.rule.column: Plain(self.values[place], self.missing[place])}

    def to_state(self) -> dict[str, Any]:
        """The table of values. See the base class."""
        return {
            "rule": self.rule.to_dict(),
            "keys": self.keys,
            "values": self.values,
            "missing": self.missing,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], schema: Schema) -> Self:
        """See the base class."""
        rule = Dependency(state["rule"]["by"], state["rule"]["column"])
        return cls(rule, state["keys"], state["values"], state["missing"])


def _nearest(keys: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The place of the nearest key of each value, shape (N,)."""
    right = np.minimum(np.searchsorted(keys, values), len(keys) - 1)
    left = np.maximum(right - 1, 0)
    below = values.astype(np.float64) - keys[left].astype(np.float64)
    above = keys[right].astype(np.float64) - values.astype(np.float64)
    return np.where((keys[right] == values) | (above <= below), right, left)
