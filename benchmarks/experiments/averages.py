"""SynthGAN that keeps several averages of the generator's weights from one training run, each calibrated by itself."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from hooks import HookedGAN

import synthgen.training.loop as loop
from synthgen import SynthGAN
from synthgen.models.calibrated import calibrate
from synthgen.models.gan_fit import split_rows
from synthgen.models.gan_model import GanModel
from synthgen.rng import derived_seed
from synthgen.training.ema import update_average


def with_averages(
    decays: Mapping[str, float], shares: Mapping[str, float], spans: Mapping[str, float] | None = None
) -> type[SynthGAN]:
    """SynthGAN whose `candidates_` are averages of its weights.

    Of exponential decay; plain means over the last share of steps; exponential averages whose span is a share of the
    steps so far.
    """

    class Averaging(HookedGAN):
        candidates_: dict[str, GanModel]

        def _fit_matrix(self, matrix, encoder, seed, *more):
            networks: dict[str, torch.nn.Module] = {}

            def update(average, network, step, decay):
                update_average(average, network, step, decay)
                for name, own in decays.items():
                    networks.setdefault(name, copy.deepcopy(network).requires_grad_(False))
                    update_average(networks[name], network, step, own)
                for name, share in shares.items():
                    _add(networks, name, network, step - round((1 - share) * self.max_steps))
                for name, span in (spans or {}).items():
                    _add(networks, name, network, max(1, step * span))

            loop.update_average = update
            try:
                model = super()._fit_matrix(matrix, encoder, seed, *more)
            finally:
                loop.update_average = update_average
            networks["last weights"] = self._last
            rows = torch.from_numpy(split_rows(matrix, self.validation_fraction, seed)[0])
            self.candidates_ = {n: _as_model(g, model, rows, seed) for n, g in networks.items()}
            return model

        def change_players(self, generator, discriminator, heads, seed):
            self._last = generator
            return generator, discriminator, heads

    return Averaging


@torch.no_grad()
def _add(networks: dict[str, torch.nn.Module], name: str, network: torch.nn.Module, count: float) -> None:
    """Let `network` enter the plain mean as its `count`-th member, from 1."""
    if count < 1:
        return
    networks.setdefault(name, copy.deepcopy(network).requires_grad_(False))
    for old, new in zip(networks[name].parameters(), network.parameters(), strict=True):
        old.lerp_(new, 1 / count)


def _as_model(generator: torch.nn.Module, like: GanModel, rows: torch.Tensor, seed: int) -> GanModel:
    model = GanModel(
        copy.deepcopy(generator).requires_grad_(False),
        like.layout,
        like.cond_columns,
        like.conditions,
        like.device,
    )
    calibrate(model, rows, derived_seed(seed, "calibration"))
    return model
