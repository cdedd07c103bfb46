"""One column from another through a table of values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from synthgen.constraints.rules import Dependency
from synthgen.plain import Plain
from synthgen.relations.quantities import nearest
from synthgen.relations.steps import AbstractStep, Table, listed
from synthgen.schema import Column, Schema


class LookupStep(AbstractStep):
    """Leave a column out and read it off another's value.

    Parameters
    ----------
    rule : Dependency
        Which column, by which.
    keys : ndarray, shape (K,)
        The values of the column that determines which enough rows hold, ascending.
    values : ndarray, shape (K + 1,)
        What each comes with; the last belongs to a missing key: the commonest, where few rows miss it.
    missing : ndarray of bool, shape (K + 1,)
        Where that is a missing value.
    """

    name: ClassVar[str] = "lookup"

    def __init__(self, rule: Dependency, keys: np.ndarray, values: np.ndarray, missing: np.ndarray) -> None:
        self.rule = rule
        self.targets, self.inputs = (rule.column,), (rule.by,)
        self.keys, self.values, self.missing = keys, values, missing

    @classmethod
    def fit(cls, rule: Dependency, table: Table) -> Self | None:
        """Read the table of values off rows in which the rule holds.

        Parameters
        ----------
        rule : Dependency
            Which column, by which.
        table : Table
            Its columns.

        Returns
        -------
        Self or None
            The fitted step; None if no value has as many rows as it must have to be kept.
        """
        by, column = table.columns[rule.by], table.columns[rule.column]
        is_key = ~by.missing & _is_known(by, table.schema[rule.by])
        present = np.flatnonzero(is_key & (column.missing | _is_known(column, table.schema[rule.column])))
        keys, first, counts = np.unique(by.values[present], return_index=True, return_counts=True)
        keep = counts >= table.least
        if not keep.any():
            return None
        keys, rows = keys[keep], present[first[keep]]
        gap = np.flatnonzero(by.missing)
        # of fewer missing keys nothing is kept: what the commonest key comes with stands in
        last = gap[0] if len(gap) >= max(table.least, 1) else rows[counts[keep].argmax()]
        is_gap_missing = column.missing[last] if len(gap) else True
        return cls(
            rule,
            keys,
            np.append(column.values[rows], column.values[last]),
            np.append(column.missing[rows], is_gap_missing),
        )

    def restore(self, columns: Mapping[str, Plain], own: Plain | None) -> dict[str, Plain]:
        """See the base class. A number that is not in the table takes the place of the nearest one that is."""
        by = columns[self.rule.by]
        place = np.full(len(by.values), len(self.keys), dtype=np.int64)
        if len(self.keys):
            place = np.where(by.missing, place, nearest(self.keys, by.values))
        return {self.rule.column: Plain(self.values[place], self.missing[place])}

    def stored_values(self, schema: Schema) -> dict[str, list[Any]]:
        """The table of values. See the base class."""
        by, column = schema[self.rule.by], schema[self.rule.column]
        return {
            by.name: [*listed(self.keys, None, by), None],
            column.name: listed(self.values, self.missing, column),
        }

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


def _is_known(plain: Plain, column: Column) -> np.ndarray:
    """Where a value is no level that is not kept, shape (N,)."""
    return np.ones(len(plain.values), dtype=bool) if column.levels is None else plain.values >= 0
