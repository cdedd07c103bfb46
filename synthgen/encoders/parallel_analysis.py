"""How many common factors a wide matrix of normal scores has."""

from __future__ import annotations

import numpy as np
from scipy.sparse.linalg import eigsh

from synthgen.encoders.top_directions import MAX_GRAM_ROWS, gram_of

_COLUMNS_FOR_RANK = 5_000
_SIGN_DRAWS = 5


def n_factors_by_parallel_analysis(scores: np.ndarray, most: int, rng: np.random.Generator) -> int:
    """How many factors stand out from noise of the same column variances.

    Parameters
    ----------
    scores : ndarray of float32, shape (p, N)
        Normal scores.
    most : int
        Upper bound of the answer.
    rng : numpy.random.Generator
        Draws the noise.

    Returns
    -------
    int
        In [0, most]: how many leading eigenvalues exceed the largest of the same matrix with random signs, in several
        draws of the signs [1]_.

    NOTE[DIFF]: five draws, and a random choice of columns where there are more than 5,000.

    References
    ----------
    .. [1] D. Hong, Y. Sheng, E. Dobriban, "Selecting the number of components in PCA via random signflips",
       arXiv:2012.02985.
    """
    columns, rows = chosen_for_rank(len(scores), scores.shape[1], rng)
    if columns is not None:
        scores = scores[columns]
    if rows is not None:
        scores = scores[:, rows]
    return n_factors_of_chosen(scores, most, rng)


def chosen_for_rank(
    n_columns: int, n_rows: int, rng: np.random.Generator
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """The columns and the rows that parallel analysis looks at, ascending; None for all."""
    chosen: list[np.ndarray | None] = [None, None]
    for i, (n, most) in enumerate([(n_columns, _COLUMNS_FOR_RANK), (n_rows, MAX_GRAM_ROWS)]):
        if n > most:
            chosen[i] = np.sort(rng.choice(n, most, replace=False))
    return chosen[0], chosen[1]


def n_factors_of_chosen(scores: np.ndarray, most: int, rng: np.random.Generator) -> int:
    """`n_factors_by_parallel_analysis` of what was chosen for it, with the generator that chose."""
    if not scores.any():
        return 0
    null = 0.0
    for _ in range(_SIGN_DRAWS):
        signs = rng.integers(0, 2, scores.shape, dtype=np.int8) * np.int8(2) - np.int8(1)
        start = rng.standard_normal(scores.shape[1])
        null = max(null, float(eigsh(gram_of(scores * signs), k=1, v0=start, return_eigenvectors=False)[0]))
    above = np.linalg.eigvalsh(gram_of(scores))[::-1][:most] > null
    return int(most if above.all() else np.argmin(above))
