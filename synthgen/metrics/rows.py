"""Rows chosen from tables, and rows of several tables joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthgen.metrics.tables import CodedColumn, CodedTable


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows of a table, not taken out yet: a wide table is never copied whole.

    Parameters
    ----------
    table : CodedTable
        The table.
    rows : ndarray of int
        Positions in it, in random order.
    """

    table: CodedTable
    rows: np.ndarray


def taken(part: Rows, columns: np.ndarray) -> CodedTable:
    """Rows taken out of their table, with some of its columns.

    Parameters
    ----------
    part : Rows
        The rows.
    columns : ndarray of int
        Positions of the columns.

    Returns
    -------
    CodedTable
        Rows and columns in the order given.
    """
    return part.table.select(columns).take(part.rows)


def concatenate(tables: Sequence[CodedTable]) -> CodedTable:
    """The rows of several tables, one after the other.

    Parameters
    ----------
    tables : sequence of CodedTable
        Coded together, at least one.

    Returns
    -------
    CodedTable
        With the rows of all.
    """
    columns = tuple(
        CodedColumn(parts[0].name, parts[0].kind, np.concatenate([p.values for p in parts]), parts[0].levels)
        for parts in zip(*(t.columns for t in tables), strict=True)
    )
    return CodedTable(columns, sum(t.n_rows for t in tables))
