"""Judgements of whole rows: detection, regions, collapse, utility."""

from __future__ import annotations

from synthgen.metrics.intervals import Estimate
from synthgen.metrics.regions import Region
from synthgen.metrics.significance import clearly_above, clearly_below, clearly_more, is_alarm
from synthgen.reports.report import Report
from synthgen.reports.scores import Score
from synthgen.reports.text import number, percent
from synthgen.reports.verdict import Verdict

_BARELY, _OFTEN = 0.55, 0.75
"""C2ST AUC up to which trees barely tell rows apart, and beyond which they mostly do."""
_WEAK = 0.65
"""AUC that the interval must exclude before one may say that trees cannot tell."""
_TELLING = 0.01
"""Fall of the AUC from which on a column is said to give the table away."""
_COLLAPSED, _SCATTERED = 0.8, 1.25
"""Participation ratio over that of the ceiling."""
_STRICT = 10_000
"""Tests that the participation ratio is corrected for: its jackknife interval is too short where few rows decide."""
_WORTH = 0.02
"""Loss of AUC or R² that is worth a sentence."""
_FITS = 7.6
"""Standard deviations over fits that the difference of two must exceed: the 99.97% point of Student's t with 7 degrees
of freedom (8 halves), 5.4, times the root of 2."""
_WORTH_ADDING = 0.005
"""Change of AUC or R² by adding the synthetic rows to the real ones that is worth a sentence."""


def estimate_of(score: Score) -> Estimate:
    """The figure of the synthetic table with its interval."""
    return Estimate(score.value, score.low, score.high)


def judge_detection(report: Report) -> list[Verdict]:
    """Whether classifiers tell synthetic rows from real ones, and by what.

    Parameters
    ----------
    report : Report
        With its figures.

    Returns
    -------
    list of Verdict
        Of the trees; of the linear model where it sees anything.
    """
    out = []
    for name, who, found in (
        ("c2st_auc", "Boosted trees", report.detection),
        ("c2st_logistic_auc", "A linear model", report.linear_detection),
    ):
        score = report.scores.get(name)
        if score is None or score.value is None or found is None:
            continue
        telling = tuple(i.name for i in found.importances[:3] if i.auc_drop > _TELLING)
        if clearly_above(estimate_of(score), 0.5):
            out.append(_told_apart(score, who, telling, report.has_holdout))
        elif name == "c2st_auc" and report.has_holdout:
            known = score.high is not None and score.high < _WEAK
            sentence = (
                f"{who} cannot tell synthetic rows from held-out real ones (AUC {number(score.value)})."
                if known
                else f"Too few rows to say whether {who.lower()} can tell synthetic rows from real ones: AUC "
                f"{number(score.low)} to {number(score.high)}."
            )
            out.append(Verdict("good" if known else "unknown", "detection", sentence))
    return out


def _told_apart(score: Score, who: str, telling: tuple[str, ...], has_holdout: bool) -> Verdict:
    auc = score.value or 0.5
    kind = "minor" if auc < _BARELY else "wrong"
    how = (
        "barely"
        if auc < _BARELY
        else "sometimes"
        if auc < _OFTEN
        else "mostly"
        if auc < 0.95
        else "nearly always"
    )
    rows = "held-out real rows" if has_holdout else "the real rows it was made from"
    ceiling = "" if score.ceiling is None else f"; real rows from real rows {number(score.ceiling.value)}"
    sentence = f"{who} {how} tell synthetic rows from {rows}: AUC {number(auc)}{ceiling}."
    if who == "A linear model":
        sentence = sentence.replace(" tell ", " tells ")
    if telling:
        sentence += f" What gives it away most: {', '.join(map(repr, telling))}."
    advice = "Look at the columns named and at the pairs they stand in; train longer." if telling else ""
    return Verdict(kind, "detection", sentence, telling, advice)


def judge_collapse(report: Report) -> list[Verdict]:
    """Lost and inflated regions, repeated rows, lost directions.

    Parameters
    ----------
    report : Report
        With its figures.

    Returns
    -------
    list of Verdict
        Lost regions first.
    """
    out = []
    if report.regions is not None:
        for region in [r for r in report.regions.lost if is_alarm(r.p_value, 2)][:3]:
            sentence = (
                f"A mode is missing: {percent(region.share_real)} of the real rows, but "
                f"{percent(region.share_other)} of the synthetic ones, lie {_where(region)}."
            )
            out.append(
                Verdict("wrong", "regions", sentence, advice="Train longer, or with a larger batch or pac.")
            )
        for region in [r for r in report.regions.inflated if is_alarm(r.p_value, 2)][:3]:
            sentence = (
                f"A mode is inflated: {percent(region.share_other)} of the synthetic rows, but "
                f"{percent(region.share_real)} of the real ones, lie {_where(region)}."
            )
            out.append(Verdict("wrong", "regions", sentence))
    return (
        out
        + _repeated(report.scores.get("duplicate_rows"))
        + _directions(report.scores.get("participation_ratio"))
    )


def _where(region: Region) -> str:
    return f"where {region.words}" if region.words else "in one region"


def _repeated(score: Score | None) -> list[Verdict]:
    if score is None or score.ceiling is None or score.value is None or score.ceiling.value is None:
        return []
    if not clearly_more(estimate_of(score), score.ceiling):
        return []
    sentence = (
        f"{percent(score.value)} of the synthetic rows repeat an earlier one; among as many real rows "
        f"{percent(score.ceiling.value)} do."
    )
    return [Verdict("wrong", "rows", sentence, advice="The synthesizer draws from few rows: see the copies.")]


def _directions(score: Score | None) -> list[Verdict]:
    if score is None or not score.value or score.ceiling is None or not score.ceiling.value:
        return []
    ratio, model = score.value / score.ceiling.value, estimate_of(score)
    if ratio < _COLLAPSED and clearly_more(score.ceiling, model, _STRICT):
        words, advice = "fewer", "The synthesizer has collapsed: train with another seed, or a larger batch."
    elif ratio > _SCATTERED and clearly_more(model, score.ceiling, _STRICT):
        words, advice = "more", "The columns have lost common causes: see the pairs."
    else:
        return []
    sentence = (
        f"The synthetic rows vary in {words} directions than real ones: {score.value:.1f} instead of "
        f"{score.ceiling.value:.1f}."
    )
    return [Verdict("wrong", "rows", sentence, advice=advice)]


def judge_utility(report: Report) -> list[Verdict]:
    """Whether models trained on the synthetic table predict as well.

    Parameters
    ----------
    report : Report
        With its figures.

    Returns
    -------
    list of Verdict
        Of the synthetic rows alone, and together with the real ones where that makes a difference.
    """
    for name, metric in (("utility_auc", "AUC"), ("utility_r2", "R²")):
        score = report.scores.get(name)
        if score is None or score.value is None or score.ceiling is None or score.ceiling.value is None:
            continue
        lost, noise = score.ceiling.value - score.value, _FITS * (report.utility_fit_sd or 0.0)
        worse = clearly_more(score.ceiling, estimate_of(score)) and lost > max(_WORTH, noise)
        sentence = (
            f"Trees trained on the synthetic table predict {report.target!r} with {metric} {number(score.value)}; "
            f"trained on as many real rows, {number(score.ceiling.value)}."
        )
        advice = f"Look at the relations of {report.target!r} to the other columns." if worse else ""
        teaches = clearly_above(score.ceiling, 0.5 if metric == "AUC" else 0.0)
        as_good = teaches and lost <= _WORTH
        kind = "wrong" if worse else "good" if as_good and report.has_holdout else "unknown"
        if kind == "unknown" and not as_good:
            sentence += (
                " The difference may be chance." if teaches else " Even real rows teach hardly anything here."
            )
        return [
            Verdict(kind, "utility", sentence, (report.target or "",), advice),
            *_augmentation(report, metric),
        ]
    return []


def _augmentation(report: Report, metric: str) -> list[Verdict]:
    gained = report.augmentation_gain
    if gained.value is None or abs(gained.value) < max(_WORTH_ADDING, _FITS * (report.utility_fit_sd or 0.0)):
        return []
    if clearly_above(gained, 0):
        sentence = f"Added to the real rows, the synthetic ones raise {metric} by {number(gained.value)}."
        return [Verdict("good", "utility", sentence)]
    if clearly_below(gained, 0):
        sentence = f"Added to the real rows, the synthetic ones lower {metric} by {number(-gained.value)}."
        return [Verdict("minor", "utility", sentence, advice="Do not augment with this table.")]
    return []
