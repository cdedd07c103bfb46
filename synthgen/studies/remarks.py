"""What a reader of a learning curve must know besides its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synthgen.metrics.detection import MAX_FEATURES
from synthgen.studies.agreement import MAX_CORRELATED
from synthgen.studies.needed import FARTHEST
from synthgen.studies.points import MEASURES
from synthgen.studies.trend import LEAK, Trend

if TYPE_CHECKING:
    from synthgen.studies.result import LearningCurve


def remarks(found: LearningCurve, beside: str | None) -> tuple[str, ...]:
    """The remarks on a result.

    Parameters
    ----------
    found : LearningCurve
        Without remarks.
    beside : str or None
        What would be answered if nothing leaked.

    Returns
    -------
    tuple of str
        Sentences.
    """
    out = []
    if found.stopped is not None:
        n_planned = found.n_repeats * len(found.sizes)
        out.append(f"Not all was done: {found.stopped}, after {len(found.fits)} of {n_planned} fits.")
    if beside is not None:
        out.append(f"The leak aside, of fidelity and utility: {beside}")
    out += [_privacy(t) for t in found.trends if MEASURES[t.measure].area == "privacy"]
    if not any(MEASURES[t.measure].area == "privacy" for t in found.trends):
        out.append(
            "No attack could be tried: there are fewer than 30 held-out rows, or the samples do not vary. Nothing "
            "is said about what the samples give away."
        )
    out += [
        f"{MEASURES[t.measure].title}: floor and ceiling cannot be told apart, so it has no part in the answer."
        for t in found.trends
        if t.state == "uninformative"
    ]
    if found.n_measured_columns < found.n_columns:
        out.append(
            f"Measured on {found.n_measured_columns:,} of {found.n_columns:,} columns, chosen at random; the models were "
            "fitted to all."
        )
    if found.n_measured_columns > MAX_FEATURES:
        out.append(
            f"The classifier sees {MAX_FEATURES} columns at a time, chosen at random, and the correlation agreement is "
            f"over {MAX_CORRELATED} columns at most."
        )
    out.append(
        f"All this is about {found.model} with these parameters; another model may need fewer rows, or gain from more. "
        f"{_rows(found)}, and nothing is said of more than {FARTHEST} times as many rows as that fit. Along which curve "
        "learning goes on beyond the points is an assumption."
    )
    return tuple(out)


def _rows(found: LearningCurve) -> str:
    """What became of the rows in the largest fits."""
    largest = max(f.n_rows for f in found.fits)
    n_unused = found.n_rows - found.n_heldout - largest
    rest = "the others were held out" if n_unused == 0 else f"{found.n_heldout:,} were held out"
    unused = f", the other {n_unused:,} were not used in that repeat" if n_unused else ""
    return f"The largest fit had {largest:,} of the {found.n_rows:,} rows; {rest}{unused}"


def _privacy(trend: Trend) -> str:
    title, last = MEASURES[trend.measure].title, trend.last
    words = {
        "leaking": f"above {LEAK:g}: training rows are given away",
        "safe": f"below {LEAK:g}; that these attacks fail is no guarantee, and with more samples than rows they do better",
        "unclear": f"which does not lie on one side of {LEAK:g}: whether training rows are given away is not known",
    }[trend.state]
    value = last.value
    ends = "" if value.low is None or value.high is None else f" [{value.low:.2f}, {value.high:.2f}]"
    return f"The {title} at {last.n_rows:,} rows is {value.value:.2f}{ends}, {words}."
