"""Rules of two numbers, of which one is never larger than the other."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from synthgen.metrics.rules import MAX_PAIRED, MAX_RELATIONS, MIN_ROWS, Relation
from synthgen.metrics.tables import CodedColumn, CodedTable

_COARSE, _MIN_ROWS_COARSE = 10, 500
_MIN_EXCEPTIONS = 10


@dataclass(frozen=True, eq=False)
class _NotAbove:
    """The input is at most the target."""

    def judged(self, columns: Sequence[np.ndarray]) -> np.ndarray:
        return np.ones(len(columns[0]), dtype=bool)

    def obeyed(self, columns: Sequence[np.ndarray]) -> np.ndarray:
        return columns[0] <= columns[1]


def orders(table: CodedTable, known: Sequence[Relation]) -> list[Relation]:
    """Numbers that never exceed another, though they might.

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
    related = {frozenset(p) for r in known for p in itertools.combinations((*r.inputs, r.target), 2)}
    columns = [c for c in table.columns if c.is_numeric and not c.missing.all()][:MAX_PAIRED]
    if len(columns) < 2:
        return []
    matrix = np.stack([c.values for c in columns])
    edges = set()
    for i, low in enumerate(columns):
        never_above = ~(matrix < low.values).any(axis=1)
        for j in np.flatnonzero(never_above).tolist():
            if j != i and _is_order(low, columns[j]) and {low.name, columns[j].name} not in related:
                edges.add((i, j))
    n = range(len(columns))
    direct = [(i, j) for i, j in sorted(edges) if not any((i, k) in edges and (k, j) in edges for k in n)]
    names = [(columns[i].name, columns[j].name) for i, j in direct[:MAX_RELATIONS]]
    return [Relation("order", (a,), b, f"{a} <= {b}", _NotAbove()) for a, b in names]


def _is_order(low: CodedColumn, high: CodedColumn) -> bool:
    """Whether it is remarkable that one never exceeds the other."""
    if (low.kind == "datetime") != (high.kind == "datetime"):
        return False
    both = ~(low.missing | high.missing)
    a, b = low.values[both], high.values[both]
    # that few rows of few values know no exception is little evidence
    least = _MIN_ROWS_COARSE if min(len(np.unique(a)), len(np.unique(b))) <= _COARSE else MIN_ROWS
    if len(a) < least or _n_exceptions(a / 2, b / 2) < _MIN_EXCEPTIONS:
        return False
    if a.min() > 0 and _n_exceptions(np.log(a), np.log(b)) < _MIN_EXCEPTIONS:
        return False
    crossed = np.searchsorted(np.sort(b), a, "left").mean() / len(a)  # if the rows were shuffled
    return bool(crossed >= 0.01 and crossed * len(a) >= 20)


def _n_exceptions(a: np.ndarray, b: np.ndarray) -> float:
    """How many a normal distribution of the differences would have."""
    low, middle = np.quantile(b - a, [0.16, 0.5])
    # the lower half alone: a long tail of large differences says nothing of small ones
    return float(len(a) * ndtr(-middle / (middle - low))) if middle > low else 0.0
