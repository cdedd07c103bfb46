"""Random batches from a matrix that stays on the device."""

from __future__ import annotations

import torch
from torch import Tensor

from synthgen.rng import torch_stream


class Batches:
    """Draw rows with replacement, and the noise that goes with them.

    Parameters
    ----------
    matrix : Tensor, shape (N, F)
        On the device where batches are wanted.
    batch_size : int
        B.
    seed : int
        For rows and noise.
    """

    def __init__(self, matrix: Tensor, batch_size: int, seed: int) -> None:
        self.matrix = matrix
        self.batch_size = batch_size
        self.generator = torch_stream(seed, "batches", matrix.device.type)

    def rows(self) -> Tensor:
        """B random rows, shape (B, F)."""
        chosen = torch.randint(
            len(self.matrix), (self.batch_size,), generator=self.generator, device=self.matrix.device
        )
        return self.matrix[chosen]

    def normal(self, width: int) -> Tensor:
        """Standard normal numbers, shape (B, width)."""
        return torch.randn(self.batch_size, width, generator=self.generator, device=self.matrix.device)

    def gumbel(self, width: int) -> Tensor:
        """Standard Gumbel numbers, shape (B, width)."""
        exponential = torch.empty(self.batch_size, width, device=self.matrix.device)
        return -exponential.exponential_(generator=self.generator).clamp_min_(1e-20).log_()

    def uniform(self) -> Tensor:
        """Numbers in [0, 1), shape (B, 1)."""
        return torch.rand(self.batch_size, 1, generator=self.generator, device=self.matrix.device)
