"""Matrix rows to latent vectors: the generator's way back."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from synthgen.networks.blocks import residual_mlp


class LatentEncoder(nn.Module):
    """A residual MLP from matrix rows to latent vectors, or to the parameters of a distribution of them.

    Parameters
    ----------
    n_features : int
        F, width of the matrix, conditions included.
    hidden_dims : sequence of int
        Width of each residual block; empty for a linear map.
    width_out : int
        Z, or 2 Z for means and logarithms of variances.
    """

    def __init__(self, n_features: int, hidden_dims: Sequence[int], width_out: int) -> None:
        super().__init__()
        self.hidden_dims = list(hidden_dims)
        self.width_out = width_out
        self.body = residual_mlp(n_features, hidden_dims, width_out)

    def forward(self, rows: Tensor) -> Tensor:
        """Latent vectors.

        Parameters
        ----------
        rows : Tensor, shape (B, F)
            Real rows, or soft or hard generated ones.

        Returns
        -------
        Tensor, shape (B, width_out)
            Unbounded.
        """
        out: Tensor = self.body(rows)
        return out
