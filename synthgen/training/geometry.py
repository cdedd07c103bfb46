"""Matrix rows as points: their directions, spread and distances."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from synthgen.layout import MatrixLayout
from synthgen.rng import stream

MAX_COORDINATES = 256
"""Wider matrices are projected to so many coordinates."""
MIN_VARIANCE = 0.25
"""Blocks of less variance are not blown up to 1: a level that one row in a hundred has must not decide all distances."""


@dataclass(frozen=True, eq=False)
class Coordinates:
    """From matrix rows to points, K <= `MAX_COORDINATES`.

    Every block's columns are divided by the root of the block's total variance among real rows (of `MIN_VARIANCE` if
    that is less), so that every table column counts alike. Matrices of more columns are projected at random, which
    keeps distances up to a few percent [1]_; inverse participation ratios grow by 1/K then, of real and fake rows
    alike.

    Parameters
    ----------
    means, scale : ndarray, shape (F,)
        Subtracted, and multiplied by.
    projection : ndarray, shape (F, K), or None
        None: K = F.

    References
    ----------
    .. [1] D. Achlioptas, "Database-friendly random projections: Johnson-Lindenstrauss with binary coins", JCSS 66
       (2003).
    """

    means: np.ndarray
    scale: np.ndarray
    projection: np.ndarray | None

    @classmethod
    def of(cls, rows: np.ndarray, layout: MatrixLayout, seed: int) -> Self:
        """Coordinates by the scale of real rows.

        Parameters
        ----------
        rows : ndarray, shape (N, F)
            Real rows, N >= 1.
        layout : MatrixLayout
            What the F columns are.
        seed : int
            For the projection.

        Returns
        -------
        Coordinates
            Callable: rows (N, F) -> points (N, K).
        """
        variances = rows.var(axis=0, dtype=np.float64)
        widths = np.array([b.width for b in layout.blocks])
        of_blocks = np.add.reduceat(variances, [b.start for b in layout.blocks])
        scale = np.repeat(1 / np.sqrt(np.maximum(of_blocks, MIN_VARIANCE)), widths)
        projection = None
        if layout.width > MAX_COORDINATES:
            coins = stream(seed, "watch projection").integers(0, 2, (layout.width, MAX_COORDINATES))
            projection = ((2 * coins - 1) / math.sqrt(MAX_COORDINATES)).astype(np.float32)
        return cls(rows.mean(axis=0, dtype=np.float64), scale, projection)

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Points of rows, shape (N, K), float64."""
        if self.projection is None:
            return (rows - self.means) * self.scale
        scaled = rows - self.means.astype(np.float32)
        scaled *= self.scale.astype(np.float32)
        return (scaled @ self.projection).astype(np.float64)


def participation(points: np.ndarray) -> float:
    """Participation ratio of the covariance matrix: ``trace^2 / squared Frobenius norm``.

    Parameters
    ----------
    points : ndarray, shape (N, K)
        N >= 1.

    Returns
    -------
    float
        In [1, K]; 0 where nothing varies.
    """
    centred = points - points.mean(axis=0)
    products = centred.T @ centred if len(centred) >= centred.shape[1] else centred @ centred.T
    trace = float(np.trace(products))
    return trace**2 / float((products**2).sum()) if trace > 1e-12 * len(points) else 0.0


def total_variance(points: np.ndarray) -> float:
    """Sum of the columns' variances, >= 0."""
    return float(points.var(axis=0).sum())


def nearest(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Distance of every point to the nearest of others.

    Parameters
    ----------
    points, others : ndarray, shapes (N, K) and (M, K)
        M >= 1.

    Returns
    -------
    ndarray, shape (N,)
        Euclidean, >= 0.
    """
    return _to(points, others, np.argmin(_squares(points, others), axis=1))


def among_themselves(points: np.ndarray, most: int) -> np.ndarray:
    """Distance of the first points to the nearest other one.

    Parameters
    ----------
    points : ndarray, shape (N, K)
        All of them may be the nearest.
    most : int
        How many are asked about.

    Returns
    -------
    ndarray, shape (min(N, most),)
        Euclidean, >= 0; empty with fewer than two points.
    """
    if len(points) < 2:
        return np.empty(0)
    asked = points[:most]
    squares = _squares(asked, points)
    np.fill_diagonal(squares, np.inf)
    return _to(asked, points, np.argmin(squares, axis=1))


def _squares(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Squared distances, less what all of a point's have in common; shape (N, M)."""
    products = points @ others.T
    products *= -2
    products += (others**2).sum(axis=1)
    return products


def _to(points: np.ndarray, others: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Distances to chosen points, taken anew: expanded squares lose the digits of small distances."""
    return np.sqrt(((points - others[which]) ** 2).sum(axis=1))
