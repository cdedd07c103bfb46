"""A report as a data frame, and as a cell of a notebook."""

from __future__ import annotations

import html
from collections.abc import Mapping

import pandas as pd

from synthgen.metrics.intervals import Estimate
from synthgen.reports.scores import Score

_HEIGHT = 720
_EMPTY = Estimate(None)


def scores_frame(scores: Mapping[str, Score]) -> pd.DataFrame:
    """The scores as a table.

    Parameters
    ----------
    scores : mapping of str to Score
        By flat name.

    Returns
    -------
    pandas.DataFrame
        A row a score, by its name. Columns: ``title``, ``area``, ``better``, ``value``, ``low``, ``high``,
        ``position``, ``trusted``, and ``ceiling``, ``floor``, ``memoriser``, each also with ``_low`` and ``_high``.
    """
    return pd.DataFrame([_row(s) for s in scores.values()], index=pd.Index(scores, name="score"))


def _row(score: Score) -> dict[str, object]:
    row: dict[str, object] = {
        "title": score.title,
        "area": score.area,
        "better": score.better,
        "value": score.value,
        "low": score.low,
        "high": score.high,
        "position": score.position,
        "trusted": score.trusted,
    }
    for name in ("ceiling", "floor", "memoriser"):
        found = getattr(score, name) or _EMPTY
        row |= {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
    return row


def notebook_frame(page: str) -> str:
    """A page inside a frame, so that its styles and scripts stay its own.

    Parameters
    ----------
    page : str
        HTML.

    Returns
    -------
    str
        An ``iframe`` element that holds the page.
    """
    return (
        f'<iframe srcdoc="{html.escape(page, quote=True)}" title="Synthetic table report" sandbox="allow-scripts" '
        f'style="width: 100%; height: {_HEIGHT}px; border: 0"></iframe>'
    )
