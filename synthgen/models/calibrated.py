"""Generators whose margins are brought to the real ones, on blocks of their own rows."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from synthgen.layout import MatrixLayout
from synthgen.networks.output_heads import OutputHeads
from synthgen.training.calibration import Calibration, fit_calibration

BLOCKS = (4, 20)
"""Fewest and most blocks of generated rows that margins are compared on: fewer for wider matrices."""
WIDTH = 10_000
"""Matrix columns times blocks, between these bounds."""


class Calibrated(Protocol):
    """What a matrix model must be to be calibrated."""

    layout: MatrixLayout
    heads: OutputHeads

    def uncalibrated_block(self, seed: int, block: int) -> tuple[Tensor, Tensor]:
        """Raw outputs of a block, and the noise for their choices."""

    def set_calibration(self, calibration: Calibration) -> None:
        """Use a calibration from now on."""


def calibrate(model: Calibrated, rows: Tensor, seed: int) -> None:
    """Bring a model's margins to those of the rows.

    Parameters
    ----------
    model : Calibrated
        Changed in place.
    rows : Tensor, shape (N, F)
        Real rows.
    seed : int
        Of the generated rows.
    """
    n_blocks = int(np.clip(WIDTH // model.layout.width, *BLOCKS))
    blocks = [model.uncalibrated_block(seed, b) for b in range(n_blocks)]
    raw, gumbel = (torch.cat(parts) for parts in zip(*blocks, strict=True))
    model.set_calibration(fit_calibration(raw, gumbel, rows, model.layout, model.heads))
