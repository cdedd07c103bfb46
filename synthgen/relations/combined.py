"""Several columns as one of their combinations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from synthgen.constraints.rules import FixedCombinations
from synthgen.exceptions import DataError
from synthgen.plain import Plain
from synthgen.relations.steps import AbstractStep, Table
from synthgen.schema import Column, Schema


class CombinationStep(AbstractStep):
    """Put columns together into one whose levels are the combinations seen.

    Parameters
    ----------
    rule : FixedCombinations
        Which columns.
    own : Column
        What stands for them.
    values, missing : tuple of ndarray, each of shape (K,)
        Of each column: its value in each combination, and whether that is missing.
    """

    name: ClassVar[str] = "combinations"

    def __init__(
        self,
        rule: FixedCombinations,
        own: Column,
        values: tuple[np.ndarray, ...],
        missing: tuple[np.ndarray, ...],
    ) -> None:
        self.rule = rule
        self.own = own
        self.values, self.missing = values, missing
        self.targets, self.inputs = rule.columns, ()

    @classmethod
    def fit(cls, rule: FixedCombinations, table: Table, name: str) -> Self:
        """List the combinations.

        Parameters
        ----------
        rule : FixedCombinations
            Which columns.
        table : Table
            Its columns.
        name : str
            What their combination is called.

        Returns
        -------
        Self
            The fitted step.
        """
        columns = [table.columns[n] for n in rule.columns]
        _, first = np.unique(_codes(columns), axis=0, return_index=True)
        own = Column(name, "categorical", "int64", levels=tuple(range(len(first))))
        return cls(
            rule,
            own,
            tuple(c.values[first] for c in columns),
            tuple(c.missing[first] for c in columns),
        )

    def reduce(self, columns: Mapping[str, Plain]) -> Plain:
        """See the base class.

        Raises
        ------
        DataError
            If a row holds a combination that was not there in `fit`.
        """
        n_known = len(self.values[0])
        both = [
            Plain(np.append(known, columns[n].values), np.append(gone, columns[n].missing))
            for n, known, gone in zip(self.rule.columns, self.values, self.missing, strict=True)
        ]
        _, first, inverse = np.unique(_codes(both), axis=0, return_index=True, return_inverse=True)
        found = first[inverse.reshape(-1)][
            n_known:
        ]  # `first` is the earliest row: a known one, if there is any
        if (unknown := np.flatnonzero(found >= n_known)).size:
            raise DataError(
                f"Columns {', '.join(map(repr, self.rule.columns))} hold a combination in row {unknown[0]} that `fit` "
                "never saw."
            )
        return Plain(found, np.zeros(len(found), dtype=bool))

    def restore(self, columns: Mapping[str, Plain], own: Plain | None) -> dict[str, Plain]:
        """See the base class."""
        place = np.zeros(0, dtype=np.int64) if own is None else own.values
        parts = zip(self.rule.columns, self.values, self.missing, strict=True)
        return {n: Plain(values[place], missing[place]) for n, values, missing in parts}

    def to_state(self) -> dict[str, Any]:
        """See the base class."""
        return {
            "rule": self.rule.to_dict(),
            "name": self.own.name if self.own else "",
            "values": list(self.values),
            "missing": list(self.missing),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], schema: Schema) -> Self:
        """See the base class."""
        n = len(state["values"][0])
        own = Column(state["name"], "categorical", "int64", levels=tuple(range(n)))
        rule = FixedCombinations(state["rule"]["columns"])
        return cls(rule, own, tuple(state["values"]), tuple(state["missing"]))


def _codes(columns: list[Plain]) -> np.ndarray:
    """Each column's values by number, -1 for missing, shape (N, n_columns)."""
    out = np.full((len(columns[0].values), len(columns)), -1, dtype=np.int64)
    for j, column in enumerate(columns):
        present = ~column.missing
        out[present, j] = np.unique(column.values[present], return_inverse=True)[1]
    return out
