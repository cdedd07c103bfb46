"""Normal scores of very many columns, a few at a time: from an array, or from wherever they are made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

CHUNK = 4_096
"""Columns in a chunk of an array: sums over chunks are the same to the last bit wherever these come from."""

Chunk = tuple[slice, np.ndarray, np.ndarray | None]
"""Which columns; their scores, float32, shape (c, N), 0 where missing; where values are missing, or None for nowhere."""


class ScoreChunks(Protocol):
    """Normal scores of p columns and N rows (`normal_scores.conditional_scores`)."""

    n_columns: int
    n_rows: int
    information: np.ndarray
    """Mean squares of the scores, shape (p,)."""
    present: np.ndarray
    """Share of the values that are not missing, shape (p,)."""

    def chunks(self, purpose: str) -> Iterator[Chunk]:
        """All columns in order; `purpose` says what they are wanted for, in words."""


class ArrayScores:
    """Scores that are in memory.

    Parameters
    ----------
    scores : ndarray of float32, shape (p, N)
        0 where missing.
    information : ndarray, shape (p,)
        Mean squares.
    gaps : ndarray of bool, shape (p, N), optional
        Where values are missing. None: nowhere.
    """

    def __init__(self, scores: np.ndarray, information: np.ndarray, gaps: np.ndarray | None = None) -> None:
        self.n_columns, self.n_rows = scores.shape
        self.information = information
        self.present = np.ones(len(scores)) if gaps is None else 1 - gaps.mean(axis=1)
        self._scores, self._gaps = scores, gaps

    def chunks(self, purpose: str) -> Iterator[Chunk]:
        """See `ScoreChunks`."""
        for start in range(0, self.n_columns, CHUNK):
            part = slice(start, min(start + CHUNK, self.n_columns))
            yield part, self._scores[part], None if self._gaps is None else self._gaps[part]
