"""A choice between levels as a cut normal number, and back."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from synthgen.encoders.normal_scores import density_at


def level_scores(shares: list[float]) -> tuple[np.ndarray, float]:
    """Mean of the normal number inside the interval of each level.

    Parameters
    ----------
    shares : list of float, length n_levels
        Share of each level; they sum to 1.

    Returns
    -------
    scores : ndarray of float64, shape (n_levels,)
        E[t | level], ascending; 0 for a level without rows.
    information : float
        Mean square of the scores over the rows, in [0, 1).
    """
    share = np.asarray(shares, dtype=np.float64)
    edge = density_at(np.concatenate([[0.0], np.cumsum(share)]))
    scores = np.divide(edge[:-1] - edge[1:], share, out=np.zeros_like(share), where=share > 0)
    return scores, float(share @ scores**2)


def choose_levels(latent: np.ndarray, shares: list[float]) -> np.ndarray:
    """The level whose interval a normal number lies in.

    Parameters
    ----------
    latent : ndarray, shape (N,)
        Standard normal numbers.
    shares : list of float, length n_levels
        Share of each level.

    Returns
    -------
    ndarray of float32, shape (N, n_levels)
        One-hot rows.
    """
    level = np.searchsorted(np.cumsum(shares)[:-1], ndtr(latent), side="right")
    return np.eye(len(shares), dtype=np.float32)[level]
