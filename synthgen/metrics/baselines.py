"""What every figure is read against: tables made of the real rows alone, without any model."""

from __future__ import annotations

import numpy as np

from synthgen.metrics.tables import CodedColumn, CodedTable


def independent_columns(real: CodedTable, n_rows: int, generator: np.random.Generator) -> CodedTable:
    """The floor: every column drawn by itself, so that the marginals stay and all dependence goes.

    Parameters
    ----------
    real : CodedTable
        The real rows.
    n_rows : int
        Rows to draw.
    generator : numpy.random.Generator
        Draws the values.

    Returns
    -------
    CodedTable
        With `n_rows` rows. The values of a column are drawn with replacement: what a generator reaches that knows
        the marginals. Shuffled columns would have the real ones to the last row, which no sample has.
    """
    columns = tuple(
        CodedColumn(c.name, c.kind, c.values[generator.integers(real.n_rows, size=n_rows)], c.levels)
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
    return table if table.n_rows <= n_rows else table.take(some_of(table.n_rows, n_rows, generator))


def some_of(n: int, most: int, generator: np.random.Generator) -> np.ndarray:
    """Positions drawn without replacement; all of them, and nothing drawn, if there are no more than wanted.

    Parameters
    ----------
    n : int
        Rows, or columns, that there are.
    most : int
        Of them wanted, at most.
    generator : numpy.random.Generator
        Draws them.

    Returns
    -------
    ndarray of int, shape (min(n, most),)
        In [0, n), increasing.
    """
    return np.arange(n) if n <= most else np.sort(generator.choice(n, most, replace=False))


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
