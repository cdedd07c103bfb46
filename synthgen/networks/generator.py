"""Latent vectors to raw matrix rows."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from synthgen.networks.blocks import residual_mlp
from synthgen.networks.encoder import LatentEncoder


class AbstractGenerator(nn.Module):
    """What every generator promises: raw matrix rows from a latent vector and a condition.

    Attributes
    ----------
    latent_dim, cond_dim : int
        Z and C, widths of the latent vector and of the condition.
    hidden_dims : list of int
        Width of each residual block, or of each layer.
    encoder : LatentEncoder or None
        The way back, where it is learnt together with the generator.
    """

    latent_dim: int
    cond_dim: int
    hidden_dims: list[int]
    encoder: LatentEncoder | None

    def __init__(self) -> None:
        super().__init__()
        self.encoder = None

    def forward(self, z: Tensor, cond: Tensor) -> Tensor:
        """Raw outputs, shape (B, F), from latent vectors (B, Z) and conditions (B, C)."""
        raise NotImplementedError


class Generator(AbstractGenerator):
    """A residual MLP from a latent vector, and a condition if there is one, to raw outputs.

    Parameters
    ----------
    latent_dim : int
        Z, width of the latent vector.
    cond_dim : int
        C, width of the condition; 0 for none.
    hidden_dims : sequence of int
        Width of each residual block; empty for a linear map: ``G(z) = W z + b``.
    n_features : int
        F, width of the matrix.
    """

    def __init__(self, latent_dim: int, cond_dim: int, hidden_dims: Sequence[int], n_features: int) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.cond_dim = cond_dim
        self.hidden_dims = list(hidden_dims)
        self.body = residual_mlp(latent_dim + cond_dim, hidden_dims, n_features)

    def forward(self, z: Tensor, cond: Tensor) -> Tensor:
        """Raw outputs.

        Parameters
        ----------
        z : Tensor, shape (B, Z)
            Of mean 0 and variance 1.
        cond : Tensor, shape (B, C)
            C may be 0.

        Returns
        -------
        Tensor, shape (B, F)
            Logits and numbers, to be activated by `OutputHeads`.
        """
        return self.body(torch.cat([z, cond], dim=1))
