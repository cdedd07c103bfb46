"""The leading directions of the rows of a wide matrix, which comes a few columns at a time."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from synthgen.encoders.score_chunks import CHUNK, ScoreChunks
from synthgen.rng import stream

MAX_GRAM_ROWS = 4_000
"""With more rows than this, randomised subspace iteration instead of the Gram matrix."""
MOST_PASSES = 9
"""Products with the Gram matrix at most, each of which goes through all columns once: seven power iterations, the range
finder's own, and the one that the answer is read from."""
TOLERANCE = 1e-6
"""No more of them where no eigenvalue wanted changed by more than this share of itself."""
OVERSAMPLING = 10
"""Directions besides those wanted."""


def top_directions(source: ScoreChunks, n_factors: int, seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    """The largest eigenvalues of the rows' Gram matrix and their vectors.

    Parameters
    ----------
    source : ScoreChunks
        Scores Z of p columns and N rows, of which the Gram matrix is Z'Z, shape (N, N).
    n_factors : int
        k, at most N - 1 and p.
    seed : int
        Of the random start where there are more than `MAX_GRAM_ROWS` rows.

    Returns
    -------
    values : ndarray of float64, shape (k,)
        Descending, at least 0.
    vectors : ndarray, shape (N, k)
        Of length 1; the largest entry of each is positive.
    total : float
        Sum of all eigenvalues.

    Notes
    -----
    With more than `MAX_GRAM_ROWS` rows: the randomised range finder with power iterations [1]_, orthonormal after each, at
    most `MOST_PASSES` times through the columns; no array is larger than N (k + 10) or a chunk.

    References
    ----------
    .. [1] N. Halko, P. G. Martinsson, J. A. Tropp, "Finding structure with randomness", SIAM Review 53, 2011,
       algorithm 4.4.
    """
    if source.n_rows <= MAX_GRAM_ROWS:
        gram, total = _gram_and_total(source)
        values, vectors = np.linalg.eigh(gram)
        values, vectors = values[::-1][:n_factors], vectors[:, ::-1][:, :n_factors]
    else:
        values, vectors, total = _randomised(source, n_factors, seed)
    signs = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(n_factors)])
    return np.maximum(values, 0.0), vectors * signs, total


def gram_of(scores: np.ndarray) -> np.ndarray:
    """scores.T @ scores of an array of shape (p, N), summed in float64 over chunks of columns."""
    return _sum_of_grams(scores[start : start + CHUNK] for start in range(0, len(scores), CHUNK))


def _sum_of_grams(parts: Iterable[np.ndarray]) -> np.ndarray:
    out: np.ndarray | None = None
    for part in parts:
        out = np.zeros((part.shape[1], part.shape[1])) if out is None else out
        out += part.T @ part
    return np.zeros((0, 0)) if out is None else out


def _gram_and_total(source: ScoreChunks) -> tuple[np.ndarray, float]:
    """The Gram matrix and its trace, the latter from squares in float64."""
    totals: list[float] = []

    def parts() -> Iterable[np.ndarray]:
        for _, scores, _ in source.chunks("common factors"):
            totals.append(_squares(scores))
            yield scores

    return _sum_of_grams(parts()), sum(totals)


def _randomised(source: ScoreChunks, n_factors: int, seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Eigenvalues, vectors and the sum of squares."""
    width = min(n_factors + OVERSAMPLING, source.n_rows)
    start = stream(seed, "range finder").standard_normal((source.n_rows, width))
    basis, total, before = np.linalg.qr(start)[0], 0.0, np.zeros(n_factors)
    for step in range(MOST_PASSES):
        image, narrow = np.zeros((source.n_rows, width)), basis.astype(np.float32)
        for _, scores, _ in source.chunks(f"common factors, pass {step + 1}"):
            image += scores.T @ (scores @ narrow)
            total += 0.0 if step else _squares(scores)
        inside = basis.T @ image
        values, turned = np.linalg.eigh((inside + inside.T) / 2)
        values, vectors = values[::-1][:n_factors], (basis @ turned)[:, ::-1][:, :n_factors]
        if (np.abs(values - before) <= TOLERANCE * values).all():
            break
        basis, before = np.linalg.qr(image)[0], values
    return values, vectors, total


def _squares(scores: np.ndarray) -> float:
    return float(np.square(scores, dtype=np.float64).sum())
