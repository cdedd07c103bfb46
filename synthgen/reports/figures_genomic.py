"""Figures of genes and variants. They read a report's plain data and compute nothing but positions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from synthgen.reports.canvas import blank, label, rounded, show_legend

_SHARES = np.linspace(0.05, 0.95, 19).round(2).tolist()
_OPACITY = 0.6


def genomic_figures(
    report: Mapping[str, Any], looks: Mapping[str, tuple[str, str, str, str]]
) -> Iterator[tuple[str, go.Figure]]:
    """The figures that a report has genes or variants for.

    Parameters
    ----------
    report : mapping
        As `Report.to_dict` gives it.
    looks : mapping of str to tuple of str
        Name, colour, dash and mark of each table.

    Yields
    ------
    (name, figure) : (str, plotly.graph_objects.Figure)
        ``expression: axes``, ``expression: libraries``, ``expression: fold changes``, ``genotypes: axes``, ``genotypes: decay``.
    """
    for part in ("expression", "genotypes"):
        if report[part] and report[part]["overlay"]:
            yield f"{part}: axes", _overlay(report[part]["overlay"], looks, bool(report["has_holdout"]))
    genes = report["expression"]
    if genes and genes["libraries"]:
        yield "expression: libraries", _libraries(genes["libraries"], looks, bool(report["has_holdout"]))
    if genes and genes["fold_changes"] and genes["fold_changes"]["names"]:
        yield (
            "expression: fold changes",
            _fold_changes(genes["fold_changes"], looks["synthetic"][1], bool(report["has_holdout"])),
        )
    if report["genotypes"] and report["genotypes"]["distances"]:
        yield "genotypes: decay", _decay(report["genotypes"], looks)


def _real_name(has_holdout: bool) -> str:
    return "held-out rows" if has_holdout else "real rows"


def _overlay(
    overlay: Mapping[str, Any], looks: Mapping[str, tuple[str, str, str, str]], has_holdout: bool
) -> go.Figure:
    figure = blank(height=420)
    for which, points in overlay["points"].items():
        name, colour, _, mark = looks[which]
        name = _real_name(has_holdout) if which == "ceiling" else name
        figure.add_scatter(
            x=list(points[0]),
            y=list(points[1]),
            name=name,
            mode="markers",
            marker={"color": colour, "symbol": mark, "size": 6, "opacity": _OPACITY},
            hovertemplate=f"{name}: %{{x:.2f}}, %{{y:.2f}}<extra></extra>",
        )
    show_legend(figure)
    figure.update_layout(hovermode="closest")
    for update, place in ((figure.update_xaxes, 0), (figure.update_yaxes, 1)):
        update(title=f"axis {place + 1} ({overlay['explained'][place]:.1%} of the variance)")
    return figure


def _libraries(
    libraries: Mapping[str, Sequence[float]],
    looks: Mapping[str, tuple[str, str, str, str]],
    has_holdout: bool,
) -> go.Figure:
    figure = blank(height=280)
    for which, totals in libraries.items():
        name, colour, dash, _ = looks[which]
        name = _real_name(has_holdout) if which == "ceiling" else name
        figure.add_scatter(
            x=list(totals),
            y=_SHARES,
            name=name,
            mode="lines",
            line={"color": colour, "dash": dash, "width": 2},
            hovertemplate=f"{name}: %{{y:.0%}} of rows up to %{{x:,.0f}}<extra></extra>",
        )
    show_legend(figure)
    figure.update_yaxes(tickformat=".0%", title="share of rows", range=[0, 1.02])
    figure.update_xaxes(title="sum of the counts of a row")
    return figure


def _fold_changes(found: Mapping[str, Any], colour: str, has_holdout: bool) -> go.Figure:
    figure = blank(height=420)
    figure.add_scatter(
        x=list(found["reference"]),
        y=list(found["synthetic"]),
        text=[label(name, 60) for name in found["names"]],
        mode="markers",
        marker={"color": colour, "size": 6, "opacity": _OPACITY},
        hovertemplate="%{text}<br>real %{x:.3g}, synthetic %{y:.3g}<extra></extra>",
    )
    ends = [f(found["reference"]) for f in (min, max)]
    figure.add_shape(
        type="line",
        layer="below",
        line={"color": "#888888", "width": 1, "dash": "dot"},
        **dict(zip(("x0", "x1", "y0", "y1"), ends * 2, strict=True)),
    )
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(title=f"difference of the class means, {_real_name(has_holdout)}")
    figure.update_yaxes(title="synthetic rows")
    return figure


def _decay(found: Mapping[str, Any], looks: Mapping[str, tuple[str, str, str, str]]) -> go.Figure:
    figure = blank(height=320)
    middles = [float(np.sqrt(low * high)) for low, high in found["distances"]]
    for which in ("synthetic", "ceiling", "floor"):
        name, colour, dash, mark = looks[which]
        figure.add_scatter(
            x=rounded(middles, 2),
            y=rounded(found["decay"][which], 4),
            name=name,
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 2},
            marker={"symbol": mark, "size": 7},
            hovertemplate=f"{name}: %{{y:.3f}}<extra></extra>",
        )
    show_legend(figure)
    names = [f"{low}" if low == high else f"{low}–{high}" for low, high in found["distances"]]
    figure.update_xaxes(title="distance in columns", type="log", tickvals=rounded(middles, 2), ticktext=names)
    figure.update_yaxes(title="mean r²", rangemode="tozero")
    return figure
