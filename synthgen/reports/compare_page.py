"""The page of a comparison, and its figure."""

from __future__ import annotations

import json
from collections.abc import Sequence

import plotly.graph_objects as go
from markupsafe import Markup

from synthgen.reports import text
from synthgen.reports.canvas import blank, label
from synthgen.reports.compare_facts import Compared, facts
from synthgen.reports.compare_scores import ComparedScore, Entry
from synthgen.reports.compare_text import ahead, baseline_text, estimate_text, number
from synthgen.reports.render import embeddable, environment

COLOURS = ("#3b82c4", "#d9772f", "#2f9a6b", "#a05cb5", "#a8852a", "#c4527a", "#2b93a8", "#7d7f87")
"""Of the reports, in turn; contrast above 3 on white and on black."""
MARKS = {
    "circle": "●",
    "diamond": "◆",
    "square": "■",
    "triangle-up": "▲",
    "triangle-down": "▼",
    "x": "✖",
    "cross": "✚",
    "circle-open": "○",
}
"""Of the reports, in turn, for those who do not see the colours: in the figure, and in the text."""
_BEYOND = 0.2
"""How far beyond floor and ceiling a position is still drawn in its place."""
_BAND = "rgba(128,128,128,0.09)"


def page(
    reports: Sequence[Compared],
    scores: Sequence[ComparedScore],
    *,
    same_tables: bool,
    warnings: Sequence[str],
    notes: Sequence[str],
) -> str:
    """The page of a comparison.

    Parameters
    ----------
    reports, scores, same_tables, warnings, notes
        As in `synthgen.reports.compare.Comparison`.

    Returns
    -------
    str
        HTML: scripts, styles and data inline, nothing fetched.
    """
    names = [r.name for r in reports]
    figure = position_figure(names, scores)
    return (
        environment()
        .get_template("compare.html")
        .render(
            reports=reports,
            scores=scores,
            same_tables=same_tables,
            warnings=warnings,
            notes=notes,
            ahead=ahead(names, scores),
            baseline=baseline_text,
            number=number,
            facts=facts(reports),
            areas=list(dict.fromkeys(s.area for s in scores)),
            positioned=positioned(scores),
            marks=[_mark(i) for i in range(len(reports))],
            figure=None if figure is None else embeddable(json.loads(figure.to_json(engine="json"))),
            height=None if figure is None else figure.layout.height,
        )
    )


def position_figure(names: Sequence[str], scores: Sequence[ComparedScore]) -> go.Figure | None:
    """Where every report lies between floor and ceiling, score by score.

    Parameters
    ----------
    names : sequence of str
        Of the reports.
    scores : sequence of ComparedScore
        One entry a report.

    Returns
    -------
    plotly.graph_objects.Figure or None
        Dots with intervals; what lies far beyond floor or ceiling stands at the edge. None without any position.
    """
    placed = positioned(scores)
    if not placed:
        return None
    n = len(names)
    figure = blank(height=50 + len(placed) * (18 + 10 * n))
    for row in range(0, len(placed), 2):
        figure.add_hrect(y0=row - 0.5, y1=row + 0.5, fillcolor=_BAND, line_width=0, layer="below")
    for end in (0, 1):
        figure.add_vline(x=end, line={"color": "#888888", "width": 1, "dash": "dot"})
    for i, name in enumerate(names):
        offset = 0.6 * (i / (n - 1) - 0.5)
        dots = [(row + offset, s.entries[i]) for row, s in enumerate(placed)]
        _add_dots(figure, name, i, [(y, e) for y, e in dots if e and e.position.value is not None])
    titles = {"tickvals": list(range(len(placed))), "ticktext": [label(s.title, 34) for s in placed]}
    figure.update_yaxes(range=[len(placed) - 0.5, -0.5], showgrid=False, **titles)
    ends = {"tickvals": [0, 1], "ticktext": ["floor", "ceiling"], "range": [-_BEYOND - 0.05, 1.05 + _BEYOND]}
    figure.update_xaxes(side="top", **ends)
    return figure


def positioned(scores: Sequence[ComparedScore]) -> list[ComparedScore]:
    """The scores that have a place between floor and ceiling in some report.

    Parameters
    ----------
    scores : sequence of ComparedScore
        Any.

    Returns
    -------
    list of ComparedScore
        In order.
    """
    return [s for s in scores if any(e is not None and e.position.value is not None for e in s.entries)]


def _add_dots(figure: go.Figure, name: str, i: int, dots: Sequence[tuple[float, Entry]]) -> None:
    positions = [e.position for _, e in dots]
    drawn = [_drawn(p.value) for p in positions]
    colour = COLOURS[i % len(COLOURS)]
    figure.add_scatter(
        x=drawn,
        y=[y for y, _ in dots],
        name=label(name, 40),
        mode="markers",
        marker={"color": colour, "size": 9, "symbol": list(MARKS)[i % len(MARKS)]},
        error_x={
            "array": [round(_drawn(p.high, x) - x, 4) for p, x in zip(positions, drawn, strict=True)],
            "arrayminus": [round(x - _drawn(p.low, x), 4) for p, x in zip(positions, drawn, strict=True)],
            "color": colour,
            "thickness": 1.4,
            "width": 3,
        },
        customdata=[[text.percent(e.position.value), estimate_text(e.value)] for _, e in dots],
        hovertemplate=f"{label(name, 40)}: %{{customdata[1]}}<br>%{{customdata[0]}} of the way from floor to ceiling"
        "<extra></extra>",
    )


def _drawn(position: float | None, default: float = 0.0) -> float:
    return default if position is None else round(min(max(position, -_BEYOND), 1 + _BEYOND), 4)


def _mark(i: int) -> Markup:
    """The mark of a report in the figure, as text."""
    mark = list(MARKS.values())[i % len(MARKS)]
    return Markup('<span aria-hidden="true" style="color: {}">{}</span>').format(
        COLOURS[i % len(COLOURS)], mark
    )
