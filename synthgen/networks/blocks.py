"""Residual MLP blocks without normalisation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from synthgen.networks.steady import SteadyLinear

SLOPE = 0.2
"""Negative slope of every LeakyReLU."""


class ResidualBlock(nn.Module):
    """``x + W2 act(W1 act(x))`` with W2 = 0 at the start, so that a deep network starts as a shallow one.

    Parameters
    ----------
    width_in, width_out : int
        Where they differ, the shortcut is a linear map.

    Notes
    -----
    Shape: (B, width_in) -> (B, width_out). Zero initialisation as in [1]_.

    References
    ----------
    .. [1] N. Huang et al., "The GAN is dead; long live the GAN! A modern GAN baseline", NeurIPS 2024.
    """

    def __init__(self, width_in: int, width_out: int) -> None:
        super().__init__()
        self.first = SteadyLinear(width_in, width_out)
        self.second = SteadyLinear(width_out, width_out)
        self.shortcut = (
            nn.Identity() if width_in == width_out else SteadyLinear(width_in, width_out, bias=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Add the block's correction to its input."""
        h = self.first(functional.leaky_relu(x, SLOPE))
        return self.shortcut(x) + self.second(functional.leaky_relu(h, SLOPE, inplace=True))


def residual_mlp(width_in: int, hidden_dims: Sequence[int], width_out: int) -> nn.Sequential:
    """A linear map in, a residual block for each hidden width, a linear map out.

    Parameters
    ----------
    width_in, width_out : int
        Input and output columns.
    hidden_dims : sequence of int
        Width of each block; empty for one linear map.

    Returns
    -------
    torch.nn.Sequential
        Shape: (B, width_in) -> (B, width_out). Not initialised: see `initialise`.
    """
    if not hidden_dims:
        return nn.Sequential(SteadyLinear(width_in, width_out))
    widths = [hidden_dims[0], *hidden_dims]
    blocks = [ResidualBlock(a, b) for a, b in pairwise(widths)]
    return nn.Sequential(
        SteadyLinear(width_in, widths[0]), *blocks, nn.LeakyReLU(SLOPE), SteadyLinear(widths[-1], width_out)
    )


def initialise(module: nn.Module, rng: torch.Generator) -> None:
    """He-uniform weights, zero biases, zero last layers of residual blocks; all from one generator.

    Parameters
    ----------
    module : torch.nn.Module
        Changed in place.
    rng : torch.Generator
        On the CPU.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            bound = (3.0 / layer.in_features) ** 0.5
            with torch.no_grad():
                layer.weight.copy_((torch.rand(layer.weight.shape, generator=rng) * 2 - 1) * bound)
                if layer.bias is not None:
                    layer.bias.zero_()
    for layer in module.modules():
        if isinstance(layer, ResidualBlock):
            nn.init.zeros_(layer.second.weight)
