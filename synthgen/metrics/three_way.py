"""Columns three at a time: joint shares of cells."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthgen.metrics.baselines import subsample
from synthgen.metrics.intervals import Estimate, influence_variance, normal_interval
from synthgen.metrics.marginals import centred
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.rng import stream

MAX_TRIPLES = 300
"""Triples of columns, at most: a random choice of them beyond that."""
MAX_ROWS = 100_000
"""Rows of each table, at most."""
N_QUANTILES = 5
"""Cells of a number, besides missing: between the quintiles of the real column."""
N_LEVELS = 9
"""Levels that have a cell of their own, the most frequent in the real column; the rest share one."""
MAX_WORST = 20
"""Triples that are listed."""
_ALL_LISTED = 100_000


@dataclass(frozen=True)
class Triple:
    """How one triple of columns compares with the real one.

    Parameters
    ----------
    columns : tuple of str
        Three names.
    score : float
        In [0, 1], 1 for equal joint shares.
    """

    columns: tuple[str, ...]
    score: float


@dataclass(frozen=True)
class ThreeWay:
    """How alike the joint shares of triples of columns are.

    Parameters
    ----------
    score : Estimate
        The mean over the triples, in [0, 1]; empty for fewer than three columns.
    n_triples, n_possible : int
        Triples compared, and triples that there are.
    n_real, n_other : int
        Rows used of each table.
    worst : tuple of Triple
        The lowest scores first, at most `MAX_WORST`.
    """

    score: Estimate
    n_triples: int
    n_possible: int
    n_real: int
    n_other: int
    worst: tuple[Triple, ...]


def three_way(real: CodedTable, other: CodedTable, seed: int) -> ThreeWay:
    """The mean over triples of columns of one minus the total variation distance of the joint shares.

    Parameters
    ----------
    real, other : CodedTable
        Coded together. The cells are those of `real`.
    seed : int
        For the choice of triples, which depends on nothing else than the number of columns, and of rows.

    Returns
    -------
    ThreeWay
        Stays below 1 by chance even for fresh rows of the same source, the more so the fewer rows there are:
        to be read beside that of as many held-out rows.

    Notes
    -----
    Numbers are cut at the real column's quintiles (fewer cells where these coincide), the nine most frequent real
    levels have a cell each, the other levels one together, and missing is a cell. The interval is by the
    infinitesimal jackknife, the cells taken as given.
    NOTE[DIFF]: MOSTLY AI's trivariate accuracy (mostlyai-qa 1.10) is the same mean over up to 10,000 triples, with
    numbers cut at deciles and ten levels. Quintiles leave 216 cells of three numbers instead of 1,331, and so less
    chance in the figure of a few thousand rows.

    References
    ----------
    .. [1] M. Platzer, T. Reutterer, "Holdout-based empirical assessment of mixed-type synthetic data",
       Frontiers in Big Data 4 (2021).
    .. [2] MOSTLY AI, mostlyai-qa, ``mostlyai.qa._accuracy.calculate_trivariates``.
    """
    n_columns = len(real.columns)
    triples = _triples(n_columns, stream(seed, "metrics.three_way"))
    real = subsample(real, MAX_ROWS, stream(seed, "metrics.three_way.real"))
    other = subsample(other, MAX_ROWS, stream(seed, "metrics.three_way.other"))
    cells = {j: _cells(real.columns[j], other.columns[j]) for j in sorted({j for t in triples for j in t})}
    influence_real, influence_other = np.zeros(real.n_rows), np.zeros(other.n_rows)
    scores = []
    for triple in triples:
        score, of_real, of_other = _compare([cells[j] for j in triple])
        scores.append(score)
        influence_real += of_real
        influence_other += of_other
    n = len(triples)
    return ThreeWay(
        score=_mean(scores, influence_real, influence_other),
        n_triples=n,
        n_possible=math.comb(n_columns, 3),
        n_real=real.n_rows,
        n_other=other.n_rows,
        worst=tuple(
            Triple(tuple(real.columns[j].name for j in triples[i]), scores[i])
            for i in np.argsort(scores, kind="stable")[:MAX_WORST].tolist()
        ),
    )


def _triples(n_columns: int, draw: np.random.Generator) -> list[tuple[int, ...]]:
    """All triples, or a random choice of them, in order."""
    if math.comb(n_columns, 3) <= _ALL_LISTED:
        every: list[tuple[int, ...]] = list(itertools.combinations(range(n_columns), 3))
        if len(every) <= MAX_TRIPLES:
            return every
        return [every[i] for i in np.sort(draw.choice(len(every), MAX_TRIPLES, replace=False))]
    found: set[tuple[int, ...]] = set()
    while len(found) < MAX_TRIPLES:
        found.add(tuple(sorted(draw.choice(n_columns, 3, replace=False).tolist())))
    return sorted(found)


def _cells(real: CodedColumn, other: CodedColumn) -> tuple[np.ndarray, np.ndarray, int]:
    """The cell of each row of both tables, 0 for missing, and how many cells there are."""
    if real.is_numeric:
        present = real.values[~real.missing]
        at = np.arange(1, N_QUANTILES) / N_QUANTILES
        # order statistics, not means of two: values of a few numbers stay together with their like
        edges = np.unique(np.quantile(present, at, method="inverted_cdf")) if len(present) else np.zeros(0)
        codes = [np.where(c.missing, 0, np.searchsorted(edges, c.values, "left") + 1) for c in (real, other)]
        return codes[0], codes[1], len(edges) + 2
    counts = np.bincount(real.values[real.values >= 0], minlength=len(real.levels))
    cell = np.full(len(counts) + 1, N_LEVELS + 1)
    cell[np.argsort(-counts, kind="stable")[:N_LEVELS]] = np.arange(1, min(len(counts), N_LEVELS) + 1)
    cell[-1] = 0  # where the code -1 points
    return cell[real.values], cell[other.values], N_LEVELS + 2


def _compare(
    columns: Sequence[tuple[np.ndarray, np.ndarray, int]],
) -> tuple[float, np.ndarray, np.ndarray]:
    """One minus the total variation distance, and its derivative by the weight of each row."""
    (real, other), n_cells = columns[0][:2], columns[0][2]
    for of_real, of_other, n in columns[1:]:
        real, other, n_cells = real * n + of_real, other * n + of_other, n_cells * n
    shares = [np.bincount(codes, minlength=n_cells) / len(codes) for codes in (real, other)]
    difference = shares[0] - shares[1]
    slopes = -0.5 * np.sign(difference)
    score = 1 - 0.5 * float(np.abs(difference).sum())
    return score, centred(slopes, real), -centred(slopes, other)


def _mean(scores: Sequence[float], influence_real: np.ndarray, influence_other: np.ndarray) -> Estimate:
    if not scores:
        return Estimate(None)
    variance = influence_variance(influence_real / len(scores), influence_other / len(scores))
    return normal_interval(float(np.mean(scores)), variance, (0, 1))
