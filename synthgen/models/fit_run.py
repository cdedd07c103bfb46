"""What a fit runs with besides its rows: where its state is written, and who trains."""

from __future__ import annotations

from dataclasses import dataclass

from synthgen.training.checkpoint import Checkpoints, Stage
from synthgen.training.team import Team


@dataclass(frozen=True)
class FitRun:
    """What `fit` was given besides the table.

    Parameters
    ----------
    checkpoints : Checkpoints or None
        Where the state of each training is written, and taken up from.
    team : Team or None
        Processes that train together. None: this one alone.
    """

    checkpoints: Checkpoints | None = None
    team: Team | None = None

    def stage(self, name: str) -> Stage | None:
        """The checkpoints of one training; None where there are none."""
        return None if self.checkpoints is None else self.checkpoints.stage(name)
