"""A report as a few lines of plain text."""

from __future__ import annotations

from typing import Any


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
    header = ("score", "this table (95% interval)", "ceiling", "floor", "memoriser", "better")
    lines = [header]
    for name, score in report["scores"].items():
        baselines = (score["ceiling"], score["floor"], score["memoriser"])
        values = (number(b["value"]) if b else "–" for b in baselines)
        lines.append((name, interval(score), *values, score["better"]))
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    table = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines]
    cautions = [f"{n}: {s['caution']}" for n, s in report["scores"].items() if s["caution"]]
    return "\n".join([compared(report), "", *table, "", *(f"- {n}" for n in [*cautions, *report["notes"]])])
