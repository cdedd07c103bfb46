"""When a difference is more than chance: one level for a whole report.

A report makes hundreds of comparisons. Each family of them (columns, pairs, attacks, ...) gets an equal share of the
report's level, and divides it by the number of its tests (Bonferroni). A table of fresh real rows then raises a false
alarm in at most one report of a hundred.
"""

from __future__ import annotations

import math

from scipy.stats import norm

from synthgen.metrics.intervals import Z95, Estimate

ALPHA = 0.01
"""Chance that a report raises any false alarm about fresh real rows, at most."""
N_FAMILIES = 16
"""Families of tests that share it."""
LEVEL = ALPHA / N_FAMILIES
_Z = float(norm.isf(LEVEL / 2))


def is_alarm(p_value: float, n_tests: int) -> bool:
    """Whether one of several tests of a family is beyond chance.

    Parameters
    ----------
    p_value : float
        In [0, 1].
    n_tests : int
        Tests of the family, at least 1.

    Returns
    -------
    bool
        ``p_value <= LEVEL / n_tests``.
    """
    return p_value <= LEVEL / n_tests


def clearly_above(estimate: Estimate, bound: float, n_tests: int = 1) -> bool:
    """Whether a figure lies above a bound by more than chance.

    Parameters
    ----------
    estimate : Estimate
        With its 95% interval, which is widened to the family's level; without an interval the answer is no.
    bound : float
        What it is held against.
    n_tests : int
        Tests of the family.

    Returns
    -------
    bool
        Whether the lower end of the widened interval is above.
    """
    if estimate.value is None or estimate.low is None:
        return False
    return estimate.value - (estimate.value - estimate.low) * _widening(n_tests) > bound


def clearly_below(estimate: Estimate, bound: float, n_tests: int = 1) -> bool:
    """Whether a figure lies below a bound by more than chance.

    Parameters
    ----------
    estimate, bound, n_tests
        As `clearly_above` takes them.

    Returns
    -------
    bool
        Whether the upper end of the widened interval is below.
    """
    if estimate.value is None or estimate.high is None:
        return False
    return estimate.value + (estimate.high - estimate.value) * _widening(n_tests) < bound


def clearly_more(first: Estimate, second: Estimate, n_tests: int = 1) -> bool:
    """Whether one figure exceeds another, of independent rows, by more than chance.

    Parameters
    ----------
    first, second : Estimate
        With their 95% intervals; without them the answer is no.
    n_tests : int
        Tests of the family.

    Returns
    -------
    bool
        Whether the difference exceeds the root of the summed squares of the facing half-widths, widened to the
        family's level (the method of R. G. Newcombe, Statistics in Medicine 17, 1998).
    """
    if first.value is None or first.low is None or second.value is None or second.high is None:
        return False
    half = math.hypot(first.value - first.low, second.high - second.value)
    return first.value - second.value > half * _widening(n_tests)


def _widening(n_tests: int) -> float:
    z = _Z if n_tests == 1 else float(norm.isf(LEVEL / n_tests / 2))
    return z / Z95
