"""Pairs of columns of which one often repeats the other's very value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Set
from itertools import combinations

import numpy as np

from synthgen.constraints.relation import Relation
from synthgen.constraints.rules import Repeats
from synthgen.dtypes import family
from synthgen.relations.looked_at import LookedAt
from synthgen.relations.quantities import measure
from synthgen.relations.repeats import common_values, repeated

MIN_SHARE = 0.02
"""Of the rows, that repeat a value which is not common."""
MIN_REPEATS = 50
"""Such rows, at least."""
MIN_TIMES = 5.0
"""As many times more of them as two independent columns would have."""


def repeats(looked: LookedAt, free: Set[str]) -> Iterator[Relation]:
    """Find them, those with the most repetitions first.

    Of a pair, the column that repeats is the one with fewer such partners, or the later one.

    Parameters
    ----------
    looked : LookedAt
        The table.
    free : set of str
        Columns that may be the one that repeats.

    Yields
    ------
    Relation
        Between columns of numbers of one dtype and without missing values.
    """
    names = [n for n in looked.measured if _is_plain(looked, n)]
    common = {n: common_values(looked.whole(n).values) for n in names}
    pairs = [
        p for p in combinations(names, 2) if _same(looked, *p) and _share(looked, *p, common, whole=False) > 0
    ]
    shares = {p: share for p in pairs if (share := _share(looked, *p, common, whole=True)) > 0}
    partners = Counter(n for p in shares for n in p)
    for pair, share in sorted(shares.items(), key=lambda item: -item[1]):
        of, column = sorted(pair, key=lambda n: (-partners[n], names.index(n)))
        if column in free:
            rows = round(share * looked.n_rows)
            reason = f"the same value, and no common one, in {rows:,} of {looked.n_rows:,} rows"
            yield Relation(Repeats(column, of), "detected", True, rows, reason)


def _is_plain(looked: LookedAt, name: str) -> bool:
    column = looked.schema[name]
    return (
        measure(column) == "numbers"
        and family(column.dtype) in ("int", "float")
        and not looked.whole(name).missing.any()
    )


def _same(looked: LookedAt, a: str, b: str) -> bool:
    return looked.schema[a].dtype == looked.schema[b].dtype


def _share(looked: LookedAt, a: str, b: str, common: dict[str, np.ndarray], *, whole: bool) -> float:
    """The share of rows that repeat, both ways round; 0 if it is too small to be no accident."""
    read = looked.whole if whole else looked.first
    x, y = read(a).values, read(b).values
    either = np.union1d(common[a], common[b])
    rows = int(repeated(x, y, either).sum())
    fewest = MIN_REPEATS if whole else 1
    if rows < fewest:
        return 0.0
    expected = max(float(repeated(x, np.roll(y, len(y) // s), either).mean()) for s in (2, 3, 5))
    share = rows / len(x)
    is_much = share >= (MIN_SHARE if whole else MIN_SHARE / 2) and share >= MIN_TIMES * expected
    return share if is_much else 0.0
