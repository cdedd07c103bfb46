"""One figure of a report, beside its ceiling, floor and memoriser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synthgen.metrics.intervals import Estimate
from synthgen.reports.wordings import WORDINGS


@dataclass(frozen=True)
class Score:
    """One figure of a report, with its interval and its baselines.

    Parameters
    ----------
    title : str
        In words.
    area : {"fidelity", "expression", "genotypes", "utility", "privacy"}
        What it speaks of.
    value, low, high : float or None
        The figure of the synthetic table and its 95% interval; None where there is none.
    better : {"higher", "lower", "near the ceiling", "near 0.5"}
        Which way is better.
    ceiling : Estimate or None
        What real rows of the same source reach.
    floor : Estimate or None
        What columns drawn independently of each other reach.
    memoriser : Estimate or None
        What a bootstrap copy of the real rows reaches.
    position : float or None
        0 at the floor or beyond it, 1 at the ceiling; past the ceiling still 1, or falling again where a figure
        should be near it. None where floor and ceiling lie together or the wrong way round.
    trusted : bool
        False where it would need held-out rows, and there are none.
    meaning : str
        One sentence or two.
    caution : str
        Why the figure may mislead here; often empty.
    """

    title: str
    area: str
    value: float | None
    low: float | None
    high: float | None
    better: str
    ceiling: Estimate | None
    floor: Estimate | None
    memoriser: Estimate | None
    position: float | None
    trusted: bool
    meaning: str
    caution: str = ""


def make_score(
    name: str,
    model: Estimate,
    baselines: Sequence[Estimate | None] = (None, None, None),
    caution: str = "",
    *,
    has_holdout: bool = True,
) -> Score:
    """A score with its wording and its place between floor and ceiling.

    Parameters
    ----------
    name : str
        A key of `WORDINGS`.
    model : Estimate
        The figure of the synthetic table.
    baselines : sequence of Estimate or None, length 3
        Those of ceiling, floor and memoriser.
    caution : str
        Why the figure may mislead here.
    has_holdout : bool
        Whether there are held-out rows.

    Returns
    -------
    Score
        The score.
    """
    wording = WORDINGS[name]
    ceiling, floor, memoriser = baselines
    return Score(
        title=wording.title,
        area=wording.area,
        value=model.value,
        low=model.low,
        high=model.high,
        better=wording.better,
        ceiling=ceiling,
        floor=floor,
        memoriser=memoriser,
        position=_position(wording.better, model, ceiling, floor),
        trusted=has_holdout or not wording.needs_holdout,
        meaning=wording.meaning,
        caution=caution,
    )


def _position(better: str, model: Estimate, ceiling: Estimate | None, floor: Estimate | None) -> float | None:
    if ceiling is None or floor is None or model.value is None:
        return None
    if ceiling.value is None or floor.value is None:
        return None
    span = ceiling.value - floor.value
    wrong_way = (better == "higher" and span < 0) or (better == "lower" and span > 0)
    if wrong_way or abs(span) <= _width(ceiling) + _width(floor):
        return None
    place = (model.value - floor.value) / span
    if better == "near the ceiling":  # beyond it is as wrong as short of it
        place = 1 - abs(1 - place)
    return min(max(place, 0.0), 1.0)


def _width(estimate: Estimate) -> float:
    """Of the interval: where floor and ceiling are no further apart than theirs, a position would be noise."""
    return 0.0 if estimate.low is None or estimate.high is None else estimate.high - estimate.low
