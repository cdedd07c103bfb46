"""One sentence: whether more rows would help, as far as the points say."""

from __future__ import annotations

from collections.abc import Sequence

from synthgen.metrics.intervals import Estimate
from synthgen.studies.needed import FARTHEST, Needed
from synthgen.studies.points import MEASURES
from synthgen.studies.trend import Trend, gain

ANSWERS = ("flat", "rising", "leaking", "too noisy to say")
"""The first words of an answer."""


def answer(trends: Sequence[Trend], advice: str) -> tuple[str, str]:
    """What all measures say together.

    Parameters
    ----------
    trends : sequence of Trend
        Of every measure that was taken.
    advice : str
        What to do about a leak.

    Returns
    -------
    (kind, sentence) : (str, str)
        One of `ANSWERS`, and the sentence that begins with it.

    Notes
    -----
    In this order: *leaking*, if an attack is (samples that are copies are as good as real ones by every measure of
    quality, so that nothing else can be said of them); *rising*, if any measure of quality is; *flat*, if all
    are that tell floor and ceiling apart, and there is one; else *too noisy to say*. What each word needs is in
    `synthgen.studies.trend.find_trend`. Of measures whose rows do not help, or of samples that do not leak,
    "leaking" and "rising" are said in at most 5% of studies together; "flat" in at most 5% of those where a
    doubling would gain the margin by some measure.
    """
    if leaking := [t for t in trends if t.state == "leaking"]:
        return ANSWERS[2], _leaking(leaking[0], advice)
    return quality_answer(trends)


def quality_answer(trends: Sequence[Trend]) -> tuple[str, str]:
    """What the measures of fidelity and utility say, whatever is given away.

    Parameters
    ----------
    trends : sequence of Trend
        Of every measure that was taken.

    Returns
    -------
    (kind, sentence) : (str, str)
        As `answer` gives them.
    """
    judged = [t for t in trends if MEASURES[t.measure].area != "privacy" and t.state != "uninformative"]
    if not judged:
        return ANSWERS[3], (
            "too noisy to say: no measure tells real rows from columns drawn by themselves; the columns may not depend "
            "on each other, or too few rows are held out (`holdout_fraction`)."
        )
    if rising := [t for t in judged if t.state == "rising"]:
        return ANSWERS[1], _rising(max(rising, key=_way_left))
    if all(t.state == "flat" for t in judged):
        return ANSWERS[0], _flat(max(judged, key=_possible), len(judged))
    return ANSWERS[3], _noisy(max((t for t in judged if t.state == "unclear"), key=_possible))


def advice_on_leaks(parameters: Sequence[str], wide: bool) -> str:
    """What to do about a model whose samples give training rows away.

    Parameters
    ----------
    parameters : sequence of str
        Names of the model's parameters.
    wide : bool
        Whether the table is wide.

    Returns
    -------
    str
        After a semicolon.
    """
    if wide and "reduce" in parameters:
        return "lower k (`reduce=`) or take preset 'strict'"
    if "max_steps" in parameters:
        return "fit it for fewer steps (`max_steps=`), or take a smaller model"
    return "take a model that keeps less of each row"


def value_text(estimate: Estimate, digits: int = 2) -> str:
    """A number and its interval, for a sentence.

    Parameters
    ----------
    estimate : Estimate
        With a value.
    digits : int
        After the point.

    Returns
    -------
    str
        For example ``0.72 [0.68, 0.76]``.
    """
    if estimate.value is None:
        return "–"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:z.{digits}f}"
    return f"{estimate.value:z.{digits}f} [{estimate.low:z.{digits}f}, {estimate.high:z.{digits}f}]"


def needed_text(needed: Needed) -> str:
    """Rows and their interval.

    Parameters
    ----------
    needed : Needed
        As `synthgen.studies.needed.needed_rows` gives it.

    Returns
    -------
    str
        For example ``1,400 rows [900, 3,100]``.
    """
    far = f"more than {needed.limit:,}"
    if needed.n_rows is None:
        return f"{far} rows" if needed.low is None else f"{far} rows [{needed.low:,}, {far}]"
    low = "–" if needed.low is None else f"{needed.low:,}"
    return f"about {needed.n_rows:,} rows [{low}, {far if needed.high is None else f'{needed.high:,}'}]"


def _leaking(trend: Trend, advice: str) -> str:
    last = trend.last
    control = "" if last.ceiling.value is None else f"; of fresh rows {last.ceiling.value:.2f}"
    return (
        f"leaking: at {last.n_rows:,} rows the samples give away training rows "
        f"({MEASURES[trend.measure].title} {value_text(last.value)}{control}); {advice}."
    )


def _rising(trend: Trend) -> str:
    slope = f"the next doubling changes it by {value_text(trend.joint_change, 3)}"
    if trend.needed is None:  # nothing that a trend of this state lacks
        return f"rising: {_now(trend)}; {slope}."
    goal = f"{trend.needed.goal:.2f}, half of the way to fresh real rows"
    limit = (
        f"; of more than {FARTHEST} times the rows measured nothing can be said"
        if trend.needed.high is None
        else ""
    )
    return f"rising: at this slope {needed_text(trend.needed)} would bring the {_now(trend)} to {goal}; {slope}{limit}."


def _flat(trend: Trend, n_measures: int) -> str:
    others = "" if n_measures == 1 else "; so for the other measure" + "s" * (n_measures > 2)
    return (
        f"flat: more rows would not help this model: {_moves(trend)}, where {_number(trend.margin)} would matter"
        f"{others}."
    )


def _noisy(trend: Trend) -> str:
    if trend.change.low is None:
        return (
            "too noisy to say: only one repeat was measured at two sizes or more, and the noise takes two; "
            "give it more time or more repeats (`n_repeats=`)."
        )
    least = gain(trend.change, MEASURES[trend.measure].sign)[0]
    if least > 0:
        why = f"which is a gain, but {_doubts(trend)}"
    else:
        why = f"so that neither no gain nor one that would matter, {_number(trend.margin)}, is excluded"
    return (
        f"too noisy to say: {_moves(trend)}, {why}; more held-out rows (`holdout_fraction=`), more repeats "
        "(`n_repeats=`) or sizes farther apart would tell."
    )


def _doubts(trend: Trend) -> str:
    """Why a gain is not enough to call a measure rising: as `synthgen.studies.trend.find_trend` has it."""
    found = []
    if gain(trend.joint_change, MEASURES[trend.measure].sign)[0] <= 0:
        found.append("with several measures looked at it may be chance")
    if trend.gap.value is None:
        found.append("what is left to the ceiling is not known")
    elif trend.gap.value <= (trend.margin or 0.0):
        found.append(
            f"what is left to the ceiling, {value_text(trend.gap, 3)}, is no more than what would matter, {_number(trend.margin)}"
        )
    return ", and ".join(found)


def _moves(trend: Trend) -> str:
    return f"the next doubling changes the {_now(trend)} by {value_text(trend.change, 3)}"


def _now(trend: Trend) -> str:
    """The measure, and where it is."""
    last = trend.last
    read = [
        f"{name} {e.value:z.2f}"
        for name, e in (("floor", last.floor), ("ceiling", last.ceiling))
        if e.value is not None
    ]
    where = "; ".join(part for part in (f"{last.n_rows:,} rows", ", ".join(read)) if part)
    return f"{MEASURES[trend.measure].title} of {last.value.value:z.2f} ({where})"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _possible(trend: Trend) -> float:
    """The gain of a doubling that is not excluded, in margins."""
    if trend.change.low is None or not trend.margin:
        return float("inf")
    return gain(trend.change, MEASURES[trend.measure].sign)[1] / trend.margin


def _way_left(trend: Trend) -> float:
    """From the samples to the ceiling, in margins."""
    return float(trend.gap.value or 0.0) / (trend.margin or 1.0)
