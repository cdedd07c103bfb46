"""What happened while training, as columns of numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

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
    """

    steps: dict[str, list[float]] = field(default_factory=dict)
    validation: list[tuple[int, float]] = field(default_factory=list)
    watched: dict[int, dict[str, float]] = field(default_factory=dict)
    kept: int = 0
    stopped: str = ""
    config: TrainingConfig | None = None
    _pending: dict[str, list[Tensor]] = field(default_factory=dict, repr=False)

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
