"""What one measure does as the rows grow: rising, flat, or neither that can be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthgen.metrics.intervals import Estimate
from synthgen.studies.curves import next_doubling
from synthgen.studies.levels import levels, series
from synthgen.studies.needed import Needed, needed_rows
from synthgen.studies.points import MEASURES, Point

MARGIN = 0.05
"""Share of the way from floor to ceiling that a doubling of the rows must gain to be worth it."""
LEAST_MARGIN = 0.01
"""The same in the measure's own units, at least."""


@dataclass(frozen=True)
class Level:
    """A measure at one size, over the repeats.

    Parameters
    ----------
    n_rows : int
        Rows that the models were fitted to.
    value : Estimate
        Mean of the samples, with its 95% interval.
    floor, ceiling : Estimate
        Means of what it is read against; empty if they were not measured.
    """

    n_rows: int
    value: Estimate
    floor: Estimate
    ceiling: Estimate


@dataclass(frozen=True)
class Trend:
    """What one measure does as the rows grow.

    Parameters
    ----------
    measure : str
        A key of `synthgen.studies.points.MEASURES`.
    levels : tuple of Level
        By size, ascending.
    change : Estimate
        By the next doubling of the rows, with a 95% interval.
    joint_change : Estimate
        The same with an interval that holds for all measures of quality together.
    gap : Estimate
        From the samples to the ceiling at the largest size; positive if they are worse.
    margin : float or None
        What a doubling must gain to be worth it. None if floor and ceiling cannot be told apart, or not compared.
    state : str
        For quality: "rising", "flat", "unclear", or "uninformative" where floor and ceiling cannot be told apart. For
        membership: "leaking", "safe" or "unclear".
    needed : Needed or None
        Of a rising measure: the rows that would bring it half of the way to the ceiling.
    """

    measure: str
    levels: tuple[Level, ...]
    change: Estimate
    joint_change: Estimate
    gap: Estimate
    margin: float | None
    state: str
    needed: Needed | None = None

    @property
    def last(self) -> Level:
        """At the largest size."""
        return self.levels[-1]


LEAK = 0.65
"""AUC of an attack above which its whole interval must lie for samples to be said to leak."""


def find_trend(points: Sequence[Point], overlap: float, n_measures: int) -> Trend:
    """What the points of one measure say.

    Parameters
    ----------
    points : sequence of Point
        Of one measure, at least one.
    overlap : float
        Rows held out over rows left to learn from.
    n_measures : int
        Measures of quality that are looked at together.

    Returns
    -------
    Trend
        By the rule in the notes.

    Notes
    -----
    A measure is *rising* if the interval of what the next doubling changes, at the level 1 - .05 / n_measures, lies
    wholly on the better side of 0, that of 95% does not exclude a gain of the margin, and the gap to the ceiling is
    more than the margin. It is *flat* if the 95% interval excludes a gain of the margin by the next doubling, or that
    of the gap excludes that there is as much to gain. Else it is *unclear*. So rows that do not help are called rising,
    by any measure, in at most 2.5% of studies. A doubling that would gain the margin by some measure must be missed by
    both intervals of that measure for the answer to be flat: in at most 5%. Both as far as the intervals hold.
    An attack is *leaking* if its 95% interval at the largest size lies above `LEAK`, and *safe* if below.
    """
    measure = MEASURES[points[0].measure]
    values = series([(p.repeat, p.n_rows, p.value, p.variance) for p in points], overlap)
    means = levels(values, (measure.low, measure.high))
    floors, ceilings = (_baseline(points, which, overlap) for which in ("floor", "ceiling"))
    nothing = Estimate(None)
    found = tuple(Level(n, e, floors.get(n, nothing), ceilings.get(n, nothing)) for n, e in means.items())
    change, joint = (next_doubling(values, level) for level in (0.95, 1 - 0.05 / max(n_measures, 1)))
    largest = found[-1].n_rows
    gap = _difference(points, overlap, measure.sign).get(largest, nothing)
    if measure.area == "privacy":
        return Trend(measure.name, found, change, joint, gap, None, _risk_state(found[-1].value))
    margin = _margin(points, overlap, largest)
    state = _state(change, joint, gap, margin, measure.sign)
    needed = needed_rows(values, _goal(found[-1], gap, measure.sign)) if state == "rising" else None
    return Trend(measure.name, found, change, joint, gap, margin, state, needed)


def gain(estimate: Estimate, sign: int) -> tuple[float, float]:
    """The ends of a change's interval, as gains.

    Parameters
    ----------
    estimate : Estimate
        With an interval.
    sign : int
        1 if higher is better, else -1.

    Returns
    -------
    (least, most) : (float, float)
        Positive is better.
    """
    low, high = (np.nan if e is None else float(e) for e in (estimate.low, estimate.high))
    return (low, high) if sign > 0 else (-high, -low)


def _state(change: Estimate, joint: Estimate, gap: Estimate, margin: float | None, sign: int) -> str:
    if margin is None:
        return "uninformative"
    if change.low is None or gap.value is None:
        return "unclear"
    most = gain(change, sign)[1]
    if most < margin or (gap.high is not None and gap.high < margin):
        return "flat"
    return "rising" if gain(joint, sign)[0] > 0 and gap.value > margin else "unclear"


def _risk_state(auc: Estimate) -> str:
    if auc.low is not None and auc.low > LEAK:
        return "leaking"
    return "safe" if auc.high is not None and auc.high < LEAK else "unclear"


def _goal(last: Level, gap: Estimate, sign: int) -> float:
    """Halfway from where the samples are to the ceiling."""
    return float(last.value.value or 0.0) + sign * float(gap.value or 0.0) / 2


def _baseline(points: Sequence[Point], which: str, overlap: float) -> dict[int, Estimate]:
    rows = [(p.repeat, p.n_rows, v, 0.0) for p in points if (v := getattr(p, which)) is not None]
    return levels(series(rows, overlap)) if rows else {}


def _difference(points: Sequence[Point], overlap: float, sign: int) -> dict[int, Estimate]:
    """From the samples to the ceiling: paired, since both are measured on the same rows, so that their own
    intervals say nothing of it."""
    rows = [(p.repeat, p.n_rows, sign * (p.ceiling - p.value), 0.0) for p in points if p.ceiling is not None]
    return levels(series(rows, overlap)) if rows else {}


def _margin(points: Sequence[Point], overlap: float, largest: int) -> float | None:
    """None unless the interval of the way from floor to ceiling, at the largest size, excludes none."""
    sign = MEASURES[points[0].measure].sign
    rows = [
        (p.repeat, p.n_rows, sign * (p.ceiling - p.floor), 0.0)
        for p in points
        if p.ceiling is not None and p.floor is not None
    ]
    way = levels(series(rows, overlap)).get(largest) if rows else None
    if way is None or way.value is None or way.value <= 0 or (way.low is not None and way.low <= 0):
        return None
    return max(MARGIN * way.value, LEAST_MARGIN)
