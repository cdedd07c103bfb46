"""The second pass over a table in files: rows to train on, encoded and dealt out to shards.

A training of S steps draws some number of rows, with replacement. Of a longer table no more rows than it draws are encoded: a
random choice of them, without replacement, is as good as all, since every draw is then still of a random row, and most
rows are drawn about once. Row groups without any of them are not read.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

from synthgen.encoders.categorical import CategoricalEncoder
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.models.file_fit_look import progress_bar
from synthgen.models.file_fit_memory import MemoryPlan
from synthgen.rng import derived_seed
from synthgen.table.sources import TableSource
from synthgen.training.row_shards import RowShards, RowShardWriter


def training_rows(source: TableSource, held_out: np.ndarray, n_drawn: int, seed: int) -> np.ndarray:
    """The numbers of the rows to encode.

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
    ndarray of int64
        Ascending; all rows but those held out where the training draws as many, else at least `n_drawn` random ones.
    """
    chosen = source.random_rows(n_drawn + len(held_out), derived_seed(seed, "training rows"))
    return chosen[~np.isin(chosen, held_out)]


def write_shards(
    source: TableSource,
    rows: np.ndarray,
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
    rows : ndarray of int64
        Ascending: which of its rows.
    encoder : TableEncoder
        Fitted.
    filler : pandas.DataFrame, shape (1, n_columns)
        Any row: columns that encoding does not look at are not read.
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
    told.update(rows.tobytes())
    own_key = told.hexdigest()
    if (found := RowShards.find(folder, own_key)) is not None:
        return found
    writer = RowShardWriter(folder, encoder.layout_, len(rows), plan.rows_per_shard, seed, own_key)
    names = needed_columns(encoder)
    with writer.writing(), progress_bar("encode rows", len(rows), verbose) as bar:
        blocks = source.blocks(names, rows_together=plan.rows_together, rows=rows)
        for part, (_, block) in enumerate(blocks, start=1):
            writer.add(encoder.matrix(_filled(encodable(block, encoder), filler), part=part))
            bar.update(len(block))
    return writer.shards


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


def encodable(rows: pd.DataFrame, encoder: TableEncoder) -> pd.DataFrame:
    """The rows, with another in place of each that lacks what no row in memory lacked.

    Parameters
    ----------
    rows : pandas.DataFrame
        A block.
    encoder : TableEncoder
        Fitted to rows in memory and to the margins of whole columns.

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
    if not bad.any() or bad.all():
        return rows
    good = np.flatnonzero(~bad)
    places = np.arange(len(rows))
    places[bad] = good[places[bad] % len(good)]
    return rows.take(places).reset_index(drop=True)
