"""Relations between columns, held against every row of a table that memory does not hold.

A relation that is detected in a sample of R rows and that a share p of all rows breaks is not seen there with a chance of
(1 - p)**R: with 95% certainty no more than 3/R of the rows break it, the rule of three [1]_. So that a streamed fit keeps
the relations that a fit in memory would, every row is looked at: declared rules that rows break are an error as in
memory, detected ones are dropped.

References
----------
.. [1] J. A. Hanley, A. Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA 249(13), 1983.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pandas as pd

from synthgen.constraints.relation import Relation
from synthgen.constraints.rules import Dependency, FixedCombinations, Formula, Repeats, Unique
from synthgen.exceptions import DataError, ParameterError
from synthgen.relations.checks import obeyed
from synthgen.relations.quantities import decimals_of, plains
from synthgen.schema import Schema
from synthgen.table.sources import TableSource

MOST_UNIQUE = 2**28
"""Rows whose values can be held against each other, for 8 bytes each."""
_MISSING = np.uint64(0x9E3779B97F4A7C15)
MOST_KEYS = 2**22
"""Values that one column of a dependency may have so that it can be held against all rows, for 16 bytes each."""


def checked_relations(
    source: TableSource,
    sample: pd.DataFrame,
    schema: Schema,
    rows_together: int,
    progress: Callable[[int], object],
) -> Schema:
    """A schema whose relations in force hold in every row.

    Parameters
    ----------
    source : TableSource
        The whole table.
    sample : pandas.DataFrame
        The rows in which the relations were found.
    schema : Schema
        With them; of the whole table but for that.
    rows_together : int
        Of a block.
    progress : callable
        Called with the number of rows of each block.

    Returns
    -------
    Schema
        Without the detected relations that any row breaks; each with the rows that it was seen to hold in.

    Raises
    ------
    DataError
        If rows break a declared rule.
    ParameterError
        If a declared `Unique` is of more rows than can be held against each other, or a declared `Dependency` of more values.

    Notes
    -----
    Values of `Unique` and `Dependency` are compared by 64-bit hashes: that two of n differ and have one hash has a chance of
    n**2 / 2**65, 5e-7 for `MOST_KEYS`. Detected dependencies of more values than `MOST_KEYS` are dropped: what so many rows
    differ in tells rows apart, and is no rule that new rows can follow.
    """
    held = [_Held.of(r, sample, schema, source.n_rows) for r in to_check(schema)]
    names = [n for n in schema.names if any(n in h.relation.rule.names for h in held)]
    if not names:
        return schema
    for first, block in source.blocks(names, rows_together=rows_together):
        for own in held:
            if own.is_whole or own.relation.source == "declared":
                own.look(block, first, schema)
        progress(len(block))
    found = {h.relation: h.ended() for h in held}
    relations = (found.get(r, r) for r in schema.relations or ())
    return schema.relate([r for r in relations if r is not None])


def _hashes(values: pd.Series) -> np.ndarray:
    """64 bits for each value, the same in every block; missing ones are one value."""
    if pd.api.types.is_float_dtype(values.dtype):
        values = values + 0.0  # two zeros are one value
    found = pd.util.hash_pandas_object(values, index=False).to_numpy(copy=True)
    found[values.isna().to_numpy(dtype=bool)] = _MISSING
    return found


def to_check(schema: Schema) -> list[Relation]:
    """The relations in force that rows can break."""
    free = (FixedCombinations, Repeats)
    return [r for r in schema.relations or () if r.enabled and not isinstance(r.rule, free)]


class _Held:
    """What is known so far of one relation."""

    def __init__(self, relation: Relation, decimals: int | None) -> None:
        self.relation, self.decimals = relation, decimals
        self.known = np.empty((2, 0), dtype=np.uint64)
        """Of a dependency, the hashes of values, ascending, and of what comes with each."""
        self.is_whole = True
        self.support = self.n_broken = self.n_rows = 0
        self.first_broken = -1
        self.hashes: list[np.ndarray] = []

    @classmethod
    def of(cls, relation: Relation, sample: pd.DataFrame, schema: Schema, n_rows: int) -> _Held:
        rule, decimals = relation.rule, None
        if isinstance(rule, Formula):
            decimals = decimals_of(plains(sample, schema, (rule.column,))[rule.column], schema[rule.column])
        if isinstance(rule, Unique) and n_rows > MOST_UNIQUE:
            raise ParameterError(
                f"The constraint {rule.words()!r} cannot be held against {n_rows:,} rows; at most {MOST_UNIQUE:,} can be "
                "compared with each other. Take it out, or declare the column an identifier, which is made anew without repeats."
            )
        return cls(relation, decimals)

    def look(self, block: pd.DataFrame, first: int, schema: Schema) -> None:
        """Hold the rule against a block of rows, the first of which is number `first` of the table."""
        rule = self.relation.rule
        own = block[list(rule.names)]
        if isinstance(rule, Unique):
            complete = own.notna().all(axis=1).to_numpy()
            self.hashes.append(pd.util.hash_pandas_object(own[complete], index=False).to_numpy())
            self.support += int(complete.sum())
            self.n_rows += len(own)
            return
        if isinstance(rule, Dependency):
            complete = own.notna().all(axis=1).to_numpy()
            good = self._determined(own, rule)
        else:
            columns = plains(own, schema, rule.names)
            good = obeyed(rule, columns, schema, self.decimals)
            complete = ~np.logical_or.reduce([p.missing for p in columns.values()])
        self.support += int(complete.sum())
        self.n_rows += len(own)
        if not good.all():
            if self.is_whole:
                self.first_broken = first + int(np.flatnonzero(~good)[0])
            self.n_broken += int((~good).sum())
            self.is_whole = False

    def _determined(self, own: pd.DataFrame, rule: Dependency) -> np.ndarray:
        """Which rows hold what the first row of the table with the same value of `by` holds."""
        by, column = (_hashes(own[name]) for name in rule.names)
        values, first, inverse = np.unique(by, return_index=True, return_inverse=True)
        keys, told = self.known
        place = np.minimum(np.searchsorted(keys, values), max(len(keys) - 1, 0))
        is_new = keys[place] != values if len(keys) else np.ones(len(values), dtype=bool)
        expected = column[first] if is_new.all() else np.where(is_new, column[first], told[place])
        if is_new.any():
            at = np.searchsorted(keys, values[is_new])
            self.known = np.stack(
                [np.insert(keys, at, values[is_new]), np.insert(told, at, expected[is_new])]
            )
        if self.known.shape[1] > MOST_KEYS:
            self._give_up()
        return np.asarray(column == expected[inverse.reshape(-1)])

    def _give_up(self) -> None:
        """Of a dependency of more values than are held: it is not known whether it holds."""
        if self.relation.source == "declared":
            raise ParameterError(
                f"The constraint {self.relation.rule.words()!r} cannot be held against all rows: {self.relation.rule.names[0]!r} has "
                f"more than {MOST_KEYS:,} values. Take it out, or declare the column an identifier, which is made anew."
            )
        self.is_whole, self.known = False, np.empty((2, 0), dtype=np.uint64)

    def ended(self) -> Relation | None:
        """The relation as it is kept; None if rows break one that was detected."""
        if self.hashes:
            every = np.concatenate(self.hashes)
            self.hashes = []
            every.sort()
            self.n_broken = int((every[1:] == every[:-1]).sum())
            self.is_whole = not self.n_broken
        if self.is_whole:
            return dataclasses.replace(self.relation, support=self.support)
        if self.relation.source != "declared":
            return None
        is_unique = isinstance(self.relation.rule, Unique)
        what = "rows repeat an earlier one" if is_unique else f"rows break it, first row {self.first_broken}"
        raise DataError(
            f"The constraint {self.relation.rule.words()!r} does not hold in the table: {self.n_broken:,} of "
            f"{self.n_rows:,} {what}. A model learns what the rows show: mend or drop these rows, or take it out of the schema, or set "
            "its `enabled` to false. For a sample of certain values only, use `conditions`."
        )
