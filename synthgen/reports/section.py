"""What one part of the evaluation found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from synthgen.metrics.intervals import Estimate
from synthgen.reports.scores import Score, make_score
from synthgen.reports.tables import Tables


@dataclass(frozen=True, eq=False)
class Section:
    """What one part of the evaluation found.

    Parameters
    ----------
    scores : dict of str to Score
        By flat name.
    details : dict of str to object
        Fields of `Report`, by name.
    """

    scores: dict[str, Score]
    details: dict[str, Any]


def score_of(
    t: Tables, name: str, model: Estimate, baselines: Sequence[Estimate | None], caution: str = ""
) -> Score:
    """A score with its baselines, as far as they can be trusted.

    Parameters
    ----------
    t : Tables
        What is compared.
    name : str
        A key of `synthgen.reports.wordings.WORDINGS`.
    model : Estimate
        The figure of the synthetic table.
    baselines : sequence of Estimate or None, length 3
        Those of ceiling, floor and memoriser.
    caution : str
        Why the figure may mislead here.

    Returns
    -------
    Score
        The score.
    """
    return make_score(name, model, baselines, caution, has_holdout=t.holdout is not None)


def unavailable(name: str) -> Score:
    """A score that needs held-out rows, where there are none.

    Parameters
    ----------
    name : str
        A key of `synthgen.reports.wordings.WORDINGS`.

    Returns
    -------
    Score
        Without a value, and saying why.
    """
    return make_score(
        name, Estimate(None), caution="Not available: it needs held-out rows.", has_holdout=False
    )
