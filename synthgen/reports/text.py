"""A report in words: numbers, sentences, and a few lines for the terminal."""

from __future__ import annotations

import datetime
import itertools
from typing import Any

_METRICS = {"auc": "AUC", "r2": "R²"}
"""What `synthgen.metrics.utility.Task` measures, in words."""


def number(value: float | None) -> str:
    """Three decimals; a dash for None.

    Parameters
    ----------
    value : float or None
        Any number.

    Returns
    -------
    str
        For example ``0.736``.
    """
    return "–" if value is None else f"{value:.3f}"


def percent(share: float | None) -> str:
    """A share in percent, one decimal; a dash for None.

    Parameters
    ----------
    share : float or None
        In [0, 1].

    Returns
    -------
    str
        For example ``5.6%``.
    """
    return "–" if share is None else f"{share:.1%}"


def interval(estimate: dict[str, Any] | None) -> str:
    """A number and its interval.

    Parameters
    ----------
    estimate : dict or None
        With ``value``, ``low`` and ``high``.

    Returns
    -------
    str
        For example ``0.736 (0.731 to 0.741)``.
    """
    if estimate is None or estimate["value"] is None:
        return "–"
    if estimate["low"] is None:
        return number(estimate["value"])
    return f"{number(estimate['value'])} ({number(estimate['low'])} to {number(estimate['high'])})"


def compared(report: dict[str, Any]) -> str:
    """What was compared, in one sentence.

    Parameters
    ----------
    report : dict
        As `Report.to_dict` gives it.

    Returns
    -------
    str
        Rows and columns of each table.
    """
    rows = report["n_rows"]
    held = f"{rows['holdout']:,} held-out rows" if report["has_holdout"] else "no held-out rows"
    return (
        f"{rows['synthetic']:,} synthetic rows against {rows['real']:,} real rows and {held}, "
        f"{report['n_columns']:,} columns"
    )


def summary(report: dict[str, Any]) -> str:
    """The scores and the notes of a report.

    Parameters
    ----------
    report : dict
        As `Report.to_dict` gives it.

    Returns
    -------
    str
        Lines of text.
    """
    lines = [("score", "this table (95% interval)", "ceiling", "floor", "memoriser", "better")]
    for name, score in report["scores"].items():
        baselines = (score["ceiling"], score["floor"], score["memoriser"])
        values = (number(b["value"]) if b else "–" for b in baselines)
        lines.append((name, interval(score), *values, score["better"]))
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    table = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines]
    cautions = [f"{n}: {s['caution']}" for n, s in report["scores"].items() if s["caution"]]
    return "\n".join([compared(report), "", *table, "", *(f"- {n}" for n in [*cautions, *report["notes"]])])


def verdicts(report: dict[str, Any]) -> list[str]:
    """What the most telling figures say, in sentences.

    Parameters
    ----------
    report : dict
        As `Report.to_dict` gives it.

    Returns
    -------
    list of str
        Detection first, then relations, copies and utility.
    """
    scores = report["scores"]
    out = [_detection(report), _trends(scores["pair_trends"]), _copies(scores["nearest_record_copies"])]
    out += [
        _utility(scores[f"utility_{m}"], m, report["target"]) for m in _METRICS if f"utility_{m}" in scores
    ]
    return [sentence for sentence in out if sentence]


def bins(marginal: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The rows of the table behind a column's figure.

    Parameters
    ----------
    marginal : dict
        A `synthgen.metrics.histograms.Marginal` as plain data.

    Returns
    -------
    list of (bin, real, synthetic)
        The bin or level and its shares, in words.
    """
    if marginal["kind"] == "level":
        names = marginal["labels"]
    else:
        ends = [_end(e, marginal["kind"]) for e in marginal["edges"]]
        names = [f"{a} to {b}" for a, b in itertools.pairwise(ends)]
    shares = zip(names, marginal["real"], marginal["synthetic"], strict=True)
    return [(name, percent(real), percent(synthetic)) for name, real, synthetic in shares]


def _end(value: float, kind: str) -> str:
    if kind != "datetime":
        return f"{value:,.6g}"
    epoch = datetime.datetime(1970, 1, 1)
    return (epoch + datetime.timedelta(seconds=value)).isoformat(" ", "seconds")


def _detection(report: dict[str, Any]) -> str:
    score = report["scores"]["c2st_auc"]
    if score["value"] is None:
        return ""
    rows = "held-out real rows" if report["has_holdout"] else "the real rows it was made from"
    sentence = (
        f"Boosted trees tell synthetic rows from {rows} with an AUC of {interval(score)}; real rows against real "
        f"rows give {number(score['ceiling']['value'])}, shuffled columns {number(score['floor']['value'])}."
    )
    telling = [i["name"] for i in report["detection"]["importances"][:3] if i["auc_drop"] > 0.01]
    if telling and score["low"] is not None and score["low"] > 0.5:
        sentence += f" What gives it away most: {', '.join(telling)}."
    return sentence


def _trends(score: dict[str, Any]) -> str:
    if score["value"] is None:
        return ""
    sentence = f"Relations between columns score {interval(score)}"
    if score["ceiling"] and score["ceiling"]["value"] is not None:
        sentence += f"; real rows against real rows score {number(score['ceiling']['value'])}"
    return sentence + "."


def _copies(score: dict[str, Any]) -> str:
    ceiling = score["ceiling"]
    sentence = (
        f"{percent(score['value'])} of the synthetic rows equal a real row in every compared column; "
        f"among real rows of the same source {percent(ceiling['value'])} do."
    )
    return sentence + (" That is more than chance explains." if score["low"] > ceiling["high"] else "")


def _utility(score: dict[str, Any], metric: str, target: str) -> str:
    if score["value"] is None or score["ceiling"]["value"] is None:
        return ""
    return (
        f"Trees trained on the synthetic table predict {target} with {_METRICS[metric]} {interval(score)}; "
        f"trained on real rows, {number(score['ceiling']['value'])}."
    )
