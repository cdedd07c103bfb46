"""What all figures share: an empty canvas, bars, names and legends."""

from __future__ import annotations

import html
from collections.abc import Sequence

import plotly.graph_objects as go

MAX_LABEL = 22
"""Characters of a name at an axis."""
_STRIPES = {"size": 4, "solidity": 0.35, "fillmode": "overlay", "fgcolor": "#ffffff", "fgopacity": 0.55}
_GRID = "rgba(128,128,128,0.25)"


def label(text: str, longest: int = MAX_LABEL) -> str:
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


def add_bars(
    figure: go.Figure, name: str, values: Sequence[float | None], colour: str, pattern: str, hover: str
) -> None:
    """Add one series of horizontal bars.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        Gets the bars.
    name : str
        Of the series.
    values : sequence of float or None
        Lengths, from the top.
    colour, pattern : str
        Both, so that the series can be told apart without colour.
    hover : str
        Plotly's template.
    """
    figure.add_bar(
        x=rounded(values, 5),
        y=list(range(len(values))),
        orientation="h",
        name=name,
        marker={"color": colour, "pattern": {"shape": pattern, **_STRIPES}},
        hovertemplate=f"{hover}<extra></extra>",
    )
    figure.update_layout(barmode="group", bargap=0.25)


def name_rows(figure: go.Figure, names: Sequence[str], longest: int) -> None:
    """Write names at the rows 0, 1, ... from the top.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        With numbered rows.
    names : sequence of str
        Of the rows.
    longest : int
        Most characters shown.
    """
    ticks = {"tickvals": list(range(len(names))), "ticktext": [label(name, longest) for name in names]}
    figure.update_yaxes(autorange="reversed", showgrid=False, **ticks)


def show_legend(figure: go.Figure) -> None:
    """Put a legend above the figure.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        With named series.
    """
    figure.update_layout(showlegend=True, legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"})


def rounded(values: Sequence[float | None], digits: int) -> list[float | None]:
    """Fewer digits, for a smaller page.

    Parameters
    ----------
    values : sequence of float or None
        Any numbers.
    digits : int
        After the point.

    Returns
    -------
    list of float or None
        Rounded.
    """
    return [None if v is None else round(v, digits) for v in values]


def blank(height: int) -> go.Figure:
    """A figure without anything on it, for light and dark pages.

    Parameters
    ----------
    height : int
        In pixels; the width is that of the page.

    Returns
    -------
    plotly.graph_objects.Figure
        Clear, with quiet axes and no legend.
    """
    figure = go.Figure()
    figure.update_layout(
        template=None,
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
        dragmode=False,  # else a finger on a figure would not scroll the page
        hoverlabel={"namelength": -1},
        font={"size": 12},
    )
    axis = {"automargin": True, "gridcolor": _GRID, "zeroline": False, "fixedrange": True}
    figure.update_xaxes(**axis)
    figure.update_yaxes(ticks="outside", ticklen=4, tickcolor="rgba(0,0,0,0)", **axis)
    return figure
