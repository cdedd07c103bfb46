"""Rules of two columns, of which one determines the other: value by value, or as a curve."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from synthgen.metrics.rules import (
    MAX_PAIRED,
    MAX_RELATIONS,
    MIN_ROWS,
    QUANTILE,
    Relation,
    least_unlike_mode,
    robust_spread,
    tolerance,
)
from synthgen.metrics.tables import CodedColumn, CodedTable

_MIN_XI = 0.7
_MAX_VALUES = 1_000
_MAX_LEVELS = 50


@dataclass(frozen=True, eq=False)
class _Lookup:
    """Each value of the input comes with one value of the target."""

    keys: np.ndarray
    values: np.ndarray

    def _place(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        place = np.minimum(np.searchsorted(self.keys, x), len(self.keys) - 1)
        return place, self.keys[place] == x

    def judged(self, columns: Sequence[np.ndarray]) -> np.ndarray:
        # an unknown level says nothing; an unknown number, where there are few, is one that no real row has
        x = columns[0]
        return np.ones(len(x), dtype=bool) if x.dtype.kind == "f" else self._place(x)[1]

    def obeyed(self, columns: Sequence[np.ndarray]) -> np.ndarray:
        place, known = self._place(columns[0])
        expected, y = self.values[place], columns[1]
        return known & (np.abs(y - expected) <= 1e-9 * np.abs(expected))


@dataclass(frozen=True, eq=False)
class _Curve:
    """The target lies between those of the neighbours in x, or is one of the two levels there."""

    x: np.ndarray
    y: np.ndarray
    tolerance: float

    def judged(self, columns: Sequence[np.ndarray]) -> np.ndarray:
        return np.ones(len(columns[0]), dtype=bool)

    def obeyed(self, columns: Sequence[np.ndarray]) -> np.ndarray:
        x, y = columns
        last = len(self.x) - 1
        before = self.y[np.clip(np.searchsorted(self.x, x, "right") - 1, 0, last)]
        after = self.y[np.clip(np.searchsorted(self.x, x, "left"), 0, last)]
        if self.y.dtype.kind == "i":
            return (y == before) | (y == after)
        low, high = np.minimum(before, after), np.maximum(before, after)
        return (y >= low - self.tolerance) & (y <= high + self.tolerance)


@dataclass(frozen=True, eq=False)
class _Values:
    """A column's distinct values by number, -1 for missing."""

    column: CodedColumn
    codes: np.ndarray
    distinct: np.ndarray
    repeated: float

    @staticmethod
    def of(column: CodedColumn) -> _Values:
        codes = np.full(len(column.values), -1, dtype=np.int64)
        present = ~column.missing
        distinct, codes[present], counts = np.unique(
            column.values[present], return_inverse=True, return_counts=True
        )
        repeated = counts[counts > 1].sum() / max(counts.sum(), 1)
        return _Values(column, codes, distinct, float(repeated))


def dependencies_and_functions(table: CodedTable, known: Sequence[Relation]) -> list[Relation]:
    """Columns that one other column determines.

    Parameters
    ----------
    table : CodedTable
        Real rows.
    known : sequence of Relation
        Found before: their columns are not paired again.

    Returns
    -------
    list of Relation
        None that follows from two others.
    """
    twins = {r.target for r in known if len(r.inputs) == 1}
    columns = [_Values.of(c) for c in table.columns if c.name not in twins]
    columns = [v for v in columns if len(v.distinct) > 1]
    edges: dict[tuple[int, int], Relation] = {}
    few = [v.repeated >= 0.95 and len(v.distinct) <= _MAX_VALUES for v in columns]
    numbers = [i for i, v in enumerate(columns) if v.column.is_numeric and not few[i]][:MAX_PAIRED]
    for i, j in itertools.permutations(range(len(columns)), 2):
        if few[i] and (relation := _dependency(columns[i], columns[j])):
            edges[i, j] = relation
    for i in numbers:
        for j, relation in _functions(columns, i):
            edges[i, j] = relation
    derived = {frozenset((name, r.target)) for r in known for name in r.inputs}
    names = [v.column.name for v in columns]
    edges = {(i, j): r for (i, j), r in edges.items() if {names[i], names[j]} not in derived}
    return _reduced(edges, [v.column.is_numeric for v in columns])


def _reduced(edges: dict[tuple[int, int], Relation], is_numeric: Sequence[bool]) -> list[Relation]:
    """Without the way back of a one-to-one relation, columns that double another, and chains of two."""
    twin: dict[int, int] = {}
    for i, j in sorted(edges, key=lambda e: (is_numeric[e[0]], e)):
        if (j, i) in edges and i not in twin and j not in twin:
            twin[j] = i
    kept = {
        (i, j): relation
        for (i, j), relation in edges.items()
        if twin.get(j) == i or (i not in twin and j not in twin)
    }
    direct = [
        relation
        for (i, j), relation in kept.items()
        if twin.get(j) == i or not any((i, k) in kept and (k, j) in kept for k in range(len(is_numeric)))
    ]
    counts = {"dependency": 0, "function": 0}
    out = []
    for relation in sorted(direct, key=lambda r: r.kind):
        counts[relation.kind] += 1
        if counts[relation.kind] <= MAX_RELATIONS:
            out.append(relation)
    return out


def _dependency(a: _Values, b: _Values) -> Relation | None:
    if len(b.distinct) > len(a.distinct):
        return None
    both = (a.codes >= 0) & (b.codes >= 0)
    x, y, n_y = a.codes[both], b.codes[both], len(b.distinct)
    if len(x) < MIN_ROWS:
        return None
    n_rare = len(y) - int(np.bincount(y).max())
    if n_rare < least_unlike_mode(len(y)):
        return None
    joint, counts = np.unique(x * n_y + y, return_counts=True)
    most = np.zeros(len(a.distinct), dtype=np.int64)
    np.maximum.at(most, joint // n_y, counts)
    if len(y) - most.sum() > 0.005 * n_rare:
        return None
    by_count = np.argsort(counts, kind="stable")
    values = np.zeros(len(a.distinct), dtype=np.int64)
    values[joint[by_count] // n_y] = joint[by_count] % n_y  # the most frequent one is written last
    seen = most > 0
    rule = _Lookup(a.distinct[seen], b.distinct[values[seen]])
    name, target = a.column.name, b.column.name
    return Relation("dependency", (name,), target, f"{name} determines {target}", rule)


def _functions(columns: Sequence[_Values], i: int) -> Iterator[tuple[int, Relation]]:
    x = columns[i]
    order = np.argsort(x.column.values, kind="stable")[: int((x.codes >= 0).sum())]
    for j, y in enumerate(columns):
        if j == i or (not y.column.is_numeric and len(y.distinct) > _MAX_LEVELS):
            continue
        rows = order[y.codes[order] >= 0]
        if len(rows) < MIN_ROWS or np.bincount(y.codes[rows]).max() > len(rows) - least_unlike_mode(
            len(rows)
        ):
            continue
        if _xi(y.codes[rows]) < _MIN_XI:
            continue
        allowed = _curve_tolerance(y.column.values[rows])
        if allowed is not None:
            name, target = x.column.name, y.column.name
            rule = _Curve(x.column.values[rows], y.column.values[rows], allowed)
            yield j, Relation("function", (name,), target, f"{target} is a function of {name}", rule)


def _xi(codes: np.ndarray) -> float:
    """Chatterjee's coefficient with what it is sorted by; 1 if that determines it, 0 if independent."""
    n, counts = len(codes), np.bincount(codes)
    ranks = np.cumsum(counts)[codes]  # how many are at most as large
    above = n - ranks + counts[codes]  # how many are at least as large
    spread = 2 * (above * (n - above)).sum()
    return float(1 - n * np.abs(np.diff(ranks)).sum() / spread) if spread else 0.0


def _curve_tolerance(y: np.ndarray) -> float | None:
    """How far y strays from its neighbours; None if that is more than a function should."""
    before, here, after = y[:-2], y[1:-1], y[2:]
    if y.dtype.kind == "i":
        stray = (here != before) & (here != after)
        return 0.0 if stray.mean() <= 1 - QUANTILE else None
    low, high = np.minimum(before, after), np.maximum(before, after)
    excess = np.maximum(np.maximum(low - here, here - high), 0)
    spread = robust_spread(y)
    within = tolerance(excess, spread)
    # of noise, however small, two in three values stray
    return within if (excess > 0).mean() <= 0.1 and within <= (0.02 + 8 / len(y)) * spread else None
