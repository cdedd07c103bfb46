"""Columns that are the product or the ratio of two others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

import numpy as np

from synthgen.constraints.expression import MAX_LENGTH, quoted
from synthgen.constraints.relation import Relation
from synthgen.constraints.rules import Formula
from synthgen.relations.arithmetic import held
from synthgen.relations.detect_sums import confirm
from synthgen.relations.looked_at import LookedAt
from synthgen.relations.quantities import decimals_of, measure

MAX_COLUMNS = 60
"""Columns of numbers that are looked at, at most."""
_ROWS = 200
_MAX_CANDIDATES = 500


def products(looked: LookedAt, free: Set[str]) -> Iterator[Relation]:
    """Find them.

    Parameters
    ----------
    looked : LookedAt
        The table.
    free : set of str
        Columns that may be computed; any may be computed with.

    Yields
    ------
    Relation
        That holds in every row, to the rounding of the column's own decimals.
    """
    used = [n for n in looked.measured if measure(looked.schema[n]) == "numbers"][:MAX_COLUMNS]
    done: set[str] = set()
    for target, text in _candidates(looked, used):
        formula = Formula(target, text)
        if target in done or target not in free or not _holds_first(looked, formula):
            continue
        relation = confirm(looked, formula, "a ratio" if "/" in text else "a product")
        if relation is not None:
            done.add(target)
            yield relation


def _candidates(looked: LookedAt, names: Sequence[str]) -> list[tuple[str, str]]:
    """Products and ratios that some rows agree with."""
    matrix = looked.first_numbers(names)
    matrix = matrix[:: max(1, len(matrix) // _ROWS)]
    grids = [decimals_of(looked.first(n), looked.schema[n]) for n in names]
    allowed = np.array([1e-9 if d is None else 0.5001 * 10.0**-d for d in grids])
    out = []
    for i in range(len(names)):
        for j in range(len(names)):
            if i == j:
                continue
            pairs = [("/", i, j)] if j < i else [("/", i, j), ("*", i, j)]
            for sign, a, b in pairs:
                for k in _agreeing(matrix, sign, a, b, allowed):
                    text = f"{quoted(names[a])} {sign} {quoted(names[b])}"
                    out += [(names[k], text)] if len(text) <= MAX_LENGTH else []
        if len(out) > _MAX_CANDIDATES:
            break
    return sorted(
        out, key=lambda c: "/" in c[1]
    )  # of amount = price * number and its two ratios, the product


def _agreeing(matrix: np.ndarray, sign: str, a: int, b: int, allowed: np.ndarray) -> Iterator[int]:
    with np.errstate(all="ignore"):
        value = matrix[:, a] * matrix[:, b] if sign == "*" else matrix[:, a] / matrix[:, b]
    rows = np.isfinite(value)
    if rows.sum() < len(value) // 4 or not rows.any():
        return
    part, value = matrix[rows], value[rows, None]
    off = np.abs(part - value) <= allowed + 1e-7 * np.abs(value)
    agrees = (off | np.isnan(part)).all(axis=0)
    agrees[[a, b]] = False
    yield from map(int, np.flatnonzero(agrees))


def _holds_first(looked: LookedAt, formula: Formula) -> bool:
    columns = {n: looked.first(n) for n in formula.names}
    grid = decimals_of(columns[formula.column], looked.schema[formula.column])
    return bool(held(formula, columns, looked.schema, grid).all())
