"""One column from others by arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from synthgen.constraints.rules import Formula
from synthgen.plain import Plain
from synthgen.relations.arithmetic import compute, rounded
from synthgen.relations.quantities import decimals_of
from synthgen.relations.steps import AbstractStep, Table, ends_of, listed
from synthgen.schema import Schema


class FormulaStep(AbstractStep):
    """Leave a column out and compute it.

    Where the column is missing without an input being so, or the other way round, it stays in the reduced table and is
    written over wherever it and the formula both have a value.

    Parameters
    ----------
    rule : Formula
        Which column, and how.
    schema : Schema
        Complete.
    decimals : int or None
        The column's grid.
    ends : ndarray, shape (2,)
        Its smallest and largest value, as plain values: what would lie beyond is set to these, breaks the rule, and is
        dropped when rows are drawn.
    keeps : bool
        Whether the column stays in the reduced table.
    """

    name: ClassVar[str] = "formula"
    is_exact = False

    def __init__(
        self, rule: Formula, schema: Schema, decimals: int | None, ends: np.ndarray, keeps: bool
    ) -> None:
        self.rule = rule
        self.schema = schema
        self.decimals = decimals
        self.ends = ends
        self.keeps = keeps
        self.targets, self.inputs = (rule.column,), rule.parsed.names

    @classmethod
    def fit(cls, rule: Formula, table: Table) -> Self:
        """Find the grid, and whether the column can be left out.

        Parameters
        ----------
        rule : Formula
            Which column, and how.
        table : Table
            Its columns; the rule holds in every row.

        Returns
        -------
        Self
            The fitted step.
        """
        target = table.columns[rule.column]
        found = compute(rule, table.columns, table.schema)
        keeps = not np.array_equal(target.missing, ~found.known)
        decimals = decimals_of(target, table.schema[rule.column])
        return cls(rule, table.schema, decimals, ends_of(table.ends[rule.column]), keeps)

    def restore(self, columns: Mapping[str, Plain], own: Plain | None) -> dict[str, Plain]:
        """See the base class."""
        column = self.schema[self.rule.column]
        found = compute(self.rule, columns, self.schema)
        values = rounded(found, column, self.decimals)
        if len(self.ends):
            values = np.clip(values, self.ends[0].astype(values.dtype), self.ends[1].astype(values.dtype))
        if not self.keeps:
            missing = ~found.known if column.missing else np.zeros(len(values), dtype=bool)
            return {column.name: Plain(values, missing)}
        kept = columns[column.name]
        use = found.known & ~kept.missing
        return {column.name: Plain(np.where(use, values, kept.values.astype(values.dtype)), kept.missing)}

    def stored_values(self, schema: Schema) -> dict[str, list[Any]]:
        """The ends. See the base class."""
        return {f"{self.rule.column}: ends": listed(self.ends, None, schema[self.rule.column])}

    def to_state(self) -> dict[str, Any]:
        """See the base class."""
        return {
            "rule": self.rule.to_dict(),
            "decimals": self.decimals,
            "ends": self.ends,
            "keeps": self.keeps,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], schema: Schema) -> Self:
        """See the base class."""
        rule = Formula(state["rule"]["column"], state["rule"]["expression"])
        return cls(rule, schema, state["decimals"], state["ends"], state["keeps"])
