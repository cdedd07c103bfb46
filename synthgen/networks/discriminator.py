"""Matrix rows to scores."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from synthgen.layout import MatrixLayout
from synthgen.networks.blocks import residual_mlp
from synthgen.networks.steady import QuietLinear


class AbstractDiscriminator(nn.Module):
    """What every discriminator promises: a score for one row, or for `pac` rows together.

    Attributes
    ----------
    pac : int
        Rows judged together [1]_.

    References
    ----------
    .. [1] Z. Lin et al., "PacGAN: the power of two samples in generative adversarial networks", NeurIPS 2018.
    """

    pac: int

    def forward(self, rows: Tensor) -> Tensor:
        """Scores, shape (B / pac,), unbounded, high for rows (B, F) that look real; B a multiple of `pac`."""
        raise NotImplementedError


class Discriminator(AbstractDiscriminator):
    """A residual MLP from one row, or `pac` rows together, to a score.

    Numeric columns enter also as sines and cosines, so that a small network sees sharp structure.

    Parameters
    ----------
    layout : MatrixLayout
        What the first F columns are.
    hidden_dims : sequence of int
        Width of each residual block; empty for a linear map of what enters: logistic regression.
    pac : int
        Rows judged together.
    frequencies : sequence of float
        Cycles per unit of normal score at which numeric columns are lifted; empty for none [1]_.
    cond_columns : sequence of int
        Matrix columns that are conditions: the inner product of their embedding with the last hidden layer is added to
        the score [2]_. Empty for none.
    is_quadratic : bool
        Whether squares and products of the numeric columns enter too.
    n_more : int
        Columns after the first F, which enter as they are: the latent vector where pairs (row, z) are judged.

    Notes
    -----
    NOTE[DIFF]: the projection discriminator sees the condition in the inner product only; here it is part of the row
    too, as which rows are plausible under a condition is no linear function of it.

    References
    ----------
    .. [1] M. Tancik et al., "Fourier features let networks learn high frequency functions in low dimensional
       domains", NeurIPS 2020.
    .. [2] T. Miyato, M. Koyama, "cGANs with projection discriminator", ICLR 2018.
    """

    numeric: Tensor
    angular: Tensor
    cond_columns: Tensor
    products: Tensor

    def __init__(
        self,
        layout: MatrixLayout,
        hidden_dims: Sequence[int],
        pac: int,
        frequencies: Sequence[float],
        *,
        cond_columns: Sequence[int] = (),
        is_quadratic: bool = False,
        n_more: int = 0,
    ) -> None:
        super().__init__()
        self.pac = pac
        numeric = [b.start for b in layout.numeric]
        self._constant("numeric", torch.tensor(numeric, dtype=torch.long))
        self._constant("angular", 2 * math.pi * torch.tensor(frequencies, dtype=torch.float32))
        self._constant("cond_columns", torch.tensor(cond_columns, dtype=torch.long))
        n_paired = len(numeric) if is_quadratic else 0
        self._constant("products", torch.triu_indices(n_paired, n_paired))
        lifted = layout.width + n_more + 2 * len(frequencies) * len(numeric) + self.products.shape[1]
        self.body = residual_mlp(lifted * pac, hidden_dims, 1)
        self.projection = None
        if len(cond_columns) and len(hidden_dims):
            self.projection = QuietLinear(len(cond_columns) * pac, hidden_dims[-1], bias=False)

    def _constant(self, name: str, values: Tensor) -> None:
        self.register_buffer(name, values, persistent=False)

    def forward(self, rows: Tensor) -> Tensor:
        """Scores: high for rows that look real.

        Parameters
        ----------
        rows : Tensor, shape (B, F) or (B, F + n_more)
            B a multiple of `pac`.

        Returns
        -------
        Tensor, shape (B / pac,)
            Unbounded.
        """
        hidden = self.body[:-1](self._together(self._lift(rows)))
        score: Tensor = self.body[-1](hidden).squeeze(1)
        if self.projection is None:
            return score
        cond = self._together(rows[:, self.cond_columns])
        return score + (self.projection(cond) * hidden).sum(1)

    def _together(self, rows: Tensor) -> Tensor:
        return rows.reshape(len(rows) // self.pac, -1)

    def _lift(self, rows: Tensor) -> Tensor:
        """Rows with sines, cosines and products beside them."""
        parts = [rows]
        if len(self.numeric) and len(self.angular):
            phase = (rows[:, self.numeric].unsqueeze(2) * self.angular).flatten(1)
            parts += [torch.sin(phase), torch.cos(phase)]
        if self.products.shape[1]:
            numbers = rows[:, self.numeric]
            parts.append(numbers[:, self.products[0]] * numbers[:, self.products[1]])
        return rows if len(parts) == 1 else torch.cat(parts, dim=1)
