"""What happened while training, as columns of numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass
class History:
    """Measurements of every step, and scores on validation rows.

    Parameters
    ----------
    steps : dict of str to list of float
        One entry for each generator update: losses, mean scores, penalties (NaN where none was taken), diagnostics (see `steps`).
    validation : list of (int, float)
        Step, and the score there (lower is better).
    stopped : str
        Why training ended.
    """

    steps: dict[str, list[float]] = field(default_factory=dict)
    validation: list[tuple[int, float]] = field(default_factory=list)
    stopped: str = ""
    _pending: dict[str, list[Tensor]] = field(default_factory=dict, repr=False)

    def record(self, values: dict[str, Tensor]) -> None:
        """Note one step's scalars, without waiting for the device."""
        for name, value in values.items():
            self._pending.setdefault(name, []).append(value.detach())

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
