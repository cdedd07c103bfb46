"""The page of a study of a latent space."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from synthgen.reports.render import embeddable, environment
from synthgen.studies.latent_figures import curves_figure, position_figure, scatter_figure, strip
from synthgen.studies.latent_parts import Picture
from synthgen.studies.latent_text import EXPLAINED, TITLES

_BADGES = {"no holes seen": ("good", "="), "holes": ("wrong", "!"), "cannot be told": ("unknown", "?")}
"""Of the answer: the class of its mark, and the mark."""


def page(found: Any) -> str:
    """The page of a study.

    Parameters
    ----------
    found : LatentStudy
        Its data; not named in the signature, since it makes its page by this.

    Returns
    -------
    str
        HTML: scripts, styles, pictures and data inline, nothing fetched.
    """
    badge, mark = _BADGES[found.kind]
    at = [i / (found.steps - 1) for i in range(found.steps)]
    return (
        environment()
        .get_template("latent.html")
        .render(
            found=found,
            badge=badge,
            mark=mark,
            said=found.answer.removeprefix(found.kind.capitalize()).lstrip(":, "),
            titles=TITLES,
            explained=EXPLAINED,
            positions=_drawn(position_figure(found)),
            scatter=_drawn(scatter_figure(found)) if found.clouds else None,
            walks=[
                {"walk": w, **_shown(w.picture, found.side, at, "how far along the walk", at)}
                for w in found.walks
            ],
            traversals=[
                {"traversal": t, **_shown(t.picture, found.side, t.values, f"z{t.dim}", t.values)}
                for t in found.traversals
            ],
        )
    )


def _shown(
    picture: Picture, side: int | None, at: Sequence[float], title: str, headings: Sequence[float]
) -> dict[str, Any]:
    """What the template needs of some rows."""
    rows = [
        {"at": f"{where:.2f}", "cells": list(zip(cells, changed, strict=True))}
        for where, cells, changed in zip(headings, picture.cells, picture.changed, strict=False)
    ]
    return {
        "picture": picture,
        "rows": rows,
        "plot": _drawn(curves_figure(picture.curves, at, title)) if picture.curves else None,
        "strip": strip(picture.images, side) if side is not None and picture.images else None,
    }


def _drawn(figure: go.Figure) -> dict[str, Any]:
    return {
        "json": embeddable(json.loads(figure.to_json(engine="json"))),
        "height": figure.layout.height,
    }
