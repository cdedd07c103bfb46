"""Shares of rows that pass a threshold, with intervals that heed that rows of one walk hang together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from synthgen.metrics.intervals import Estimate, normal_interval, wilson


@dataclass(frozen=True, eq=False)
class Passes:
    """Which rows pass a threshold.

    Parameters
    ----------
    rows : ndarray of float
        Share of the detectors that a row passes, in [0, 1].
    slack : ndarray of float, of the same shape
        By how much that changes as the threshold moves by its standard error, in [0, 1].
    """

    rows: np.ndarray
    slack: np.ndarray

    def take(self, rows: Any) -> Passes:
        """Some of the rows, by whatever numpy takes as an index."""
        return Passes(self.rows[rows], self.slack[rows])

    def by_walk(self, n_steps: int) -> Passes:
        """In the shape (P, n_steps), for rows of walks, one walk after the other."""
        return Passes(self.rows.reshape(-1, n_steps), self.slack.reshape(-1, n_steps))


def share(passes: Passes) -> Estimate:
    """The share of rows that pass, with its interval, where rows of one walk hang together.

    Parameters
    ----------
    passes : Passes
        Of shape (P, K): K rows of each of P walks, P at least 1.

    Returns
    -------
    Estimate
        Wilson's interval with the number of independent rows that would have the same variance: over the walks, and by the
        threshold. That of the detectors' training is not in it.
    """
    value = float(passes.rows.mean())
    variance = share_variance(passes.rows) + float(passes.slack.mean()) ** 2
    n = max(round(value * (1 - value) / variance), 1) if 0 < value < 1 else len(passes.rows)
    return wilson(value * n, n)


def share_difference(passes: Passes, others: Passes) -> Estimate:
    """How much larger one share is than another, with its interval.

    Parameters
    ----------
    passes, others : Passes
        Of shapes (P, K) and (Q, L), by the same threshold.

    Returns
    -------
    Estimate
        In [-1, 1].
    """
    gap = float(passes.rows.mean() - others.rows.mean())
    slack = float(passes.slack.mean() - others.slack.mean())
    variance = share_variance(passes.rows) + share_variance(others.rows) + slack**2
    return normal_interval(gap, variance, (-1.0, 1.0))


def share_variance(rows: np.ndarray) -> float:
    """The variance of a mean over walks.

    Parameters
    ----------
    rows : ndarray, shape (P, K)
        In [0, 1].

    Returns
    -------
    float
        Above 0: where all walks agree it is that of a share in which one walk more had passed and one more had failed.
    """
    means = rows.mean(axis=1)
    found = float(means.var(ddof=1) / len(means)) if len(means) > 1 else 0.0
    if found > 0:
        return found
    smoothed = (means.sum() + 1) / (len(means) + 2)
    return float(smoothed * (1 - smoothed) / len(means))
