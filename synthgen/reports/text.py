"""A report in words: numbers, sentences, and a few lines for the terminal."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

KINDS = {
    "leak": "Given away",
    "wrong": "Wrong",
    "unknown": "Not known",
    "minor": "Slight",
    "good": "Good",
}
"""The kinds of `synthgen.reports.verdict.Verdict` in words, the worst first."""


def number(value: float | None) -> str:
    """Three decimals, fewer of what is 10 and more; a dash for None.

    Parameters
    ----------
    value : float or None
        Any number.

    Returns
    -------
    str
        For example ``0.736`` or ``17.22``.
    """
    if value is None:
        return "–"
    size = abs(value)
    return f"{value:z.3f}" if size < 10 else f"{value:.2f}" if size < 100 else compact(value)


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


def count(value: int | None) -> str:
    """A whole number with its thousands parted; a dash for None.

    Parameters
    ----------
    value : int or None
        At least 0.

    Returns
    -------
    str
        For example ``32,000``.
    """
    return "–" if value is None else f"{value:,}"


def compact(value: float | None) -> str:
    """Four significant digits, for numbers in units of their own; a dash for None.

    Parameters
    ----------
    value : float or None
        Any number.

    Returns
    -------
    str
        For example ``0.01243``, ``12,430`` or ``1.243e+07``.
    """
    if value is None:
        return "–"
    return f"{value:,.0f}" if 1_000 <= abs(value) < 1_000_000 else f"{value:.4g}"


def brief(value: float | None) -> str:
    """Two decimals, or no more than four digits of what is large; a dash for None.

    Parameters
    ----------
    value : float or None
        Any number, of which around 1 is much.

    Returns
    -------
    str
        For example ``0.07``.
    """
    return "–" if value is None else f"{value:z.2f}" if abs(value) < 1000 else compact(value)


def chance(p_value: float | None) -> str:
    """A p-value; a dash for None.

    Parameters
    ----------
    p_value : float or None
        In [0, 1].

    Returns
    -------
    str
        For example ``0.031`` or ``below 0.001``.
    """
    return "below 0.001" if p_value is not None and p_value < 0.001 else number(p_value)


def place(position: float | None) -> str:
    """Where a score lies between floor and ceiling, in words.

    Parameters
    ----------
    position : float or None
        0 at the floor, 1 at the ceiling.

    Returns
    -------
    str
        For example ``83% of the way``; empty for None.
    """
    if position is None:
        return ""
    if position < 0:
        return "worse than the floor"
    return "beyond the ceiling" if position > 1 else f"{position:.0%} of the way"


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


def covered(report: dict[str, Any]) -> str:
    """Which rows the figures are of, in one sentence; empty for tables that were in memory.

    Parameters
    ----------
    report : dict
        As `Report.to_dict` gives it.

    Returns
    -------
    str
        For example ``Margins: all 50,000,000 rows of each; the rest: 100,000 random rows of each.``
    """
    return str(report["coverage"]["words"][0]) if report.get("coverage") else ""


def summary(report: dict[str, Any]) -> str:
    """The verdicts, the scores and the notes of a report, for a terminal.

    Parameters
    ----------
    report : dict
        As `Report.to_dict` gives it.

    Returns
    -------
    str
        What was compared; then the verdicts, the worst first; then a line a score; then the notes.
    """
    cautions = [f"{n}: {s['caution']}" for n, s in report["scores"].items() if s["caution"]]
    skipped = [f"{part['name']} was skipped: {part['reason']}" for part in report["skipped"]]
    remarks = [f"- {remark}" for remark in (*cautions, *skipped, *report["notes"])]
    head = [compared(report), *filter(None, [covered(report)])]
    parts = [head, _verdicts(report["verdicts"]), _scores(report["scores"]), remarks]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def _verdicts(verdicts: list[dict[str, Any]]) -> list[str]:
    width = max(map(len, KINDS.values())) + 2
    lines = []
    for verdict in verdicts:
        lines.append(f"{KINDS[verdict['kind']].upper():{width}}{verdict['sentence']}")
        if verdict["advice"]:
            lines.append(f"{'':{width}}Try: {verdict['advice']}")
    return lines


def _scores(scores: dict[str, dict[str, Any]]) -> list[str]:
    if not scores:
        return []
    lines = [("score", "this table (95% interval)", "ceiling", "floor", "memoriser", "better")]
    for name, score in scores.items():
        baselines = (score["ceiling"], score["floor"], score["memoriser"])
        values = (number(b["value"]) if b else "–" for b in baselines)
        lines.append((name, interval(score), *values, score["better"]))
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines]


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
    return str(np.datetime64(round(value), "s")).removesuffix("T00:00:00").replace("T", " ")
