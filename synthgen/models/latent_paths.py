"""Paths between latent vectors."""

from __future__ import annotations

import numpy as np

METHODS = ("slerp", "linear")
"""What `path` knows."""
_PARALLEL = 1e-4  # radians: closer directions are joined by a straight line


def path(start: np.ndarray, end: np.ndarray, steps: int, method: str) -> np.ndarray:
    """Latent vectors from one to another, both included.

    Parameters
    ----------
    start, end : ndarray, shape (Z,)
        Latent vectors.
    steps : int
        At least 2.
    method : {"slerp", "linear"}
        Along a great circle, or a straight line.

    Returns
    -------
    ndarray of float32, shape (steps, Z)
        Evenly spaced in angle or in length.

    Notes
    -----
    ``slerp(t) = sin((1 - t) a) / sin(a) start + sin(t a) / sin(a) end`` with the angle a between the two [1]_. Normal
    vectors of many dimensions have lengths near sqrt(Z), and so have those on a great circle; the middle of a straight
    line between two independent ones is shorter by sqrt(2), where hardly any vector is drawn [2]_.
    A great circle leaves the box of a uniform prior here and there; a straight line does not.

    References
    ----------
    .. [1] K. Shoemake, "Animating rotation with quaternion curves", SIGGRAPH 1985.
    .. [2] T. White, "Sampling generative networks", arXiv 1609.04468, 2016.
    """
    t = np.linspace(0.0, 1.0, steps)[:, None]
    angle = _angle(start, end) if method == "slerp" else 0.0
    if angle < _PARALLEL or np.pi - angle < _PARALLEL:
        return ((1 - t) * start + t * end).astype(np.float32)
    weights = np.sin((1 - t) * angle), np.sin(t * angle)
    return ((weights[0] * start + weights[1] * end) / np.sin(angle)).astype(np.float32)


def _angle(start: np.ndarray, end: np.ndarray) -> float:
    """Between two vectors, in [0, pi]; 0 where one has no direction."""
    a, b = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    return float(np.arccos(np.clip(a @ b / lengths, -1, 1))) if lengths > 0 else 0.0
