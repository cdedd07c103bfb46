"""Figures of a report. They read its plain data and compute nothing but positions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from synthgen.reports.canvas import MAX_LABEL, add_bars, blank, label, name_rows, rounded, show_legend
from synthgen.reports.figures_genomic import genomic_figures

REAL, SYNTHETIC = "#3b82c4", "#d9772f"
"""Distinguishable without colour vision, and on white and black (contrast above 3)."""
TABLES = {
    "synthetic": ("this table", SYNTHETIC, "solid", "circle"),
    "ceiling": ("ceiling", REAL, "solid", "diamond"),
    "floor": ("floor", "#888888", "dot", "square"),
    "memoriser": ("memoriser", "#a05cb5", "dash", "x"),
}
"""Names, colours, dashes and marks of what is compared."""
CONTROLS = ("synthetic", "ceiling", "memoriser")
"""What the attacks are shown for: the table, the negative and the positive control."""
STRONGEST = "strongest, cross-checked"
"""The attack that is chosen on one half of the candidates and measured on the other."""
ERRORS = [[0, "#eef0f3"], [0.5, "#ecac72"], [1, "#a82a14"]]
POINTS = [[0, "#97a3b0"], [0.5, "#d9772f"], [1, "#8a1c0c"]]
"""Small to large errors, ever further from a light page; the page's script has their like for a dark one."""
MAX_BARS = 15
"""Columns that a figure of bars shows."""
_MAX_TICKS = 40
_YEAR = 31_556_952.0  # seconds
_LAST_DATE = 1900 * _YEAR  # either side of 1970, on the safe side: plotly wants four digits
_BEYOND = 0.2
"""How far beyond floor and ceiling a position is still drawn in its place."""


def all_figures(report: Mapping[str, Any]) -> dict[str, go.Figure]:
    """Every figure that a report has data for.

    Parameters
    ----------
    report : mapping
        As `Report.to_dict` gives it.

    Returns
    -------
    dict of str to plotly.graph_objects.Figure
        Of these, what there is: ``scores``, ``marginal: <column>``, ``pair trends``, ``detection``, ``importances``,
        ``membership``, ``distances``, ``wide: means``, ``wide: standard deviations``, and those of
        `synthgen.reports.figures_genomic.genomic_figures`.
    """
    return dict(_all(report))


def _all(report: Mapping[str, Any]) -> Iterator[tuple[str, go.Figure]]:
    if any(s["position"] is not None for s in report["scores"].values()):
        yield "scores", _positions(report["scores"].values())
    for marginal in report["marginals"]:
        if marginal["real"]:
            yield f"marginal: {marginal['name']}", marginal_figure(marginal)
    if report["pairs"]:
        yield "pair trends", trend_figure(report["pairs"])
    if report["detection"] and report["detection"]["importances"]:
        yield "detection", _detection(report["detection"], report["linear_detection"])
    if report["importances"] and report["importances"]["columns"]:
        yield "importances", _importances(report["importances"]["columns"])
    if any(found["attacks"] for found in report["membership"].values()):
        yield "membership", _membership(report["membership"])
    if report["distances"]:
        yield "distances", _distances(report["distances"])
    if report["profile"] and (points := wide_points(report["profile"]))["names"]:
        for quantity, key in (("means", "mean"), ("standard deviations", "sd")):
            yield f"wide: {quantity}", _wide(points, quantity, f"{key}_real", f"{key}_synthetic")
    yield from genomic_figures(report, TABLES)


def marginal_figure(marginal: Mapping[str, Any]) -> go.Figure:
    """Real and synthetic shares of one column.

    Parameters
    ----------
    marginal : mapping
        A `synthgen.metrics.histograms.Marginal` as plain data.

    Returns
    -------
    plotly.graph_objects.Figure
        Steps for numbers and datetimes, as high as the share of the bin in the width of the narrowest one, so that areas
        are shares; bars for levels.
    """
    return _levels(marginal) if marginal["kind"] == "level" else _steps(marginal)


def _steps(marginal: Mapping[str, Any]) -> go.Figure:
    edges = np.array(marginal["edges"])
    widths = np.diff(edges / max(np.abs(edges).max(), 1e-300))
    figure = blank(height=190)
    fill = {"fill": "tozeroy", "fillcolor": "rgba(59,130,196,0.25)"}
    for name, colour, more in (("real", REAL, fill), ("synthetic", SYNTHETIC, {})):
        shares, heights = marginal[name], rounded((marginal[name] * (widths.min() / widths)).tolist(), 5)
        figure.add_scatter(
            x=_axis(edges, marginal["kind"]),
            y=[*heights, heights[-1]],
            customdata=rounded([*shares, shares[-1]], 5),
            name=name,
            mode="lines",
            line={"color": colour, "width": 1.8, "shape": "hv"},
            hovertemplate=f"{name}: %{{customdata:.2%}} from %{{x}}<extra></extra>",
            **more,
        )
    figure.update_yaxes(tickformat=".0%", rangemode="tozero", nticks=4)
    figure.update_xaxes(nticks=5)
    return figure


def _axis(edges: np.ndarray, kind: str) -> list[Any]:
    """Positions as plotly takes them; instants that it cannot draw, as years."""
    if kind != "datetime":
        return edges.tolist()
    if np.abs(edges).max() > _LAST_DATE:
        return (1970 + edges / _YEAR).tolist()
    return (edges * 1000).astype("datetime64[ms]").astype(str).tolist()


def _levels(marginal: Mapping[str, Any]) -> go.Figure:
    n = len(marginal["labels"])
    figure = blank(height=max(190, 50 + 22 * n))
    for name, colour, pattern in (("real", REAL, ""), ("synthetic", SYNTHETIC, "/")):
        add_bars(figure, name, marginal[name], colour, pattern, f"{name}: %{{x:.2%}}")
    figure.update_xaxes(tickformat=".0%", rangemode="tozero", nticks=4)
    name_rows(figure, marginal["labels"], 18)
    return figure


def trend_figure(pairs: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Trend errors (one minus the score) of all pairs, as a heat map.

    Parameters
    ----------
    pairs : sequence of mapping
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
        error = None if p["score"] is None else round(1 - p["score"], 4)
        errors[place[p["first"]]][place[p["second"]]] = error
        errors[place[p["second"]]][place[p["first"]]] = error
    figure = blank(height=int(np.clip(160 + 24 * len(names), 320, 900)))
    largest = max((e for row in errors for e in row if e is not None), default=0.0)
    titles = _distinct(names)
    figure.add_heatmap(
        x=titles,
        y=titles,
        z=errors,
        zmin=0,
        zmax=max(largest, 0.05),
        colorscale=ERRORS,
        meta="errors",
        colorbar={"title": {"text": "error", "side": "right"}, "tickformat": ".0%", "thickness": 12},
        hovertemplate="%{y} × %{x}<br>error %{z:.2%}<extra></extra>",
        hoverongaps=False,
        xgap=1,
        ygap=1,
    )
    shown = np.unique(np.linspace(0, len(names) - 1, min(len(names), _MAX_TICKS)).astype(int)).tolist()
    ticks = {"tickvals": [titles[i] for i in shown], "ticktext": [label(names[i], 16) for i in shown]}
    figure.update_xaxes(type="category", tickangle=-60, showgrid=False, **ticks)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False, **ticks)
    return figure


def _distinct(names: Sequence[str]) -> list[str]:
    """Labels that stay distinct where names are alike but for their ends."""
    labels = [label(name, 60) for name in names]
    again: dict[str, int] = {}
    out = []
    for text in labels:
        again[text] = again.get(text, 0) + 1
        out.append(text if again[text] == 1 else f"{text} ({again[text]})")
    return out


def _positions(scores: Iterable[Mapping[str, Any]]) -> go.Figure:
    placed = [s for s in scores if s["position"] is not None]
    figure = blank(height=110 + 26 * len(placed))
    figure.add_scatter(
        x=[round(float(np.clip(s["position"], -_BEYOND, 1 + _BEYOND)), 3) for s in placed],
        y=list(range(len(placed))),
        mode="markers",
        marker={"color": SYNTHETIC, "size": 10},
        customdata=[round(s["position"], 3) for s in placed],
        hovertemplate="%{customdata:.0%} of the way from floor to ceiling<extra></extra>",
    )
    name_rows(figure, [s["title"] for s in placed], 40)
    ends = {"tickvals": [0, 1], "ticktext": ["floor", "ceiling"], "range": [-0.25, 1.25]}
    figure.update_xaxes(showgrid=True, **ends)
    return figure


def _detection(trees: Mapping[str, Any], linear: Mapping[str, Any] | None) -> go.Figure:
    shown = trees["importances"][:MAX_BARS]
    figure = blank(height=100 + 26 * len(shown))
    drops = [max(i["auc_drop"], 0) for i in shown]
    add_bars(figure, "trees", drops, SYNTHETIC, "", "trees: AUC falls by %{x:.3f}")
    if linear and linear["importances"]:
        by_name = {i["name"]: max(i["auc_drop"], 0) for i in linear["importances"]}
        others = [by_name.get(i["name"]) for i in shown]
        add_bars(figure, "linear model", others, "#888888", "/", "linear model: AUC falls by %{x:.3f}")
        show_legend(figure)
    name_rows(figure, [i["name"] for i in shown], MAX_LABEL)
    figure.update_xaxes(rangemode="tozero", title="fall of the AUC")
    return figure


def _importances(columns: Sequence[Mapping[str, Any]]) -> go.Figure:
    shown = columns[:MAX_BARS]
    figure = blank(height=110 + 30 * len(shown))
    for name, key, colour, pattern in (
        ("trained on real rows", "real", REAL, ""),
        ("trained on synthetic rows", "synthetic", SYNTHETIC, "/"),
    ):
        add_bars(figure, name, [c[key] for c in shown], colour, pattern, f"{name}: %{{x:.3f}}")
    show_legend(figure)
    name_rows(figure, [c["name"] for c in shown], MAX_LABEL)
    figure.update_xaxes(title="rise of the loss")
    return figure


def _membership(membership: Mapping[str, Mapping[str, Any]]) -> go.Figure:
    tables = {which: _aucs(found) for which, found in membership.items() if which in CONTROLS}
    names = list(dict.fromkeys(name for aucs in tables.values() for name in aucs))
    figure = blank(height=120 + 46 * len(names))
    for i, (which, aucs) in enumerate(tables.items()):
        title, colour, _, mark = TABLES[which]
        rows = [(names.index(name), auc) for name, auc in aucs.items() if auc["value"] is not None]
        values = [auc["value"] for _, auc in rows]
        figure.add_scatter(
            x=rounded(values, 4),
            y=[row + 0.18 * (i - (len(tables) - 1) / 2) for row, _ in rows],
            name=title,
            mode="markers",
            marker={"color": colour, "size": 9, "symbol": mark},
            error_x={
                "array": rounded([(a["high"] or a["value"]) - a["value"] for _, a in rows], 4),
                "arrayminus": rounded([a["value"] - (a["low"] or a["value"]) for _, a in rows], 4),
                "color": colour,
                "thickness": 1.4,
                "width": 3,
            },
            hovertemplate=f"{title}: AUC %{{x:.3f}}<extra></extra>",
        )
    figure.add_vline(x=0.5, line={"color": "#888888", "width": 1, "dash": "dot"})
    show_legend(figure)
    name_rows(figure, names, 30)
    figure.update_xaxes(title="AUC (0.5 = a coin toss)")
    return figure


def _aucs(found: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {STRONGEST: found["auc"], **{attack["name"]: attack["auc"] for attack in found["attacks"]}}


def _distances(distances: Mapping[str, Mapping[str, Any]]) -> go.Figure:
    figure = blank(height=340)
    for which, found in distances.items():
        name, colour, dash, _ = TABLES[which]
        figure.add_scatter(
            x=rounded(found["to_real"], 5),
            y=np.linspace(0, 1, len(found["to_real"])).round(3).tolist(),
            name=name,
            mode="lines",
            line={"color": colour, "dash": dash, "width": 2},
            hovertemplate=f"{name}: %{{y:.0%}} of rows within %{{x:.3f}}<extra></extra>",
        )
    show_legend(figure)
    figure.update_yaxes(tickformat=".0%", title="share of rows", range=[0, 1.02])
    figure.update_xaxes(title="distance to the nearest real row", rangemode="tozero")
    return figure


def wide_points(profile: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The columns of a wide table as points, the worst last so that they lie on top.

    Parameters
    ----------
    profile : mapping
        A `synthgen.metrics.profile.ColumnProfile` as plain data.

    Returns
    -------
    dict of str to list
        ``names``, ``mean_real``, ``mean_synthetic``, ``sd_real``, ``sd_synthetic`` and ``error`` (one minus the shape
        score); only columns that have them all.
    """
    keys = ("mean_real", "mean_synthetic", "sd_real", "sd_synthetic", "score")
    rows = zip(profile["names"], *(profile[key] for key in keys), strict=True)
    whole = sorted((row for row in rows if None not in row), key=lambda row: -row[-1])
    names, *numbers, scores = zip(*whole, strict=True) if whole else ((),) * 6
    points: dict[str, list[Any]] = {"names": [label(name, 60) for name in names]}
    points |= {k: [float(f"{x:.4g}") for x in v] for k, v in zip(keys[:-1], numbers, strict=True)}
    return points | {"error": [round(1 - score, 3) for score in scores]}


def _wide(points: Mapping[str, Sequence[Any]], quantity: str, real: str, synthetic: str) -> go.Figure:
    figure = blank(height=460)
    figure.add_scattergl(
        x=np.asarray(points[real]),  # plotly checks lists value by value
        y=np.asarray(points[synthetic]),
        text=np.asarray(points["names"]),
        mode="markers",
        meta="points",
        marker={
            "color": np.asarray(points["error"]),
            "colorscale": POINTS,
            "cmin": 0,
            "cmax": max(*points["error"], 0.05),
            "size": 5,
            "opacity": 0.75,
            "colorbar": {"title": {"text": "1 − score", "side": "right"}, "thickness": 12},
        },
        hovertemplate="%{text}<br>real %{x:.4g}, synthetic %{y:.4g}<br>1 − score %{marker.color:.3f}<extra></extra>",
    )
    ends = [f(points[real]) for f in (min, max)]
    figure.add_shape(
        type="line",
        layer="below",
        line={"color": "#888888", "width": 1, "dash": "dot"},
        **dict(zip(("x0", "x1", "y0", "y1"), ends * 2, strict=True)),
    )
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(title=f"{quantity}, real")
    figure.update_yaxes(title=f"{quantity}, synthetic")
    return figure
