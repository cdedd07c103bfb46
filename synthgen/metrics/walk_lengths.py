"""How far walks go at each step, and whether they go evenly or in jumps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthgen.metrics.intervals import Estimate, normal_interval


@dataclass(frozen=True)
class WalkLengths:
    """Distances along walks.

    Parameters
    ----------
    step : Estimate
        Mean distance of neighbours.
    ends : Estimate
        Mean distance of the first from the last row: of independent rows, where walks join independent vectors.
    largest : Estimate
        The largest step's share of all that a walk goes, mean over the walks: one over the number of steps if it goes
        evenly, 1 if it jumps once. Empty if no walk goes anywhere.
    """

    step: Estimate
    ends: Estimate
    largest: Estimate


def walk_lengths(points: np.ndarray) -> WalkLengths:
    """Distances along walks, with intervals over the walks.

    Parameters
    ----------
    points : ndarray, shape (P, S, F)
        S rows of each of P walks as points, such as `synthgen.metrics.features.distance_matrix` makes; S at least 2.

    Returns
    -------
    WalkLengths
        In units of the points.
    """
    steps = _distances(points[:, 1:], points[:, :-1])
    gone = steps.sum(axis=1)
    moved = steps[gone > 0]
    largest = _mean(moved.max(axis=1) / moved.sum(axis=1), 1.0) if len(moved) else Estimate(None)
    most = float("inf")
    return WalkLengths(
        _mean(steps.mean(axis=1), most), _mean(_distances(points[:, -1], points[:, 0]), most), largest
    )


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt(((a - b).astype(np.float64) ** 2).sum(axis=-1)))


def _mean(values: np.ndarray, most: float) -> Estimate:
    variance = float(values.var(ddof=1) / len(values)) if len(values) > 1 else float("nan")
    if np.isnan(variance):
        return Estimate(float(values.mean()))
    return normal_interval(float(values.mean()), variance, (0.0, most))
