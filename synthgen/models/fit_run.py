"""What a fit runs with besides its rows: where its state is written, and who trains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from synthgen.training.checkpoint import Checkpoints, Stage
from synthgen.training.row_shards import RowShards
from synthgen.training.team import Team


@dataclass(frozen=True)
class FileRows:
    """What stands behind the rows in memory where a fit is from files.

    Parameters
    ----------
    n_rows : int
        Rows of the whole table, N.
    key : str
        Tells these files from others.
    shards : RowShards or None
        The rows to train on. None: those in memory.
    plan : mapping
        How many rows are held where: another plan gives another model.
    """

    n_rows: int
    key: str
    shards: RowShards | None = None
    plan: Mapping[str, int] = field(default_factory=dict)


MIN_ROWS = 4
"""Fewest rows to learn from."""


@dataclass(frozen=True)
class FitRun:
    """What `fit` was given besides the table.

    Parameters
    ----------
    checkpoints : Checkpoints or None
        Where the state of each training is written, and taken up from.
    team : Team or None
        Processes that train together. None: this one alone.
    files : FileRows or None
        Where the rows in memory are a random sample of files. None: they are the whole table.
    """

    checkpoints: Checkpoints | None = None
    team: Team | None = None
    files: FileRows | None = None

    def n_rows(self, matrix: np.ndarray) -> int:
        """Rows of the whole table, of which `matrix` holds all or some."""
        return len(matrix) if self.files is None else self.files.n_rows

    @property
    def shards(self) -> RowShards | None:
        """The rows to train on, where memory does not hold them."""
        return None if self.files is None else self.files.shards

    def stage(self, name: str) -> Stage | None:
        """The checkpoints of one training; None where there are none."""
        return None if self.checkpoints is None else self.checkpoints.stage(name)

    def seed(self, own: int) -> int:
        """The seed of the fit: that of the one that is taken up, and the same on all processes.

        Parameters
        ----------
        own : int
            What this process would begin with.

        Returns
        -------
        int
            The seed.
        """
        if self.checkpoints is not None and self.checkpoints.seed is not None:
            own = self.checkpoints.seed
        return int(self.agreed({"seed": own})["seed"])

    def begun(self) -> dict[str, Any] | None:
        """What decides the fit that is taken up (see `resuming.identity`); None if one begins."""
        return (self.checkpoints.fit or None) if self.checkpoints is not None else None

    def agreed(self, values: dict[str, Any]) -> dict[str, Any]:
        """Values that depend on more than the table and the parameters, the same on all processes that train together.

        Parameters
        ----------
        values : dict
            Of this process: JSON-able, by name.

        Returns
        -------
        dict
            The first process's.
        """
        return values if self.team is None else self.team.agreed(values)
