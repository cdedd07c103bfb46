"""Several reports side by side: data first, a page after."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import plotly.graph_objects as go
from markupsafe import Markup

from synthgen.metrics.intervals import Estimate
from synthgen.reports import text
from synthgen.reports.canvas import blank, label
from synthgen.reports.plain import to_plain_data
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


@dataclass(frozen=True)
class Compared:
    """What one report is about.

    Parameters
    ----------
    name : str
        What the page calls it.
    n_rows : dict of str to int
        Of ``real``, ``synthetic`` and, if given, ``holdout``.
    n_columns, has_holdout, target, seed, synthgen_version
        As in `synthgen.reports.report.Report`.
    """

    name: str
    n_rows: dict[str, int]
    n_columns: int
    has_holdout: bool
    target: str | None
    seed: int
    synthgen_version: str


@dataclass(frozen=True)
class Difference:
    """Something in which the reports are unlike, besides their scores.

    Parameters
    ----------
    what : str
        For example ``real rows``.
    values : tuple of str
        One a report, in words.
    """

    what: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """One score in one report.

    Parameters
    ----------
    value : Estimate
        Of the synthetic table.
    position : Estimate
        Where it lies between floor (0) and ceiling (1), the interval's ends too; floor and ceiling as given.
    ceiling, floor : Estimate or None
        As the report has them.
    trusted : bool
        False where it would need held-out rows, and there are none.
    """

    value: Estimate
    position: Estimate
    ceiling: Estimate | None
    floor: Estimate | None
    trusted: bool


@dataclass(frozen=True)
class ComparedScore:
    """One score in every report.

    Parameters
    ----------
    name, title, area, better : str
        As in `synthgen.reports.scores.Score`.
    entries : tuple of (Entry or None)
        One a report; None where a report lacks the score.
    best : str or None
        The report whose interval lies wholly on the better side of every other's; None if there is none, or if
        the reports cannot be compared in this score.
    """

    name: str
    title: str
    area: str
    better: str
    entries: tuple[Entry | None, ...]
    best: str | None


@dataclass(frozen=True)
class Comparison:
    """Several reports side by side. Made by `compare`; plain data throughout.

    Parameters
    ----------
    reports : tuple of Compared
        In the order given.
    same_tables : bool
        Whether the real and the held-out rows and the columns are as many in all reports.
    differences : tuple of Difference
        In what the reports are unlike.
    warnings : tuple of str
        Why figures cannot be set against each other; empty if they can.
    scores : tuple of ComparedScore
        In the order of the reports.
    notes : tuple of str
        How the page is to be read.
    """

    reports: tuple[Compared, ...]
    same_tables: bool
    differences: tuple[Difference, ...]
    warnings: tuple[str, ...]
    scores: tuple[ComparedScore, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain data.

        Returns
        -------
        dict
            What JSON can hold.
        """
        return to_plain_data(self)

    def to_json(self) -> str:
        """As strict JSON text.

        Returns
        -------
        str
            Indented by two spaces.
        """
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)

    def to_html(self) -> str:
        """As one page that needs no network and no other file.

        Returns
        -------
        str
            HTML.
        """
        return page(self)

    def summary(self) -> str:
        """As a short text for the terminal.

        Returns
        -------
        str
            Warnings, a line a score, and what is best.
        """
        return summary(self)


def report_names(paths: Sequence[str]) -> list[str]:
    """Short names of files, all different.

    Parameters
    ----------
    paths : sequence of str
        All different, absolute, so that there is always a folder to tell two apart.

    Returns
    -------
    list of str
        The stem; where several share it, with as many folders before it as it takes.
    """
    parts = [(*PurePath(p).parts[:-1], PurePath(p).stem) for p in paths]
    lengths = [1] * len(paths)
    while True:
        names = ["/".join(p[-n:]) for p, n in zip(parts, lengths, strict=True)]
        alike = [names.count(name) > 1 for name in names]
        longer = [n + (a and n < len(p)) for n, a, p in zip(lengths, alike, parts, strict=True)]
        if longer == lengths:  # what is left differs in the suffix alone
            return [p if a else name for p, a, name in zip(paths, alike, names, strict=True)]
        lengths = longer


def compare(reports: Mapping[str, Mapping[str, Any]]) -> Comparison:
    """Set reports side by side.

    Parameters
    ----------
    reports : mapping of str to mapping
        `Report.to_dict` of each, by the name that the page shall use; two at least.

    Returns
    -------
    Comparison
        Plain data.

    Notes
    -----
    A report is marked as best in a score only if its 95% interval lies wholly on the better side of all the others'
    intervals. Where the aim is a value (0.5, or the ceiling with its interval), the distances to it are compared
    in the same way: the largest that one interval allows with the smallest that the others' allow. An AUC that
    is better when lower has 0.5 as its aim, since below 0.5 is not better than 0.5.
    """
    about = tuple(_about(name, report) for name, report in reports.items())
    differences = _differences(about)
    unlike = {d.what for d in differences}
    same_tables = not unlike & {"real rows", "held-out rows", "columns compared"}
    names = dict.fromkeys(name for report in reports.values() for name in report["scores"])
    scores = tuple(
        _compared_score(name, reports, comparable=same_tables, same_target="target" not in unlike)
        for name in names
    )
    return Comparison(about, same_tables, differences, _warnings(differences, same_tables), scores, _NOTES)


_NOTES = (
    "Best is marked only where a report's 95% interval lies wholly on the better side of every other's. Intervals that "
    "overlap do not show that two tables are equally good.",
    "Intervals speak of the rows drawn: they do not cover training a synthesizer anew, which can change more than "
    "one synthesizer differs from another.",
    "Of many scores some come out apart by chance: read what is best in several of them.",
    "Only the reports are read, not the tables: equal sizes do not prove that the real rows are the same.",
)


def _about(name: str, report: Mapping[str, Any]) -> Compared:
    given = ("n_rows", "n_columns", "has_holdout", "target", "seed", "synthgen_version")
    return Compared(name=name, **{field: report[field] for field in given})


def _facts(about: Sequence[Compared]) -> tuple[Difference, ...]:
    def rows(which: str) -> tuple[str, ...]:
        return tuple(f"{a.n_rows[which]:,}" if which in a.n_rows else "none" for a in about)

    return (
        Difference("real rows", rows("real")),
        Difference("held-out rows", rows("holdout")),
        Difference("columns compared", tuple(f"{a.n_columns:,}" for a in about)),
        Difference("synthetic rows", rows("synthetic")),
        Difference("target", tuple("none" if a.target is None else a.target for a in about)),
        Difference("seed", tuple(str(a.seed) for a in about)),
        Difference("synthgen version", tuple(a.synthgen_version for a in about)),
    )


def _differences(about: Sequence[Compared]) -> tuple[Difference, ...]:
    return tuple(fact for fact in _facts(about) if len(set(fact.values)) > 1)


def _warnings(differences: Sequence[Difference], same_tables: bool) -> tuple[str, ...]:
    values = {d.what: " / ".join(d.values) for d in differences}
    found = []
    if not same_tables:
        kinds = [k for k in ("real rows", "held-out rows", "columns compared") if k in values]
        found.append(
            f"The reports compare different tables ({'; '.join(f'{k}: {values[k]}' for k in kinds)}). Their scores are "
            "not on one scale, so that nothing is marked as best and ceilings and floors are left out."
        )
    if "target" in values:
        found.append(
            f"The reports predict different columns ({values['target']}): no utility score is marked as best."
        )
    if "synthgen version" in values:
        found.append(
            f"The reports were made by different versions of synthgen ({values['synthgen version']}): a score may have "
            "been computed differently."
        )
    if "synthetic rows" in values:
        found.append(
            f"The synthetic tables differ in size ({values['synthetic rows']}): scores depend on it, and so do ceilings and "
            "floors."
        )
    return tuple(found)


def _compared_score(
    name: str, reports: Mapping[str, Mapping[str, Any]], *, comparable: bool, same_target: bool
) -> ComparedScore:
    found = {which: report["scores"].get(name) for which, report in reports.items()}
    first = next(score for score in found.values() if score is not None)
    entries = {which: None if score is None else _entry(score) for which, score in found.items()}
    area = first.get("area", "")
    comparable = comparable and (same_target or area != "utility")
    aim = "near 0.5" if first["better"] == "lower" and name.endswith("_auc") else first["better"]
    return ComparedScore(
        name=name,
        title=first["title"],
        area=area,
        better=first["better"],
        entries=tuple(entries.values()),
        best=_best(entries, aim) if comparable else None,
    )


def _entry(score: Mapping[str, Any]) -> Entry:
    value = Estimate(score["value"], score["low"], score["high"])
    ceiling, floor = (None if score[k] is None else Estimate(**score[k]) for k in ("ceiling", "floor"))
    position = Estimate(None)
    if score["position"] is not None and ceiling is not None and floor is not None:
        position = _position(value, ceiling, floor)
    return Entry(value, position, ceiling, floor, score.get("trusted", True))


def _position(value: Estimate, ceiling: Estimate, floor: Estimate) -> Estimate:
    if value.value is None or ceiling.value is None or floor.value is None:
        return Estimate(None)
    zero, span = floor.value, ceiling.value - floor.value
    if value.low is None or value.high is None:
        return Estimate((value.value - zero) / span)
    low, high = sorted(((value.low - zero) / span, (value.high - zero) / span))
    return Estimate((value.value - zero) / span, low, high)


def _best(entries: Mapping[str, Entry | None], aim: str) -> str | None:
    competing = {which: e for which, e in entries.items() if e is not None and e.value.value is not None}
    losses = {which: _loss(e, aim) for which, e in competing.items()}
    known = {which: loss for which, loss in losses.items() if loss is not None}
    if len(known) < 2 or len(known) < len(competing) or not all(e.trusted for e in competing.values()):
        return None
    best = min(known, key=lambda which: known[which][1])
    others = [low for which, (low, _) in known.items() if which != best]
    return best if known[best][1] < min(others) else None


def _loss(entry: Entry, aim: str) -> tuple[float, float] | None:
    """Ends of the interval of what is better when smaller; None without an interval."""
    low, high = entry.value.low, entry.value.high
    if low is None or high is None:
        return None
    if aim == "higher":
        return -high, -low
    if aim == "lower":
        return low, high
    target = Estimate(0.5, 0.5, 0.5) if aim == "near 0.5" else entry.ceiling
    if target is None or target.value is None:
        return None
    least = target.value if target.low is None else target.low
    most = target.value if target.high is None else target.high
    return max(0.0, low - most, least - high), max(high - least, most - low)


def summary(comparison: Comparison) -> str:
    """A comparison for the terminal.

    Parameters
    ----------
    comparison : Comparison
        As `compare` gives it.

    Returns
    -------
    str
        Lines of text; the best interval of a score, if there is one, has a star.
    """
    names = [r.name for r in comparison.reports]
    baselines = ["ceiling", "floor"] if comparison.same_tables else []
    lines = [("score", "better", *names, *baselines)]
    for score in comparison.scores:
        cells = [
            estimate_text(e.value if e else None) + (" *" if name == score.best else "")
            for name, e in zip(names, score.entries, strict=True)
        ]
        ends = [baseline_text(score, which) for which in baselines]
        lines.append((score.name, score.better, *cells, *ends))
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    table = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines]
    remarks = [f"- {n}" for n in comparison.notes]
    head = [f"{len(names)} reports: {', '.join(names)}. A star marks the best.", *comparison.warnings]
    return "\n".join([*head, "", *table, "", *ahead(comparison), "", *remarks])


def ahead(comparison: Comparison) -> list[str]:
    """In which scores which report is best, in sentences.

    Parameters
    ----------
    comparison : Comparison
        As `compare` gives it.

    Returns
    -------
    list of str
        One a report that is best in something, and one on the other scores.
    """
    won = {r.name: [s.title for s in comparison.scores if s.best == r.name] for r in comparison.reports}
    out = [
        f"{name} is best, its interval apart from the others', in {_count(titles)}: {', '.join(titles)}."
        for name, titles in won.items()
        if titles
    ]
    n_open = sum(s.best is None for s in comparison.scores)
    if n_open:
        which = _count(["score"] * n_open) if not out else f"the other {_count(['score'] * n_open)}"
        out.append(
            f"In {which} no report can be said to be best: intervals overlap, are missing, or cannot be compared."
        )
    return out


def _count(titles: Sequence[str]) -> str:
    return f"{len(titles)} score{'s' if len(titles) > 1 else ''}"


def number(value: float | None) -> str:
    """Three decimals, or two digits of what would hardly show with three; a dash for None.

    Parameters
    ----------
    value : float or None
        Any number.

    Returns
    -------
    str
        For example ``0.736`` or ``0.00041``.
    """
    return text.number(value) if not value or abs(value) >= 0.01 else f"{value:.2g}"


def estimate_text(estimate: Estimate | None) -> str:
    """A number with its interval; a dash for none.

    Parameters
    ----------
    estimate : Estimate or None
        Any.

    Returns
    -------
    str
        For example ``0.736 (0.731 to 0.741)``.
    """
    if estimate is None or estimate.low is None or estimate.high is None:
        return number(None if estimate is None else estimate.value)
    return f"{number(estimate.value)} ({number(estimate.low)} to {number(estimate.high)})"


def baseline_text(score: ComparedScore, which: str) -> str:
    """A ceiling or floor over all reports.

    Parameters
    ----------
    score : ComparedScore
        One score.
    which : {"ceiling", "floor"}
        Which.

    Returns
    -------
    str
        One number, or the least and the largest where the reports differ; a dash for none.
    """
    found = [getattr(e, which) for e in score.entries if e is not None]
    values = [number(v) for v in sorted(e.value for e in found if e is not None and e.value is not None)]
    if not values:
        return "–"
    return values[0] if values[0] == values[-1] else f"{values[0]} to {values[-1]}"


def position_figure(comparison: Comparison) -> go.Figure | None:
    """Where every report lies between floor and ceiling, score by score.

    Parameters
    ----------
    comparison : Comparison
        As `compare` gives it.

    Returns
    -------
    plotly.graph_objects.Figure or None
        Dots with intervals; what lies far beyond floor or ceiling stands at the edge. None without any position.
    """
    placed = positioned(comparison)
    if not placed:
        return None
    n = len(comparison.reports)
    figure = blank(height=50 + len(placed) * (18 + 10 * n))
    for row in range(0, len(placed), 2):
        figure.add_hrect(y0=row - 0.5, y1=row + 0.5, fillcolor=_BAND, line_width=0, layer="below")
    for end in (0, 1):
        figure.add_vline(x=end, line={"color": "#888888", "width": 1, "dash": "dot"})
    for i, report in enumerate(comparison.reports):
        offset = 0.6 * (i / (n - 1) - 0.5)
        dots = [(row + offset, s.entries[i]) for row, s in enumerate(placed)]
        _add_dots(figure, report.name, i, [(y, e) for y, e in dots if e and e.position.value is not None])
    names = {"tickvals": list(range(len(placed))), "ticktext": [label(s.title, 34) for s in placed]}
    figure.update_yaxes(range=[len(placed) - 0.5, -0.5], showgrid=False, **names)
    ends = {"tickvals": [0, 1], "ticktext": ["floor", "ceiling"], "range": [-_BEYOND - 0.05, 1.05 + _BEYOND]}
    figure.update_xaxes(side="top", **ends)
    return figure


def positioned(comparison: Comparison) -> list[ComparedScore]:
    """The scores that have a place between floor and ceiling in some report.

    Parameters
    ----------
    comparison : Comparison
        As `compare` gives it.

    Returns
    -------
    list of ComparedScore
        In order.
    """
    return [
        s for s in comparison.scores if any(e is not None and e.position.value is not None for e in s.entries)
    ]


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


def page(comparison: Comparison) -> str:
    """The page of a comparison.

    Parameters
    ----------
    comparison : Comparison
        As `compare` gives it.

    Returns
    -------
    str
        HTML: scripts, styles and data inline, nothing fetched.
    """
    figure = position_figure(comparison)
    return (
        environment()
        .get_template("compare.html")
        .render(
            comparison=comparison,
            ahead=ahead(comparison),
            baseline=baseline_text,
            number=number,
            facts=_facts(comparison.reports),
            areas=list(dict.fromkeys(s.area for s in comparison.scores)),
            positioned=positioned(comparison),
            marks=[_mark(i) for i in range(len(comparison.reports))],
            figure=None if figure is None else embeddable(json.loads(figure.to_json(engine="json"))),
            height=None if figure is None else figure.layout.height,
        )
    )


def _mark(i: int) -> Markup:
    """The mark of a report in the figure, as text."""
    mark = list(MARKS.values())[i % len(MARKS)]
    return Markup('<span aria-hidden="true" style="color: {}">{}</span>').format(
        COLOURS[i % len(COLOURS)], mark
    )
