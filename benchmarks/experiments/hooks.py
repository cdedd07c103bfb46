"""SynthGAN whose players, or the function that trains them, can be exchanged."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import nn

from synthgen import SynthGAN
from synthgen.models import gan_fit


class HookedGAN(SynthGAN):
    """SynthGAN that shows its players to `change_players` before they are trained; `rows_` are the encoded rows."""

    rows_: np.ndarray

    def change_players(
        self, generator: nn.Module, discriminator: nn.Module, heads: nn.Module, seed: int
    ) -> tuple[nn.Module, nn.Module, nn.Module]:
        """The players that are trained: here the given ones, on their device."""
        return generator, discriminator, heads

    def _fit_matrix(self, matrix: np.ndarray, encoder: Any, seed: int, *more: Any) -> Any:
        self.rows_, self.layout_ = matrix, encoder.layout_
        plain = gan_fit.train

        def train(generator, discriminator, heads, rows, *more, **options):
            players = self.change_players(generator, discriminator, heads, seed)
            return plain(*(p.to(rows.device) for p in players), rows, *more, **options)

        gan_fit.train = train
        try:
            return super()._fit_matrix(matrix, encoder, seed, *more)
        finally:
            gan_fit.train = plain
