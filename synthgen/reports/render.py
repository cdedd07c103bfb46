"""A report's plain data to one page that needs nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import jinja2
import plotly.graph_objects as go
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from synthgen.files import atomic_write
from synthgen.reports import figures, text

WORST_PAIRS = 15


def page(report: dict[str, Any]) -> str:
    """The page of a report.

    Parameters
    ----------
    report : dict
        As `Report.to_dict` gives it.

    Returns
    -------
    str
        HTML: scripts, styles and data inline, nothing fetched.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": text.number, "interval": text.interval, "percent": text.percent}
    return environment.get_template("report.html").render(
        report=report,
        compared=text.compared(report),
        verdicts=text.verdicts(report),
        worst_pairs=_worst(report["pairs"]),
        shapes={c["name"]: c for c in report["columns"]},
        bins={m["name"]: text.bins(m) for m in report["marginals"]},
        figure=_Figures(report),
        plotly_js=Markup(get_plotlyjs()),
    )


def write(path: str | os.PathLike[str], content: str, *, overwrite: bool) -> None:
    """Write a text file, whole or not at all.

    Parameters
    ----------
    path : path-like
        Where.
    content : str
        What.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    FileError
        If the file cannot be written.
    """
    with atomic_write(path, overwrite=overwrite) as temporary:
        temporary.write_text(content, encoding="utf-8")


class _Figures:
    """The figures as JSON that may stand in a script element."""

    def __init__(self, report: dict[str, Any]) -> None:
        self._report = report

    def marginal(self, marginal: dict[str, Any]) -> Markup:
        """Of one column."""
        return _embeddable(figures.marginal_figure(marginal))

    def trends(self) -> Markup:
        """Of all pairs."""
        return _embeddable(figures.trend_figure(self._report["pairs"]))

    def importances(self) -> Markup:
        """Of the columns that give the table away."""
        return _embeddable(figures.importance_figure(self._report["detection"]["importances"]))

    def distances(self) -> Markup:
        """Of nearest real rows."""
        return _embeddable(figures.distance_figure(self._report["distances"]))


def _embeddable(figure: go.Figure) -> Markup:
    plain = figure.to_json(engine="json")
    for unsafe in "<>&":
        plain = plain.replace(unsafe, f"\\u{ord(unsafe):04x}")
    return Markup(plain)


def _worst(pairs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    scored = [p for p in pairs if p["score"] is not None]
    return sorted(scored, key=lambda p: p["score"])[:WORST_PAIRS]
