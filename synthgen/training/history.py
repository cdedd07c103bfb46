"""What happened while training, as columns of numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from synthgen.training.config import TrainingConfig


@dataclass
class History:
    """Measurements of every step, and of every evaluation.

    Parameters
    ----------
    steps : dict of str to list of float
        One entry for each generator update: losses, mean scores, penalties (NaN where none was taken), diagnostics (see `steps`).
    validation : list of (int, float)
        Step, and the score there (lower is better); empty without validation rows.
    watched : dict of int to dict of str to float
        By step, what was watched there (see `collapse`).
    kept : int
        The evaluation whose weights were kept.
    stopped : str
        Why training ended.
    config : TrainingConfig or None
        The recipe at the end, as callbacks left it.
    rollbacks : list of int
        Steps at which numbers were no longer finite, so that training went back.
    interrupted : bool
        Whether the user stopped it.
    failure : str
        Why it could not go on; empty if it could.
    restarts : int
        How often the processes that train together began anew at a checkpoint, since one of them had ended.
    """

    steps: dict[str, list[float]] = field(default_factory=dict)
    validation: list[tuple[int, float]] = field(default_factory=list)
    watched: dict[int, dict[str, float]] = field(default_factory=dict)
    kept: int = 0
    stopped: str = ""
    config: TrainingConfig | None = None
    rollbacks: list[int] = field(default_factory=list)
    interrupted: bool = False
    failure: str = ""
    restarts: int = 0
    _pending: dict[str, list[Tensor]] = field(default_factory=dict, repr=False)

    @property
    def is_whole(self) -> bool:
        """Whether training ended as planned."""
        return not (self.interrupted or self.failure)

    def record(self, values: dict[str, Tensor]) -> None:
        """Note one step's scalars, without waiting for the device."""
        for name, value in values.items():
            self._pending.setdefault(name, []).append(value.detach())

    def keep(self, step: int, score: float, measures: dict[str, float]) -> None:
        """Note one evaluation."""
        if not math.isnan(score):
            self.validation.append((step, score))
        if measures:
            self.watched[step] = measures

    def flush(self) -> dict[str, float]:
        """Fetch what is pending from the device.

        Returns
        -------
        dict of str to float
            The last value of every column.
        """
        for name, values in self._pending.items():
            fetched = torch.stack([v.float() for v in values]).cpu().tolist()
            self.steps.setdefault(name, []).extend(fetched)
        self._pending.clear()
        return {name: values[-1] for name, values in self.steps.items()}

    def share(self, mean: Callable[[Tensor], Tensor]) -> None:
        """Put in the place of what is pending its mean over the processes that train together.

        Parameters
        ----------
        mean : callable
            Of a tensor of shape (n_columns, n_steps), the same shape on all of them.
        """
        if self._pending:
            own = torch.stack([torch.stack([v.float() for v in column]) for column in self._pending.values()])
            means = mean(own)
            self._pending = {name: list(column) for name, column in zip(self._pending, means, strict=True)}

    def fault_after(self, step: int) -> str:
        """The first loss after a step that is not finite, in words; empty if all are."""
        for name in ("d_loss", "g_loss", "loss"):
            for number, value in enumerate(self.steps.get(name, [])[step:], step + 1):
                if not math.isfinite(value):
                    return f"{name} is {value} at step {number}"
        return ""

    def cut(self, step: int) -> None:
        """Forget what came after a step."""
        self._pending.clear()
        for values in self.steps.values():
            del values[step:]
        self.validation[:] = [pair for pair in self.validation if pair[0] <= step]
        self.watched = {at: measures for at, measures in self.watched.items() if at <= step}

    def to_state(self, last: int) -> dict[str, Any]:
        """All but the recipe, up to a step, as JSON-able values and numpy arrays."""
        validation = [pair for pair in self.validation if pair[0] <= last]
        return {
            "steps": {name: np.array(values[:last], dtype=np.float64) for name, values in self.steps.items()},
            "validation": np.array(validation, dtype=np.float64).reshape(-1, 2),
            "watched": {
                str(step): {
                    "names": list(measures),
                    "values": np.array(list(measures.values()), dtype=np.float64),
                }
                for step, measures in self.watched.items()
                if step <= last
            },
            "kept": self.kept,
            "stopped": self.stopped,
            "rollbacks": list(self.rollbacks),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """From `to_state`'s data."""
        return cls(
            {name: values.tolist() for name, values in state["steps"].items()},
            [(int(step), float(score)) for step, score in state["validation"]],
            {
                int(step): dict(zip(own["names"], own["values"].tolist(), strict=True))
                for step, own in state["watched"].items()
            },
            state["kept"],
            state["stopped"],
            rollbacks=list(state["rollbacks"]),
        )
