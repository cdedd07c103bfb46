"""Rows from a fitted model: plain, under conditions, or one for each row of a frame.

Rules that the encoding cannot guarantee are held by dropping rows.

Every function is the same whatever the batch size: rows come in blocks numbered from 0, and blocks are taken in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from tqdm import tqdm

from synthgen.encoders.table_encoder import TableEncoder
from synthgen.exceptions import ConditionError
from synthgen.models.conditions import Condition, describe, parse_conditions
from synthgen.models.matrix_model import AbstractMatrixModel
from synthgen.models.row_gate import RowGate
from synthgen.rng import ROWS_PER_BLOCK, derived_seed, row_blocks
from synthgen.table.infer import check_table
from synthgen.training.threads import in_parallel

BATCH_CELLS = 2**27
"""Cells that are drawn together unless `batch_size` says otherwise: a gigabyte of numbers at most ..."""
BATCH_ROWS = 64 * ROWS_PER_BLOCK
"""... and no more rows than this."""
MIN_TRIES = 200 * ROWS_PER_BLOCK
"""Rows drawn under conditions before giving up is thought of, those included that a selection passed over, ..."""
TRIES_PER_ROW = 1000
"""... and how many of the others there may then have been for each row that met them."""


@dataclass(frozen=True)
class Source:
    """Where rows come from.

    Parameters
    ----------
    model : AbstractMatrixModel
        Makes matrix rows.
    encoder : TableEncoder
        Turns them into table rows.
    seed : int
        Of the sample.
    batch_rows : int
        Rows that are drawn together.
    verbose : int
        0: no progress bar.
    """

    model: AbstractMatrixModel
    encoder: TableEncoder
    seed: int
    batch_rows: int
    verbose: int

    @property
    def blocks_together(self) -> int:
        """How many blocks are drawn together."""
        return max(1, self.batch_rows // ROWS_PER_BLOCK)


def batch_rows(n_columns: int) -> int:
    """Rows that are drawn together by default: whole blocks, fewer for wider tables."""
    fitting = BATCH_CELLS // max(n_columns, 1) // ROWS_PER_BLOCK * ROWS_PER_BLOCK
    return min(max(fitting, ROWS_PER_BLOCK), BATCH_ROWS)


def draw_rows(source: Source, first: int, last: int) -> pd.DataFrame:
    """Rows ``first:last`` of the endless sample of a seed.

    Parameters
    ----------
    source : Source
        Where they come from.
    first, last : int
        First row and the row after the last, 0 <= first <= last.

    Returns
    -------
    pandas.DataFrame, shape (last - first, n_columns)
        The rows.

    Raises
    ------
    ConditionError
        If fewer than one in `TRIES_PER_ROW` of the rows drawn obeyed the rules.
    """
    if source.encoder.row_checks:
        return draw_matching(source, first, last, [])
    skipped = first % ROWS_PER_BLOCK  # whole blocks are decoded: the noise of a wide block is theirs
    start, tables = first - skipped, []
    wanted, step = row_blocks(start, last), source.blocks_together
    with _progress(source, last - first, len(wanted) > step) as bar:
        for i in range(0, len(wanted), step):
            some = wanted[i : i + step]
            blocks = _blocks(source, [block for block, _, _ in some], None)
            matrix = np.concatenate([b[:stop] for b, (_, _, stop) in zip(blocks, some, strict=True)])
            tables.append(_decode(source, matrix, start + i * ROWS_PER_BLOCK))
            bar.update(len(matrix))
    if not tables:
        return _decode(source, _no_rows(source), first)
    table = tables[0] if len(tables) == 1 else pd.concat(tables, ignore_index=True)
    return _without_first(table, skipped)


def draw_matching(source: Source, first: int, last: int, conditions: list[Condition]) -> pd.DataFrame:
    """Rows ``first:last`` of those of the endless sample that meet the conditions.

    Parameters
    ----------
    source : Source
        Where they come from.
    first, last : int
        First row and the row after the last; the rows before are drawn too, as only so they can be counted.
    conditions : list of Condition
        What they must hold.

    Returns
    -------
    pandas.DataFrame, shape (last - first, n_columns)
        The rows.

    Raises
    ------
    ConditionError
        If fewer than one in `TRIES_PER_ROW` of the rows drawn met them, or obeyed the rules.
    """
    skipped = first % ROWS_PER_BLOCK
    matrix = _matching_rows(source, last, conditions, RowGate(source.encoder), first - skipped)
    return _without_first(_decode(source, matrix, first - skipped), skipped)


def draw_for_frame(source: Source, frame: pd.DataFrame) -> pd.DataFrame:
    """One row for each row of a frame of conditions, in its order.

    Parameters
    ----------
    source : Source
        Where they come from.
    frame : pandas.DataFrame, shape (n, n_conditions)
        Column names, and the value that each row must hold.

    Returns
    -------
    pandas.DataFrame, shape (n, n_columns)
        The rows.

    Raises
    ------
    DataError, ConditionError
        If the frame's columns have no proper names, or a row of it cannot be met.
    """
    if frame.empty:
        return _decode(source, _no_rows(source), 0)
    check_table(frame)
    groups = frame.groupby(list(frame.columns), dropna=False, sort=False, observed=True).indices
    matrix = np.empty((len(frame), source.encoder.layout_.width), dtype=np.float32)
    gate = RowGate(source.encoder)
    for number, rows in enumerate(groups.values()):
        wanted = {name: frame[name].iloc[rows[0]] for name in frame.columns}
        own = Source(
            source.model,
            source.encoder,
            derived_seed(source.seed, "condition group", number),
            source.batch_rows,
            0,
        )
        matrix[rows] = _matching_rows(own, len(rows), parse_conditions(wanted, source.encoder), gate)
    return _decode(source, matrix, 0)


def draw_in_parts(source: Source, first: int, last: int, rows_together: int) -> Iterator[pd.DataFrame]:
    """Rows ``first:last`` of the endless sample of a seed, some at a time, where no rule drops rows.

    Parameters
    ----------
    source : Source
        Where they come from.
    first, last : int
        First row and the row after the last, 0 <= first < last.
    rows_together : int
        Parts end at multiples of it: a multiple of `ROWS_PER_BLOCK`.

    Yields
    ------
    pandas.DataFrame
        At most `rows_together` rows.
    """
    for start in range(first - first % rows_together, last, rows_together):
        yield draw_rows(source, max(start, first), min(start + rows_together, last))


def draw_matching_in_parts(
    source: Source, seed: int, first: int, last: int, conditions: list[Condition], rows_together: int
) -> Iterator[pd.DataFrame]:
    """Rows that meet the conditions and obey the rules, some at a time, from a stream of their own.

    Parameters
    ----------
    source : Source
        Where they come from. Its seed is that of identifiers.
    seed : int
        Of the rows.
    first, last : int
        The numbers that they get, 0 <= first < last: identifiers depend on them.
    conditions : list of Condition
        What they must hold.
    rows_together : int
        A multiple of `ROWS_PER_BLOCK`.

    Yields
    ------
    pandas.DataFrame
        At most `rows_together` rows.

    Raises
    ------
    ConditionError
        As `draw_matching`.
    """
    skipped = first % ROWS_PER_BLOCK  # whole blocks are decoded
    held, start = _no_rows(source), first - skipped
    for found in _matching_parts(
        replace(source, seed=seed), last - first, conditions, RowGate(source.encoder)
    ):
        filling = skipped if not len(held) and start < first else 0
        held = np.concatenate([held, np.repeat(found[:1], filling, axis=0), found])
        while len(held) >= rows_together:
            yield _without_first(_decode(source, held[:rows_together], start), max(first - start, 0))
            held, start = held[rows_together:], start + rows_together
    if len(held) > max(first - start, 0):
        yield _without_first(_decode(source, held, start), max(first - start, 0))


def _matching_rows(
    source: Source, n: int, conditions: list[Condition], gate: RowGate, first: int = 0
) -> np.ndarray:
    """Rows ``first:n`` of the matrix rows that meet the conditions and pass the gate, shape (n - first, F)."""
    kept, n_kept = [_no_rows(source)], 0
    for found in _matching_parts(source, n, conditions, gate):
        kept.append(found[max(first - n_kept, 0) :])
        n_kept += len(found)
    return np.concatenate(kept)


def _matching_parts(
    source: Source, n: int, conditions: list[Condition], gate: RowGate
) -> Iterator[np.ndarray]:
    """The first n matrix rows that meet the conditions and pass the gate, those of a block at a time."""
    names = list(dict.fromkeys([*(c.column.name for c in conditions), *gate.names]))
    n_kept, tried = 0, 0
    blocks = _endless_blocks(source, allowed_conditions(source.model, source.encoder, conditions))
    with _progress(source, n, bool(conditions) or n > BATCH_ROWS) as bar:
        while n_kept < n:
            block = next(blocks)
            table = source.encoder.inverse_transform(block, columns=names)
            match = np.ones(len(block), dtype=bool)
            for condition in conditions:
                match &= condition.match(table)
            match = gate.passed(table, match, n - n_kept)
            found = block[match]
            if len(found):
                yield found
            n_kept, tried = n_kept + len(found), tried + len(block)
            bar.update(len(found))
            if (
                n_kept < n
                and tried * source.model.draws_per_row >= MIN_TRIES
                and n_kept * TRIES_PER_ROW < tried
            ):
                raise ConditionError(_too_few(n_kept, tried, n, conditions, gate))


def _too_few(n_kept: int, tried: int, n: int, conditions: list[Condition], gate: RowGate) -> str:
    wanted = [describe(conditions)] if conditions else []
    wanted += [f"the constraint {words!r}" for words in gate.words]
    verb = "had" if conditions and not gate.words else "met"
    way_out = (
        "Ask for fewer or wider conditions, or fit with `conditional_on` these columns."
        if conditions
        else "Ask for fewer rows, or fit without the constraint."
    )
    return (
        f"Only {n_kept:,} of {tried:,} rows drawn {verb} {' and '.join(wanted)}; {n:,} were wanted. {way_out}"
    )


def _endless_blocks(source: Source, allowed: np.ndarray | None) -> Iterator[np.ndarray]:
    """Blocks 0, 1, 2, ...: drawn one at first, then twice as many together each time."""
    first, together = 0, 1
    while True:
        yield from _blocks(source, range(first, first + together), allowed)
        first, together = first + together, min(2 * together, source.blocks_together)


def _blocks(source: Source, numbers: Sequence[int], allowed: np.ndarray | None) -> list[np.ndarray]:
    return in_parallel(lambda block: source.model.generate_block(source.seed, block, allowed), numbers)


def allowed_conditions(
    model: AbstractMatrixModel, encoder: TableEncoder, conditions: list[Condition], *, is_strict: bool = False
) -> np.ndarray | None:
    """Which of a model's own conditions agree with what is asked for.

    Parameters
    ----------
    model : AbstractMatrixModel
        Has conditions of its own, or none.
    encoder : TableEncoder
        Says what they mean.
    conditions : list of Condition
        What is asked for.
    is_strict : bool
        Refuse conditions that the model has no say in.

    Returns
    -------
    ndarray of int, shape (A,), or None
        Rows of `condition_rows`; None where they have no say.

    Raises
    ------
    ConditionError
        If no training row had them, or one is refused.
    """
    columns, layout = model.cond_columns, encoder.layout_
    own_columns = set(columns)
    # of a number whose gate alone is given, the model draws the value itself
    partly = {b.column for b in layout.blocks if b.start not in own_columns}
    given = {b.column for b in layout.blocks if b.start in own_columns} - partly
    own = [c for c in conditions if given.issuperset(encoder.carriers(c.column.name))]
    if is_strict and (other := [c for c in conditions if c not in own]):
        raise ConditionError(
            f"This model is not conditional on column {other[0].column.name!r}, so a latent vector cannot be given a value "
            "of it. Fit with `conditional_on` it, or use `sample`, which draws until rows agree."
        )
    if not own:
        return None
    rows = model.condition_rows()
    matrix = np.zeros((len(rows), layout.width), dtype=np.float32)
    matrix[:, columns] = rows
    table = encoder.inverse_transform(matrix, columns=[c.column.name for c in own])
    allowed = np.flatnonzero(np.logical_and.reduce([c.match(table) for c in own]))
    if not len(allowed):
        raise ConditionError(
            f"No training row had {describe(own)}, which the model is conditional on, so none can be drawn."
        )
    return allowed


def _decode(source: Source, matrix: np.ndarray, first_row: int) -> pd.DataFrame:
    return source.encoder.inverse_transform(matrix, first_row=first_row, seed=source.seed)


def _without_first(table: pd.DataFrame, n: int) -> pd.DataFrame:
    return table.iloc[n:].reset_index(drop=True) if n else table


def _no_rows(source: Source) -> np.ndarray:
    return np.zeros((0, source.encoder.layout_.width), dtype=np.float32)


def _progress(source: Source, n: int, is_long: bool) -> tqdm:
    """A bar of rows; none when not writing to a terminal."""
    hidden = None if source.verbose and is_long else True
    return tqdm(total=n, desc="sample", unit="row", unit_scale=True, disable=hidden)
