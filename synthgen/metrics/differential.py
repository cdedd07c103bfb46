"""Differential expression between two classes: fold changes, t-tests, and how many genes pass."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from synthgen.metrics.column_sums import column_sums, identity, one_hot, squared
from synthgen.metrics.jackknife import Resampled, left_out, resampled

FALSE_DISCOVERIES = 0.05
"""Level of Benjamini and Hochberg's procedure."""
TOP_GENES, TOP_SHARE = 100, 0.05
"""The genes called most different: as many as the first, or as this share of all where that is fewer."""
MIN_CLASS_ROWS = 3
"""Rows of each class without which nothing is tested."""
N_GROUPS = 10
"""Groups of rows that the jackknife leaves out in turn: every gene is tested without each."""
_LEAST_VARIANCE = 1e-7


@dataclass(frozen=True, eq=False)
class Differential:
    """Differential expression of one table.

    Parameters
    ----------
    fold_changes : Resampled
        Mean in the first class less mean in the second, by gene.
    statistics : Resampled
        Welch's t, by gene; 0 where neither class varies.
    n_passing : Resampled
        Of shape (1,): genes that pass at a false discovery rate of 5%.
    n_first, n_second : int
        Rows of the classes.
    """

    fold_changes: Resampled
    statistics: Resampled
    n_passing: Resampled
    n_first: int
    n_second: int


def differential(
    values: np.ndarray, labels: np.ndarray, groups: np.ndarray, centre: np.ndarray
) -> Differential | None:
    """Compare two classes of rows gene by gene.

    Parameters
    ----------
    values : ndarray of float32, shape (p, N)
        Expression on the scale of comparison; a row a gene, NaN is missing.
    labels : ndarray of int, shape (N,)
        0 for the first class, 1 for the second, -1 for neither.
    groups : ndarray of int, shape (N,)
        For the jackknife.
    centre : ndarray, shape (p,)
        About the genes' means.

    Returns
    -------
    Differential or None
        None if a class has fewer than `MIN_CLASS_ROWS` rows.

    Notes
    -----
    Welch's unequal variances t-test, p-values by Student's distribution with Satterthwaite's degrees of freedom, and
    Benjamini and Hochberg's step-up procedure [1]_ over all genes; a gene that does not vary has p = 1.

    References
    ----------
    .. [1] Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", JRSS B 57 (1995).
    """
    n_first, n_second = (int((labels == c).sum()) for c in (0, 1))
    if min(n_first, n_second) < MIN_CLASS_ROWS:
        return None
    n_groups = int(groups.max()) + 1
    weights = one_hot(np.where(labels < 0, -1, labels * n_groups + groups), 2 * n_groups)
    sums = column_sums(values, weights, {"sum": identity, "square": squared}, centre)
    n, s, q = (
        [left_out(sums[name][c * n_groups : (c + 1) * n_groups]) for c in (0, 1)]
        for name in ("present", "sum", "square")
    )
    changes, t, p = welch(n, s, q)
    passing = np.array([[float(n_passing(row))] for row in p])
    return Differential(resampled(changes), resampled(t), resampled(passing), n_first, n_second)


def welch(
    n: list[np.ndarray], sums: list[np.ndarray], squares: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Welch's t-test from sums.

    Parameters
    ----------
    n, sums, squares : list of two ndarrays of one shape
        Numbers of values, their sums and sums of squares, in each class.

    Returns
    -------
    (difference, t, p) : three ndarrays of that shape
        Difference of the means (NaN where a class has no value), its t (0 where it has no meaning), two-sided p-values.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        means = [s / k for s, k in zip(sums, n, strict=True)]
        raw = [q / k for q, k in zip(squares, n, strict=True)]
        # of a constant gene rounding is left, relative to its mean square
        variances = [
            np.where(r - m**2 > _LEAST_VARIANCE * r, (r - m**2) * k / (k - 1), 0.0)
            for r, m, k in zip(raw, means, n, strict=True)
        ]
        parts = [v / k for v, k in zip(variances, n, strict=True)]
        total = parts[0] + parts[1]
        difference = means[0] - means[1]
        t = difference / np.sqrt(total)
        freedom = total**2 / sum(a**2 / (k - 1) for a, k in zip(parts, n, strict=True))
        valid = np.isfinite(t) & np.isfinite(freedom) & (freedom > 0)
    t = np.where(valid, t, 0.0)
    p = np.where(valid, 2 * stdtr(np.where(valid, freedom, 1.0), -np.abs(t)), 1.0)
    return difference, t, p


def n_passing(p_values: np.ndarray, level: float = FALSE_DISCOVERIES) -> int:
    """How many tests pass Benjamini and Hochberg's procedure.

    Parameters
    ----------
    p_values : ndarray, shape (m,)
        In [0, 1].
    level : float
        The false discovery rate.

    Returns
    -------
    int
        In [0, m].
    """
    ordered = np.sort(p_values)
    passing = np.flatnonzero(ordered <= level * np.arange(1, len(ordered) + 1) / len(ordered))
    return int(passing[-1]) + 1 if len(passing) else 0


def n_top(n_genes: int) -> int:
    """How many genes are called most different.

    Parameters
    ----------
    n_genes : int
        All of them.

    Returns
    -------
    int
        `TOP_GENES`, or `TOP_SHARE` of all where that is fewer; at least 1.
    """
    return max(1, min(TOP_GENES, int(TOP_SHARE * n_genes)))


def top_overlap(first: np.ndarray, second: np.ndarray) -> float:
    """The share of the most different genes that two tables have in common.

    Parameters
    ----------
    first, second : ndarray, shape (p,)
        Statistics by gene; sizes count, signs do not.

    Returns
    -------
    float
        In [0, 1]; of unrelated statistics about ``n_top(p) / p``.
    """
    n = n_top(len(first))
    tops = [np.argpartition(-np.abs(x), n - 1)[:n] for x in (first, second)]
    return float(np.isin(tops[0], tops[1]).mean())


def inflation(reference: np.ndarray, other: np.ndarray) -> float:
    """How many times as many genes pass in one table as in another.

    Parameters
    ----------
    reference, other : ndarray, shape (1,)
        Genes that pass.

    Returns
    -------
    float
        NaN where none passes in the reference.
    """
    return float(other[0] / reference[0]) if reference[0] > 0 else math.nan
