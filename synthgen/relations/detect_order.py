"""Pairs of columns of which one is never larger than the other."""

from __future__ import annotations

from collections.abc import Iterator, Set

import numpy as np
import pandas as pd

from synthgen.constraints.relation import Relation
from synthgen.constraints.rules import Inequality
from synthgen.relations.checks import obeyed
from synthgen.relations.looked_at import LookedAt
from synthgen.relations.quantities import is_whole, measure

MIN_EXPECTED = 50.0
"""Rows that independent columns would have in the wrong order, at least: none is then no accident."""
MIN_CORRELATION = 0.5
"""Rank correlation of two columns of numbers, at least."""
MIN_VALUES = 10
"""Distinct values of either column, at least."""
_LARGEST = 2.0**61
_SHIFTS = (2, 3, 5)


def ordered_pairs(looked: LookedAt, free: Set[str]) -> Iterator[Relation]:
    """Find them; of several smaller columns the one most correlated comes first.

    Numbers are only compared with numbers of the same grid (whole ones with whole ones, cents with cents), which months
    and prices are not.

    Parameters
    ----------
    looked : LookedAt
        The table.
    free : set of str
        Columns that may be the larger one.

    Yields
    ------
    Relation
        That holds in every row, and whose smaller column is missing only where the larger one is.
    """
    for what in ("instants", "instants with a time zone", "durations", "numbers"):
        columns = [n for n in looked.measured if measure(looked.schema[n]) == what]
        matrix = looked.first_numbers(columns)
        columns = [n for n, x in zip(columns, matrix.T, strict=True) if _n_values(x) >= MIN_VALUES]
        if len(columns) < 2:
            continue
        ranks = pd.DataFrame(looked.first_numbers(columns), columns=columns)
        correlation = ranks.corr(method="spearman").to_numpy()
        pairs = _maybe(ranks.to_numpy(), looked.n_rows)
        for i, j in sorted(pairs, key=lambda p: -correlation[p]):
            if columns[j] not in free or (what == "numbers" and not correlation[i, j] >= MIN_CORRELATION):
                continue
            if what == "numbers" and looked.decimals(columns[i]) != looked.decimals(columns[j]):
                continue
            if (relation := _confirmed(looked, columns[i], columns[j])) is not None:
                yield relation


def _n_values(column: np.ndarray) -> int:
    return len(np.unique(column[~np.isnan(column)]))


def _maybe(matrix: np.ndarray, n_rows: int) -> list[tuple[int, int]]:
    """Pairs in order in the rows looked at first, of which independent ones would not be, shape (n_first, n_columns)."""
    out = []
    for i in range(matrix.shape[1]):
        low = matrix[:, [i]]
        broken: np.ndarray = np.any(low > matrix, axis=0)
        broken[i] = True
        for j in np.flatnonzero(~broken):
            shifted = [np.roll(matrix[:, j], len(matrix) // s) for s in _SHIFTS]
            wrong = float(np.mean([(low[:, 0] > x).mean() for x in shifted]))
            if wrong * n_rows >= MIN_EXPECTED and (low[:, 0] < matrix[:, j]).any():
                out.append((i, int(j)))
    return out


def _confirmed(looked: LookedAt, low: str, high: str) -> Relation | None:
    columns = {n: looked.whole(n) for n in (low, high)}
    if (columns[low].missing & ~columns[high].missing).any():
        return None
    largest = max(
        float(np.abs(p.values[~p.missing].astype(float)).max(initial=0.0)) for p in columns.values()
    )
    schema = looked.schema
    if largest >= _LARGEST and all(is_whole(schema[n]) for n in columns):
        return None
    rule = Inequality(low, high)
    if not obeyed(rule, columns, schema).all():
        return None
    both = ~columns[low].missing & ~columns[high].missing
    reason = f"never the other way round in {int(both.sum()):,} rows that have both"
    return Relation(rule, "detected", True, int(both.sum()), reason)
