"""What every figure is read against: tables made of the real rows alone, without any model."""

from __future__ import annotations

import numpy as np

from synthgen.metrics.tables import CodedColumn, CodedTable


def permuted_columns(real: CodedTable, n_rows: int, generator: np.random.Generator) -> CodedTable:
    """The floor: every column shuffled by itself, so that marginals stay and all dependence goes.

    Parameters
    ----------
    real : CodedTable
        The real rows.
    n_rows : int
        Most rows wanted; there are never more than the real table has.
    generator : numpy.random.Generator
        Draws the orders.

    Returns
    -------
    CodedTable
        With ``min(n_rows, real.n_rows)`` rows.
    """
    n_rows = min(n_rows, real.n_rows)
    columns = tuple(
        CodedColumn(c.name, c.kind, c.values[generator.permutation(real.n_rows)[:n_rows]], c.levels)
        for c in real.columns
    )
    return CodedTable(columns, n_rows)


def bootstrap(real: CodedTable, n_rows: int, generator: np.random.Generator) -> CodedTable:
    """The memoriser: real rows drawn with replacement, which is a copy and no generator.

    Parameters
    ----------
    real : CodedTable
        The real rows.
    n_rows : int
        Rows to draw.
    generator : numpy.random.Generator
        Draws the rows.

    Returns
    -------
    CodedTable
        With `n_rows` rows.
    """
    return real.take(generator.integers(real.n_rows, size=n_rows))


def subsample(table: CodedTable, n_rows: int, generator: np.random.Generator) -> CodedTable:
    """Rows drawn without replacement; the whole table if it has no more than `n_rows`.

    Parameters
    ----------
    table : CodedTable
        Any table.
    n_rows : int
        Rows wanted.
    generator : numpy.random.Generator
        Draws the rows.

    Returns
    -------
    CodedTable
        With ``min(n_rows, table.n_rows)`` rows, in table order.
    """
    if table.n_rows <= n_rows:
        return table
    return table.take(np.sort(generator.choice(table.n_rows, n_rows, replace=False)))


def split(table: CodedTable, share: float, generator: np.random.Generator) -> tuple[CodedTable, CodedTable]:
    """A random split in two.

    Parameters
    ----------
    table : CodedTable
        At least two rows.
    share : float
        Of rows in the first part, in (0, 1).
    generator : numpy.random.Generator
        Draws the order.

    Returns
    -------
    (first, second) : (CodedTable, CodedTable)
        Each with at least one row.
    """
    order = generator.permutation(table.n_rows)
    cut = min(max(round(share * table.n_rows), 1), table.n_rows - 1)
    return table.take(np.sort(order[:cut])), table.take(np.sort(order[cut:]))
