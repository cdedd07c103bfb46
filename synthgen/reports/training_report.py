"""What happened while a model was trained, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from synthgen.reports.document import Document
from synthgen.training.alarms import LIMITS, MIN_ROWS
from synthgen.training.collapse import AUDITED, MEASURES
from synthgen.version import __version__

FORMAT_VERSION = 1
MAX_POINTS = 400
"""Points of a line; of longer ones the means of as many runs of steps are kept."""
_GAME = {
    "Losses": ({"d_loss": "discriminator", "g_loss": "generator"}, None),
    "Mean scores": ({"score_real": "real rows", "score_fake": "fake rows"}, None),
    "Pairs ranked rightly": ({"d_accuracy": "by the discriminator"}, 0.5),
    "Spread of fake rows": ({"fake_spread": "over the real rows'"}, 1.0),
    "Penalties": ({"r1": "R1", "r2": "R2", "gradient_penalty": "gradient's norm"}, None),
}
"""Panels of every step: title -> columns and their names, and the value of an honest model."""
_TOGETHER = {
    "Discriminator's AUC": {"d_auc_train": "training rows", "d_auc_validation": "validation rows"},
    "Discriminator's accuracy": {
        "d_accuracy_train": "training rows",
        "d_accuracy_validation": "validation rows",
    },
}
_HONEST = {
    **dict.fromkeys(("d_auc_train", "d_accuracy_train", "nearer_to_train"), 0.5),
    **dict.fromkeys(("participation_ratio", "spread", "nearest_train", "nearest_fake"), 1.0),
    **dict.fromkeys(("d_gap", "lost_levels", "empty_bins", "duplicates"), 0.0),
}
"""Where the measures of a model without fault lie."""


@dataclass(frozen=True)
class Line:
    """One quantity over the steps.

    Parameters
    ----------
    column : str
        Of ``history_``, or ``auc``.
    name : str
        In words.
    steps : tuple of int
        Where it was measured; the last of every run of steps that was averaged.
    values : tuple of float
        As many.
    """

    column: str
    name: str
    steps: tuple[int, ...]
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Mark:
    """A limit of a measure.

    Parameters
    ----------
    value : float
        The limit.
    code : str
        The alarm beyond it.
    above : bool
        Whether the alarm is above the limit or below it.
    """

    value: float
    code: str
    above: bool


@dataclass(frozen=True)
class Panel:
    """One figure.

    Parameters
    ----------
    title, explained : str
        What it shows.
    group : {"game", "watched"}
        Measured at every step, or at evaluations.
    lines : tuple of Line
        One or several.
    honest : float or None
        What a model without fault has.
    marks : tuple of Mark
        Limits.
    """

    title: str
    explained: str
    group: str
    lines: tuple[Line, ...]
    honest: float | None
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Raised:
    """An alarm of the model.

    Parameters
    ----------
    code, words : str
        See `synthgen.training.alarms.Alarm`.
    measures : tuple of str
        The measures beyond their limits.
    """

    code: str
    words: str
    measures: tuple[str, ...]


@dataclass(frozen=True)
class TrainingReport(Document):
    """What happened while a model was trained.

    Parameters
    ----------
    format_version : int
        Of the JSON form.
    synthgen_version : str
        Which synthgen made this.
    model : str
        The model's class.
    parameters : dict of str to str
        Parameters that differ from the class's own.
    n_rows, n_columns : int
        Of the training table.
    n_steps : int
        Generator updates; 0: nothing was trained.
    kept_step : int
        The evaluation whose weights are the model's; 0: not known.
    stopped : str
        Why training ended, or why there was none.
    is_watched : bool
        Whether measures were taken from which alarms come.
    alarms : tuple of Raised
        What went wrong.
    panels : tuple of Panel
        The figures' data.
    """

    _called: ClassVar[str] = "training report"
    _newest_format: ClassVar[int] = FORMAT_VERSION

    format_version: int
    synthgen_version: str
    model: str
    parameters: dict[str, str]
    n_rows: int
    n_columns: int
    n_steps: int
    kept_step: int
    stopped: str
    is_watched: bool
    alarms: tuple[Raised, ...]
    panels: tuple[Panel, ...]

    @property
    def answer(self) -> str:
        """What there is to say, in one sentence."""
        if self.alarms:
            codes = ", ".join(a.code for a in self.alarms)
            return f"{len(self.alarms)} alarm{'s' if len(self.alarms) > 1 else ''}: {codes}."
        if not self.n_steps:
            return f"Nothing was trained step by step: {self.stopped}."
        if not self.is_watched:
            return f"Nothing was watched while this model was trained, so nothing is said of it: {self._why_unwatched}."
        if self.n_rows < MIN_ROWS:
            return f"No alarm, but with fewer than {MIN_ROWS} rows none is ever raised."
        return "No alarm: nothing that was watched went beyond its limit."

    @property
    def _why_unwatched(self) -> str:
        if self.model != "SynthGAN":
            return f"{self.model} has no discriminator that could mislead it; look at its loss"
        if self.parameters.get("watch") == "False":
            return "fit with watch=True"
        return "on the common factors of a wide table the GAN is held against the linear model instead (`contest_`)"

    def summary(self) -> str:
        """A few lines for the terminal."""
        head = f"{self.model} trained on {self.n_rows:,} rows of {self.n_columns:,} columns, {self.n_steps:,} steps"
        lines = [self.answer, head + (f"; {self.stopped}" if self.n_steps else "")]
        lines += [f"  {a.code}: {a.words}" for a in self.alarms]
        last = {line.name: line.values[-1] for p in self.panels for line in p.lines if line.column == "auc"}
        lines += [f"  {name}: {value:.3f} at last" for name, value in last.items() if value is not None]
        return "\n".join(lines)

    def to_html(self) -> str:
        """As one page that needs no network and no other file."""
        from synthgen.reports.training_page import page

        return page(self, MAX_POINTS)


def training_report(model: Any) -> TrainingReport:
    """What happened while a model was trained.

    Parameters
    ----------
    model : AbstractSynthesizer
        Fitted, or loaded from its file.

    Returns
    -------
    TrainingReport
        Of a model without networks, or whose networks lost to a linear model without being trained, it says just that.
    """
    name = type(model).__name__
    history = getattr(model, "history_", None)
    history = pd.DataFrame() if history is None else history
    validation = getattr(model, "validation_history_", None)
    panels = (*_game(history), *_validation(validation), *_watched(history), *_others(history))
    return TrainingReport(
        format_version=FORMAT_VERSION,
        synthgen_version=__version__,
        model=name,
        parameters=_parameters(model),
        n_rows=model.n_rows_in_,
        n_columns=len(model.schema_),
        n_steps=len(history),
        kept_step=int(getattr(model, "kept_step_", 0)),
        stopped=getattr(model, "stopped_", f"{name} has no networks"),
        is_watched=any(m in history and history[m].notna().any() for m in MEASURES),
        alarms=tuple(Raised(a.code, a.words, tuple(a.measures)) for a in getattr(model, "alarms_", ())),
        panels=panels,
    )


def _parameters(model: Any) -> dict[str, str]:
    """Those that differ from the class's own."""
    own = type(model)().get_params(deep=False)
    given = model.get_params(deep=False)
    quiet = ("verbose", "schema", "constraints")
    return {k: str(v) for k, v in given.items() if k not in quiet and str(v) != str(own[k])}


def _game(history: pd.DataFrame) -> list[Panel]:
    """What is measured at every step."""
    found = []
    for title, (names, honest) in _GAME.items():
        lines = _lines(history, names)
        if lines:
            found.append(Panel(title, "", "game", lines, honest, ()))
    return found


def _validation(validation: pd.DataFrame | None) -> list[Panel]:
    if validation is None or not len(validation):
        return []
    found = []
    if lines := _lines(validation, {"auc": "boosted trees on validation rows"}):
        words = "AUC of boosted trees that tell generated rows from validation rows; the kept weights are those of the last score as good as the best."
        found.append(Panel("Detection", words, "watched", lines, 0.5, ()))
    if lines := _lines(validation, {"loss": "loss on validation rows"}):
        words = "Of rows that training never saw; the kept weights are those of the lowest."
        found.append(Panel("Validation", words, "watched", lines, None, ()))
    return found


def _watched(history: pd.DataFrame) -> list[Panel]:
    """What is measured at evaluations, with its limits."""
    found = []
    for title, names in _TOGETHER.items():
        lines = _lines(history, names)
        if lines:
            first = lines[0].column
            found.append(Panel(title, f"{_begun(MEASURES[first])}.", "watched", lines, 0.5, _marks(*names)))
    all_ = MEASURES | AUDITED
    for measure in (m for m in all_ if not any(m in names for names in _TOGETHER.values())):
        lines = _lines(history, {measure: measure})
        if lines:
            words = f"{_begun(all_[measure])}."
            found.append(Panel(measure, words, "watched", lines, _HONEST.get(measure), _marks(measure)))
    return found


def _marks(*measures: str) -> tuple[Mark, ...]:
    return tuple(Mark(x.value, x.code, x.above) for x in LIMITS if x.measure in measures)


def _others(history: pd.DataFrame) -> list[Panel]:
    """Columns that this page knows nothing of."""
    known = {c for names, _ in _GAME.values() for c in names} | set(MEASURES) | set(AUDITED)
    others = [str(c) for c in history.columns if c not in known]
    found = [(c, _lines(history, {c: c})) for c in others]
    return [Panel(c, "", "game", lines, None, ()) for c, lines in found if lines]


def _lines(history: pd.DataFrame, names: Mapping[str, str]) -> tuple[Line, ...]:
    """Lines of the columns that have values."""
    found = []
    for column, name in names.items():
        if column not in history:
            continue
        values = history[column].replace([np.inf, -np.inf], np.nan).dropna()
        if len(values):
            found.append(Line(column, name, *_thinned(values)))
    return tuple(found)


def _thinned(values: pd.Series) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Means of runs, and the last step of each."""
    runs = np.array_split(np.arange(len(values)), min(len(values), MAX_POINTS))
    numbers, steps = values.to_numpy(np.float64), values.index.to_numpy()
    means = tuple(float(f"{numbers[run].mean():.5g}") for run in runs)
    return tuple(int(steps[run[-1]]) for run in runs), means


def _begun(text: str) -> str:
    return text[0].upper() + text[1:]
