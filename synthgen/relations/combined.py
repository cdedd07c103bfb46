"""Several columns as one of their combinations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from synthgen.constraints.rules import FixedCombinations
from synthgen.exceptions import DataError
from synthgen.plain import Plain
from synthgen.relations.quantities import GOLDEN
from synthgen.relations.steps import AbstractStep, Table, listed
from synthgen.schema import Column, Schema


class CombinationStep(AbstractStep):
    """Put columns together into one whose levels are the combinations seen in enough rows.

    Rows of rarer combinations are taken to hold one of those, by their shares: which one is a function of the row's values.

    Parameters
    ----------
    rule : FixedCombinations
        Which columns.
    own : Column
        What stands for them.
    values, missing : tuple of ndarray, each of shape (K,)
        Of each column: its value in each combination, and whether that is missing.
    shares : ndarray of float64, shape (K,)
        Of each combination; sums to 1.
    takes_others : bool
        Whether combinations were left out.
    """

    name: ClassVar[str] = "combinations"

    def __init__(
        self,
        rule: FixedCombinations,
        own: Column,
        values: tuple[np.ndarray, ...],
        missing: tuple[np.ndarray, ...],
        shares: np.ndarray,
        takes_others: bool,
    ) -> None:
        self.rule = rule
        self.own = own
        self.values, self.missing = values, missing
        self.shares, self.takes_others = shares, takes_others
        self.targets, self.inputs = rule.columns, ()

    @classmethod
    def fit(cls, rule: FixedCombinations, table: Table, name: str) -> Self | None:
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
        Self or None
            The fitted step; None if no combination has as many rows as it must have to be kept.
        """
        columns = [table.columns[n] for n in rule.columns]
        _, first, counts = np.unique(_codes(columns), axis=0, return_index=True, return_counts=True)
        is_known = np.ones(len(first), dtype=bool)
        for name_, c in zip(rule.columns, columns, strict=True):
            if table.schema[name_].levels is not None:  # a level that is not kept has no code
                is_known &= c.missing[first] | (c.values[first] >= 0)
        keep = is_known & (counts >= table.least)
        if not keep.any():
            return None
        first, counts, takes_others = first[keep], counts[keep], not keep.all()
        own = Column(name, "categorical", "int64", levels=tuple(range(len(first))))
        return cls(
            rule,
            own,
            tuple(c.values[first] for c in columns),
            tuple(c.missing[first] for c in columns),
            counts / counts.sum(),
            takes_others,
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
        if self.takes_others:
            other = found >= n_known
            found[other] = _by_shares(_codes([columns[n] for n in self.rule.columns])[other], self.shares)
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
            "shares": self.shares,
            "takes_others": self.takes_others,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], schema: Schema) -> Self:
        """See the base class."""
        n = len(state["values"][0])
        own = Column(state["name"], "categorical", "int64", levels=tuple(range(n)))
        rule = FixedCombinations(state["rule"]["columns"])
        values, missing = tuple(state["values"]), tuple(state["missing"])
        return cls(rule, own, values, missing, state["shares"], state["takes_others"])

    def stored_values(self, schema: Schema) -> dict[str, list[Any]]:
        """Every combination, column by column. See the base class."""
        parts = zip(self.rule.columns, self.values, self.missing, strict=True)
        return {n: listed(values, missing, schema[n]) for n, values, missing in parts}


def _by_shares(codes: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """A place of the cumulated shares for each row, by its codes: multiples of the golden ratio fill [0, 1) evenly."""
    place = (codes + 2) @ (GOLDEN ** np.arange(1, codes.shape[1] + 1))
    return np.searchsorted(np.cumsum(shares)[:-1], place % 1.0, side="right")


def _codes(columns: list[Plain]) -> np.ndarray:
    """Each column's values by number, -1 for missing, shape (N, n_columns)."""
    out = np.full((len(columns[0].values), len(columns)), -1, dtype=np.int64)
    for j, column in enumerate(columns):
        present = ~column.missing
        out[present, j] = np.unique(column.values[present], return_inverse=True)[1]
    return out
