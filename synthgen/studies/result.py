"""The outcome of a learning curve: frozen data first, a page after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from synthgen.reports.document import Document
from synthgen.reports.plain import to_plain_data
from synthgen.studies.answer import value_text
from synthgen.studies.points import MEASURES, Fit, Point
from synthgen.studies.trend import Trend

if TYPE_CHECKING:
    import plotly.graph_objects as go

FORMAT_VERSION = 1


@dataclass(frozen=True, repr=False)
class LearningCurve(Document):
    """What a model does as its rows grow. Made by `synthgen.learning_curve`; plain data throughout.

    Parameters
    ----------
    format_version : int
        Of the JSON form.
    synthgen_version : str
        That made it.
    answer : str
        Whether more rows would help, in one sentence with its interval.
    kind : str
        What the answer begins with: "flat", "rising", "leaking" or "too noisy to say".
    remarks : tuple of str
        What a reader must know besides.
    model : str
        Class of the model.
    parameters : dict of str to str
        Of the model, as Python writes them; those that differ from the default.
    n_rows, n_columns : int
        Of the table.
    n_heldout : int
        Rows held out in each repeat.
    n_measured_columns : int
        Columns that fidelity, utility and attacks draw theirs from; a random choice if the table has more.
    n_synthetic : int
        Rows sampled from each fit.
    sizes : tuple of int
        Rows that the models were to be fitted to.
    n_repeats : int
        Repeats that were to be made.
    target : str or None
        The column that utility predicts.
    seed : int
        Repeats the study.
    points : tuple of Point
        Every measurement.
    fits : tuple of Fit
        What each fit took.
    trends : tuple of Trend
        What each measure does.
    stopped : str or None
        Why not every fit was made.
    """

    format_version: int
    synthgen_version: str
    answer: str
    kind: str
    remarks: tuple[str, ...]
    model: str
    parameters: dict[str, str]
    n_rows: int
    n_columns: int
    n_heldout: int
    n_measured_columns: int
    n_synthetic: int
    sizes: tuple[int, ...]
    n_repeats: int
    target: str | None
    seed: int
    points: tuple[Point, ...]
    fits: tuple[Fit, ...]
    trends: tuple[Trend, ...]
    stopped: str | None = None

    _called = "learning curve"
    _newest_format = FORMAT_VERSION

    def __repr__(self) -> str:
        return f"<LearningCurve: {len(self.fits)} fits of {self.model}; {self.answer}>"

    def to_frame(self) -> pd.DataFrame:
        """The measurements as a table.

        Returns
        -------
        pandas.DataFrame
            A row a measurement: measure, repeat, n_rows, value, its interval, floor and ceiling.
        """
        return pd.DataFrame([to_plain_data(p) for p in self.points]).astype(
            dict.fromkeys(("value", "low", "high", "floor", "ceiling"), "float64")
        )

    def figures(self) -> dict[str, go.Figure]:
        """The figures of the page.

        Returns
        -------
        dict of str to plotly.graph_objects.Figure
            By measure.
        """
        from synthgen.studies.figures import curve_figure

        return {t.measure: curve_figure(t, self.points) for t in self.trends}

    def to_html(self) -> str:
        """As one page that needs no network and no other file.

        Returns
        -------
        str
            HTML.
        """
        from synthgen.studies.page import page

        return page(self)

    def summary(self) -> str:
        """As a short text for the terminal.

        Returns
        -------
        str
            The answer, a line a measure and size, and the remarks.
        """
        lines: list[tuple[str, ...]] = [("measure", "rows", "samples (95% interval)", "floor", "ceiling")]
        for trend in self.trends:
            for level in trend.levels:
                baselines = (value_text(e).split(" [")[0] for e in (level.floor, level.ceiling))
                lines.append(
                    (
                        MEASURES[trend.measure].title,
                        f"{level.n_rows:,}",
                        value_text(level.value, 3),
                        *baselines,
                    )
                )
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        table = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines]
        parts = [self.answer, "\n".join(table), "\n".join(f"- {r}" for r in self.remarks)]
        return "\n\n".join(part for part in parts if part)
