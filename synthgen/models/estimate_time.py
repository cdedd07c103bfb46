"""How long a fit takes, from the time that small pieces of it take here and now."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from synthgen.encoders.table_encoder import TableEncoder
from synthgen.models.estimate_memory import MatrixShape

WARM_STEPS, TIMED_STEPS = 4, 24
"""Training steps that are done before time is taken, and those that it is taken of."""


@dataclass(frozen=True)
class Rehearsal:
    """Encoded rows to try pieces of a fit on.

    Parameters
    ----------
    matrix : ndarray of float32, shape (n, F)
        Some rows of the table, encoded.
    encoder : TableEncoder
        Fitted to them.
    n_rows : int
        N, of the whole table.
    seed : int
        Of what is random.
    """

    matrix: np.ndarray
    encoder: TableEncoder
    n_rows: int
    seed: int

    @property
    def shape(self) -> MatrixShape:
        """Of the whole matrix."""
        layout = self.encoder.layout_
        return MatrixShape(self.n_rows, layout, len(self.encoder.encoders_))

    def rows(self, n: int) -> np.ndarray:
        """So many of its rows; from the first on again where there are not as many."""
        return self.matrix[np.arange(n) % len(self.matrix)]


@dataclass(frozen=True)
class Times:
    """Seconds of the parts of a training.

    Parameters
    ----------
    parts : dict of str to float
        As they are expected.
    more : float
        Seconds that may come on top, where the table decides how much there is to do.
    """

    parts: dict[str, float] = field(default_factory=dict)
    more: float = 0.0

    def __or__(self, other: Times) -> Times:
        """Both."""
        return Times(self.parts | other.parts, self.more + other.more)


def seconds(piece: Callable[[], object]) -> float:
    """Seconds of processor time that a piece takes, in all threads of this process.

    Parameters
    ----------
    piece : callable
        Is called once.

    Returns
    -------
    float
        Processor time, which other processes do not lengthen as they do the time that passes; > 0.
    """
    start = time.process_time()
    piece()
    return max(time.process_time() - start, 1e-9)


def seconds_of_all(piece: Callable[[int], object], sizes: tuple[int, int], size: int) -> float:
    """Seconds of a piece that is a fixed part and a part in proportion to its size.

    Parameters
    ----------
    piece : callable
        Size -> anything; called with the smaller of both sizes first.
    sizes : (int, int)
        Two sizes that are tried, ascending.
    size : int
        The whole; where it is no larger than the second of `sizes` it is tried itself, alone.

    Returns
    -------
    float
        On the straight line through both, that falls nowhere.
    """
    small, large = sizes
    piece(min(small, size))  # the first call loads what it needs
    if size <= large:
        return seconds(lambda: piece(size))
    first, second = seconds(lambda: piece(small)), seconds(lambda: piece(large))
    return second + max(second - first, 0.0) / (large - small) * (size - large)


def seconds_a_step(steps: Callable[[int], object]) -> float:
    """Seconds of one training step.

    Parameters
    ----------
    steps : callable
        Number of steps -> anything; a training of its own at every call.

    Returns
    -------
    float
        From `TIMED_STEPS` steps, without what a training costs once.
    """
    once = [seconds(lambda: steps(WARM_STEPS)) for _ in range(2)][1]
    longer = seconds(lambda: steps(WARM_STEPS + TIMED_STEPS))
    return max(longer - once, longer / 100) / TIMED_STEPS
