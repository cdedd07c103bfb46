"""Random batches from a matrix that stays on the device."""

from __future__ import annotations

import torch
from torch import Tensor

from synthgen.rng import torch_stream

UNIFORM_REACH = 3.0**0.5
"""The uniform prior is on [-UNIFORM_REACH, UNIFORM_REACH]: of variance 1, as the normal one."""
_LEAST = 2.0**-25  # half a step of a uniform number in [0, 1)


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
        return self.matrix.index_select(0, chosen)

    def latent(self, prior: str, width: int) -> Tensor:
        """Latent vectors of mean 0 and variance 1, shape (B, width): standard normal, or uniform."""
        if prior == "normal":
            return self.normal(width)
        shape = (self.batch_size, width)
        uniform = torch.rand(shape, generator=self.generator, device=self.matrix.device)
        return (2 * uniform - 1) * UNIFORM_REACH

    def normal(self, width: int) -> Tensor:
        """Standard normal numbers, shape (B, width)."""
        return torch.randn(self.batch_size, width, generator=self.generator, device=self.matrix.device)

    def gumbel(self, width: int) -> Tensor:
        """Standard Gumbel numbers, shape (B, width), laid out in memory as their transpose, as the heads want them.

        NOTE[DIFF]: minus the logarithm of exponential numbers would have a finer upper tail; uniform numbers of 24 bits
        end it at 16.6 (a share of 6e-8 lies beyond) and cost a quarter.
        """
        shape = (width, self.batch_size)
        uniform = torch.rand(shape, generator=self.generator, device=self.matrix.device)
        return uniform.clamp_min_(_LEAST).log_().neg_().log_().neg_().T

    def uniform(self) -> Tensor:
        """Numbers in [0, 1), shape (B, 1)."""
        return torch.rand(self.batch_size, 1, generator=self.generator, device=self.matrix.device)
