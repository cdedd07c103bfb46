"""Matrix rows to scores."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from synthgen.layout import MatrixLayout
from synthgen.networks.blocks import residual_mlp


class Discriminator(nn.Module):
    """A residual MLP from one row, or `pac` rows together, to a score.

    Numeric columns enter also as sines and cosines, so that a small network sees sharp structure.

    Parameters
    ----------
    layout : MatrixLayout
        What the F columns are.
    hidden_dims : sequence of int
        Width of each residual block.
    pac : int
        Rows judged together [1]_.
    frequencies : sequence of float
        Cycles per unit of normal score at which numeric columns are lifted; empty for none [2]_.

    References
    ----------
    .. [1] Z. Lin et al., "PacGAN: the power of two samples in generative adversarial networks", NeurIPS 2018.
    .. [2] M. Tancik et al., "Fourier features let networks learn high frequency functions in low dimensional
       domains", NeurIPS 2020.
    """

    numeric: Tensor
    angular: Tensor

    def __init__(
        self, layout: MatrixLayout, hidden_dims: Sequence[int], pac: int, frequencies: Sequence[float]
    ) -> None:
        super().__init__()
        self.pac = pac
        numeric = torch.tensor([b.start for b in layout.numeric], dtype=torch.long)
        self.register_buffer("numeric", numeric, persistent=False)
        angular = 2 * math.pi * torch.tensor(frequencies, dtype=torch.float32)
        self.register_buffer("angular", angular, persistent=False)
        lifted = layout.width + 2 * len(frequencies) * len(numeric)
        self.body = residual_mlp(lifted * pac, hidden_dims, 1)

    def forward(self, rows: Tensor) -> Tensor:
        """Scores: high for rows that look real.

        Parameters
        ----------
        rows : Tensor, shape (B, F)
            B a multiple of `pac`.

        Returns
        -------
        Tensor, shape (B / pac,)
            Unbounded.
        """
        lifted = self._lift(rows)
        return self.body(lifted.reshape(len(rows) // self.pac, -1)).squeeze(1)

    def _lift(self, rows: Tensor) -> Tensor:
        if not len(self.angular) or not len(self.numeric):
            return rows
        phase = (rows[:, self.numeric].unsqueeze(2) * self.angular).flatten(1)
        return torch.cat([rows, torch.sin(phase), torch.cos(phase)], dim=1)
