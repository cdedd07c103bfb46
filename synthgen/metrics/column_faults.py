"""Tests of many columns at once, and the faults that come of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

ALPHA = 0.01
"""Tests with a larger p-value are not worth an entry, whatever correction follows."""


@dataclass(frozen=True)
class ColumnFault:
    """One thing that sets a column apart from the real one.

    Parameters
    ----------
    what : str
        One of "shape", "location", "scale", "range", "missing", "decimals", "lost level", "inflated level",
        "new level".
    p_value : float
        In [0, `ALPHA`]: the chance of a difference as large between two tables of one source, for this test alone.
    effect : float
        How large it is. Shape: the Kolmogorov-Smirnov distance of numbers, or the total variation distance of
        levels and of numbers of few values, in [0, 1]. Location: difference of the means, and scale: ratio of the
        standard deviations, both after 1% of values at each end were pulled in, the former in units of the real
        one; 1e6 where that is 0.
        Range: share of values beyond the last one of the other table. Missing: difference of the missing shares.
        Decimals: total variation distance of the grids that values lie on. Levels: the real share (lost), the
        share in the other table (new), and how many times as frequent as it should be (inflated).
    words : str
        The same in words.
    """

    what: str
    p_value: float
    effect: float
    words: str


@dataclass(frozen=True, eq=False)
class ColumnTest:
    """One test of many columns.

    Parameters
    ----------
    what : str
        As in `ColumnFault`.
    p_values, effects : ndarray, shape (n_columns,)
        In [0, 1], NaN where the test says nothing; and what `ColumnFault` says of effects.
    words : callable
        The words for a column, given by its place.
    """

    what: str
    p_values: np.ndarray
    effects: np.ndarray
    words: Callable[[int], str]

    def among(self, columns: np.ndarray, n_columns: int) -> ColumnTest:
        """The same test as one of more columns, of which it has seen some.

        Parameters
        ----------
        columns : ndarray of int
            The places of its columns among all.
        n_columns : int
            How many there are in all.

        Returns
        -------
        ColumnTest
            NaN for the columns that it has not seen.
        """
        place = np.full(n_columns, -1)
        place[columns] = np.arange(len(columns))
        p_values, effects = np.full((2, n_columns), np.nan)
        p_values[columns], effects[columns] = self.p_values, self.effects
        return ColumnTest(self.what, p_values, effects, lambda j: self.words(int(place[j])))


def faults_of(tests: Sequence[ColumnTest], column: int) -> tuple[ColumnFault, ...]:
    """The tests that a column fails.

    Parameters
    ----------
    tests : sequence of ColumnTest
        All of the same columns.
    column : int
        The column's place.

    Returns
    -------
    tuple of ColumnFault
        Of those with ``p <= ALPHA``, least p-value first.
    """
    found = [
        ColumnFault(t.what, float(t.p_values[column]), float(t.effects[column]), t.words(column))
        for t in tests
        if t.p_values[column] <= ALPHA
    ]
    return tuple(sorted(found, key=lambda f: f.p_value))


def n_tests_of(tests: Sequence[ColumnTest], column: int) -> int:
    """How many of the tests say something of a column.

    Parameters
    ----------
    tests : sequence of ColumnTest
        All of the same columns.
    column : int
        The column's place.

    Returns
    -------
    int
        In 0..len(tests).
    """
    return sum(not np.isnan(t.p_values[column]) for t in tests)
