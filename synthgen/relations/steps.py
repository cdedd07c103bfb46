"""What every reversible step of the encoding promises: columns taken out of a table, and put back."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from synthgen.constraints.rules import Rule
from synthgen.plain import Plain, from_plain
from synthgen.schema import Column, Schema


@dataclass(frozen=True)
class Table:
    """What a step is fitted to.

    Parameters
    ----------
    columns : mapping of str to Plain
        The columns that the rule speaks of.
    schema : Schema
        Complete.
    ends : mapping of str to Plain
        Of each column that the rule speaks of: its levels, or the smallest and the largest number that its own
        encoder would give back.
    least : int
        Rows that must hold a combination of values for it to be kept.
    """

    columns: Mapping[str, Plain]
    schema: Schema
    ends: Mapping[str, Plain]
    least: int = 1


class AbstractStep(abc.ABC):
    """Columns that are restored from others.

    Attributes
    ----------
    targets : tuple of str
        The columns that it restores.
    inputs : tuple of str
        The other columns of the full table that this needs.
    own : Column or None
        What stands in the reduced table for the targets; None if nothing does.
    keeps : bool
        Whether the targets stay in the reduced table as they are, and are only written over where they can be computed.
    is_exact : bool
        Whether what it restores obeys the rule in every row, whatever the reduced table holds.
    """

    name: ClassVar[str]
    rule: Any
    targets: tuple[str, ...]
    inputs: tuple[str, ...]
    own: Column | None = None
    keeps: bool = False
    is_exact: bool = True

    @classmethod
    @abc.abstractmethod
    def from_state(cls, state: dict[str, Any], schema: Schema) -> Self:
        """From `to_state`'s data."""

    @abc.abstractmethod
    def to_state(self) -> dict[str, Any]:
        """What was learnt, as JSON-able values and numpy arrays."""

    def stored_values(self, schema: Schema) -> dict[str, list[Any]]:
        """The values that are kept, by column or by what they are, as plain data; the schema is of the full table."""
        return {}

    def reduce(self, columns: Mapping[str, Plain]) -> Plain | None:
        """The column that stands for the targets, from the full table's; None if there is none."""
        return None

    @abc.abstractmethod
    def restore(self, columns: Mapping[str, Plain], own: Plain | None) -> dict[str, Plain]:
        """The targets.

        Parameters
        ----------
        columns : mapping of str to Plain, each of length N
            The inputs; the targets too, if they are kept.
        own : Plain of length N, or None
            What stands for them in the reduced table.

        Returns
        -------
        dict of str to Plain
            One for each target.
        """


def too_rare(rule: Rule, least: int) -> str:
    """The message where nothing that a rule lists may be kept."""
    return (
        f"The constraint {rule.words()!r} lists values, of which none has {least} rows, so that none may be kept. Take it "
        "out, or lower `min_category_count`."
    )


def listed(values: np.ndarray, missing: np.ndarray | None, column: Column) -> list[Any]:
    """Plain values as what a column holds, fit for JSON; None where missing."""
    gaps = np.zeros(len(values), dtype=bool) if missing is None else missing
    found = from_plain(Plain(values, gaps), dataclasses.replace(column, missing=True)).tolist()
    plain = (v if isinstance(v, (str, int, float, bool)) else str(v) for v in found)
    return [None if gap else v for v, gap in zip(plain, gaps.tolist(), strict=True)]


def ends_of(plain: Plain) -> np.ndarray:
    """The smallest and the largest of some values, shape (2,); (0,) if there are not two.

    A single value is the mean of a few rows (`ranks`), and no bound.
    """
    values = plain.values[~plain.missing]
    return np.array([values.min(), values.max()]) if len(np.unique(values)) > 1 else values[:0]
