"""What is measured at every size: the measures, and one measurement of one."""

from __future__ import annotations

from dataclasses import dataclass

from synthgen.metrics.intervals import Z95, Estimate


@dataclass(frozen=True)
class Measure:
    """A figure that is followed as the rows grow.

    Parameters
    ----------
    name : str
        As frames and JSON have it.
    title : str
        As sentences and figures have it.
    area : {"fidelity", "utility", "privacy"}
        What it is about.
    better : {"lower", "higher"}
        Which way is good.
    low, high : float
        Least and largest value possible.
    explained : str
        What it is, in one sentence.
    """

    name: str
    title: str
    area: str
    better: str
    low: float
    high: float
    explained: str

    @property
    def sign(self) -> int:
        """1 if higher is better, else -1."""
        return 1 if self.better == "higher" else -1


_ALL = (
    Measure(
        "c2st_auc",
        "C2ST AUC",
        "fidelity",
        "lower",
        0.0,
        1.0,
        "how well boosted trees tell synthetic rows from held-out ones; 0.5: not at all",
    ),
    Measure(
        "correlation_agreement",
        "correlation agreement",
        "fidelity",
        "higher",
        -1.0,
        1.0,
        "how the correlations of columns in synthetic rows correlate, over the pairs of columns, with those in held-out rows",
    ),
    Measure(
        "utility_auc",
        "utility AUC",
        "utility",
        "higher",
        0.0,
        1.0,
        "how well trees that learnt from synthetic rows predict the target of held-out rows; 0.5: not at all",
    ),
    Measure(
        "utility_r2",
        "utility R²",
        "utility",
        "higher",
        float("-inf"),
        1.0,
        "share of the target's variance in held-out rows that trees explain which learnt from synthetic rows",
    ),
    Measure(
        "span_auc",
        "span attack AUC",
        "privacy",
        "lower",
        0.0,
        1.0,
        "how well training rows are told from other rows by the space that as many samples span; 0.5: not at all",
    ),
    Measure(
        "membership_auc",
        "membership AUC",
        "privacy",
        "lower",
        0.0,
        1.0,
        "how well the strongest of several attacks, cross-checked, tells training rows from other rows by as many samples; "
        "0.5: not at all",
    ),
)
MEASURES = {m.name: m for m in _ALL}
"""By name; a study has those that its table allows."""


@dataclass(frozen=True)
class Point:
    """One measurement: of the samples of one fit.

    Parameters
    ----------
    measure : str
        A key of `MEASURES`.
    repeat : int
        From 0.
    n_rows : int
        Rows that the model was fitted to.
    value : float
        Of the samples.
    low, high : float or None
        95% interval by the rows that were measured on, where the metric has one.
    floor : float or None
        Of columns drawn by themselves from the same n rows.
    ceiling : float or None
        Of real rows in place of the samples; for the attacks, of rows that were not fitted.
    """

    measure: str
    repeat: int
    n_rows: int
    value: float
    low: float | None
    high: float | None
    floor: float | None
    ceiling: float | None

    @property
    def variance(self) -> float:
        """Of the value, as its interval has it; 0 where there is none."""
        if self.low is None or self.high is None:
            return 0.0
        return ((self.high - self.low) / (2 * Z95)) ** 2


@dataclass(frozen=True)
class Fit:
    """What one fit took.

    Parameters
    ----------
    repeat, n_rows : int
        Which one.
    fit_seconds, sample_seconds, measure_seconds : float
        Of its parts.
    """

    repeat: int
    n_rows: int
    fit_seconds: float
    sample_seconds: float
    measure_seconds: float


Readings = dict[str, Estimate]
"""Of one table: measure to value and interval."""


def points(repeat: int, n_rows: int, values: Readings, floors: Readings, ceilings: Readings) -> list[Point]:
    """The measurements of one fit, side by side with what they are read against.

    Parameters
    ----------
    repeat, n_rows : int
        Which fit.
    values, floors, ceilings : dict of str to Estimate
        By measure. What has no value is left out.

    Returns
    -------
    list of Point
        In the order of `MEASURES`.
    """
    nothing = Estimate(None)
    out = []
    for name in MEASURES:
        e = values.get(name, nothing)
        if e.value is not None:
            floor, ceiling = floors.get(name, nothing).value, ceilings.get(name, nothing).value
            out.append(Point(name, repeat, n_rows, e.value, e.low, e.high, floor, ceiling))
    return out
