"""The first pass over a table in files: what every column holds, and random rows that stay in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from tqdm import tqdm

from synthgen.exceptions import DataError
from synthgen.sketches.table_sketch import TableSketch
from synthgen.table.sources import TableSource


@dataclass(frozen=True)
class Look:
    """What the first pass found.

    Parameters
    ----------
    sample : pandas.DataFrame, shape (R, n_columns)
        Random rows, drawn without replacement, in the order of the table.
    numbers : ndarray of int64, shape (R,)
        Their numbers in the table.
    sketch : TableSketch
        Of all rows.
    """

    sample: pd.DataFrame
    numbers: np.ndarray
    sketch: TableSketch


def progress_bar(what: str, n_rows: int, verbose: int) -> tqdm:
    """A bar by rows with the time that is left, hidden where others are."""
    return tqdm(total=n_rows, desc=what, unit="row", unit_scale=True, disable=None if verbose else True)


def look(source: TableSource, numbers: np.ndarray, rows_together: int, verbose: int) -> Look:
    """Read every row once.

    Parameters
    ----------
    source : TableSource
        The table.
    numbers : ndarray of int64, shape (R,)
        Ascending: the rows that stay in memory.
    rows_together : int
        Of a block.
    verbose : int
        0: no progress bar.

    Returns
    -------
    Look
        Of all rows.
    """
    sketch = TableSketch.of([], None, list(source.names))
    kept: list[pd.DataFrame] = []
    with progress_bar("look at rows", source.n_rows, verbose) as bar:
        for first, block in source.blocks(rows_together=rows_together):
            sketch.update(block)
            own = slice(*np.searchsorted(numbers, (first, first + len(block))))
            kept.append(block.take(numbers[own] - first))
            bar.update(len(block))
    if sketch.n_rows != source.n_rows:
        raise DataError(
            f"The files held {source.n_rows:,} rows and now hold {sketch.n_rows:,}: they changed meanwhile."
        )
    return Look(pd.concat(kept, ignore_index=True), numbers, sketch)
