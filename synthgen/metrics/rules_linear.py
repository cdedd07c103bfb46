"""Rules of many columns: sums, and products of powers, which are sums of logarithms."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from synthgen.metrics.rules import MAX_RELATIONS, Relation, least_unlike_mode, robust_spread, tolerance
from synthgen.metrics.tables import CodedColumn, CodedTable

MAX_INPUTS = 10
"""Terms of a sum or a product, at most."""
MAX_UNEXPLAINED = 1e-3
"""Share of a column's variance that a sum or a product may leave."""


@dataclass(frozen=True, eq=False)
class _Sum:
    """The target is a weighted sum of the inputs, or its logarithm one of their logarithms."""

    weights: np.ndarray
    constant: float
    tolerance: float
    logs: bool

    def judged(self, columns: Sequence[np.ndarray]) -> np.ndarray:
        return np.ones(len(columns[0]), dtype=bool)

    def obeyed(self, columns: Sequence[np.ndarray]) -> np.ndarray:
        values = [np.log(c) for c in columns] if self.logs else columns
        off = values[-1] - self.constant
        for weight, value in zip(self.weights, values, strict=False):
            off = off - weight * value
        return np.abs(off) <= self.tolerance


def sums_and_products(table: CodedTable) -> list[tuple[Relation, float]]:
    """Columns that are sums of others, or products of powers of others.

    Parameters
    ----------
    table : CodedTable
        Real rows.

    Returns
    -------
    list of (Relation, float)
        The relations, and the share of the target's variance that each leaves, in [0, 1].
    """
    numbers = _complete([c for c in table.columns if c.is_numeric], table.n_rows)
    found: dict[frozenset[str], tuple[Relation, float]] = {}
    for logs in (False, True):
        used = [c for c in numbers if not logs or (c.values[~c.missing] > 0).all()]
        names = [c.name for c in used]
        if len(used) < 2:
            continue
        rows = ~np.any([c.missing for c in used], axis=0)
        matrix = np.stack([c.values[rows] for c in used], axis=1)
        n_found = 0
        for members in _dependent_sets(np.log(matrix) if logs else matrix):
            fitted = _fit(matrix, members, names, logs)
            if fitted is None or n_found == MAX_RELATIONS:
                continue
            n_found += 1
            relation, unexplained = fitted
            key = frozenset((*relation.inputs, relation.target))
            # some columns vary so little that a sum and a product look alike: the better one is the true one
            if key not in found or unexplained < 0.5 * found[key][1] - 1e-12:
                found[key] = fitted
    return list(found.values())


def _complete(columns: Sequence[CodedColumn], n_rows: int) -> list[CodedColumn]:
    """Columns that vary and that together leave half of the rows complete, those with most values first to stay."""
    missing = [c.missing for c in columns]
    complete, kept = np.ones(n_rows, dtype=bool), set()
    for j in sorted(range(len(columns)), key=lambda j: int(missing[j].sum())):
        values = columns[j].values[~missing[j]]
        if (
            _n_unlike_mode(values) >= least_unlike_mode(n_rows)
            and (complete & ~missing[j]).sum() * 2 >= n_rows
        ):
            complete &= ~missing[j]
            kept.add(j)
    # far fewer columns than rows, or every column is a sum of the others
    return [columns[j] for j in sorted(kept)][: int(complete.sum()) // 5]


def _n_unlike_mode(values: np.ndarray) -> int:
    """Rows that differ from the most frequent value."""
    return len(values) - int(np.unique(values, return_counts=True)[1].max()) if len(values) else 0


def _dependent_sets(matrix: np.ndarray) -> Iterator[list[int]]:
    """Sets of columns of which the last is a weighted sum of the others, each set as small as can be."""
    z = _standardised(matrix)
    gram = z.T @ z / len(z)
    basis: list[int] = []
    for j in range(matrix.shape[1]):
        unexplained = _unexplained(gram, basis, j) * len(z) / (len(z) - len(basis) - 1)
        if not gram[j, j] or unexplained > MAX_UNEXPLAINED:
            if gram[j, j]:
                basis.append(j)
            continue
        members = _pruned(gram, basis, j)
        if 0 < len(members) <= MAX_INPUTS:
            yield [*members, j]


def _standardised(matrix: np.ndarray) -> np.ndarray:
    z = matrix / np.abs(matrix).max(axis=0)
    z = z - z.mean(axis=0)
    sd = np.sqrt((z**2).mean(axis=0))
    return np.divide(z, sd, out=np.zeros_like(z), where=sd > 1e-12)


def _unexplained(gram: np.ndarray, basis: Sequence[int], j: int) -> float:
    if not basis:
        return float(gram[j, j])
    weights = np.linalg.solve(gram[np.ix_(basis, basis)], gram[basis, j])
    return float(max(gram[j, j] - weights @ gram[basis, j], 0.0))


def _pruned(gram: np.ndarray, basis: Sequence[int], j: int) -> list[int]:
    """The members of the basis that column j cannot do without."""
    left = list(basis)
    most = min(1.5 * _unexplained(gram, left, j) + 1e-7, MAX_UNEXPLAINED)
    while left:
        inverse = np.linalg.inv(gram[np.ix_(left, left)])
        weights = inverse @ gram[left, j]
        added = weights**2 / np.diag(inverse)
        least = int(added.argmin())
        if _unexplained(gram, left, j) + added[least] > most:
            break
        del left[least]
    return left


def _fit(
    matrix: np.ndarray, members: Sequence[int], names: Sequence[str], logs: bool
) -> tuple[Relation, float] | None:
    """The relation of a dependent set, with the share of the target's variance that it leaves."""
    part = np.log(matrix[:, members]) if logs else matrix[:, members]
    place = _target(part, logs)
    inputs = [i for i in range(len(members)) if i != place]
    x, y = part[:, inputs], part[:, place]
    weights = _least_squares(x, y)
    if logs:
        rounded = np.round(2 * weights) / 2
        if (np.abs(weights - rounded) > 0.05).any() or not rounded.all():
            return None
        weights = rounded
    off = y - x @ weights
    constant = float(np.median(off) if logs else off.mean())
    residuals, spread = off - constant, robust_spread(y)
    active = (part != np.median(part, axis=0)).any(axis=1)
    if np.quantile(np.abs(residuals[active]), 0.95) > 0.1 * robust_spread(y[active]):
        return None  # a sum for a few outliers only
    rule = _Sum(weights, constant, tolerance(residuals, spread), logs)
    ordered = [names[members[i]] for i in inputs]
    target = names[members[place]]
    words = (
        _product_words(target, ordered, weights, constant)
        if logs
        else _sum_words(target, ordered, x, y, weights)
    )
    relation = Relation("product" if logs else "linear", tuple(ordered), target, words, rule)
    return relation, float(residuals.var() / y.var())


def _target(part: np.ndarray, logs: bool) -> int:
    """The column that is a sum of the others with positive weights; failing that, the one that varies most.

    Of a product with squares, the last column that has no power: bmi = weight / height^2.
    """
    weights = np.append(-_least_squares(part[:, :-1], part[:, -1]), 1.0)
    powers = np.round(2 * np.abs(weights / weights[np.abs(weights).argmin()])) / 2
    if logs and powers.max() > 1:
        return int(np.flatnonzero(powers == 1)[-1])
    side = np.sign(weights)
    alone = [i for i in range(len(side)) if (np.delete(side, i) == -side[i]).all()]
    return alone[-1] if alone else int((np.abs(weights) * part.std(axis=0)).argmax())


def _least_squares(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    scale = np.abs(x).max(axis=0)
    top = np.abs(y).max()
    centred = x / scale - (x / scale).mean(axis=0)
    weights = np.linalg.lstsq(centred, y / top - (y / top).mean(), rcond=None)[0]
    return weights / scale * top


def _sum_words(target: str, inputs: Sequence[str], x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> str:
    shown = [float(f"{w:.3g}") for w in weights.tolist()]
    terms = ""
    for name, weight in zip(inputs, shown, strict=True):
        sign = "-" if weight < 0 else "+"
        lead = f" {sign} " if terms else "-" * (weight < 0)
        terms += lead + (name if abs(weight) == 1 else f"{abs(weight):.3g} {name}")
    constant = float((y - x @ np.array(shown)).mean())  # what goes with the weights as they are shown
    if abs(constant) > 0.01 * y.std():
        terms += f" {'-' if constant < 0 else '+'} {abs(constant):.3g}"
    return f"{target} = {terms}"


def _product_words(target: str, inputs: Sequence[str], weights: np.ndarray, constant: float) -> str:
    powers = [(n, abs(w), w > 0) for n, w in zip(inputs, weights.tolist(), strict=True)]
    parts = {
        up: [n if w == 1 else f"{n}^{w:g}" for n, w, positive in powers if positive == up]
        for up in (True, False)
    }
    factor = [] if abs(constant) < 0.01 else [f"{math.exp(min(constant, 700)):.3g}"]
    top = " * ".join(factor + parts[True]) or "1"
    return f"{target} = {top}" + "".join(f" / {p}" for p in parts[False])
