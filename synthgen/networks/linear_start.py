"""A generator that starts as a linear model and learns what to add to it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from synthgen.networks.blocks import residual_mlp
from synthgen.networks.generator import AbstractGenerator
from synthgen.networks.steady import steady_product

EXTRA_NOISE = 16
"""Latent numbers that only the correction sees."""
_CERTAIN = 1e4


class LinearStartGenerator(AbstractGenerator):
    """``y = b(z, c) + f(b(z, c), z, c)``: a normal draw b given the condition c, and an MLP f that starts at zero.

    Parameters
    ----------
    means : Tensor, shape (C + 1, Q)
        The condition's effect on the Q numbers; the last row is the intercept.
    root : Tensor, shape (Q, Q)
        Root of their covariance within conditions.
    cond_columns, numeric_columns : Tensor of int64, shapes (C,) and (Q,)
        Where conditions and numbers lie in the F matrix columns.
    hidden_dims : sequence of int
        Width of each residual block of f.

    Notes
    -----
    After training `set_adjustment` brings the numbers' means and covariances within conditions back to the linear
    model's: adversarial training loses spread.
    """

    means: Tensor
    root: Tensor
    cond_columns: Tensor
    numeric_columns: Tensor
    own_means: Tensor
    adjustment: Tensor

    def __init__(
        self,
        means: Tensor,
        root: Tensor,
        cond_columns: Tensor,
        numeric_columns: Tensor,
        hidden_dims: Sequence[int],
    ) -> None:
        super().__init__()
        n_conditions, n_numbers = len(means) - 1, len(root)
        self.register_buffer("means", means.float())
        self.register_buffer("root", root.float())
        self.register_buffer("cond_columns", cond_columns)
        self.register_buffer("numeric_columns", numeric_columns)
        self.register_buffer("own_means", means.float().clone())
        self.register_buffer("adjustment", torch.eye(n_numbers))
        self.latent_dim = n_numbers + EXTRA_NOISE
        self.cond_dim = n_conditions
        self.hidden_dims = list(hidden_dims)
        self.body = residual_mlp(n_numbers + EXTRA_NOISE + n_conditions, hidden_dims, n_numbers)

    def start_at_zero(self) -> None:
        """Let the correction be zero: the generator is the linear model."""
        last = self.body[-1]
        if isinstance(last, nn.Linear):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)

    def numbers(self, z: Tensor, cond: Tensor) -> Tensor:
        """The Q numbers before the adjustment.

        Parameters
        ----------
        z : Tensor, shape (B, latent_dim)
            Standard normal.
        cond : Tensor, shape (B, C)
            One-hot conditions.

        Returns
        -------
        Tensor, shape (B, Q)
        """
        n_numbers = len(self.root)
        base = self._given(cond, self.means) + steady_product(z[:, :n_numbers], self.root)
        return base + self.body(torch.cat([base, z[:, n_numbers:], cond], dim=1))

    def _given(self, cond: Tensor, means: Tensor) -> Tensor:
        """Means under conditions, shape (B, Q); the last row of `means` is the intercept."""
        return steady_product(cond, means[:-1].T, means[-1])

    def set_adjustment(self, own_means: Tensor, adjustment: Tensor) -> None:
        """Move numbers by ``mean(c) + (y - own_mean(c)) A^T`` from now on.

        Parameters
        ----------
        own_means : Tensor, shape (C + 1, Q)
            The generator's own means given the conditions.
        adjustment : Tensor, shape (Q, Q)
            A.
        """
        self.own_means.copy_(own_means)
        self.adjustment.copy_(adjustment)

    def forward(self, z: Tensor, cond: Tensor) -> Tensor:
        """Raw matrix rows, shape (B, F): numbers, and conditions as certain choices."""
        y = self.numbers(z, cond)
        own, target = self._given(cond, self.own_means), self._given(cond, self.means)
        y = target + steady_product(y - own, self.adjustment)
        raw = y.new_zeros(len(y), len(self.cond_columns) + len(self.numeric_columns))
        raw = raw.index_copy(1, self.numeric_columns, y)
        return raw.index_copy(1, self.cond_columns, (cond - 1) * _CERTAIN)
