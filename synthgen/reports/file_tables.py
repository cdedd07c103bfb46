"""Tables in files as an evaluation takes them: sketches of all rows, and a random sample of them, in one pass."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from synthgen.engines.engine import Engine
from synthgen.rng import derived_seed
from synthgen.sketches.table_sketch import TableSketch
from synthgen.table.source_files import ROWS_TOGETHER
from synthgen.table.source_rows import random_rows
from synthgen.table.sources import TableSource, open_source

SAMPLE_ROWS = 100_000
"""Random rows of each table that everything but the margins is measured on."""
ROWS_PER_TASK = 1_000_000
"""Rows that are sketched by one task. Part of the result: other spans give other sketches, each within its bounds."""


@dataclass(frozen=True, eq=False)
class FrameSource:
    """A table in memory beside others in files.

    Parameters
    ----------
    frame : pandas.DataFrame
        Its rows.
    """

    frame: pd.DataFrame

    @property
    def n_rows(self) -> int:
        """Rows of the table."""
        return len(self.frame)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns."""
        return tuple(self.frame.columns)

    def parts(self, k: int) -> list[tuple[int, int]]:
        """All rows, as one span."""
        return [(0, len(self.frame))]

    def blocks(self, rows: tuple[int, int]) -> Any:
        """Rows of a span, a block at a time, with the number of the first of each."""
        for start in range(rows[0], rows[1], ROWS_TOGETHER):
            yield start, self.frame.iloc[start : min(start + ROWS_TOGETHER, rows[1])].reset_index(drop=True)


def source_of(table: Any) -> TableSource | FrameSource:
    """A table in files or in memory, to be read in parts.

    Parameters
    ----------
    table : DataFrame, or what `synthgen.table.sources.open_source` takes
        The table.

    Returns
    -------
    TableSource or FrameSource
        With ``names``, ``n_rows``, ``parts`` and ``blocks``.
    """
    return FrameSource(table) if isinstance(table, pd.DataFrame) else open_source(table)


def first_rows(source: TableSource | FrameSource, n: int = 1000) -> pd.DataFrame:
    """The first rows of a table, for a look at its columns."""
    return next(iter(source.blocks(rows=(0, min(n, source.n_rows)))))[1]


def sketch_and_sample(
    sources: Mapping[str, TableSource | FrameSource],
    sample_rows: int,
    seed: int,
    engine: Engine,
    progress: Callable[[int], None] | None = None,
) -> tuple[dict[str, TableSketch], dict[str, pd.DataFrame]]:
    """Read all rows of the tables once.

    Parameters
    ----------
    sources : mapping of str to source
        By table.
    sample_rows : int
        Rows of each sample, or all there are.
    seed : int
        Of the samples.
    engine : Engine
        Runs a task for each span of rows.
    progress : callable, optional
        Is told how many rows are done.

    Returns
    -------
    (sketches, samples) : (dict of str to TableSketch, dict of str to DataFrame)
        The sketches of the spans are merged in the order of the rows, whichever is ready first.
    """
    sketches, samples = {}, {}
    for which, source in sources.items():
        wanted = random_rows(source.n_rows, sample_rows, derived_seed(seed, f"evaluate.sample.{which}"))
        spans = source.parts(math.ceil(source.n_rows / ROWS_PER_TASK))
        items = [(first, last, wanted[(wanted >= first) & (wanted < last)]) for first, last in spans]
        sketch = TableSketch()
        found: list[pd.DataFrame] = []
        ready: dict[int, Any] = {}
        for number, result in engine.map(partial(_read_span, source), items):
            ready[number] = result
            if progress is not None:
                progress(spans[number][1] - spans[number][0])
            while (
                len(found) in ready
            ):  # in order, so that results do not pile up, nor depend on who was first
                part, rows = ready.pop(len(found))
                sketch.merge(part)
                found.append(rows)
        sketches[which] = sketch
        samples[which] = pd.concat(found, ignore_index=True)
    return sketches, samples


def _read_span(
    source: TableSource | FrameSource, item: tuple[int, int, np.ndarray]
) -> tuple[TableSketch, pd.DataFrame]:
    """The sketch of a span of rows, and those rows of it that are in the sample."""
    first, last, wanted = item
    sketch, kept = TableSketch(), []
    for start, frame in source.blocks(rows=(first, last)):
        sketch.update(frame)
        own = wanted[np.searchsorted(wanted, start) : np.searchsorted(wanted, start + len(frame))]
        kept.append(frame.take(own - start))
    return sketch, pd.concat(kept, ignore_index=True)
