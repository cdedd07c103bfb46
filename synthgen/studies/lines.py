"""Lines through the points of every repeat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthgen.studies.levels import Series


@dataclass(frozen=True, eq=False)
class Line:
    """A straight line in a function of the rows, with a level of its own for every repeat.

    Parameters
    ----------
    slope : float
        Change of the measure for each unit of the function.
    centre, height : float
        Mean of the function and of the measure: the line goes through them.
    spread : float
        Sum of squares of the function within repeats.
    squares : float
        Sum of squared residuals.
    """

    slope: float
    centre: float
    height: float
    spread: float
    squares: float


def fit_line(series: Series, function: np.ndarray) -> Line:
    """Least squares within repeats.

    Parameters
    ----------
    series : Series
        Of one quantity.
    function : ndarray, shape (m,)
        Of the rows of each fit.

    Returns
    -------
    Line
        Of slope 0 where no repeat has two sizes.
    """
    x, y = _within(series, function), _within(series, series.values)
    spread = float(x @ x)
    slope = float(x @ y) / spread if spread > 0 else 0.0
    residuals = y - slope * x
    return Line(
        slope, float(function.mean()), float(series.values.mean()), spread, float(residuals @ residuals)
    )


def _within(series: Series, x: np.ndarray) -> np.ndarray:
    """Less the mean of each repeat."""
    out = x.astype(np.float64)
    for repeat in np.unique(series.repeats):
        here = series.repeats == repeat
        out[here] -= out[here].mean()
    return out
