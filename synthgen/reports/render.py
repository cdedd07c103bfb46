"""A report's plain data to one page that needs nothing else."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from synthgen.files import atomic_write
from synthgen.reports import listings, text
from synthgen.reports.figures import all_figures, wide_points
from synthgen.reports.wordings import THREAT_MODEL, WORDINGS

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src {scripts}{more}; "
    "img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'"
)
_TEMPLATES = Path(__file__).parent / "templates"
_EVAL = " 'unsafe-eval'"
"""Plotly writes the functions that draw with WebGL while it runs."""
_WIDE = {"x": "{}_real", "y": "{}_synthetic", "text": "names", "color": "error"}
"""Where the numbers of a wide figure stand in the page's one table of points."""


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
    columns, n_more_columns = listings.column_rows(report)
    pairs = listings.pair_rows(report)
    return (
        environment()
        .get_template("report.html")
        .render(
            report=report,
            compared=text.compared(report),
            covered=text.covered(report),
            sections=listings.sections(report),
            verdict_groups=listings.verdict_groups(report),
            scores_by_area=listings.scores_by_area(report),
            columns=columns,
            worst_columns=listings.worst_columns(columns),
            n_more_columns=n_more_columns,
            column_scores={c["name"]: c["score"]["value"] for c in report["columns"]},
            bins={m["name"]: text.bins(m) for m in report["marginals"]},
            pairs=pairs[: listings.MAX_LISTED],
            worst_pairs=listings.worst_pairs(pairs),
            drops=listings.drop_rows(report),
            attacks=listings.attack_rows(report),
            smoke_tests=listings.SMOKE_TESTS,
            risk_titles=listings.RISKS,
            wide_rows=listings.wide_rows(report),
            threat_model=THREAT_MODEL,
            wordings=WORDINGS,
            **_drawings(report),
        )
    )


@cache
def environment() -> jinja2.Environment:
    """Where the templates and their filters are.

    Returns
    -------
    jinja2.Environment
        Escapes everything that is not marked as markup; knows the scripts ``plotly_js`` and ``report_js``, and for the
        page's head ``policy(webgl, script)``: which script may run beside plotly, or any if it is not said.
    """
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (
        text.number,
        text.interval,
        text.percent,
        text.count,
        text.compact,
        text.brief,
        text.place,
        text.chance,
    )
    found.filters |= {f.__name__: f for f in filters}
    own = (_TEMPLATES / "report.js").read_text(encoding="utf-8")
    found.globals |= {"plotly_js": Markup(get_plotlyjs()), "report_js": Markup(own), "policy": _policy}
    return found


def _policy(webgl: bool, script: str | None = None) -> Markup:
    allowed = "'unsafe-inline'" if script is None else " ".join(map(_hash, (get_plotlyjs(), script)))
    return Markup(_POLICY.format(scripts=allowed, more=_EVAL if webgl else ""))


def _hash(script: str) -> str:
    """By which a browser knows the text of a script element."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


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


def embeddable(data: Any) -> Markup:
    """Plain data as JSON that may stand in a script element.

    Parameters
    ----------
    data : object
        What JSON can hold.

    Returns
    -------
    markupsafe.Markup
        Without any character that could end the element.
    """
    plain = json.dumps(data, separators=(",", ":"), allow_nan=False)
    for unsafe in "<>&":
        plain = plain.replace(unsafe, f"\\u{ord(unsafe):04x}")
    return Markup(plain)


def _drawings(report: dict[str, Any]) -> dict[str, Any]:
    """The figures as JSON, their heights, and the points that the figures of a wide table share."""
    figures = {
        name: json.loads(figure.to_json(engine="json")) for name, figure in all_figures(report).items()
    }
    for name in ("wide: means", "wide: standard deviations"):
        if name in figures:
            _refer(figures[name], "mean" if name == "wide: means" else "sd")
    points = wide_points(report["profile"]) if "wide: means" in figures else None
    return {
        "plots": {name: embeddable(figure) for name, figure in figures.items()},
        "heights": {name: figure["layout"]["height"] for name, figure in figures.items()},
        "points": None if points is None else _packed(points),
    }


def _refer(figure: dict[str, Any], quantity: str) -> None:
    """Replace the numbers of a wide figure by the names of their columns in the table of points."""
    trace = figure["data"][0]
    for key, place in _WIDE.items():
        (trace["marker"] if key == "color" else trace)[key] = place.format(quantity)


def _packed(points: dict[str, Any]) -> Markup:
    """The points of tens of thousands of columns, in a third of the space."""
    plain = json.dumps(points, separators=(",", ":"), allow_nan=False).encode()
    return Markup(base64.b64encode(gzip.compress(plain, mtime=0)).decode())
