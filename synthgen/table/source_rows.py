"""Rows by their numbers: which are drawn, which are in a span, and tables of them cut anew."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from synthgen.rng import stream

Rows = tuple[int, int] | np.ndarray
"""The first row and the row after the last, or ascending numbers of rows."""


def random_rows(n_rows: int, n: int, seed: int) -> np.ndarray:
    """Numbers of random rows of a table, without replacement.

    Parameters
    ----------
    n_rows, n : int
        Of the table, and wanted.
    seed : int
        In [0, 2**63).

    Returns
    -------
    ndarray of int64, shape (min(n, n_rows),)
        Ascending.

    Notes
    -----
    Numbers are drawn until enough differ (or, of more than half of the rows, those that are left out): memory goes with the
    rows wanted, not with the table.
    """
    if n >= n_rows:
        return np.arange(n_rows, dtype=np.int64)
    draws = stream(seed, "rows of files")
    few = min(n, n_rows - n)
    found = np.empty(0, dtype=np.int64)
    while len(found) < few:
        more = draws.integers(n_rows, size=few - len(found) + 64)
        values, first = np.unique(np.concatenate([found, more]), return_index=True)
        found = values[np.argsort(first, kind="stable")][:few]
    if few == n:
        return np.sort(found)
    is_kept = np.ones(n_rows, dtype=bool)
    is_kept[found] = False
    return np.flatnonzero(is_kept).astype(np.int64)


def touches(wanted: Rows, start: int, end: int) -> bool:
    """Whether some rows wanted lie in a span.

    Parameters
    ----------
    wanted : (int, int) or ndarray of int
        The first row and the row after the last, or ascending numbers.
    start, end : int
        The span's first row, and the row after its last.

    Returns
    -------
    bool
    """
    if isinstance(wanted, tuple):
        return wanted[0] < end and start < wanted[1]
    return bool(np.searchsorted(wanted, start) < np.searchsorted(wanted, end))


def kept_rows(table: pa.Table, first: int, wanted: Rows) -> pa.Table:
    """The rows wanted of a table.

    Parameters
    ----------
    table : pyarrow.Table
        Rows that follow each other.
    first : int
        The number of its first row.
    wanted : (int, int) or ndarray of int
        As for `touches`.

    Returns
    -------
    pyarrow.Table
    """
    end = first + table.num_rows
    if isinstance(wanted, tuple):
        start = min(max(wanted[0] - first, 0), table.num_rows)
        return table.slice(start, max(min(wanted[1], end) - first - start, 0))
    own = wanted[np.searchsorted(wanted, first) : np.searchsorted(wanted, end)] - first
    return (
        table if len(own) == table.num_rows and len(np.unique(own)) == len(own) else table.take(pa.array(own))
    )


def recut(tables: Iterator[tuple[pa.Table, str]], n: int) -> Iterator[tuple[pa.Table, str]]:
    """The same rows in tables of n rows, the last one excepted.

    Parameters
    ----------
    tables : iterator of (pyarrow.Table, str)
        Of any lengths, each with the name of its file.
    n : int
        Rows.

    Yields
    ------
    (table, name) : (pyarrow.Table, str)
        The name is that of the last row's file.
    """
    held: list[pa.Table] = []
    n_held, name = 0, ""
    for table, name in tables:
        held.append(table)
        n_held += table.num_rows
        if n_held < n:
            continue
        whole = pa.concat_tables(held)
        start = 0
        while n_held - start >= n:
            yield whole.slice(start, n), name
            start += n
        held, n_held = [whole.slice(start)], n_held - start
    if n_held:
        yield pa.concat_tables(held), name
