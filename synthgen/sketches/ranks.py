"""Ranks of a stream of numbers from few of them: the same numbers in the same order always keep the same few."""

from __future__ import annotations

from typing import Any

import numpy as np

BUFFER = 65_536
"""Values that are sorted together, ..."""
KEPT = 8_192
"""... of which so many are kept, each for eight."""
_GROUP = BUFFER // KEPT


class RankSketch:
    """Order statistics of a stream, with a bound on the error that always holds.

    Notes
    -----
    Each full buffer is sorted, and of each eight values the fifth is kept, which stands for all eight: no rank moves by more
    than 4. Two kept buffers whose values stand for w each become one: they are merged, and every second value is kept, for
    2w, the first and the second in turn: no rank moves by more than w. The sum of these moves is counted as they are made and
    is the bound (`rank_error`): for N values it is ``(1 + log2(N / 65,536)) / 16,384`` of N, 0.0007 for 50 million and 0.0009
    for a billion; moves up and down cancel, so that errors found are about a third of it. Below 65,536 values it is 0.
    This is the collapse of [1]_ with buffers of equal weight, as in [2]_ without chance.
    NOTE[DIFF]: the KLL sketch of Apache DataSketches keeps fewer values for the same error, but draws its choices from a
    generator that cannot be seeded from Python: a fit would not repeat.

    References
    ----------
    .. [1] G. S. Manku, S. Rajagopalan, B. G. Lindsay, "Approximate Medians and other Quantiles in One Pass and with Limited
       Memory", SIGMOD 1998.
    .. [2] P. K. Agarwal et al., "Mergeable Summaries", PODS 2012.
    """

    def __init__(self) -> None:
        self.n = 0
        """Values so far."""
        self._held: dict[int, np.ndarray] = {}
        """Sorted values by level: each value of level h stands for ``8 * 2**h``."""
        self._turns: dict[int, int] = {}
        self._rest: list[np.ndarray] = []
        """Values that stand for themselves: of buffers that were not full."""
        self._n_rest = 0
        self._moved = 0

    def add(self, values: np.ndarray) -> None:
        """Take values in.

        Parameters
        ----------
        values : ndarray, shape (N,)
            Of one dtype throughout; none missing. Sorted, if there are `BUFFER` of them.
        """
        self.n += len(values)
        if len(values) == BUFFER:
            self._keep(values)
            return
        self._rest.append(values)
        self._n_rest += len(values)
        while self._n_rest >= BUFFER:
            pooled = np.concatenate(self._rest)
            self._keep(np.sort(pooled[:BUFFER]))
            self._rest, self._n_rest = [pooled[BUFFER:]], len(pooled) - BUFFER

    def merge(self, other: RankSketch) -> None:
        """Take another sketch's values in.

        Parameters
        ----------
        other : RankSketch
            Is not changed.
        """
        self._moved += other._moved
        self.n += other.n - other._n_rest
        for level in sorted(other._held):
            self._carry(level, other._held[level])
        for values in other._rest:
            self.add(values)

    def points(self) -> tuple[np.ndarray, np.ndarray]:
        """The values kept, and how many each stands for.

        Returns
        -------
        (values, weights) : (ndarray, ndarray of int64), shape (K,)
            Ascending; the weights sum to `n`.
        """
        values = [*self._rest, *self._held.values()]
        weights = [np.ones(len(v), dtype=np.int64) for v in self._rest]
        weights += [np.full(len(v), _GROUP << level, dtype=np.int64) for level, v in self._held.items()]
        if not values:
            return np.empty(0), np.empty(0, dtype=np.int64)
        pooled = np.concatenate(values)
        order = np.argsort(pooled, kind="stable")
        return pooled[order], np.concatenate(weights)[order]

    @property
    def rank_error(self) -> float:
        """How far the share of values up to any number can be off, in [0, 1]; 0 if all values are kept."""
        return self._moved / self.n if self.n else 0.0

    def retype(self, dtype: np.dtype[Any]) -> None:
        """Hold the values kept as another dtype, which must hold them all."""
        self._held = {level: values.astype(dtype) for level, values in self._held.items()}
        self._rest = [values.astype(dtype) for values in self._rest]

    def _keep(self, ordered: np.ndarray) -> None:
        self._moved += _GROUP // 2
        self._carry(0, ordered[_GROUP // 2 :: _GROUP])

    def _carry(self, level: int, values: np.ndarray) -> None:
        """As in adding binary numbers: two of a level are one of the next."""
        while level in self._held:
            both = np.concatenate([self._held.pop(level), values])
            both.sort(kind="stable")  # of two sorted halves: one merge
            turn = self._turns.get(level, 0)
            self._turns[level] = 1 - turn
            values = both[turn::2]
            self._moved += _GROUP << level
            level += 1
        self._held[level] = values
