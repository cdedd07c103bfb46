"""Alpha-precision and beta-recall, in synthcity's "naive" variant."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from benchmarks.tables.coding import one_hot, sample_rows

MAX_ROWS = 5_000
N_STEPS = 30


def alpha_beta(
    real: pd.DataFrame, synthetic: pd.DataFrame, categorical: Sequence[str], seed: int
) -> dict[str, float]:
    """``alpha_precision_naive`` and ``beta_recall_naive`` in [0, 1], on at most 5,000 rows of each table.

    Levels one-hot, every column scaled to the real table's range; missing numbers are the real mean.
    """
    n = min(len(real), len(synthetic), MAX_ROWS)
    tables = [sample_rows(real, n, seed), sample_rows(synthetic, n, seed + 1)]
    x, y = (a.astype(float) for a in one_hot(tables[0], tables[1:], categorical))
    mean = np.nanmean(x, axis=0)
    x, y = (np.where(np.isnan(a), mean, a) for a in (x, y))
    low, span = x.min(axis=0), np.ptp(x, axis=0)
    span[span == 0] = 1
    precision, recall = naive_alpha_beta((x - low) / span, (y - low) / span)
    return {"alpha_precision_naive": precision, "beta_recall_naive": recall}


def naive_alpha_beta(real: np.ndarray, synthetic: np.ndarray) -> tuple[float, float]:
    """Integrated alpha-precision and beta-recall around the two means.

    Parameters
    ----------
    real, synthetic : ndarray, shape (N, F)
        Equally many rows.

    Returns
    -------
    (precision, recall) : tuple of float
        One minus the mean distance of the curve from the diagonal over the diagonal's mean, over 30 steps.

    Notes
    -----
    "Naive" is synthcity's name for the variant without its one-class network: the spheres are drawn around the mean
    of the (scaled) rows themselves. TabSyn and TabDiff report it.

    References
    ----------
    .. [1] A. Alaa et al., "How faithful is your synthetic data? Sample-level metrics for evaluating and auditing
       generative models", ICML 2022.
    """
    from sklearn.neighbors import NearestNeighbors

    alphas = np.linspace(0, 1, N_STEPS)
    centre, synthetic_centre = real.mean(axis=0), synthetic.mean(axis=0)
    radii = np.quantile(np.linalg.norm(real - centre, axis=1), alphas)
    to_centre = np.linalg.norm(synthetic - centre, axis=1)
    inside = np.array([(to_centre <= r).mean() for r in radii])

    to_real = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(real).kneighbors(real)[0][:, 1]
    found = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(synthetic).kneighbors(real)
    to_synthetic, which = (a[:, 0] for a in found)
    closest = np.linalg.norm(synthetic[which] - synthetic_centre, axis=1)
    reached = to_synthetic <= to_real
    covered = np.array([(reached & (closest <= r)).mean() for r in np.quantile(closest, alphas)])
    precision, recall = (float(1 - np.abs(alphas - c).sum() / alphas.sum()) for c in (inside, covered))
    return precision, recall
