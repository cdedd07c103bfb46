"""Random batches from a matrix that stays on the device, or from one shard after another of rows that memory does not hold."""

from __future__ import annotations

import torch
from torch import Tensor

from synthgen.rng import torch_stream
from synthgen.training.row_shards import RowShards

UNIFORM_REACH = 3.0**0.5
"""The uniform prior is on [-UNIFORM_REACH, UNIFORM_REACH]: of variance 1, as the normal one."""
_LEAST = 2.0**-25  # half a step of a uniform number in [0, 1)


class Batches:
    """Draw rows with replacement, and the noise that goes with them.

    Parameters
    ----------
    rows : Tensor of shape (N, F), or RowShards
        On the device where batches are wanted.
    batch_size : int
        B.
    seed : int
        For rows and noise.
    together : int, optional
        Rows that all processes draw at once, of which B are this one's. None: B.

    Attributes
    ----------
    matrix : Tensor, shape (W, F)
        Which rows are drawn from now: all of them, or a shard.
    drawn : int
        How many rows all processes drew so far, which decides the shard; `generator` and this are all that changes.
    """

    def __init__(
        self, rows: Tensor | RowShards, batch_size: int, seed: int, together: int | None = None
    ) -> None:
        self.shards = rows if isinstance(rows, RowShards) else None
        self.matrix = rows.window(0) if isinstance(rows, RowShards) else rows
        self.batch_size, self.together = batch_size, together or batch_size
        self.generator = torch_stream(seed, "batches", self.matrix.device.type)
        self.drawn = 0
        self._shard = 0

    def rows(self) -> Tensor:
        """B random rows, shape (B, F)."""
        self._turn()
        chosen = torch.randint(
            len(self.matrix), (self.batch_size,), generator=self.generator, device=self.matrix.device
        )
        self.drawn += self.together
        return self.matrix.index_select(0, chosen)

    def _turn(self) -> None:
        """Take up the shard whose turn it is."""
        if self.shards is None or (turn := self.shards.at(self.drawn)) == self._shard:
            return
        self.matrix = self.matrix.new_empty((0, self.shards.width))  # never two shards in memory
        self.matrix, self._shard = self.shards.window(turn), turn

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
