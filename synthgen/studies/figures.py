"""Figures of a learning curve. They read its data and compute nothing but positions."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from synthgen.metrics.intervals import Estimate
from synthgen.reports.canvas import blank, rounded, show_legend
from synthgen.reports.figures import TABLES
from synthgen.studies.points import MEASURES, Point
from synthgen.studies.trend import LEAK, Trend

_HEIGHT = 330


def curve_figure(trend: Trend, points: Sequence[Point]) -> go.Figure:
    """One measure against the rows, on a logarithmic axis.

    Parameters
    ----------
    trend : Trend
        Of the measure.
    points : sequence of Point
        Of the study.

    Returns
    -------
    plotly.graph_objects.Figure
        Means with intervals, every fit as a dot, floor and ceiling; for a rising measure, the rows that are needed.
    """
    measure = MEASURES[trend.measure]
    own = [p for p in points if p.measure == trend.measure]
    figure = blank(height=_HEIGHT)
    sizes = [level.n_rows for level in trend.levels]
    for which in ("floor", "ceiling"):
        values = [getattr(level, which) for level in trend.levels]
        if any(e.value is not None for e in values):
            _line(figure, which, sizes, values)
    _line(figure, "samples", sizes, [level.value for level in trend.levels])
    figure.add_scatter(
        x=[p.n_rows for p in own],
        y=rounded([p.value for p in own], 4),
        name="one fit",
        mode="markers",
        marker={"color": TABLES["synthetic"][1], "size": 5, "opacity": 0.45},
        hovertemplate="one fit to %{x:,} rows: %{y:.3f}<extra></extra>",
    )
    if measure.area == "privacy":
        figure.add_hline(y=LEAK, line={"color": "#888888", "width": 1, "dash": "dash"})
    _add_needed(figure, trend)
    show_legend(figure)
    last = max([sizes[-1], *([trend.needed.limit] if trend.needed else [])])
    ticks = [*sizes, *_round_numbers(sizes[-1], last)]
    figure.update_xaxes(
        type="log", title="rows fitted to", tickvals=ticks, ticktext=[f"{n:,}" for n in ticks], showgrid=True
    )
    figure.update_yaxes(title=f"{measure.title} ({measure.better} is better)")
    return figure


def _line(figure: go.Figure, which: str, sizes: Sequence[int], values: Sequence[Estimate]) -> None:
    title, colour, dash, mark = TABLES["synthetic" if which == "samples" else which]
    there = [(n, e.value) for n, e in zip(sizes, values, strict=True) if e.value is not None]
    ends = [(e.value, e.low, e.high) for e in values if e.value is not None]
    bars = {}
    if which == "samples":
        bars["error_y"] = {
            "array": rounded([0.0 if high is None else high - value for value, _, high in ends], 4),
            "arrayminus": rounded([0.0 if low is None else value - low for value, low, _ in ends], 4),
            "color": colour,
            "thickness": 1.4,
            "width": 4,
        }
    figure.add_scatter(
        x=[n for n, _ in there],
        y=rounded([value for _, value in there], 4),
        name="samples, mean" if which == "samples" else title,
        mode="lines+markers",
        line={"color": colour, "dash": dash, "width": 2},
        marker={"color": colour, "symbol": mark, "size": 8 if which == "samples" else 6},
        hovertemplate=f"{which} at %{{x:,}} rows: %{{y:.3f}}<extra></extra>",
        **bars,
    )


def _add_needed(figure: go.Figure, trend: Trend) -> None:
    """The rows that would bring the measure half of the way, with their interval."""
    needed = trend.needed
    if needed is None or needed.n_rows is None:
        return
    low, high = needed.low or needed.n_rows, needed.high or needed.limit
    colour = TABLES["memoriser"][1]
    figure.add_scatter(
        x=[needed.n_rows],
        y=[round(needed.goal, 4)],
        name="rows needed to get halfway",
        mode="markers",
        marker={"color": colour, "symbol": "star", "size": 12},
        error_x={
            "array": [high - needed.n_rows],
            "arrayminus": [needed.n_rows - low],
            "color": colour,
            "thickness": 1.4,
            "width": 5,
        },
        hovertemplate="about %{x:,} rows for %{y:.3f}<extra></extra>",
    )


def _round_numbers(above: int, most: int) -> list[int]:
    """1, 2 and 5 times the powers of ten beyond the sizes."""
    found = [step * 10**power for power in range(10) for step in (1, 2, 5)]
    return [n for n in found if 1.6 * above <= n <= most]
