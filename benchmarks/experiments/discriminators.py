"""Discriminators that see more of a row, and SynthGANs that use them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
import torch
from hooks import HookedGAN
from scipy.special import ndtri
from torch import Tensor

from synthgen import SynthGAN
from synthgen.layout import MatrixLayout
from synthgen.networks.blocks import initialise, residual_mlp
from synthgen.networks.discriminator import Discriminator
from synthgen.rng import torch_stream

Build = Callable[[SynthGAN, MatrixLayout, np.ndarray], Discriminator]


def with_discriminator(build: Build) -> type[SynthGAN]:
    """SynthGAN with another discriminator: (model, layout, encoded rows) -> discriminator."""

    class Other(HookedGAN):
        def change_players(self, generator, discriminator, heads, seed):
            other = build(self, self.layout_, self.rows_)
            initialise(other, torch_stream(seed, "discriminator"))
            return generator, other, heads

    return Other


class PiecewiseLinear(Discriminator):
    """Numbers enter also as piecewise-linear encodings [1]_ with `n_bins` bins of equal share, beside sines or not.

    References
    ----------
    .. [1] Y. Gorishniy, I. Rubachev, A. Babenko, "On embeddings for numerical features in tabular deep learning",
       NeurIPS 2022.
    """

    def __init__(self, layout, hidden_dims, frequencies, n_bins: int) -> None:
        super().__init__(layout, hidden_dims, 1, frequencies)
        inner = ndtri(np.linspace(0, 1, n_bins + 1)[1:-1])
        edges = np.concatenate([[-3.5], inner, [3.5]]).astype(np.float32)
        self.register_buffer("low", torch.from_numpy(edges[:-1]), persistent=False)
        self.register_buffer("width", torch.from_numpy(np.diff(edges)), persistent=False)
        lifted = layout.width + len(self.numeric) * (2 * len(frequencies) + n_bins)
        self.body = residual_mlp(lifted, hidden_dims, 1)

    def _lift(self, rows: Tensor) -> Tensor:
        filled = ((rows[:, self.numeric].unsqueeze(2) - self.low) / self.width).clamp(0, 1)
        return torch.cat([super()._lift(rows), filled.flatten(1)], dim=1)


class Pairs(Discriminator):
    """Related numbers enter also as sums and differences, with their sines and cosines, or as products.

    `pairs`, shape (P, 2): places among the numeric columns.
    """

    def __init__(self, layout, hidden_dims, frequencies, pairs: np.ndarray, kind: str) -> None:
        super().__init__(layout, hidden_dims, 1, frequencies)
        self.register_buffer("pairs", torch.from_numpy(pairs.reshape(-1, 2)), persistent=False)
        self.kind = kind
        for_each = 1 if kind == "products" else 2 * (1 + 2 * len(frequencies))
        lifted = layout.width + 2 * len(frequencies) * len(self.numeric) + for_each * len(self.pairs)
        self.body = residual_mlp(lifted, hidden_dims, 1)

    def _lift(self, rows: Tensor) -> Tensor:
        numbers = rows[:, self.numeric]
        a, b = numbers[:, self.pairs[:, 0]], numbers[:, self.pairs[:, 1]]
        if self.kind == "products":
            return torch.cat([super()._lift(rows), a * b], dim=1)
        mixed = torch.cat([a + b, a - b], dim=1)
        phase = (mixed.unsqueeze(2) * self.angular).flatten(1)
        return torch.cat([super()._lift(rows), mixed, torch.sin(phase), torch.cos(phase)], dim=1)


class RandomWaves(Discriminator):
    """The whole row enters also as sines of random projections [1]_.

    References
    ----------
    .. [1] A. Rahimi, B. Recht, "Random features for large-scale kernel machines", NIPS 2007.
    """

    def __init__(self, layout, hidden_dims, frequencies, n_waves: int, scale: float) -> None:
        super().__init__(layout, hidden_dims, 1, frequencies)
        rng = torch_stream(0, "waves")
        self.register_buffer("waves", torch.randn(layout.width, n_waves, generator=rng) * scale)
        self.register_buffer("phase", 2 * math.pi * torch.rand(n_waves, generator=rng))
        lifted = layout.width + 2 * len(frequencies) * len(self.numeric) + n_waves
        self.body = residual_mlp(lifted, hidden_dims, 1)

    def _lift(self, rows: Tensor) -> Tensor:
        return torch.cat(
            [super()._lift(rows), math.sqrt(2) * torch.cos(rows @ self.waves + self.phase)], dim=1
        )


def related_pairs(layout: MatrixLayout, rows: np.ndarray, most: int, least: float = 0.2) -> np.ndarray:
    """The numeric pairs of strongest correlation, at least `least`, shape (P, 2)."""
    columns = [b.start for b in layout.numeric]
    if len(columns) < 2:
        return np.empty((0, 2), dtype=np.int64)
    strength = np.abs(np.nan_to_num(np.corrcoef(rows[:, columns].T)))
    pairs = [(i, j) for i, j in combinations(range(len(columns)), 2) if strength[i, j] >= least]
    pairs.sort(key=lambda p: -strength[p])
    return np.array(pairs[:most], dtype=np.int64).reshape(-1, 2)


def widths(gan: SynthGAN) -> Sequence[int]:
    """Of the residual blocks."""
    return gan.hidden_dims or (256, 256, 256)
