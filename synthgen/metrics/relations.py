"""Relations that hold in every real row, such as ``total = a + b``, and whether another table keeps them.

They are looked for in half of the real rows and judged on the other half, so that fresh rows of the same source are
expected to obey as often as the real ones do.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import ndtr
from scipy.stats import fisher_exact

from synthgen.metrics.baselines import subsample
from synthgen.metrics.intervals import Estimate, influence_variance, normal_interval, wilson
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.rng import stream

MAX_COLUMNS = 100
"""Columns that are looked at, at most: a random choice of them beyond that."""
MAX_PAIRED = 60
"""Numbers that are looked at in pairs, at most."""
MAX_ROWS = 5_000
"""Real rows in which relations are looked for, at most."""
MIN_ROWS = 50
"""Fewer rows than this show no relation."""
MAX_JUDGED = 20_000
"""Rows of a table that are judged, at most."""
MAX_RELATIONS = 20
"""Relations of one kind, at most."""
MAX_INPUTS = 10
"""Terms of a sum or a product, at most."""
MAX_UNEXPLAINED = 1e-3
"""Share of a column's variance that a sum or a product may leave."""
_MIN_REAL_SHARE = 0.9
_EXACT = 1e-6
_COARSE, _MIN_ROWS_COARSE = 10, 500
_MIN_XI = 0.7
_MIN_EXCEPTIONS = 10
_MAX_VALUES = 1_000
_MAX_LEVELS = 50
_QUANTILE, _SLACK, _FLOOR = 0.99, 1.25, 1e-3


class _Rule(Protocol):
    """Says which rows obey; the columns are the inputs and then the target, complete rows only."""

    def judged(self, columns: Sequence[np.ndarray]) -> np.ndarray: ...

    def obeyed(self, columns: Sequence[np.ndarray]) -> np.ndarray: ...


@dataclass(frozen=True, eq=False)
class Relation:
    """What every real row obeys, learnt from some of them.

    Parameters
    ----------
    kind : {"linear", "product", "dependency", "function", "order"}
        A sum, a product of powers, a value that a level or one of few numbers determines, any function of a number,
        or one number that is never larger than another.
    inputs : tuple of str
        Columns that determine the target.
    target : str
        The column that they determine.
    words : str
        Such as "total = a + b".
    rule : object
        Judges rows.
    n_real, n_real_obeying : int
        Real rows, not used to find the relation, that could be judged and that obey.
    """

    kind: str
    inputs: tuple[str, ...]
    target: str
    words: str
    rule: _Rule
    n_real: int = 0
    n_real_obeying: int = 0


@dataclass(frozen=True)
class KeptRelation:
    """How well a table keeps one relation.

    Parameters
    ----------
    kind, inputs, target, words
        As for `Relation`.
    real : float
        Share of held-back real rows that obey, in [0, 1].
    other : float or None
        Share of the table's rows that obey; None if none can be judged.
    p_value : float or None
        The chance that rows of the real source obey so much less often than the held-back ones (Fisher's exact
        test, one-sided: to obey more often is no fault).
    n_real, n_other : int
        Rows judged.
    """

    kind: str
    inputs: tuple[str, ...]
    target: str
    words: str
    real: float
    other: float | None
    p_value: float | None
    n_real: int
    n_other: int


def find_relations(real: CodedTable, seed: int) -> tuple[Relation, ...]:
    """Relations that hold in (nearly) every real row and that chance or mere correlation do not explain.

    Parameters
    ----------
    real : CodedTable
        At least ``2 * MIN_ROWS`` rows, or nothing is found.
    seed : int
        For the choice of columns, and of the rows to learn from and to judge by.

    Returns
    -------
    tuple of Relation
        Sums, products, dependencies, functions, orders; none that follows from one of the others by being the
        same columns the other way round, or a chain of two.

    Notes
    -----
    Sums: columns are taken in order, and one whose least squares on those before leaves less than 1e-3 of its
    variance is a sum of those that it cannot do without. Missing values: only columns that together leave half of
    the rows complete. Products: the same on logarithms of positive columns, exponents multiples of 1/2.
    A row obeys within 1.25 times the 99% quantile of the real residuals.
    Dependencies: each value comes with one value of the target, up to 0.5% of the rows in which the target does not
    have its most frequent value. Functions of a number: Chatterjee's coefficient of at least 0.7, and, each row left
    out in turn, a target that lies between those of the two neighbours in x in 90% of the rows (of noise, one in
    three does). A row obeys if it lies there, or within a tolerance learnt in the same way.
    Orders: no exception, though a normal distribution with the median and the 16% quantile of the differences (and
    of the log-ratios of positive numbers) would have at least 10, and rows shuffled at least 20.

    References
    ----------
    .. [1] S. Chatterjee, "A new coefficient of correlation", JASA 116 (2021).
    """
    n_find = min(real.n_rows // 2, MAX_ROWS)
    if n_find < MIN_ROWS:
        return ()
    draw = stream(seed, "metrics.relations")
    columns = real.columns
    if len(columns) > MAX_COLUMNS:
        columns = tuple(columns[j] for j in np.sort(draw.choice(len(columns), MAX_COLUMNS, replace=False)))
    order = draw.permutation(real.n_rows)
    table = CodedTable(columns, real.n_rows)
    learnt, held_back = table.take(order[:n_find]), table.take(order[n_find:][:MAX_JUDGED])
    sums = _sums_and_products(learnt)
    exact = [r for r, unexplained in sums if len(r.inputs) > 1 or unexplained < _EXACT]
    orders = _orders(learnt, exact)
    # a start and an end that lie close to each other are nearly equal, and say more as an order
    ordered = [{r.inputs[0], r.target} for r in orders]
    known = [r for r, _ in sums if r in exact or {*r.inputs, r.target} not in ordered]
    known += [*_determined(learnt, known), *orders]
    judged = [_with_real_share(r, held_back) for r in known]
    return tuple(r for r in judged if r.n_real_obeying > _MIN_REAL_SHARE * r.n_real)


def relations_kept(
    found: Sequence[Relation], other: CodedTable, seed: int
) -> tuple[Estimate, tuple[KeptRelation, ...]]:
    """How often a table obeys the real table's relations.

    Parameters
    ----------
    found : sequence of Relation
        From `find_relations`.
    other : CodedTable
        Coded together with the real table.
    seed : int
        For the choice of rows, where there are more than `MAX_JUDGED`.

    Returns
    -------
    (mean, relations) : (Estimate, tuple of KeptRelation)
        The mean over the relations of the share of rows that obey, and each relation in the order given. The
        interval is for other rows of the same source as `other`.
    """
    table = subsample(other, MAX_JUDGED, stream(seed, "metrics.relations.other"))
    kept, influences, shares = [], [], []
    for relation in found:
        judged, obeyed = _judge(relation, table)
        n, hits = int(judged.sum()), int(obeyed.sum())
        if n:
            shares.append(hits / n)
            influences.append(np.where(judged, obeyed - hits / n, 0.0) * (len(judged) / n))
        kept.append(_kept(relation, n, hits))
    if not shares:
        return Estimate(None), tuple(kept)
    variance = influence_variance(np.mean(influences, axis=0))
    mean = float(np.mean(shares))
    n_rows = table.n_rows
    estimate = normal_interval(mean, variance, (0, 1)) if variance else wilson(mean * n_rows, n_rows)
    return estimate, tuple(kept)


def _kept(relation: Relation, n: int, hits: int) -> KeptRelation:
    n_real, hits_real = relation.n_real, relation.n_real_obeying
    table = [[hits, n - hits], [hits_real, n_real - hits_real]]
    p_value = float(fisher_exact(table, alternative="less")[1]) if n else None
    return KeptRelation(
        kind=relation.kind,
        inputs=relation.inputs,
        target=relation.target,
        words=relation.words,
        real=hits_real / n_real,
        other=hits / n if n else None,
        p_value=p_value,
        n_real=n_real,
        n_other=n,
    )


def _judge(relation: Relation, table: CodedTable) -> tuple[np.ndarray, np.ndarray]:
    """Which rows can be judged, and which of them obey."""
    parts = [table.column(name) for name in (*relation.inputs, relation.target)]
    complete = np.flatnonzero(~np.any([c.missing for c in parts], axis=0))
    columns = [c.values[complete] for c in parts]
    judged, obeyed = np.zeros((2, table.n_rows), dtype=bool)
    with np.errstate(all="ignore"):  # a number far out of range overflows, and disobeys
        judged[complete] = relation.rule.judged(columns)
        obeyed[complete] = relation.rule.obeyed(columns)
    return judged, obeyed & judged


def _with_real_share(relation: Relation, held_back: CodedTable) -> Relation:
    judged, obeyed = _judge(relation, held_back)
    return Relation(
        relation.kind,
        relation.inputs,
        relation.target,
        relation.words,
        relation.rule,
        int(judged.sum()),
        int(obeyed.sum()),
    )


def _spread(y: np.ndarray) -> float:
    """A standard deviation that a few values cannot decide; 0 only for constants."""
    low, high = np.quantile(y, [0.25, 0.75])
    return float((high - low) / 1.349 or np.abs(y - np.median(y)).mean() * 1.2533)


def _tolerance(residuals: np.ndarray, spread: float) -> float:
    return float(max(_SLACK * np.quantile(np.abs(residuals), _QUANTILE), _FLOOR * spread))


# Sums and products


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


def _sums_and_products(table: CodedTable) -> list[tuple[Relation, float]]:
    """The relations, and the share of the target's variance that each leaves."""
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
        if _n_unlike_mode(values) >= _least(n_rows) and (complete & ~missing[j]).sum() * 2 >= n_rows:
            complete &= ~missing[j]
            kept.add(j)
    # far fewer columns than rows, or every column is a sum of the others
    return [columns[j] for j in sorted(kept)][: int(complete.sum()) // 5]


def _n_unlike_mode(values: np.ndarray) -> int:
    """Rows that differ from the most frequent value."""
    return len(values) - int(np.unique(values, return_counts=True)[1].max()) if len(values) else 0


def _least(n_rows: int) -> float:
    """As few rows as show a relation: a few that are not 0 lie on a line by chance."""
    return max(20, 0.02 * n_rows)


def _dependent_sets(matrix: np.ndarray) -> Iterable[list[int]]:
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
    residuals, spread = off - constant, _spread(y)
    active = (part != np.median(part, axis=0)).any(axis=1)
    if np.quantile(np.abs(residuals[active]), 0.95) > 0.1 * _spread(y[active]):
        return None  # a sum for a few outliers only
    rule = _Sum(weights, constant, _tolerance(residuals, spread), logs)
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


# One column determines another


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


def _determined(table: CodedTable, known: Sequence[Relation]) -> list[Relation]:
    """Dependencies and functions, without what stands in `known` or follows from two of them."""
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
    if n_rare < _least(len(y)):
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


def _functions(columns: Sequence[_Values], i: int) -> Iterable[tuple[int, Relation]]:
    x = columns[i]
    order = np.argsort(x.column.values, kind="stable")[: int((x.codes >= 0).sum())]
    for j, y in enumerate(columns):
        if j == i or (not y.column.is_numeric and len(y.distinct) > _MAX_LEVELS):
            continue
        rows = order[y.codes[order] >= 0]
        if len(rows) < MIN_ROWS or np.bincount(y.codes[rows]).max() > len(rows) - _least(len(rows)):
            continue
        if _xi(y.codes[rows]) < _MIN_XI:
            continue
        tolerance = _curve_tolerance(y.column.values[rows])
        if tolerance is not None:
            name, target = x.column.name, y.column.name
            rule = _Curve(x.column.values[rows], y.column.values[rows], tolerance)
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
        return 0.0 if stray.mean() <= 1 - _QUANTILE else None
    low, high = np.minimum(before, after), np.maximum(before, after)
    excess = np.maximum(np.maximum(low - here, here - high), 0)
    spread = _spread(y)
    tolerance = _tolerance(excess, spread)
    # of noise, however small, two in three values stray
    return tolerance if (excess > 0).mean() <= 0.1 and tolerance <= (0.02 + 8 / len(y)) * spread else None


# Orders


@dataclass(frozen=True, eq=False)
class _NotAbove:
    """The input is at most the target."""

    def judged(self, columns: Sequence[np.ndarray]) -> np.ndarray:
        return np.ones(len(columns[0]), dtype=bool)

    def obeyed(self, columns: Sequence[np.ndarray]) -> np.ndarray:
        return columns[0] <= columns[1]


def _orders(table: CodedTable, known: Sequence[Relation]) -> list[Relation]:
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
