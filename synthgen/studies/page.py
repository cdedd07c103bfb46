"""The page of a learning curve."""

from __future__ import annotations

import json
from typing import Any

from synthgen.reports.render import embeddable, environment
from synthgen.studies.answer import needed_text, value_text
from synthgen.studies.points import MEASURES
from synthgen.studies.trend import LEAK, MARGIN

_BADGES = {
    "flat": ("good", "="),
    "rising": ("minor", "↗"),
    "leaking": ("leak", "!"),
    "too noisy to say": ("unknown", "?"),
}
"""Of the answer: the class of its mark, and the mark."""
_STATES = {
    "rising": "rising",
    "flat": "flat",
    "unclear": "cannot be told",
    "uninformative": "says nothing here",
    "leaking": "leaking",
    "safe": "no leak seen",
}


def page(found: Any) -> str:
    """The page of a learning curve.

    Parameters
    ----------
    found : LearningCurve
        The result; not named in the signature, since it makes its page by this.

    Returns
    -------
    str
        HTML: scripts, styles and data inline, nothing fetched.
    """
    figures = {name: json.loads(f.to_json(engine="json")) for name, f in found.figures().items()}
    badge, mark = _BADGES[found.kind]
    return (
        environment()
        .get_template("learning_curve.html")
        .render(
            found=found,
            badge=badge,
            mark=mark,
            said=found.answer.removeprefix(found.kind).lstrip(": "),
            measures=MEASURES,
            states=_STATES,
            plots={name: embeddable(figure) for name, figure in figures.items()},
            heights={name: figure["layout"]["height"] for name, figure in figures.items()},
            value_text=value_text,
            needed_text=needed_text,
            margin=MARGIN,
            leak=LEAK,
        )
    )
