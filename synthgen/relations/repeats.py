"""A column that often repeats another's value: the encoding notes where, and copies the value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from synthgen.constraints.rules import Repeats
from synthgen.disclosure import MIN_ROWS
from synthgen.plain import Plain
from synthgen.relations.steps import AbstractStep, Table, listed
from synthgen.schema import Column, Schema

COMMON_SHARE = 0.02
"""Values that so many rows hold are no repetition where they meet: both columns have them by themselves."""


class RepeatStep(AbstractStep):
    """Replace a column by one that is missing where the value is the other column's.

    Parameters
    ----------
    rule : Repeats
        Which column, of which.
    own : Column
        What is left of it.
    common : ndarray, shape (n_common,)
        Its common values, ascending: these stay where they are.
    """

    name: ClassVar[str] = "repeat"

    def __init__(self, rule: Repeats, own: Column, common: np.ndarray) -> None:
        self.rule = rule
        self.own = own
        self.common = common
        self.targets, self.inputs = (rule.column,), (rule.of,)

    @classmethod
    def fit(cls, rule: Repeats, table: Table, name: str) -> Self | None:
        """Find the common values.

        Parameters
        ----------
        rule : Repeats
            Which column, of which.
        table : Table
            Its columns.
        name : str
            What is left is called.

        Returns
        -------
        Self or None
            The fitted step; None if nothing is repeated.
        """
        column = table.columns[rule.column]
        step = cls(rule, _left(name, column), common_values(column.values))
        return step if repeated(column.values, table.columns[rule.of].values, step.common).any() else None

    def reduce(self, columns: Mapping[str, Plain]) -> Plain:
        """See the base class."""
        values = columns[self.rule.column].values
        is_repeat = repeated(values, columns[self.rule.of].values, self.common)
        return Plain(np.where(is_repeat, values.dtype.type(0), values), is_repeat)

    def restore(self, columns: Mapping[str, Plain], own: Plain | None) -> dict[str, Plain]:
        """See the base class."""
        source = columns[self.rule.of]
        kept = own if own is not None else source
        values = np.where(kept.missing, source.values, kept.values.astype(source.values.dtype))
        return {self.rule.column: Plain(values, kept.missing & source.missing)}

    def stored_values(self, schema: Schema) -> dict[str, list[Any]]:
        """The common values. See the base class."""
        return {self.rule.column: listed(self.common, None, schema[self.rule.column])}

    def to_state(self) -> dict[str, Any]:
        """See the base class."""
        own = self.own
        return {"rule": self.rule.to_dict(), "own": "" if own is None else own.name, "common": self.common}

    @classmethod
    def from_state(cls, state: dict[str, Any], schema: Schema) -> Self:
        """See the base class."""
        rule = Repeats(state["rule"]["column"], state["rule"]["of"])
        common = state["common"]
        return cls(rule, _left(state["own"], Plain(common, np.zeros(len(common), dtype=bool))), common)


def common_values(values: np.ndarray) -> np.ndarray:
    """The values that at least `COMMON_SHARE` of the rows hold, ascending."""
    distinct, counts = np.unique(values, return_counts=True)
    return distinct[counts >= max(MIN_ROWS, COMMON_SHARE * len(values))]


def repeated(values: np.ndarray, source: np.ndarray, common: np.ndarray) -> np.ndarray:
    """Where a column holds the other one's value, and that is no common one; shape (N,)."""
    out: np.ndarray = (values == source) & ~np.isin(values, common)
    return out


def _left(name: str, column: Plain) -> Column:
    is_float = column.values.dtype.kind == "f"
    kind, token = ("continuous", "float64") if is_float else ("integer", "Int64")
    return Column(name, kind, token, missing=True, reason="the values that are no repetition")
