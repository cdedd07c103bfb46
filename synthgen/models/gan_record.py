"""What is told of a GAN's training: as tables, and as plain data."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from synthgen.training.alarms import Alarm
from synthgen.training.history import History


@dataclass(frozen=True)
class GanRecord:
    """A training's history and alarms.

    Parameters
    ----------
    history : History
        What happened.
    alarms : tuple of Alarm
        What was wrong at the end.
    """

    history: History
    alarms: tuple[Alarm, ...] = ()

    def steps_frame(self) -> pd.DataFrame:
        """Every step's measurements, and those of the evaluations, NaN between them."""
        steps = pd.RangeIndex(1, 1 + len(self.history.steps.get("g_loss", [])), name="step")
        frame = pd.DataFrame(self.history.steps, index=steps)
        watched = pd.DataFrame.from_dict(self.history.watched, orient="index", dtype="float64")
        return frame if watched.empty else frame.join(watched)

    def validation_frame(self) -> pd.DataFrame:
        """The score on validation rows, by step."""
        frame = pd.DataFrame(self.history.validation, columns=["step", "auc"])
        return frame.astype({"step": "int64", "auc": "float64"}).set_index("step")

    def to_state(self) -> dict[str, Any]:
        """As JSON-able values and numpy arrays."""
        own = self.history
        return {
            "steps": {name: np.asarray(values, dtype=np.float32) for name, values in own.steps.items()},
            "validation": [list(pair) for pair in own.validation],
            "watched": [[step, _without_nan(measures)] for step, measures in own.watched.items()],
            "kept": own.kept,
            "stopped": own.stopped,
            "rollbacks": list(own.rollbacks),
            "interrupted": own.interrupted,
            "failure": own.failure,
            "alarms": [asdict(alarm) for alarm in self.alarms],
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """From `to_state`'s data."""
        history = History(
            {name: values.astype(np.float64).tolist() for name, values in state["steps"].items()},
            [(int(step), score) for step, score in state["validation"]],
            {int(step): _with_nan(measures) for step, measures in state["watched"]},
            state["kept"],
            state["stopped"],
            rollbacks=list(state["rollbacks"]),
            interrupted=state["interrupted"],
            failure=state["failure"],
        )
        alarms = [Alarm(a["code"], a["words"], tuple(a["measures"])) for a in state["alarms"]]
        return cls(history, tuple(alarms))


def _without_nan(measures: dict[str, float]) -> dict[str, float | None]:
    """JSON knows no NaN."""
    return {name: value if math.isfinite(value) else None for name, value in measures.items()}


def _with_nan(measures: dict[str, float | None]) -> dict[str, float]:
    return {name: math.nan if value is None else value for name, value in measures.items()}
