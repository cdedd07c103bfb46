"""Nearest-record distances and copies: a smoke test, not a measure of privacy.

A synthesizer that copies rows shows here, if it copies them whole. One that leaks in any subtler way does not:
membership inference succeeds against tables that pass all of these. Every figure but that of exact copies is read
from one search, `synthgen.metrics.nearest.nearest`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthgen.metrics.intervals import Estimate, wilson
from synthgen.metrics.nearest import Nearest
from synthgen.metrics.tables import CodedTable
from synthgen.rng import stream

NEAR_SHARE = 0.01
"""Share of held-out rows that lie as near to a real row as what is called a near copy."""


@dataclass(frozen=True)
class Distances:
    """Distances of rows to their nearest real row.

    Parameters
    ----------
    to_real : tuple of float
        The 0, 1, ..., 100% quantiles; distances in [0, 1].
    median : Estimate
        Their median.
    n_rows, n_reference : int
        Rows that were measured, and real rows among which the nearest was sought.
    n_columns : int
        Columns that the distances are taken over.
    """

    to_real: tuple[float, ...]
    median: Estimate
    n_rows: int
    n_reference: int
    n_columns: int


@dataclass(frozen=True)
class NearCopies:
    """What counts as a near copy, and how often it happens by chance.

    Parameters
    ----------
    limit : float
        A row at most this far from a real row is a near copy; in [0, 1].
    ceiling : Estimate
        The share of near copies among held-out rows that had no part in the limit.
    """

    limit: float
    ceiling: Estimate


def distances_of(found: Nearest) -> Distances:
    """Distance of each row of a table to the nearest real row.

    Parameters
    ----------
    found : Nearest
        Of the table's rows.

    Returns
    -------
    Distances
        Their quantiles, in the space of `synthgen.metrics.features.distance_matrix`.
    """
    quantiles = np.quantile(found.first, np.linspace(0, 1, 101))
    return Distances(
        to_real=tuple(float(q) for q in quantiles),
        median=_median(found.first),
        n_rows=len(found.first),
        n_reference=found.n_reference,
        n_columns=found.n_columns,
    )


def real_share_of(found: Nearest) -> Estimate:
    """The share of rows that lie nearer to a real row than to a held-out one.

    Parameters
    ----------
    found : Nearest
        Of the table's rows, sought with a holdout: as many real rows as held-out ones are compared.

    Returns
    -------
    Estimate
        In [0, 1]; 0.5 if the table knows no more of the real rows than of the held-out ones. Ties count one
        half. The interval treats the two sets of real rows as given. Empty if there was no holdout.
    """
    if found.to_part is None or found.to_holdout is None:
        return Estimate(None)
    tied = np.isclose(found.to_part, found.to_holdout, rtol=0, atol=1e-6)
    n_hits = float((tied * 0.5 + (~tied & (found.to_part < found.to_holdout))).sum())
    return wilson(n_hits, len(tied))


def ratio_of(found: Nearest) -> Estimate:
    """The nearest-neighbour distance ratio (NNDR): how much nearer the nearest real row is than the second.

    Parameters
    ----------
    found : Nearest
        Of the table's rows.

    Returns
    -------
    Estimate
        The median over rows, in [0, 1]; 0 for copies of unlike real rows, near 1 for rows that stand by no
        single real row. Empty if there is but one real row.

    Notes
    -----
    A row at distance 0 from two real rows has the ratio 1: these two are alike, and it tells no one from the
    other.

    References
    ----------
    .. [1] Z. Zhao, A. Kunar, R. Birke, L. Y. Chen, "CTAB-GAN: effective table data synthesizing", ACML 2021.
    """
    if np.isnan(found.second).any():
        return Estimate(None)
    apart = found.second > 0
    return _median(np.where(apart, found.first / np.where(apart, found.second, 1), 1.0))


def near_copies_of(found: Nearest, limit: float) -> Estimate:
    """The share of rows that lie as near to a real row as hardly any held-out row does.

    Parameters
    ----------
    found : Nearest
        Of the table's rows.
    limit : float
        As `near_copy_limit` gives it.

    Returns
    -------
    Estimate
        In [0, 1]; for rows that know nothing of the real ones about `NEAR_SHARE`, see `near_copy_limit`. The interval
        takes the limit as given.
    """
    return wilson(int((found.first <= limit).sum()), len(found.first))


def near_copy_limit(held_out: Nearest, seed: int) -> NearCopies:
    """How near is too near, by half of the held-out rows, tried on the other half.

    Parameters
    ----------
    held_out : Nearest
        Of at least two held-out rows.
    seed : int
        For the halves.

    Returns
    -------
    NearCopies
        The 1% quantile of the distances in one half, and the share within it in the other.

    Notes
    -----
    Where more than 1% of the rows repeat each other, as in a table of few levels, the limit is 0 and what chance
    gives is the share of repeats: the ceiling is measured for that reason. The limit itself is uncertain (a quantile
    of 2,500 values at most), so a table is to be held against the ceiling at the same limit, not against 1%. With
    fewer than some hundred held-out rows a half's 1% quantile is about its least value.
    """
    order = stream(seed, "metrics.near_copies").permutation(len(held_out.first))
    half = len(order) // 2
    limit = float(np.quantile(held_out.first[order[half:]], NEAR_SHARE))
    n_near = int((held_out.first[order[:half]] <= limit).sum())
    return NearCopies(limit, wilson(n_near, half))


def copies(table: CodedTable, real: CodedTable, *, itself: bool = False) -> Estimate:
    """The share of rows that equal a real row in every compared column.

    Parameters
    ----------
    table, real : CodedTable
        Coded together; all rows are used.
    itself : bool
        Whether `table` is `real` itself: then a row must equal another row.

    Returns
    -------
    Estimate
        In [0, 1].
    """
    keys, real_keys = table.row_keys, real.row_keys
    found, counts = np.unique(real_keys, return_counts=True)
    matching = found[counts > 1] if itself else found
    return wilson(int(np.isin(keys, matching).sum()), table.n_rows)


def _median(values: np.ndarray) -> Estimate:
    """The median with its interval from the order statistics."""
    ordered, n = np.sort(values), len(values)
    half = 0.98 * np.sqrt(n)
    low, high = int(max(n / 2 - half, 0)), int(min(n / 2 + half, n - 1))
    return Estimate(float(np.median(ordered)), float(ordered[low]), float(ordered[high]))
