"""Matrix models that make each row from a latent vector."""

from __future__ import annotations

import abc

import numpy as np
import torch
from torch import Tensor

from synthgen.layout import MatrixLayout
from synthgen.models.condition_rows import ConditionTable
from synthgen.models.matrix_model import AbstractMatrixModel
from synthgen.rng import ROWS_PER_BLOCK, filled, hashed_uniform, stream
from synthgen.training.batches import UNIFORM_REACH
from synthgen.training.threads import torch_threads

NORMAL_REACH = 3.0
"""Standard deviations of a normal prior that a traversal covers on either side."""


class AbstractLatentModel(AbstractMatrixModel):
    """A matrix model with a generator: a row is a function of a latent vector, a condition and the draws of choices.

    The draws too are a function of the latent vector (by `hashed_uniform`), so that the same vector gives the same row
    wherever it stands, and the rows of a sample are those of its latent vectors.
    """

    layout: MatrixLayout
    conditions: ConditionTable
    latent_dim: int
    device: str = "cpu"
    noise_prior: str = "normal"

    @property
    def reach(self) -> float:
        """How far a traversal of one latent number goes from 0: the end of a uniform prior, or three standard deviations."""
        return UNIFORM_REACH if self.noise_prior == "uniform" else NORMAL_REACH

    @abc.abstractmethod
    def raw(self, z: Tensor, cond: Tensor) -> Tensor:
        """Calibrated raw outputs: logits of choices and numbers; differentiable.

        Parameters
        ----------
        z : Tensor, shape (B, Z)
            Latent vectors.
        cond : Tensor, shape (B, C)
            Conditions, as matrix columns.

        Returns
        -------
        Tensor, shape (B, F)
            What `OutputHeads` takes.
        """

    @abc.abstractmethod
    def whole_block(self, z: np.ndarray, cond: np.ndarray, key: int, *, likeliest: bool) -> np.ndarray:
        """Hard rows of one whole block of latent vectors: the bits of a row must not depend on how many are wanted.

        Parameters
        ----------
        z : ndarray of float32, shape (ROWS_PER_BLOCK, Z)
            Latent vectors.
        cond : ndarray of float32, shape (ROWS_PER_BLOCK, C)
            Conditions.
        key : int
            Another key gives other draws.
        likeliest : bool
            No draws: the likeliest level of every choice, the mean of every number.

        Returns
        -------
        ndarray of float32, shape (ROWS_PER_BLOCK, F)
            Matrix rows.
        """

    @property
    def has_way_back(self) -> bool:
        """Whether `first_guess` gives latent vectors."""
        return False

    def first_guess(self, rows: Tensor) -> Tensor:
        """Latent vectors (B, Z) of matrix rows (B, F), where `has_way_back`."""
        raise NotImplementedError

    def draw_latent(self, seed: int, block: int) -> np.ndarray:
        """Latent vectors of one block of rows, shape (ROWS_PER_BLOCK, Z), from the prior, which is never learnt."""
        rng = stream(seed, "latent", block)
        shape = (ROWS_PER_BLOCK, self.latent_dim)
        if self.noise_prior == "uniform":
            return ((2 * rng.random(shape, dtype=np.float32) - 1) * UNIFORM_REACH).astype(np.float32)
        return rng.standard_normal(shape, dtype=np.float32)

    def draw_conditions(self, z: np.ndarray, key: int, allowed: np.ndarray | None = None) -> np.ndarray:
        """Conditions of rows by their shares, as their latent vectors decide, shape (M, C)."""
        return self.conditions.pick(hashed_uniform(z, 1, "condition", key)[:, 0], allowed)

    def rows(
        self, z: np.ndarray, cond: np.ndarray | None = None, *, key: int = 0, likeliest: bool = False
    ) -> np.ndarray:
        """The matrix rows of latent vectors.

        Parameters
        ----------
        z : ndarray of float32, shape (M, Z)
            Latent vectors.
        cond : ndarray of float32, shape (M, C), optional
            Conditions. None: drawn, as `z` decides.
        key : int
            Another key gives other draws.
        likeliest : bool
            No draws: the likeliest level of every choice, the mean of every number.

        Returns
        -------
        ndarray of float32, shape (M, F)
            Row i is a function of row i of the arguments alone.
        """
        cond = self.draw_conditions(z, key) if cond is None else cond
        parts = [np.zeros((0, self.layout.width), dtype=np.float32)]
        with torch_threads(1):  # as blocks of a sample are made: the bits depend on the number of threads
            for first in range(0, len(z), ROWS_PER_BLOCK):
                part = slice(first, first + ROWS_PER_BLOCK)
                block = self.whole_block(filled(z[part]), filled(cond[part]), key, likeliest=likeliest)
                parts.append(block[: len(z[part])])
        return np.concatenate(parts)

    def generate_block(self, seed: int, block: int, allowed: np.ndarray | None = None) -> np.ndarray:
        """One block of rows. See the base class."""
        z = self.draw_latent(seed, block)
        return self.whole_block(z, self.draw_conditions(z, 0, allowed), 0, likeliest=False)

    def condition_rows(self) -> np.ndarray:
        """The conditions that occurred in the training rows. See the base class."""
        return self.conditions.rows


def hashed_gumbel(z: np.ndarray, width: int, key: int) -> np.ndarray:
    """Standard Gumbel numbers that are a function of each latent vector, shape (M, width)."""
    return -np.log(-np.log(hashed_uniform(z, width, "choice", key)))


def to_device(values: np.ndarray, device: str) -> Tensor:
    """An array as a tensor of 32-bit numbers on a device."""
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32)).to(device)
