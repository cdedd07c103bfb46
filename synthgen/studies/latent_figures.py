"""Figures of a study of a latent space. They read its data and compute nothing but positions."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from synthgen.metrics.plausibility import LEVEL
from synthgen.reports.canvas import blank, label, rounded, show_legend
from synthgen.reports.figures import TABLES
from synthgen.studies.latent_parts import Curve
from synthgen.studies.latent_text import TITLES

HEIGHT = 360
CURVES_HEIGHT = 250
_LINES = {
    "slerp": (TABLES["synthetic"][1], "solid", "circle"),
    "slerp, likeliest": ("#8a1c0c", "dash", "diamond"),
    "linear": ("#a05cb5", "dot", "x"),
    "mixtures": ("#888888", "dashdot", "square"),
}
"""Colour, dash and mark of each kind of walk."""
_COLOURS = ("#d9772f", "#3b82c4", "#1e9e74", "#a05cb5", "#b8860b", "#888888")
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_GAP = 1  # pixels between the images of a strip


def position_figure(found: Any) -> go.Figure:
    """Plausible shares at each step of the walks.

    Parameters
    ----------
    found : LatentStudy
        The study; not named in the signature, since it makes its page by this.

    Returns
    -------
    plotly.graph_objects.Figure
        A line a kind of walk, with intervals; dotted: 95%.
    """
    figure = blank(height=HEIGHT)
    along = np.linspace(0, 1, found.steps)
    for name, (colour, dash, mark) in _LINES.items():
        positions = found.group(name).positions
        values = [100 * (p.value or 0.0) for p in positions]
        figure.add_scatter(
            x=rounded(along.tolist(), 3),
            y=rounded(values, 2),
            name=TITLES[name],
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 2},
            marker={"color": colour, "symbol": mark, "size": 7},
            error_y={
                "array": rounded(
                    [100 * (p.high or 0.0) - v for p, v in zip(positions, values, strict=True)], 2
                ),
                "arrayminus": rounded(
                    [v - 100 * (p.low or 0.0) for p, v in zip(positions, values, strict=True)], 2
                ),
                "color": colour,
                "thickness": 1,
                "width": 3,
            },
            hovertemplate=f"{TITLES[name]}, at %{{x}} of the way: %{{y:.1f}}%<extra></extra>",
        )
    figure.add_hline(y=100 * (1 - LEVEL), line={"color": "#888888", "width": 1, "dash": "dot"})
    show_legend(figure)
    figure.update_xaxes(title="how far along the walk")
    figure.update_yaxes(title="plausible rows, %", rangemode="tozero")
    return figure


def scatter_figure(found: Any) -> go.Figure:
    """Samples, held-out rows and walks on two principal components.

    Parameters
    ----------
    found : LatentStudy
        A study with clouds.

    Returns
    -------
    plotly.graph_objects.Figure
        Rows as points, walks as lines with an open circle where they start.
    """
    figure = blank(height=440)
    styles = {
        "samples": ("samples", TABLES["synthetic"][1], "circle"),
        "holdout": ("held-out rows", TABLES["ceiling"][1], "diamond"),
    }
    for cloud in found.clouds:
        title, colour, mark = styles[cloud.name]
        figure.add_scatter(
            x=list(cloud.x),
            y=list(cloud.y),
            name=title,
            mode="markers",
            marker={"color": colour, "size": 4, "opacity": 0.35, "symbol": mark},
            hoverinfo="skip",
        )
    for i, walk in enumerate(found.walks):
        colour = "#8a1c0c" if i % 2 else "#1e7b4f"
        figure.add_scatter(
            x=list(walk.x),
            y=list(walk.y),
            name=f"walk {i + 1}",
            mode="lines+markers",
            line={"color": colour, "dash": _DASHES[i % len(_DASHES)], "width": 1.8},
            marker={"size": 6, "color": colour, "symbol": ["circle-open", *["circle"] * (len(walk.x) - 1)]},
            text=[f"row {j + 1}" for j in range(len(walk.x))],
            hovertemplate=f"walk {i + 1}, %{{text}}<extra></extra>",
        )
    show_legend(figure)
    first, second = (
        f"component {i + 1} ({share:.0%} of the variance)" for i, share in enumerate(found.explained)
    )
    figure.update_xaxes(title=first)
    figure.update_yaxes(title=second)
    return figure


def curves_figure(curves: Sequence[Curve], at: Sequence[float], title: str) -> go.Figure:
    """Numbers along some rows.

    Parameters
    ----------
    curves : sequence of Curve
        The numbers.
    at : sequence of float
        Where each row stands.
    title : str
        Of the axis that they stand on.

    Returns
    -------
    plotly.graph_objects.Figure
        A line a column, in standard deviations of the samples.
    """
    figure = blank(height=CURVES_HEIGHT)
    for curve, colour, dash in zip(curves, _COLOURS, _DASHES, strict=False):
        figure.add_scatter(
            x=rounded(list(at), 3),
            y=list(curve.values),
            name=label(curve.name),
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 1.8},
            marker={"size": 5},
            hovertemplate=f"{label(curve.name)}: %{{y:.2f}}<extra></extra>",
        )
    show_legend(figure)
    figure.update_xaxes(title=title)
    figure.update_yaxes(title="standard deviations")
    return figure


def strip(images: Sequence[str], side: int) -> str:
    """Images side by side as one picture.

    Parameters
    ----------
    images : sequence of str
        ``side * side`` greys each, as base64; one at least.
    side : int
        In pixels.

    Returns
    -------
    str
        A PNG as a data URI.
    """
    tiles = [np.frombuffer(base64.b64decode(i), np.uint8).reshape(side, side) for i in images]
    gap = np.full((side, _GAP), 128, np.uint8)
    parts = [part for tile in tiles for part in (tile, gap)][:-1]
    return f"data:image/png;base64,{base64.b64encode(_png(np.hstack(parts))).decode()}"


def _png(grey: np.ndarray) -> bytes:
    """A grey picture as PNG, eight bits a pixel (ISO/IEC 15948)."""
    height, width = grey.shape
    lines = b"".join(b"\0" + row.tobytes() for row in grey)  # 0: no filter
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
