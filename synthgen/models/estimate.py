"""What a fit will take, said before it is begun: memory by counting arrays, time by trying small pieces."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pandas as pd

from synthgen.encoders.table_encoder import TableEncoder
from synthgen.encoders.wide_columns import WideOptions, block_columns
from synthgen.exceptions import SynthgenError
from synthgen.layout import Block, MatrixLayout
from synthgen.models.estimate_memory import (
    DOUBLE,
    FLOAT,
    MatrixShape,
    block_bytes,
    encoding_bytes,
    schema_bytes,
)
from synthgen.models.estimate_time import Rehearsal, Times, seconds, seconds_of_all
from synthgen.models.machine import free_memory, resident_memory
from synthgen.plain import Plain, from_plain, to_plain
from synthgen.rng import derived_seed, stream
from synthgen.schema import Column, Schema

MOST_SHARE = 0.8
"""Of the memory that is free: a fit that will take more is warned of."""
TRIED_ROWS = 20_000
"""Rows that are encoded to see how wide the matrix is, ..."""
TRIED_CELLS = 2_000_000
"""... or fewer, so that they hold no more values than this, ..."""
LEAST_TRIED = 4_000
"""... but not fewer than this."""
TIMED_ROWS = (25_000, 50_000)
"""Rows that are encoded to see how long it takes: more than rank maps have segments to learn (`ranks.MAX_SEGMENTS`)."""
TIMED_COLUMNS = 60
"""Columns that are timed, of every kind as many as its share."""
TRIED_COLUMNS = 3_000
"""Of a block of many columns that is reduced to common factors."""
MOST_WIDTH = 100
"""Choices of one table column at most: levels of a share of 1%, or 60 of them, missing, and the rest (`categorical`)."""
MANY_LEVELS = 2_000
"""Levels of a column, from which on its rows are tried with fewer of them: ten rows a level, so that few are left out."""
_LABELS = tuple(map(str, range(MOST_WIDTH)))


class MemoryWarning(UserWarning):
    """A fit will take more than `MOST_SHARE` of the memory that is free."""


@dataclass(frozen=True)
class Estimate:
    """What a fit will take.

    Parameters
    ----------
    peak_bytes : int
        The most memory that this process will hold: what it holds before the fit, the table included, and what the fit
        adds.
    held_bytes : int
        What it holds before the fit.
    free_bytes : int
        What it can take besides.
    seconds : float
        Processor time of the fit, all threads together: on a quiet machine about the time that passes with one thread.
    seconds_at_most : float
        The same where selection takes all its rounds, or a wide table's GAN wins and is trained again.
    n_rows, n_features, n_steps : int
        Rows of the table, columns of the encoded matrix, and steps of training at most.
    bytes_by_part, seconds_by_part : dict of str to number
        What the parts of the fit add to `held_bytes` at their peaks, and how long they take.
    """

    peak_bytes: int
    held_bytes: int
    free_bytes: int
    seconds: float
    seconds_at_most: float
    n_rows: int
    n_features: int
    n_steps: int
    bytes_by_part: dict[str, int] = field(default_factory=dict)
    seconds_by_part: dict[str, float] = field(default_factory=dict)

    @property
    def added_bytes(self) -> int:
        """What the fit adds to the memory that is held."""
        return self.peak_bytes - self.held_bytes

    @property
    def is_tight(self) -> bool:
        """Whether that is more than `MOST_SHARE` of what is free."""
        return self.added_bytes > MOST_SHARE * self.free_bytes

    def words(self) -> str:
        """The estimate in some lines: memory, time, and what most of both goes to."""
        lines = [
            f"memory: {_size(self.peak_bytes)} at the peak, {_size(self.added_bytes)} of it added by the fit; "
            f"{_size(self.free_bytes)} are free",
            f"time: {_span(self.seconds)} of one core{self._at_most()}",
            f"matrix: {self.n_rows:,} rows of {self.n_features:,} columns; {self.n_steps:,} steps of training at most",
        ]
        if self.bytes_by_part:
            lines.append("most memory: " + _listed(self.bytes_by_part, _size))
        if self.seconds_by_part:
            lines.append("most time: " + _listed(self.seconds_by_part, _span))
        if self.is_tight:
            lines.append(_warning(self.added_bytes, self.free_bytes))
        return "\n".join(lines)

    def _at_most(self) -> str:
        """The most that it may take, where that is much more."""
        is_more = self.seconds_at_most > 1.1 * self.seconds
        return f", {_span(self.seconds_at_most)} at most" if is_more else ""


class Estimated(Protocol):
    """What a synthesizer tells of its fit."""

    _encoder_class: type[TableEncoder]
    min_category_count: int

    def _number_encoding(self) -> str: ...

    def _table_bytes(self, table: pd.DataFrame) -> dict[str, int]: ...

    def _training_bytes(self, shape: MatrixShape, is_reduced: bool) -> dict[str, int]: ...

    def _training_seconds(self, rehearsal: Rehearsal) -> Times: ...

    def _training_steps(self, n_rows: int, is_reduced: bool) -> int: ...


def estimate_fit(
    model: Estimated,
    table: pd.DataFrame,
    schema: Schema,
    wide: WideOptions | None,
    before: dict[str, float],
    held: int,
    seed: int,
) -> Estimate:
    """Try pieces of a fit, and say what the whole of it will take.

    Parameters
    ----------
    model : AbstractSynthesizer
        With its parameters; not changed.
    table : pandas.DataFrame, shape (N, n_columns)
        The training table.
    schema : Schema
        Its schema, relations included.
    wide : WideOptions or None
        How a block is encoded.
    before : dict of str to float
        Seconds of what was done already as the fit does it: schema and relations.
    held : int
        Bytes that the process held before anything was done.
    seed : int
        Of which rows are tried.

    Returns
    -------
    Estimate
        Of the fit.
    """
    free = free_memory()
    found = _tried(model, table, schema, wide, seed)
    rehearsal = found.rehearsal
    timed = model._training_seconds(rehearsal)
    # libraries that were loaded by the first steps and trees stay, here as in the fit
    loaded = max(resident_memory() - held - rehearsal.matrix.nbytes, 0)
    parts_of_time = {**before, "encoding": found.seconds, **timed.parts}
    block = block_columns(schema, len(table), wide)
    parts = _bytes(model, table, schema, block, _is_reduced(block, wide), rehearsal.shape)
    return Estimate(
        peak_bytes=held + loaded + max(parts.values()),
        held_bytes=held,
        free_bytes=free,
        seconds=sum(parts_of_time.values()),
        seconds_at_most=sum(parts_of_time.values()) + timed.more,
        n_rows=len(table),
        n_features=rehearsal.encoder.layout_.width,
        n_steps=model._training_steps(len(table), rehearsal.encoder.is_reduced),
        bytes_by_part=_descending(parts),
        seconds_by_part=_descending(parts_of_time),
    )


def warn_if_tight(
    model: Estimated, table: pd.DataFrame, schema: Schema, wide: WideOptions | None, seed: int
) -> None:
    """Warn of a fit that will take more than `MOST_SHARE` of the memory that is free; costs next to nothing if it does not.

    Parameters
    ----------
    model, table, schema, wide, seed
        As for `estimate_fit`.

    Notes
    -----
    The widest matrix that such columns can have is tried first. Only where that would be too much are some rows encoded, to
    see how wide it is.
    """
    free = free_memory()
    try:
        block = block_columns(schema, len(table), wide)
        is_reduced = _is_reduced(block, wide)
        shape = _widest(schema, len(table), [c.name for c in block] if is_reduced else [])
        if max(_bytes(model, table, schema, block, is_reduced, shape).values()) <= MOST_SHARE * free:
            return
        shape = _tried(model, table, schema, wide, seed, is_timed=False).rehearsal.shape
        added = max(_bytes(model, table, schema, block, is_reduced, shape).values())
    except (SynthgenError, ArithmeticError, ValueError):
        return  # the fit itself will say what is wrong, if anything is
    if added > MOST_SHARE * free:
        warnings.warn(_warning(added, free), MemoryWarning, stacklevel=5)


@dataclass(frozen=True)
class _Tried:
    """Some rows encoded, and the seconds that all would take."""

    rehearsal: Rehearsal
    seconds: float


def _tried(
    model: Estimated,
    table: pd.DataFrame,
    schema: Schema,
    wide: WideOptions | None,
    seed: int,
    *,
    is_timed: bool = True,
) -> _Tried:
    """Encode some rows, or of a wide table some columns."""
    block = [c.name for c in block_columns(schema, len(table), wide)]
    if len(block) > TRIED_COLUMNS and wide is not None:
        return _tried_columns(model, table, schema, wide, block, seed, is_timed)
    n = int(min(len(table), max(LEAST_TRIED, min(TRIED_ROWS, TRIED_CELLS // table.shape[1]))))
    found = _encoded(model, _rows(table, schema, n, seed), schema, wide, len(table), seed)
    if n == len(table) or not is_timed:
        return found
    return _Tried(found.rehearsal, _encoding_seconds(model, table, schema, wide, seed))


def _encoding_seconds(
    model: Estimated, table: pd.DataFrame, schema: Schema, wide: WideOptions | None, seed: int
) -> float:
    """Seconds of encoding all rows, from some rows of some columns."""
    by_kind = sorted(schema, key=lambda c: (c.kind, c.dtype))
    n = min(len(by_kind), TIMED_COLUMNS)
    chosen = {by_kind[i].name for i in np.arange(n) * len(by_kind) // n}
    names = [c.name for c in schema if c.name in chosen]
    own, columns = _part(schema, names), table[names]

    def encode(n_rows: int) -> None:
        _encoded(model, _rows(columns, own, n_rows, seed), own, wide, n_rows, seed)

    return seconds_of_all(encode, TIMED_ROWS, len(table)) * len(by_kind) / n


def _rows(table: pd.DataFrame, schema: Schema, n: int, seed: int) -> pd.DataFrame:
    """Some rows of a table, in their order, with as many rows a level as the table has.

    Whether a level stands alone, is pooled or left out depends on its rows: of a column with many levels, neighbours are
    made one until there are fewer levels in proportion.
    """
    if n >= len(table):
        return table
    some = table.iloc[np.sort(stream(seed, "estimate rows").permutation(len(table))[:n])]
    related = {name for r in schema.relations or () for name in r.rule.names}
    folded = {}
    for column in schema:
        n_levels = len(column.levels or ())
        fewer = max(n_levels * n // len(table), MANY_LEVELS)
        if fewer < n_levels and column.name not in related:
            plain = to_plain(some[column.name], column)
            codes = plain.values * fewer // n_levels * n_levels // fewer
            own = from_plain(Plain(np.where(plain.missing, 0, codes), plain.missing), column)
            folded[column.name] = own.set_axis(some.index)
    return some.assign(**folded)


def _tried_columns(
    model: Estimated,
    table: pd.DataFrame,
    schema: Schema,
    wide: WideOptions,
    block: list[str],
    seed: int,
    is_timed: bool,
) -> _Tried:
    """Encode all rows of some columns of a wide table, evenly spread, and all columns beside its block."""
    found = []
    inside = set(block)
    for n in (TRIED_COLUMNS // 2, TRIED_COLUMNS) if is_timed else (TRIED_COLUMNS,):
        chosen = {block[i] for i in np.arange(n) * len(block) // n}
        names = [c.name for c in schema if c.name not in inside or c.name in chosen]
        own = wide if wide.features is None else WideOptions(**{**vars(wide), "features": tuple(chosen)})
        found.append(_encoded(model, table[names], _part(schema, names), own, len(table), seed))
    slope = max(found[-1].seconds - found[0].seconds, 0.0) / (TRIED_COLUMNS - TRIED_COLUMNS // 2)
    return _Tried(found[-1].rehearsal, found[-1].seconds + slope * (len(block) - TRIED_COLUMNS))


def _encoded(
    model: Estimated, table: pd.DataFrame, schema: Schema, wide: WideOptions | None, n_rows: int, seed: int
) -> _Tried:
    encoder = model._encoder_class(
        schema,
        wide=wide,
        numbers=model._number_encoding(),
        min_category_count=model.min_category_count,
        random_state=derived_seed(seed, "encoder"),
    )
    held: list[np.ndarray] = []
    taken = seconds(lambda: held.append(encoder.fit_matrix(table)))
    return _Tried(Rehearsal(held[0], encoder, n_rows, seed), taken)


def _part(schema: Schema, names: list[str]) -> Schema:
    """Some columns, with the relations among them."""
    kept = set(names)
    relations = None
    if schema.relations is not None:
        relations = tuple(r for r in schema.relations if kept.issuperset(r.rule.names))
    return Schema(tuple(schema[n] for n in names), relations)


def _bytes(
    model: Estimated,
    table: pd.DataFrame,
    schema: Schema,
    block: list[Column],
    is_reduced: bool,
    shape: MatrixShape,
) -> dict[str, int]:
    """What the parts of a fit add to the memory that is held."""
    out = {"schema": schema_bytes(table), **model._table_bytes(table)}
    if not out.keys() - {"schema"}:
        out["encoding"] = encoding_bytes(table, schema, shape)
    if block:
        held = set(table.dtypes[[c.name for c in block]])
        is_small = all(d == np.float32 or getattr(d, "itemsize", 8) <= 2 for d in held)
        out["block"] = shape.matrix + block_bytes(
            len(table),
            len(block),
            FLOAT if is_small else DOUBLE,
            has_gaps=any(c.missing for c in block),
            has_levels=any(b.activation == "one-hot" for b in shape.layout.blocks),
        )
    return out | model._training_bytes(shape, is_reduced)


def _is_reduced(block: list[Column], wide: WideOptions | None) -> bool:
    """Whether common factors stand for a block."""
    return bool(block) and wide is not None and wide.reduce is not None


def _widest(schema: Schema, n_rows: int, block: Collection[str]) -> MatrixShape:
    """A layout that no encoding of such columns is wider than, apart from calendars; of a block, no columns."""
    blocks: list[Block] = []
    end, inside = 0, set(block)
    for column in schema:
        if column.name in inside or column.kind in ("constant", "identifier"):
            continue
        n_choices = MOST_WIDTH if column.levels is None else min(len(column.levels) + 2, MOST_WIDTH)
        blocks.append(Block(column.name, "one-hot", end, end + n_choices, _LABELS[:n_choices]))
        end += n_choices + 1
        blocks.append(Block(column.name, "numeric", end - 1, end, ("score",)))
    return MatrixShape(n_rows, MatrixLayout(tuple(blocks)), len(blocks) // 2)


def _warning(added: int, free: int) -> str:
    return (
        f"This fit will take about {_size(added)} more memory, and {_size(free)} are free. Fit on fewer rows "
        "(`table.sample(...)`) or columns, close other programs, or use a larger machine; docs/how-to/large-tables.md says "
        "what takes how much."
    )


def _descending(parts: dict[str, Any]) -> dict[str, Any]:
    return dict(sorted(parts.items(), key=lambda item: -item[1]))


def _listed(parts: dict[str, Any], words: Any) -> str:
    return ", ".join(f"{name} {words(value)}" for name, value in list(parts.items())[:4])


def _size(n_bytes: float) -> str:
    """Bytes in words: 3.2 GiB."""
    for unit, size in (("GiB", 2**30), ("MiB", 2**20)):
        if n_bytes >= size:
            return f"{n_bytes / size:.1f} {unit}"
    return f"{n_bytes / 2**10:.0f} KiB"


def _span(n_seconds: float) -> str:
    """Seconds in words: 12 s, 5 min, 2.5 h."""
    if n_seconds < 90:
        return f"{n_seconds:.1f} s" if n_seconds < 10 else f"{n_seconds:.0f} s"
    return f"{n_seconds / 60:.0f} min" if n_seconds < 5400 else f"{n_seconds / 3600:.1f} h"
