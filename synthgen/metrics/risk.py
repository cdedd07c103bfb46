"""Success rates of attacks, and what is left of them beside the same attack on people who were never seen."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from synthgen.metrics.baselines import some_of
from synthgen.metrics.intervals import Estimate, wilson_centre
from synthgen.metrics.tables import CodedTable

MAX_TARGETS = 1_000
"""Real rows that are attacked by a search among the synthetic ones, and as many held-out ones, at most."""
MAX_SYNTHETIC = 50_000
"""Synthetic rows that are searched, at most."""
_FEW_TARGETS = 200
_MAX_CELLS = 1_000_000_000
NO_HOLDOUT = "Without held-out rows there is no control, and so no risk: much of what succeeds here succeeds on anyone."
"""What is said where there is no control."""


@dataclass(frozen=True)
class Risk:
    """What an attack with the synthetic table gains, beside its control and its baseline.

    Parameters
    ----------
    attack : Estimate
        Success rate against the real rows, in [0, 1].
    control : Estimate or None
        Of the same attack against held-out rows: what the population gives away. None without a holdout.
    baseline : Estimate
        Of random guesses against the real rows. An attack that is no better than that failed: it says nothing.
    risk : Estimate or None
        ``(attack - control) / (1 - control)``, cut at 0 and 1. None without a holdout.
    n_attacks : int
        Guesses made against the real rows.
    words : str
        What was attacked, and what the figures leave out.
    """

    attack: Estimate
    control: Estimate | None
    baseline: Estimate
    risk: Estimate | None
    n_attacks: int
    words: str


def make_risk(
    attack: Estimate, control: Estimate | None, baseline: Estimate, n_attacks: int, words: str
) -> Risk:
    """A risk from the success rates.

    Parameters
    ----------
    attack, baseline : Estimate
        As `success_rate` gives them, or empty.
    control : Estimate or None
        Likewise, or None without a holdout.
    n_attacks : int
        Guesses made.
    words : str
        What was attacked.

    Returns
    -------
    Risk
        Without a holdout the words say so.
    """
    if control is None:
        return Risk(attack, None, baseline, None, n_attacks, f"{words} {NO_HOLDOUT}")
    return Risk(attack, control, baseline, bounded(*residual_risk(attack, control)), n_attacks, words)


def no_attack(words: str) -> Risk:
    """A risk that could not be measured, for the reason that the words give."""
    return Risk(Estimate(None), None, Estimate(None), None, 0, words)


def success_rate(n_hits: float, n: int, level: float = 0.95) -> Estimate:
    """The rate of successful guesses by Wilson's interval and its centre.

    Parameters
    ----------
    n_hits : float
        Successful guesses, in [0, n].
    n : int
        Guesses; none gives an empty estimate.
    level : float
        Of confidence, in (0, 1).

    Returns
    -------
    Estimate
        In [0, 1]. The value is the interval's centre, a little nearer to 1/2 than the share of hits.

    References
    ----------
    .. [1] M. Giomi, F. Boenisch, C. Wehmeyer, B. Tasnadi, "A unified framework for quantifying privacy risk in
       synthetic data", PoPETs 2023, section 4 (as in anonymeter's ``stats/confidence.py``).
    .. [2] E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    """
    if n == 0:
        return Estimate(None)
    centre, error = wilson_centre(n_hits, n, float(ndtri(0.5 * (1 + level))))
    return Estimate(centre, max(centre - error, 0.0), min(centre + error, 1.0))


def residual_risk(attack: Estimate, control: Estimate) -> tuple[float, float]:
    """The excess of the attack over the control, of what the control leaves to gain.

    Parameters
    ----------
    attack, control : Estimate
        Success rates with intervals symmetric about them, or empty.

    Returns
    -------
    (value, error) : (float, float)
        ``(attack - control) / (1 - control)``, below 0 where the control does better, and half the width of its
        interval by the propagation of errors; NaN from an empty estimate.

    References
    ----------
    .. [1] As for `success_rate`.
    """
    (a, error_a), (c, error_c) = _value_and_error(attack), _value_and_error(control)
    by_attack, by_control = 1 / (1 - c), (a - 1) / (1 - c) ** 2
    return (a - c) / (1 - c), math.hypot(error_a * by_attack, error_c * by_control)


def bounded(value: float, error: float) -> Estimate:
    """A value and its interval cut at 0 and 1, as anonymeter's ``bind_value``.

    Parameters
    ----------
    value, error : float
        The value and half the width of its interval; NaN gives an empty estimate.

    Returns
    -------
    Estimate
        In [0, 1].
    """
    if math.isnan(value):
        return Estimate(None)
    low, middle, high = (min(max(x, 0.0), 1.0) for x in (value - error, value, value + error))
    return Estimate(middle, low, high)


def n_targets(real: CodedTable, synthetic: CodedTable, holdout: CodedTable | None, n_columns: int) -> int:
    """How many rows a search attacks, of each table.

    Parameters
    ----------
    real, synthetic : CodedTable
        The tables.
    holdout : CodedTable or None
        As many of its rows are attacked, for the same noise in attack and control.
    n_columns : int
        Columns that the search looks at.

    Returns
    -------
    int
        At most `MAX_TARGETS`; fewer where the tables are large or small.
    """
    affordable = _MAX_CELLS // (min(synthetic.n_rows, MAX_SYNTHETIC) * n_columns)
    available = real.n_rows if holdout is None else min(real.n_rows, holdout.n_rows)
    return min(MAX_TARGETS, max(affordable, _FEW_TARGETS), available)


def some_columns(
    real: CodedTable, most: int, generator: np.random.Generator, keep: str | None = None
) -> tuple[int, ...]:
    """The columns that an attack looks at: all, or a random choice of so many.

    Parameters
    ----------
    real : CodedTable
        Gives the columns.
    most : int
        Columns wanted, at most.
    generator : numpy.random.Generator
        Draws them.
    keep : str or None
        A column that must be among them, if there is one of this name.

    Returns
    -------
    tuple of int
        Their numbers, in order.
    """
    kept = [j for j, c in enumerate(real.columns) if c.name == keep]
    others = np.setdiff1d(np.arange(len(real.columns)), kept)
    drawn = others[some_of(len(others), most - len(kept), generator)]
    return tuple(sorted(int(j) for j in (*kept, *drawn)))


def columns_in_words(n_used: int, n_given: int) -> str:
    """How many columns an attack looks at, and whether they were drawn."""
    return f"{n_used} columns" if n_used == n_given else f"{n_used} columns drawn at random from {n_given:,}"


def _value_and_error(rate: Estimate) -> tuple[float, float]:
    if rate.value is None or rate.low is None or rate.high is None:
        return math.nan, math.nan
    # the longer side, where an end was cut
    return rate.value, max(rate.value - rate.low, rate.high - rate.value)
