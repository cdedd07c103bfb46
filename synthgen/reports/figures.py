"""Figures of a report. They read its plain data and compute nothing but positions."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

REAL, SYNTHETIC = "#3b82c4", "#d9772f"
"""Distinguishable without colour vision, and on white and black (contrast above 3)."""
_LINES = {
    "synthetic": ("this table", SYNTHETIC, "solid"),
    "ceiling": ("ceiling", REAL, "solid"),
    "floor": ("floor", "#888888", "dot"),
    "memoriser": ("memoriser", "#a05cb5", "dash"),
}
_GRID = "rgba(128,128,128,0.25)"
_MAX_LABEL = 22


def label(text: str, longest: int = _MAX_LABEL) -> str:
    """A name as plotly may show it: cut short, and no markup in it.

    Parameters
    ----------
    text : str
        Any text.
    longest : int
        Most characters.

    Returns
    -------
    str
        Escaped for plotly's pseudo-HTML.
    """
    return html.escape(text if len(text) <= longest else text[: longest - 1] + "…", quote=False)


def marginal_figure(marginal: dict[str, Any]) -> go.Figure:
    """Real and synthetic shares of one column.

    Parameters
    ----------
    marginal : dict
        A `synthgen.metrics.histograms.Marginal` as plain data.

    Returns
    -------
    plotly.graph_objects.Figure
        Steps for numbers and datetimes, bars for levels.
    """
    return _levels(marginal) if marginal["kind"] == "level" else _steps(marginal)


def _steps(marginal: dict[str, Any]) -> go.Figure:
    edges: Any = np.array(marginal["edges"])
    if marginal["kind"] == "datetime":
        edges = (edges * 1000).astype("datetime64[ms]").astype(str)
    figure = _figure(height=190)
    fill = {"fill": "tozeroy", "fillcolor": "rgba(59,130,196,0.25)"}
    for name, colour, more in (("real", REAL, fill), ("synthetic", SYNTHETIC, {})):
        shares = marginal[name]
        figure.add_scatter(
            x=list(edges),
            y=[*shares, shares[-1]],
            name=name,
            mode="lines",
            line={"color": colour, "width": 1.8, "shape": "hv"},
            hovertemplate=f"{name}: %{{y:.2%}} from %{{x}}<extra></extra>",
            **more,
        )
    figure.update_yaxes(tickformat=".0%", rangemode="tozero", nticks=4)
    figure.update_xaxes(nticks=5)
    return figure


def _levels(marginal: dict[str, Any]) -> go.Figure:
    n = len(marginal["labels"])
    figure = _figure(height=max(190, 50 + 22 * n))
    for name, colour, pattern in (("real", REAL, ""), ("synthetic", SYNTHETIC, "/")):
        figure.add_bar(
            x=marginal[name],
            y=list(range(n)),
            orientation="h",
            name=name,
            marker={"color": colour, "pattern": {"shape": pattern, "size": 4, "solidity": 0.4}},
            hovertemplate=f"{name}: %{{x:.2%}}<extra></extra>",
        )
    figure.update_layout(barmode="group", bargap=0.25)
    figure.update_xaxes(tickformat=".0%", rangemode="tozero", nticks=4)
    names = [label(text, 18) for text in marginal["labels"]]
    figure.update_yaxes(tickvals=list(range(n)), ticktext=names, autorange="reversed", showgrid=False)
    return figure


def trend_figure(pairs: Sequence[dict[str, Any]]) -> go.Figure:
    """Trend errors (one minus the score) of all pairs, as a heat map.

    Parameters
    ----------
    pairs : sequence of dict
        `synthgen.metrics.dependence.PairTrend` as plain data.

    Returns
    -------
    plotly.graph_objects.Figure
        Symmetric; empty on the diagonal and where a score is undefined.
    """
    names = list(dict.fromkeys(name for p in pairs for name in (p["first"], p["second"])))
    place = {name: i for i, name in enumerate(names)}
    errors: list[list[float | None]] = [[None] * len(names) for _ in names]
    for p in pairs:
        error = None if p["score"] is None else 1 - p["score"]
        errors[place[p["first"]]][place[p["second"]]] = error
        errors[place[p["second"]]][place[p["first"]]] = error
    figure = _figure(height=int(np.clip(160 + 24 * len(names), 320, 900)))
    full = [[f"{label(a, 60)} × {label(b, 60)}" for b in names] for a in names]
    largest = max((e for row in errors for e in row if e is not None), default=0.0)
    figure.add_heatmap(
        z=errors,
        customdata=full,
        zmin=0,
        zmax=max(largest, 0.05),
        colorscale=[[0, "rgba(128,128,128,0.12)"], [0.5, "#e8a15c"], [1, "#9c2f1d"]],
        colorbar={"title": {"text": "error", "side": "right"}, "tickformat": ".0%", "thickness": 12},
        hovertemplate="%{customdata}<br>error %{z:.2%}<extra></extra>",
        hoverongaps=False,
        xgap=1,
        ygap=1,
    )
    _name_axes(figure, names)
    return figure


def _name_axes(figure: go.Figure, names: Sequence[str]) -> None:
    shown = np.unique(np.linspace(0, len(names) - 1, min(len(names), 40)).astype(int)).tolist()
    ticks = {"tickvals": shown, "ticktext": [label(names[i], 16) for i in shown], "showgrid": False}
    figure.update_xaxes(tickangle=-60, **ticks)
    figure.update_yaxes(autorange="reversed", **ticks)


def importance_figure(importances: Sequence[dict[str, Any]], most: int = 15) -> go.Figure:
    """What gives the synthetic table away, column by column.

    Parameters
    ----------
    importances : sequence of dict
        `synthgen.metrics.detection.FeatureImportance` as plain data, largest first.
    most : int
        Columns shown.

    Returns
    -------
    plotly.graph_objects.Figure
        Bars.
    """
    shown = importances[:most]
    figure = _figure(height=90 + 24 * len(shown))
    figure.add_bar(
        x=[max(i["auc_drop"], 0) for i in shown],
        y=list(range(len(shown))),
        orientation="h",
        marker={"color": SYNTHETIC},
        hovertemplate="AUC falls by %{x:.3f}<extra></extra>",
    )
    names = [label(i["name"]) for i in shown]
    figure.update_yaxes(
        tickvals=list(range(len(shown))), ticktext=names, autorange="reversed", showgrid=False
    )
    figure.update_xaxes(rangemode="tozero", title="fall of the AUC when the column is shuffled")
    return figure


def distance_figure(distances: dict[str, dict[str, Any]]) -> go.Figure:
    """How near rows lie to their nearest real row, as cumulative shares.

    Parameters
    ----------
    distances : dict of str to dict
        `synthgen.metrics.support.Distances` as plain data, by table.

    Returns
    -------
    plotly.graph_objects.Figure
        A line a table.
    """
    figure = _figure(height=340)
    for which, found in distances.items():
        name, colour, dash = _LINES[which]
        figure.add_scatter(
            x=found["to_real"],
            y=np.linspace(0, 1, len(found["to_real"])).tolist(),
            name=name,
            mode="lines",
            line={"color": colour, "dash": dash, "width": 2},
            hovertemplate=f"{name}: %{{y:.0%}} of rows within %{{x:.3f}}<extra></extra>",
        )
    figure.update_layout(showlegend=True, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"})
    figure.update_yaxes(tickformat=".0%", title="share of rows", range=[0, 1.02])
    figure.update_xaxes(title="distance to the nearest real row", rangemode="tozero")
    return figure


def _figure(height: int) -> go.Figure:
    figure = go.Figure()
    figure.update_layout(
        template=None,
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
        hoverlabel={"namelength": -1},
        font={"size": 12},
    )
    axis = {"automargin": True, "gridcolor": _GRID, "zeroline": False, "fixedrange": True}
    figure.update_xaxes(**axis)
    figure.update_yaxes(ticks="outside", ticklen=4, tickcolor="rgba(0,0,0,0)", **axis)
    return figure
