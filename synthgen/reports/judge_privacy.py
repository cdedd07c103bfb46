"""Judgements of what the table gives away."""

from __future__ import annotations

from synthgen.metrics.intervals import Estimate
from synthgen.metrics.membership import Membership
from synthgen.metrics.significance import clearly_above, clearly_more
from synthgen.reports.judge_rows import estimate_of
from synthgen.reports.report import Report
from synthgen.reports.text import number, percent
from synthgen.reports.verdict import Verdict

_FEW = 0.001
"""Share of copies beyond chance that is worth a sentence."""
_RISK = 0.02
"""Risk, or share beyond chance, that is worth a sentence."""
_DOUBLE = 0.02
"""Share of the members named at 1% false alarms that is beyond what the few non-members at the threshold explain."""
_WEAK = 0.65
"""AUC that the interval of an attack must exclude before one may say that it failed."""
_ENOUGH = 200
"""Non-members below which that share is not judged."""
_REUSED = 0.05
"""Share of real values in a column of values that stand for single rows that is worth a sentence."""
_NOBODY = Estimate(0.0, 0.0, 0.0)
_DISCLOSURES = {
    "singling_out_risk": "Single people can be isolated",
    "linkability_risk": "Two halves of a person's record can be linked",
    "inference_risk": "A hidden value of a person can be guessed",
}


def judge_copies(report: Report) -> list[Verdict]:
    """Copied and nearly copied rows. Distances to the nearest record are smoke tests, and raise no alarm.

    Parameters
    ----------
    report : Report
        With its figures.

    Returns
    -------
    list of Verdict
        Exact copies first.
    """
    out = []
    for name, about, least, words in (
        ("nearest_record_copies", "copies", _FEW, "equal a real row in every compared column"),
        (
            "nearest_record_near_copies",
            "near copies",
            _RISK,
            "lie as near to a real row as hardly any held-out row does",
        ),
    ):
        score = report.scores.get(name)
        if score is None or score.value is None or score.ceiling is None or score.ceiling.value is None:
            continue
        more = score.value - score.ceiling.value
        if clearly_more(estimate_of(score), score.ceiling) and more > least:
            sentence = (
                f"{percent(score.value)} of the synthetic rows {words}; of other real rows "
                f"{percent(score.ceiling.value)} do."
            )
            advice = "Do not release this table. Remove the copies and find out how they came in."
            out.append(Verdict("leak", about, sentence, advice=advice))
            break  # exact copies are near copies too
    return out


def judge_reused(report: Report) -> list[Verdict]:
    """Names and numbers of documents that are real ones.

    Parameters
    ----------
    report : Report
        With its figures.

    Returns
    -------
    list of Verdict
        One for each column.
    """
    out = []
    for found in report.reused:
        control = found.holdout or _NOBODY
        if (found.synthetic.value or 0.0) < _REUSED or not clearly_more(
            found.synthetic, control, len(report.reused)
        ):
            continue
        sentence = f"{percent(found.synthetic.value)} of the synthetic values of {found.name!r} are real ones"
        if found.holdout is not None:
            sentence += f"; of held-out values {percent(found.holdout.value)} are"
        advice = "Declare the column an identifier, so that new values are made, or drop it."
        out.append(
            Verdict("leak", "copies", f"{sentence}. They stand for single rows.", (found.name,), advice)
        )
    return out


def judge_membership(report: Report) -> list[Verdict]:
    """Whether an attack tells who was among the real rows.

    Parameters
    ----------
    report : Report
        With its figures.

    Returns
    -------
    list of Verdict
        One; and what the controls say, if they do not do what they should.
    """
    score = report.scores.get("membership_auc")
    if score is None:
        return []
    if score.value is None:
        return [Verdict("unknown", "membership", f"Membership inference: {_reason(report)}")]
    found, out = report.membership["synthetic"], []
    if clearly_above(estimate_of(score), 0.5, 2):
        out.append(_members_found(report))
    else:
        out += _some_members_found(found)
    if out:
        return out
    seen = score.memoriser is not None and clearly_above(score.memoriser, 0.5)
    if not seen or score.high is None or score.high > _WEAK:
        sentence = (
            f"The membership attacks were tried on too few rows to say: AUC {number(score.low)} to {number(score.high)} by the {_chosen(found)}; "
            f"against plain copies {number(_value(score.memoriser))}."
        )
        return [Verdict("unknown", "membership", sentence, advice="Hold more rows out.")]
    sentence = (
        f"No membership attack succeeded (AUC {number(score.value)} by the {_chosen(found)}; against plain copies "
        f"{number(_value(score.memoriser))}). That is no guarantee."
    )
    return [Verdict("good", "membership", sentence)]


def _members_found(report: Report) -> Verdict:
    score, found = report.scores["membership_auc"], report.membership["synthetic"]
    tpr = report.scores["membership_tpr"].value
    caught = "" if tpr is None else f"; it names {percent(tpr)} of them at 1% false alarms"
    sentence = (
        f"Who was among the real rows is given away: the {_chosen(found)} tells them from others with AUC "
        f"{number(score.value)}{caught}. Fresh rows give {number(_value(score.ceiling))}, plain copies "
        f"{number(_value(score.memoriser))}."
    )
    wide = "span" in found.chosen
    advice = (
        "Keep fewer components: the synthetic rows span the real ones."
        if wide
        else "Train for fewer steps or on more rows, or with differential privacy; do not release this table as anonymous."
    )
    return Verdict("leak", "membership", sentence, advice=advice)


def _some_members_found(found: Membership) -> list[Verdict]:
    """A leak of few rows moves no AUC: it shows among the candidates that an attack is surest of."""
    if found.n_nonmembers < _ENOUGH:
        return []
    shares = [a for a in found.attacks if clearly_above(a.tpr_at_1_fpr, _DOUBLE, 2 * len(found.attacks))]
    if not shares:
        return []
    worst = max(shares, key=lambda a: a.tpr_at_1_fpr.value or 0.0)
    sentence = (
        f"Some of the real rows are given away: the {worst.name} attack names {percent(worst.tpr_at_1_fpr.value)} of "
        "them while it wrongly names 1% of others."
    )
    return [
        Verdict("leak", "membership", sentence, advice="Look for copies and near copies, and remove them.")
    ]


def _chosen(found: Membership) -> str:
    """The attacks that the headline was measured with: one on each half of the candidates."""
    names = " and ".join(f"“{name}”" for name in dict.fromkeys(found.chosen))
    return f"{names} attack{'s' if len(set(found.chosen)) > 1 else ''}"


def _reason(report: Report) -> str:
    if not report.has_holdout:
        return "not tried, for want of held-out rows."
    return (report.membership["synthetic"].reason if report.membership else "") or "could not be tried."


def _value(estimate: Estimate | None) -> float | None:
    return None if estimate is None else estimate.value


def judge_disclosure(report: Report) -> list[Verdict]:
    """Singling out, linkability and attribute inference.

    Parameters
    ----------
    report : Report
        With its figures.

    Returns
    -------
    list of Verdict
        One for each risk beyond chance.
    """
    out = []
    for name, words in _DISCLOSURES.items():
        score = report.scores.get(name)
        if score is None or not clearly_above(estimate_of(score), 0, len(_DISCLOSURES)):
            continue
        if (score.value or 0) < _RISK:
            continue
        sentence = (
            f"{words}: {percent(score.value)} of the way from what fails on held-out people to certainty."
        )
        out.append(
            Verdict(
                "leak", "disclosure", sentence, advice="Coarsen or drop the columns that identify people."
            )
        )
    score = report.scores.get("rare_combinations")
    if report.has_holdout and score is not None and score.ceiling is not None and score.value is not None:
        more = score.value - (score.ceiling.value or 0)
        if clearly_more(estimate_of(score), score.ceiling) and more > _RISK:
            sentence = (
                f"Rare combinations of three values are reproduced: {percent(score.value)} of the synthetic rows share "
                f"theirs with one to four real rows only, {percent(score.ceiling.value)} of held-out rows do."
            )
            out.append(Verdict("leak", "disclosure", sentence, advice="Pool rare levels before training."))
    return out
