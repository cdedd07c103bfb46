"""The multilayer perceptrons of the first GAN: ReLU against maxout with dropout."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from synthgen.layout import MatrixLayout
from synthgen.networks.discriminator import AbstractDiscriminator
from synthgen.networks.generator import AbstractGenerator
from synthgen.networks.steady import QuietLinear, SteadyLinear

PIECES = 5
"""Linear maps of which a maxout unit takes the largest."""
KEEP_INPUT, KEEP_HIDDEN = 0.8, 0.5
"""Shares of the discriminator's inputs that dropout keeps, first layer and later ones."""
GENERATOR_REACH, DISCRIMINATOR_REACH = 0.05, 0.005
"""Weights start uniform in [-REACH, REACH]."""
MAX_COLUMN_NORM = 1.9365
"""Of the weights into one unit of the discriminator. NOTE[DIFF]: the published code has no such limit; see `GOODFELLOW_2014`."""


class ReluGenerator(AbstractGenerator):
    """ReLU layers, then numbers in (0, 1) by a sigmoid and the logits of choices [1]_.

    Parameters
    ----------
    latent_dim : int
        Z, width of the latent vector.
    cond_dim : int
        C, width of the condition; 0 for none.
    hidden_dims : sequence of int
        Width of each layer, at least one.
    layout : MatrixLayout
        What the F outputs are.

    Notes
    -----
    NOTE[DIFF]: the paper's outputs are pixels only; choices keep their logits, for `OutputHeads`.

    References
    ----------
    .. [1] I. Goodfellow et al., "Generative adversarial nets", NeurIPS 2014; hyperparameters from its published code.
    """

    is_number: Tensor

    def __init__(
        self, latent_dim: int, cond_dim: int, hidden_dims: Sequence[int], layout: MatrixLayout
    ) -> None:
        super().__init__()
        self.latent_dim, self.cond_dim, self.hidden_dims = latent_dim, cond_dim, list(hidden_dims)
        layers = [[SteadyLinear(a, b), nn.ReLU()] for a, b in pairwise([latent_dim + cond_dim, *hidden_dims])]
        flat = [module for layer in layers for module in layer]
        self.body = nn.Sequential(*flat, SteadyLinear(hidden_dims[-1], layout.width))
        is_number = torch.zeros(layout.width, dtype=torch.bool)
        is_number[[b.start for b in layout.numeric]] = True
        self.register_buffer("is_number", is_number, persistent=False)

    def forward(self, z: Tensor, cond: Tensor) -> Tensor:
        """Raw outputs, shape (B, F)."""
        raw = self.body(torch.cat([z, cond], dim=1))
        return torch.where(self.is_number, torch.sigmoid(raw), raw)

    @torch.no_grad()
    def start(self, means: Tensor, rng: torch.Generator) -> None:
        """Small weights, and output biases that give the columns their means.

        Parameters
        ----------
        means : Tensor, shape (F,)
            Of the real rows, in [0, 1].
        rng : torch.Generator
            On the CPU.
        """
        _start(self, GENERATOR_REACH, rng)
        last = self.body[-1]
        if isinstance(last, nn.Linear):
            last.bias.copy_(torch.logit(means, eps=1e-3))


class MaxoutDiscriminator(AbstractDiscriminator):
    """Maxout layers with dropout, then a linear map.

    Parameters
    ----------
    n_inputs : int
        Columns of a row.
    hidden_dims : sequence of int
        Units of each layer, at least one.
    pac : int
        Rows judged together.
    rng : torch.Generator
        Of the dropout, on the rows' device.
    """

    def __init__(self, n_inputs: int, hidden_dims: Sequence[int], pac: int, rng: torch.Generator) -> None:
        super().__init__()
        self.pac = pac
        self.dropout = Dropout(rng)
        widths = [n_inputs * pac, *hidden_dims]
        self.layers = nn.ModuleList(QuietLinear(a, b * PIECES) for a, b in pairwise(widths))
        self.last = QuietLinear(widths[-1], 1)

    def forward(self, rows: Tensor) -> Tensor:
        """Scores, shape (B / pac,)."""
        x = self.dropout(rows.reshape(len(rows) // self.pac, -1), KEEP_INPUT)
        for layer in self.layers:
            x = layer(x).unflatten(1, (-1, PIECES)).amax(2)
            x = self.dropout(x, KEEP_HIDDEN)
        score: Tensor = self.last(x).squeeze(1)
        return score

    def start(self, rng: torch.Generator) -> None:
        """Small weights, zero biases."""
        _start(self, DISCRIMINATOR_REACH, rng)

    @torch.no_grad()
    def limit_weights(self) -> None:
        """Scale down the weights into units whose norm is above `MAX_COLUMN_NORM`."""
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                norm = layer.weight.norm(dim=1, keepdim=True)
                layer.weight.mul_(norm.clamp_max(MAX_COLUMN_NORM) / norm.clamp_min(1e-12))


class Dropout(nn.Module):
    """Dropout from a stream of its own; the identity in evaluation.

    Parameters
    ----------
    rng : torch.Generator
        On the rows' device. (`torch.nn.Dropout` draws from the global stream, which belongs to the caller.)
    """

    def __init__(self, rng: torch.Generator) -> None:
        super().__init__()
        self.rng = rng

    def forward(self, x: Tensor, keep: float) -> Tensor:
        """Each number kept with probability `keep` and divided by it, or 0."""
        if not self.training:
            return x
        kept = torch.rand(x.shape, generator=self.rng, device=x.device) < keep
        return x * kept / keep


@torch.no_grad()
def _start(module: nn.Module, reach: float, rng: torch.Generator) -> None:
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            layer.weight.copy_((torch.rand(layer.weight.shape, generator=rng) * 2 - 1) * reach)
            layer.bias.zero_()
