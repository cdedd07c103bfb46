"""Judgement of the held-out rows, on which the rest depends."""

from __future__ import annotations

from dataclasses import replace

from synthgen.metrics.significance import clearly_above, clearly_more
from synthgen.reports.report import NOT_MEASURED, Report
from synthgen.reports.text import number, percent
from synthgen.reports.verdict import Verdict
from synthgen.reports.wordings import WORDINGS

_DEPENDENT = ("detection", "utility", "near copies", "membership", "disclosure")
"""What is judged by held-out rows."""
_SPLIT = "Split the table into real and held-out rows at random, anew."
_CAVEAT = " The held-out rows are unsound: this may say nothing."


def judge_holdout(report: Report) -> list[Verdict]:
    """Whether there are held-out rows, and whether they are rows of the same source that are not among the real ones.

    Parameters
    ----------
    report : Report
        With its figures.

    Returns
    -------
    list of Verdict
        Empty if all is well.
    """
    if not report.has_holdout:
        return [_missing(report)]
    out = []
    if clearly_more(report.holdout_overlap, report.real_repeats):
        sentence = (
            f"{percent(report.holdout_overlap.value)} of the held-out rows equal a real row, while "
            f"{percent(report.real_repeats.value)} of the real rows equal another: the tables overlap, so that those "
            "rows were not held out and the ceilings and attacks mean little."
        )
        out.append(Verdict("unknown", "holdout", sentence, advice=_SPLIT))
    score = report.scores.get("c2st_auc")
    ceiling = NOT_MEASURED if score is None else score.ceiling or NOT_MEASURED
    told = clearly_above(ceiling, 0.5)
    if report.holdout_differs or told:
        names = ", ".join(map(repr, report.holdout_differs[:5]))
        where = f"in {names}" if names else f"(trees tell them apart with AUC {number(ceiling.value)})"
        sentence = (
            f"The held-out rows differ from the real ones {where}: they are no sample of the same source, so that "
            "detection, utility and the attacks mean little."
        )
        out.append(Verdict("unknown", "holdout", sentence, report.holdout_differs, _SPLIT))
    return out


def _missing(report: Report) -> Verdict:
    doubtful = [s.title for s in report.scores.values() if not s.trusted and s.value is not None]
    least = f"; least of all: {', '.join(doubtful)}" if doubtful else ""
    sentence = f"Without held-out rows no figure is safe from memorising{least}."
    advice = "Hold a fifth of the rows out before training, and give them as the holdout."
    return Verdict("unknown", "holdout", sentence, advice=advice)


def doubted(report: Report) -> Report:
    """The report with what depends on unsound held-out rows marked so.

    Parameters
    ----------
    report : Report
        With its verdicts.

    Returns
    -------
    Report
        Unchanged if there are no held-out rows or nothing is wrong with them. Exact copies stay what they are.
    """
    if not report.has_holdout or not any(v.about == "holdout" for v in report.verdicts):
        return report
    scores = {name: replace(s, trusted=not WORDINGS[name].needs_holdout) for name, s in report.scores.items()}
    return replace(report, scores=scores, verdicts=tuple(map(_doubted, report.verdicts)))


def _doubted(verdict: Verdict) -> Verdict:
    if verdict.about not in _DEPENDENT or verdict.kind == "unknown":
        return verdict
    return replace(verdict, kind="unknown", sentence=verdict.sentence + _CAVEAT, advice="")
