"""Columns that are sums and differences of others, and of a constant."""

from __future__ import annotations

from collections.abc import Iterator, Set

import numpy as np

from synthgen.constraints.expression import MAX_LENGTH, quoted
from synthgen.constraints.relation import Relation
from synthgen.constraints.rules import Formula
from synthgen.relations.arithmetic import compute, held
from synthgen.relations.looked_at import MIN_OFF_MODE, LookedAt, n_off_mode
from synthgen.relations.quantities import is_temporal, measure

MAX_TERMS = 8
"""Columns of a sum, at most."""
MIN_VALUES = 10
"""Distinct values of the column that is computed, at least: of fewer, sums are an accident or a matter of levels."""
_SMALL = (1e-12, 1e-9, 1e-5)
_ZERO, _ONE = 0.02, 0.05


def sums(looked: LookedAt, free: Set[str]) -> Iterator[Relation]:
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

    Notes
    -----
    Standardised columns whose covariance matrix has an eigenvalue of (nearly) 0 are linearly dependent. The null space
    in reduced row echelon form gives one sum for each of its dimensions; those with weights of 1 and -1 are tried.
    """
    used = looked.measured
    matrix = looked.first_numbers(used)
    kept = _complete(matrix)
    used, matrix = [used[j] for j in kept], matrix[:, kept]
    matrix = matrix[~np.isnan(matrix).any(axis=1)]
    tried: set[frozenset[tuple[str, int]]] = set()
    done: set[str] = set()
    for signs in _signs(matrix):
        weights = {used[j]: s for j, s in signs.items()}
        key = frozenset(weights.items())
        if key in tried or len(weights) > MAX_TERMS or len(weights) < 2:
            continue
        tried.add(key)
        relation = _confirmed(looked, weights, matrix[:, [used.index(n) for n in weights]], free)
        if relation is not None and isinstance(relation.rule, Formula) and relation.rule.column not in done:
            done.add(relation.rule.column)
            yield relation


def confirm(looked: LookedAt, formula: Formula, what: str) -> Relation | None:
    """A formula that holds in all rows, as a relation.

    Parameters
    ----------
    looked : LookedAt
        The table.
    formula : Formula
        A candidate.
    what : str
        What kind of relation it is, for the reason.

    Returns
    -------
    Relation or None
        None if a row breaks it, the column is missing where it could be computed or the other way round, or it
        hardly varies.
    """
    columns = {n: looked.whole(n) for n in formula.names}
    target = columns[formula.column]
    if not np.array_equal(target.missing, ~compute(formula, columns, looked.schema).known):
        return None
    present = target.values[~target.missing]
    if n_off_mode(target) < MIN_OFF_MODE or len(np.unique(present)) < MIN_VALUES:
        return None
    if not held(formula, columns, looked.schema, looked.decimals(formula.column)).all():
        return None
    return Relation(
        formula, "detected", True, len(present), f"{what} in all {len(present):,} rows that have a value"
    )


def _complete(matrix: np.ndarray) -> list[int]:
    """Columns that vary and together leave half of the rows complete, those with most values first to stay."""
    complete = np.ones(len(matrix), dtype=bool)
    kept = []
    missing = np.isnan(matrix)
    for j in sorted(range(matrix.shape[1]), key=lambda j: int(missing[:, j].sum())):
        left = complete & ~missing[:, j]
        if left.sum() * 2 >= len(matrix) and np.ptp(matrix[left, j]) > 0:
            complete = left
            kept.append(j)
    return sorted(kept)


def _signs(matrix: np.ndarray) -> Iterator[dict[int, int]]:
    """Candidates: columns and their weights, of which the sum is constant."""
    spread = matrix.std(axis=0) if len(matrix) else np.zeros(matrix.shape[1])
    varies = np.flatnonzero(spread > 0)
    if len(varies) < 2 or len(matrix) <= len(varies):
        return
    scaled = (matrix[:, varies] - matrix[:, varies].mean(axis=0)) / spread[varies]
    values, vectors = np.linalg.eigh(scaled.T @ scaled / len(scaled))
    before = 0
    for small in _SMALL:
        n_null = int((values < small).sum())
        if n_null == before or n_null > len(varies) // 2 + 1:
            continue
        before = n_null
        for row in _echelon(vectors[:, :n_null].T, np.argsort(-spread[varies], kind="stable")):
            raw = row / spread[varies]
            raw = raw / raw[np.abs(row).argmax()]
            near = np.rint(raw)
            off = np.abs(raw - near)
            if (np.abs(near) <= 1).all() and (off <= np.where(near == 0, _ZERO, _ONE)).all():
                yield {int(varies[j]): int(near[j]) for j in np.flatnonzero(near)}


def _echelon(rows: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Reduced row echelon form, with the columns in some order preferred as pivots."""
    rows = rows.copy()
    free = list(order)
    for i in range(len(rows)):
        size = np.abs(rows[i:][:, free]).max(axis=0)
        best = next(k for k, s in enumerate(size) if s >= 0.1 * size.max())
        j = free.pop(best)
        swap = i + int(np.abs(rows[i:, j]).argmax())
        rows[[i, swap]] = rows[[swap, i]]
        rows[i] = rows[i] / rows[i, j]
        others = np.arange(len(rows)) != i
        rows[others] -= np.outer(rows[others, j], rows[i])
    return rows


def _confirmed(
    looked: LookedAt, weights: dict[str, int], matrix: np.ndarray, free: Set[str]
) -> Relation | None:
    """The sum solved for one of its columns, if it holds in all rows."""
    constant = float(np.median(matrix @ np.array(list(weights.values()), dtype=float)))
    for target in _targets(looked, weights):
        if target not in free:
            continue
        offset = constant * weights[target]
        formula = _formula(looked, target, weights, offset)
        if formula is not None and (relation := confirm(looked, formula, "a sum")) is not None:
            return relation
    return None


def _targets(looked: LookedAt, weights: dict[str, int]) -> list[str]:
    """What a sum may be solved for: the column that stands alone on its side, the later of two instants; then others."""
    names = list(weights)
    alone = [n for n in names if list(weights.values()).count(weights[n]) == 1]
    instants = [n for n in names if measure(looked.schema[n]) in ("instants", "instants with a time zone")]
    if instants:  # an instant is one instant and durations, never a sum of two
        return [n for n in reversed(instants) if n in alone] + list(reversed(instants))
    return [*reversed(alone), *(n for n in reversed(names) if n not in alone)][:2]


def _formula(looked: LookedAt, target: str, weights: dict[str, int], offset: float) -> Formula | None:
    inputs = {n: -w * weights[target] for n, w in weights.items() if n != target}
    ordered = sorted(inputs, key=lambda n: -inputs[n])  # what is added first
    text = (
        "".join(f" {'+' if inputs[n] > 0 else '-'} {quoted(n)}" for n in ordered).removeprefix(" + ").strip()
    )
    places = 0 if is_temporal(looked.schema[target]) else looked.decimals(target)
    constant = round(offset, 9 if places is None else places)
    if constant and abs(constant) > 1e-9:
        number = repr(int(constant)) if float(constant).is_integer() else repr(constant)
        text += f" + {number}" if not number.startswith("-") else f" - {number[1:]}"
    return Formula(target, text) if len(text) <= MAX_LENGTH else None
