"""A choice between levels as a cut normal number, and back."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri


def latent_of_levels(one_hot: np.ndarray, shares: list[float], rng: np.random.Generator) -> np.ndarray:
    """A normal number for each row, random within the interval of its level.

    Parameters
    ----------
    one_hot : ndarray, shape (N, n_levels)
        The choices.
    shares : list of float, length n_levels
        Share of each level; they sum to 1.
    rng : numpy.random.Generator
        Draws the places.

    Returns
    -------
    ndarray of float64, shape (N,)
        Standard normal over all rows.
    """
    top = np.cumsum(shares)
    level = one_hot.argmax(axis=1)
    place = top[level] - np.asarray(shares)[level] * rng.random(len(level))
    return np.asarray(ndtri(np.clip(place, 1e-6, 1 - 1e-6)))


def choose_levels(latent: np.ndarray, shares: list[float]) -> np.ndarray:
    """The reverse of `latent_of_levels`.

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
