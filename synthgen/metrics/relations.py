"""Relations that hold in every real row, such as ``total = a + b``, and whether another table keeps them.

They are looked for in half of the real rows and judged on the other half, so that fresh rows of the same source are
expected to obey as often as the real ones do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import fisher_exact

from synthgen.metrics.baselines import some_of, subsample
from synthgen.metrics.intervals import Estimate, influence_variance, normal_interval, wilson
from synthgen.metrics.rules import MIN_ROWS, Relation
from synthgen.metrics.rules_function import dependencies_and_functions
from synthgen.metrics.rules_linear import sums_and_products
from synthgen.metrics.rules_order import orders
from synthgen.metrics.tables import CodedTable
from synthgen.rng import stream

MAX_COLUMNS = 100
"""Columns that are looked at, at most: a random choice of them beyond that."""
MAX_ROWS = 5_000
"""Real rows in which relations are looked for, at most."""
MAX_JUDGED = 20_000
"""Rows of a table that are judged, at most."""
_EXACT = 1e-6


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
    table = real.select(some_of(len(real.columns), MAX_COLUMNS, draw))
    rows = draw.permutation(real.n_rows)
    learnt, held_back = table.take(rows[:n_find]), table.take(rows[n_find:][:MAX_JUDGED])
    sums = sums_and_products(learnt)
    exact = [r for r, unexplained in sums if len(r.inputs) > 1 or unexplained < _EXACT]
    in_order = orders(learnt, exact)
    # a start and an end that lie close to each other are nearly equal, and say more as an order
    ordered = [{r.inputs[0], r.target} for r in in_order]
    known = [r for r, _ in sums if r in exact or {*r.inputs, r.target} not in ordered]
    known += [*dependencies_and_functions(learnt, known), *in_order]
    judged = [_with_real_share(r, held_back) for r in known]
    return tuple(r for r in judged if r.n_real)


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
    return replace(relation, n_real=int(judged.sum()), n_real_obeying=int(obeyed.sum()))
