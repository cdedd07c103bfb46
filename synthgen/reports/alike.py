"""Tables of equally many rows, each beside rows that no synthesizer has seen: for genes and variants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from synthgen.metrics.baselines import subsample
from synthgen.metrics.tables import CodedTable
from synthgen.reports.tables import Tables
from synthgen.rng import stream

MAX_CELLS = 60_000_000
"""Values of one table that are compared, at most."""
FEWEST, MOST = 500, 20_000
"""Rows of a table are not cut below the first number for it, and always to the second."""
T = TypeVar("T")


@dataclass(frozen=True)
class Alike(Generic[T]):
    """Something of the reference, and of the tables that are held against it.

    Parameters
    ----------
    reference : object
        Of held-out rows, or of the real rows where there are none.
    ceiling_reference : object
        What the ceiling is held against: the same, or one half of the real rows, the ceiling being the other.
    tables : dict of str to object
        Of ``synthetic``, ``ceiling``, ``floor`` and ``memoriser``.
    """

    reference: T
    ceiling_reference: T
    tables: dict[str, T]

    def pairs(self) -> dict[str, tuple[T, T]]:
        """Each table with its reference first."""
        return {
            which: (self.ceiling_reference if which == "ceiling" else self.reference, found)
            for which, found in self.tables.items()
        }


def equal_rows(t: Tables, n_columns: int) -> int:
    """How many rows of every table are compared.

    Parameters
    ----------
    t : Tables
        What is compared.
    n_columns : int
        Of the block.

    Returns
    -------
    int
        As many as the smaller of the synthetic table and the reference has, if they can be afforded.
    """
    most = int(np.clip(MAX_CELLS // n_columns, FEWEST, MOST))
    return min(t.synthetic.n_rows, t.reference.n_rows, most)


def some_real_rows(t: Tables, n_columns: int) -> CodedTable:
    """The real rows that give scale, centre and axes: no more than are compared, or 500.

    Parameters
    ----------
    t : Tables
        What is compared.
    n_columns : int
        Of the block.

    Returns
    -------
    CodedTable
        All real rows, or a random choice of ``max(equal_rows, 500)``.
    """
    most = max(equal_rows(t, n_columns), FEWEST)
    return subsample(t.real, most, stream(t.seed, "evaluate.alike.basis"))


def alike(t: Tables, n_columns: int, profile: Callable[[str, CodedTable], T]) -> Alike[T]:
    """Take every table to the same number of rows and look at it.

    Parameters
    ----------
    t : Tables
        What is compared.
    n_columns : int
        Of the block.
    profile : callable
        Of the purpose and the table; called for one table at a time, so that one matrix at a time is held.

    Returns
    -------
    Alike
        What `profile` gave.
    """
    n = equal_rows(t, n_columns)

    def look(purpose: str, table: CodedTable) -> T:
        return profile(purpose, subsample(table, n, stream(t.seed, f"evaluate.alike.{purpose}")))

    reference = look("reference", t.reference)
    if t.holdout is None:
        ceiling_reference, ceiling = look("reference", t.twins[0]), look("ceiling", t.twins[1])
    else:
        ceiling_reference, ceiling = reference, look("ceiling", t.real)
    tables = {
        "synthetic": look("synthetic", t.synthetic),
        "ceiling": ceiling,
        "floor": look("floor", t.floor),
        "memoriser": look("memoriser", t.memoriser),
    }
    return Alike(reference, ceiling_reference, tables)
