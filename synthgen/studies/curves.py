"""The curves that the points of a measure allow, and what they say of the next doubling of the rows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import f as fisher
from scipy.stats import t as student

from synthgen.metrics.intervals import Estimate
from synthgen.studies.levels import Series, unexplained
from synthgen.studies.lines import Line, fit_line

EXPONENTS = (0.0, 0.25, 0.5, 0.75, 1.0, 2.0)
"""c of the curves ``a + b n**-c``; 0 stands for ``a + b log2(n)``."""


@dataclass(frozen=True, eq=False)
class Curves:
    """Curves through the points of one measure.

    Parameters
    ----------
    lines : dict of float to Line
        By exponent: lines in `function` of the rows.
    allowed : dict of float to Line
        Those that the points do not contradict.
    weights : ndarray, shape (len(lines),)
        Of all of them.
    df : int
        Degrees of freedom of the noise.
    variance : float
        Of the noise, above 0.
    """

    lines: dict[float, Line]
    allowed: dict[float, Line]
    weights: np.ndarray
    df: int
    variance: float


def curves(series: Series) -> Curves:
    """Fit all curves.

    Parameters
    ----------
    series : Series
        Of one measure; at least two sizes, and two repeats of two sizes.

    Returns
    -------
    Curves
        ``y = a_r + b n**-c``, with a level a_r for every repeat r, and ``a_r + b log2(n)`` for c = 0. A curve is allowed
        if its squares exceed the least of all by no more than ``s2 F(.95; 1, df)``, s2 being what neither repeat nor size explains (the
        residuals of a line would count a bend as noise), and weighs
        ``exp(-squares / (2 s2))``.

    References
    ----------
    .. [1] T. Viering, M. Loog, "The shape of learning curves: a review", IEEE TPAMI 45 (2023).
    """
    lines = {c: fit_line(series, function(series.sizes, c)) for c in EXPONENTS}
    df, variance = _noise(series)
    variance = max(variance, 1e-300)
    least = min(line.squares for line in lines.values())
    most = least + variance * float(fisher.ppf(0.95, 1, df))
    allowed = {c: line for c, line in lines.items() if line.squares <= most}
    weights = np.exp(-np.array([line.squares - least for line in lines.values()]) / (2 * variance))
    return Curves(lines, allowed, weights / weights.sum(), df, variance)


def next_doubling(series: Series, level: float = 0.95) -> Estimate:
    """How much a measure would change with twice the rows of the largest size.

    Parameters
    ----------
    series : Series
        Of one measure.
    level : float
        Of confidence, in (0, 1).

    Returns
    -------
    Estimate
        The mean of the curves, by weight. The interval is the union of those of the curves that are allowed,
        ``b dz +- t sqrt(s2 / spread (1 + R overlap)) dz``, where dz is what a doubling adds to the curve's function of
        the rows: a line in log n goes on as before, a power law ever less. Empty with one size; without an interval
        where nothing is left to estimate the noise from (one repeat).

    Notes
    -----
    The factor ``1 + R overlap`` is Nadeau and Bengio's, for repeats that share rows (`Series.share_of_variance`). It
    is made for the level of a measure, of which more is shared than of its change: the interval is on the wide side.
    """
    sizes = np.unique(series.sizes)
    if len(sizes) < 2 or _noise(series)[0] == 0:
        return Estimate(None)
    found = curves(series)
    ends = np.array([sizes[-1], 2 * sizes[-1]])
    steps = {c: float(np.diff(function(ends, c))[0]) for c in EXPONENTS}
    changes = np.array([line.slope * steps[c] for c, line in found.lines.items()])
    factor = series.n_repeats * series.share_of_variance(series.n_repeats)
    quantile = float(student.ppf(0.5 + level / 2, found.df))
    intervals = []
    for c, line in found.allowed.items():
        half = quantile * math.sqrt(found.variance / line.spread * factor) * steps[c]
        intervals.append((line.slope * steps[c] - half, line.slope * steps[c] + half))
    low, high = min(i[0] for i in intervals), max(i[1] for i in intervals)
    return Estimate(float(np.clip(found.weights @ changes, low, high)), low, high)


def function(sizes: np.ndarray, c: float) -> np.ndarray:
    """The function of the rows that a curve is a line in.

    Parameters
    ----------
    sizes : ndarray
        Rows.
    c : float
        One of `EXPONENTS`.

    Returns
    -------
    ndarray
        Increasing: ``log2(n)`` for c = 0, else ``-n**-c``.
    """
    return np.log2(sizes) if c == 0 else -(sizes.astype(np.float64) ** -c)


def _noise(series: Series) -> tuple[int, float]:
    return unexplained(series.values, series.repeats, series.sizes)
