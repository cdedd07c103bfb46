"""The second pass over a table in files: rows to train on, encoded and dealt out to shards.

A training of S steps draws some number of rows, with replacement. Of a longer table no more rows than it draws are encoded: a
random choice of them, without replacement, is as good as all, since every draw is then still of a random row, and most
rows are drawn about once. Row groups without any of them are not read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from synthgen.encoders.categorical import CategoricalEncoder
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.models.file_fit_look import progress_bar
from synthgen.models.file_fit_memory import MemoryPlan
from synthgen.rng import derived_seed, stream
from synthgen.table.sources import TableSource
from synthgen.training.row_shards import RowShards, RowShardWriter

MOST_ROWS = 2**29
"""Rows that are encoded at most: a training that draws more draws each more often."""
_CHUNK = 2**20
"""Numbers that are drawn together."""
_SPAN = 2**23
"""Rows of a table whose numbers are held together, about."""


class ChosenRows:
    """Some rows of a table, one bit for each row of it.

    Parameters
    ----------
    n_rows : int
        Of the table.
    """

    def __init__(self, n_rows: int) -> None:
        self.n_rows, self.n_chosen = n_rows, 0
        self.bits = np.zeros(-(-n_rows // 8), dtype=np.uint8)

    def __len__(self) -> int:
        """How many are chosen."""
        return self.n_chosen

    def add(self, rows: np.ndarray) -> None:
        """Choose rows.

        Parameters
        ----------
        rows : ndarray of int64
            Their numbers, all different, none chosen before.
        """
        np.bitwise_or.at(self.bits, rows >> 3, np.left_shift(1, rows & 7).astype(np.uint8))
        self.n_chosen += len(rows)

    def has(self, rows: np.ndarray) -> np.ndarray:
        """Which of some rows are chosen."""
        return (self.bits[rows >> 3] >> (rows & 7).astype(np.uint8) & 1).astype(bool)

    def invert(self) -> None:
        """Choose all rows that are not, and no others."""
        np.invert(self.bits, out=self.bits)
        self.n_chosen = self.n_rows - self.n_chosen

    def between(self, first: int, last: int) -> np.ndarray:
        """The numbers of those in a span, int64, ascending."""
        start = first // 8
        flags = np.unpackbits(self.bits[start : -(-last // 8)], bitorder="little")
        return np.flatnonzero(flags[first - 8 * start : last - 8 * start]) + first


def training_rows(source: TableSource, held_out: np.ndarray, n_drawn: int, seed: int) -> ChosenRows:
    """The rows to encode.

    Parameters
    ----------
    source : TableSource
        The table.
    held_out : ndarray of int64
        Rows that must not be trained on.
    n_drawn : int
        Rows that the training draws.
    seed : int
        Of the choice.

    Returns
    -------
    ChosenRows
        All rows but those held out where the training draws as many, else `n_drawn` random ones of these (`MOST_ROWS` at
        most). They take one bit for each row of the table: 12 MB for 100 million.

    Notes
    -----
    Random numbers are drawn until enough differ; of more than half of the rows, those that are left out are drawn.
    """
    n_rows = source.n_rows
    n_free = n_rows - len(held_out)
    wanted = min(n_drawn, n_free, MOST_ROWS)
    leaves_out = 2 * wanted > n_free
    chosen, barred = ChosenRows(n_rows), ChosenRows(n_rows)
    barred.add(held_out)
    if leaves_out:
        chosen.add(held_out)
    goal = n_rows - wanted if leaves_out else wanted
    draws = stream(derived_seed(seed, "training rows"), "rows of files")
    while len(chosen) < goal:
        values, first = np.unique(draws.integers(n_rows, size=_CHUNK), return_index=True)
        values = values[np.argsort(first, kind="stable")]
        new = values[~(chosen.has(values) | barred.has(values))]
        chosen.add(new[: goal - len(chosen)])
    if leaves_out:
        chosen.invert()
    return chosen


def write_shards(
    source: TableSource,
    rows: ChosenRows,
    encoder: TableEncoder,
    filler: pd.DataFrame,
    plan: MemoryPlan,
    folder: str | Path,
    key: str,
    seed: int,
    verbose: int,
) -> RowShards:
    """Encode rows into shards, if the folder does not hold them already.

    Parameters
    ----------
    source : TableSource
        The table.
    rows : ChosenRows
        Which of its rows.
    encoder : TableEncoder
        Fitted.
    filler : pandas.DataFrame
        Some rows in memory that may be trained on: columns that encoding does not look at are not read.
    plan : MemoryPlan
        How many are held together.
    folder : path-like
        Where they go.
    key : str
        Of these files, this encoder and these rows.
    seed : int
        Of the deal.
    verbose : int
        0: no progress bar.

    Returns
    -------
    RowShards
        Complete.

    Raises
    ------
    FileError
        If they cannot be written; nothing is left then.
    """
    told = hashlib.sha256(f"{key} {plan.rows_per_shard} {plan.rows_together} {len(rows)}".encode())
    told.update(rows.bits.data)
    own_key = told.hexdigest()
    if (found := RowShards.find(folder, own_key)) is not None:
        return found
    writer = RowShardWriter(folder, encoder.layout_, len(rows), plan.rows_per_shard, seed, own_key)
    names = needed_columns(encoder)
    with writer.writing(), progress_bar("encode rows", len(rows), verbose) as bar:
        for part, block in enumerate(_blocks(source, names, rows, plan.rows_together), start=1):
            writer.add(encoder.matrix(_filled(encodable(block, encoder, filler), filler), part=part))
            bar.update(len(block))
    return writer.shards


def _blocks(
    source: TableSource, names: list[str], rows: ChosenRows, rows_together: int
) -> Iterator[pd.DataFrame]:
    """The rows chosen, a span of the table after another, so that the numbers of few are held."""
    for first, last in source.parts(-(-source.n_rows // _SPAN)):
        own = rows.between(first, last)
        for _, block in source.blocks(names, rows_together=rows_together, rows=own):
            yield block


def _filled(rows: pd.DataFrame, filler: pd.DataFrame) -> pd.DataFrame:
    """The rows, with the columns that were not read."""
    absent = [n for n in filler.columns if n not in rows.columns]
    if not absent:
        return rows
    same = filler[absent].take(np.zeros(len(rows), dtype=np.intp)).set_axis(rows.index)
    return pd.concat([rows, same], axis=1)


def needed_columns(encoder: TableEncoder) -> list[str]:
    """The columns of the table that encoding reads: all but those that are made anew or constant and in no relation."""
    related = {n for step in encoder.plan_.steps for n in (*step.targets, *step.inputs)}
    free = {e.column.name for e in encoder.encoders_ if not e.blocks(0) and e.column.name not in related}
    return [n for n in encoder.schema_.names if n not in free] or list(encoder.schema_.names)


def encodable(rows: pd.DataFrame, encoder: TableEncoder, spare: pd.DataFrame) -> pd.DataFrame:
    """The rows, with another in place of each that lacks what no row in memory lacked.

    Parameters
    ----------
    rows : pandas.DataFrame
        A block.
    encoder : TableEncoder
        Fitted to rows in memory and to the margins of whole columns.
    spare : pandas.DataFrame
        Some of the rows in memory: they stand for a block of which every row is so.

    Returns
    -------
    pandas.DataFrame
        As many rows. Margins say of every column whether values may be missing; only of a column that a relation puts in the
        place of others is that known from the rows in memory, and those that break it are fewer than three in as many.
    """
    bad = np.zeros(len(rows), dtype=bool)
    for step in encoder.plan_.steps:
        own = (
            None
            if step.own is None
            else next((e for e in encoder.encoders_ if e.column.name == step.own.name), None)
        )
        if own is None or isinstance(own, CategoricalEncoder) or step.own is None or step.own.missing:
            continue
        names = [n for n in (*step.targets, *step.inputs) if n in rows.columns]
        bad |= rows[names].isna().any(axis=1).to_numpy()
    if not bad.any():
        return rows
    if bad.all():
        return spare[rows.columns].take(np.arange(len(rows)) % len(spare)).reset_index(drop=True)
    good = np.flatnonzero(~bad)
    places = np.arange(len(rows))
    places[bad] = good[places[bad] % len(good)]
    return rows.take(places).reset_index(drop=True)
