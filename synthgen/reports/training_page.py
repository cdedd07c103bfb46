"""The page of a training: its alarms in words, and figures of what was measured over the steps."""

from __future__ import annotations

import json
from typing import Any

import plotly.graph_objects as go

from synthgen.reports.canvas import blank, label, show_legend
from synthgen.reports.figures import TABLES
from synthgen.reports.render import embeddable, environment

_HEIGHT = 260
_STYLES = (
    (TABLES["synthetic"][1], "solid"),
    (TABLES["ceiling"][1], "dash"),
    (TABLES["memoriser"][1], "dot"),
)
"""Colours and dashes of a panel's lines, in order."""
_HONEST = {"color": "#888888", "width": 1, "dash": "dot"}
_LIMIT = {"color": "#b3261e", "width": 1.4, "dash": "dash"}


def page(found: Any, max_points: int) -> str:
    """The page of a training.

    Parameters
    ----------
    found : TrainingReport
        Its data; not named in the signature, since it makes its page by this.
    max_points : int
        Most points of a line.

    Returns
    -------
    str
        HTML: scripts, styles and data inline, nothing fetched.
    """
    crossed = {m for alarm in found.alarms for m in alarm.measures}
    drawn: list[dict[str, Any]] = [_drawn(panel, found.kept_step, crossed) for panel in found.panels]
    return (
        environment()
        .get_template("training.html")
        .render(
            found=found,
            game=[d for d in drawn if d["panel"].group == "game"],
            watched=[d for d in drawn if d["panel"].group == "watched"],
            max_points=max_points,
        )
    )


def panel_figure(panel: Any, kept_step: int = 0) -> go.Figure:
    """One panel: its lines, what an honest model has, and the limits.

    Parameters
    ----------
    panel : Any
        The data.
    kept_step : int
        Where the weights were kept; 0: not known.

    Returns
    -------
    plotly.graph_objects.Figure
        Over the steps; the honest value dotted, limits dashed and named by their alarm, the kept step an upright line.
    """
    figure = blank(height=_HEIGHT)
    for line, (colour, dash) in zip(panel.lines, _STYLES, strict=False):
        _add(figure, line, colour, dash)
    if panel.honest is not None:
        figure.add_hline(y=panel.honest, line=_HONEST)
    for mark in panel.marks:
        note = f"{mark.code} {'above' if mark.above else 'below'}"
        figure.add_hline(y=mark.value, line=_LIMIT, annotation={"text": label(note), "font": {"size": 10}})
    if kept_step:
        figure.add_vline(x=kept_step, line=_HONEST)
    if len(panel.lines) > 1:
        show_legend(figure)
    figure.update_xaxes(title="step", rangemode="tozero")
    return figure


def _add(figure: go.Figure, line: Any, colour: str, dash: str) -> None:
    figure.add_scatter(
        x=list(line.steps),
        y=list(line.values),
        name=label(line.name, 40),
        mode="lines+markers" if len(line.steps) <= 30 else "lines",
        line={"color": colour, "dash": dash, "width": 1.8},
        marker={"size": 5},
        hovertemplate=f"{label(line.name, 40)} at step %{{x:,}}: %{{y:.4g}}<extra></extra>",
    )


def _drawn(panel: Any, kept_step: int, crossed: set[str]) -> dict[str, Any]:
    return {
        "panel": panel,
        "json": embeddable(json.loads(panel_figure(panel, kept_step).to_json(engine="json"))),
        "height": _HEIGHT,
        "is_crossed": any(line.column in crossed for line in panel.lines),
    }
