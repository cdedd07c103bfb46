"""Spectral normalisation: linear maps of norm one."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize
from torch.nn.utils.parametrize import register_parametrization

START_ITERATIONS = 15


class SpectralNorm(nn.Module):
    """A weight matrix over its largest singular value, found by one power iteration for each use while training [1]_.

    Parameters
    ----------
    weight : Tensor, shape (out, in)
        The matrix as it starts.
    rng : torch.Generator
        On the CPU; draws the first vector. (`torch.nn.utils.parametrizations.spectral_norm` is the same, but draws from
        torch's global stream, which belongs to the caller.)

    References
    ----------
    .. [1] T. Miyato et al., "Spectral normalization for generative adversarial networks", ICLR 2018.
    """

    left: Tensor

    def __init__(self, weight: Tensor, rng: torch.Generator) -> None:
        super().__init__()
        left = torch.randn(weight.shape[0], generator=rng).to(weight)
        self.register_buffer("left", normalize(left, dim=0))
        for _ in range(START_ITERATIONS):
            self._iterate(weight)

    def forward(self, weight: Tensor) -> Tensor:
        """The matrix with largest singular value 1, shape (out, in)."""
        if self.training:
            self._iterate(weight)
        left = self.left.clone()
        with torch.no_grad():
            right = normalize(weight.T @ left, dim=0)
        return weight / torch.dot(left, weight @ right)

    @torch.no_grad()
    def _iterate(self, weight: Tensor) -> None:
        right = normalize(weight.T @ self.left, dim=0)
        self.left.copy_(normalize(weight @ right, dim=0))


def normalise_spectrum(module: nn.Module, rng: torch.Generator) -> None:
    """Give every linear map of a module a weight of spectral norm one.

    Parameters
    ----------
    module : torch.nn.Module
        Changed in place; initialised already.
    rng : torch.Generator
        On the CPU.

    Notes
    -----
    A matrix of zeros has no largest singular value: zero last layers of residual blocks and of projections are given
    small random weights first.
    """
    for layer in list(module.modules()):
        if isinstance(layer, nn.Linear):
            with torch.no_grad():
                if not layer.weight.any():
                    layer.weight.copy_(1e-2 * torch.randn(layer.weight.shape, generator=rng))
            register_parametrization(layer, "weight", SpectralNorm(layer.weight.detach(), rng))
