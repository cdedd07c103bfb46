"""InfoGAN made of this package's own parts: a generator that is given a code, a discriminator that also names it.

The code is one choice of K levels and some uniform numbers. The discriminator's last hidden layer is shared by a linear head Q
that gives the code's logits and means [1]_. Both players add ``weight * (cross-entropy + squared error)`` of the code of
generated rows to their losses, as the published code does: Q and the shared layers learn to name it, the generator to show it.

References
----------
.. [1] X. Chen et al., "InfoGAN: interpretable representation learning by information maximizing generative adversarial nets",
   NeurIPS 2016, equations 5 and 6.
"""

from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from synthgen import SynthGAN
from synthgen.exceptions import TrainingError
from synthgen.layout import MatrixLayout
from synthgen.models.recipe import network_plan, table_config
from synthgen.networks.blocks import initialise
from synthgen.networks.build import build_generator
from synthgen.networks.discriminator import Discriminator
from synthgen.networks.generator import AbstractGenerator
from synthgen.networks.output_heads import OutputHeads
from synthgen.rng import derived_seed, torch_stream
from synthgen.training.batches import Batches
from synthgen.training.config import TrainingConfig
from synthgen.training.ema import update_average
from synthgen.training.losses import LOSSES
from synthgen.training.optimisers import optimiser, set_rate
from synthgen.training.penalties import squared_gradients

LATENT_DIM = 62
"""Noise beside the code, as in the paper's appendix for MNIST."""


@dataclass(frozen=True)
class Code:
    """One choice of `n_levels`, and `n_uniform` numbers in [-1, 1]."""

    n_levels: int
    n_uniform: int = 2

    @property
    def width(self) -> int:
        return self.n_levels + self.n_uniform

    def draw(self, batches: Batches) -> Tensor:
        """Codes, shape (B, width): one-hot levels, then numbers."""
        level = (batches.uniform().squeeze(1) * self.n_levels).long().clamp_max(self.n_levels - 1)
        numbers = [2 * batches.uniform() - 1 for _ in range(self.n_uniform)]
        return torch.cat([one_hot(level, self.n_levels).float(), *numbers], dim=1)

    def loss(self, found: Tensor, code: Tensor) -> Tensor:
        """Cross-entropy of the level plus squared errors of the numbers: minus the paper's bound on the information, less a
        constant, for a normal Q of variance 1/2."""
        k = self.n_levels
        missed = (found[:, k:] - code[:, k:]).square().sum(1).mean()
        return cross_entropy(found[:, :k], code[:, :k].argmax(1)) + missed


class CodeDiscriminator(Discriminator):
    """A discriminator whose last hidden layer also gives the code's logits and means."""

    def __init__(
        self, layout: MatrixLayout, hidden_dims: tuple[int, ...], frequencies: tuple[float, ...], width: int
    ) -> None:
        super().__init__(layout, hidden_dims, 1, frequencies)
        self.head = nn.Linear(hidden_dims[-1], width)

    def judge(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Scores, shape (B,), and the code's logits and means, shape (B, width)."""
        hidden = self.body[:-1](self._lift(rows))
        return self.body[-1](hidden).squeeze(1), self.head(hidden)


@dataclass(frozen=True)
class Game:
    """Both players at some moment, and what they play for."""

    generator: AbstractGenerator
    discriminator: CodeDiscriminator
    heads: OutputHeads
    code: Code
    config: TrainingConfig
    weight: float

    def fake(self, batches: Batches) -> tuple[Tensor, Tensor]:
        """Soft rows, shape (B, F), and their codes."""
        code = self.code.draw(batches)
        z = batches.latent(self.config.noise_prior, self.generator.latent_dim)
        raw = self.generator(z, code)
        return self.heads(raw, batches.gumbel(self.heads.n_one_hot), self.config.tau), code

    @torch.no_grad()
    def sample(self, matrix: Tensor, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Hard rows, shape (n, F), and their codes."""
        batches = Batches(matrix, n, derived_seed(seed, "rows"))
        code = self.code.draw(batches)
        raw = self.generator(batches.latent(self.config.noise_prior, self.generator.latent_dim), code)
        rows = self.heads.harden(raw, batches.gumbel(self.heads.n_one_hot))
        return rows.numpy(), code.numpy()

    @torch.no_grad()
    def name(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The likeliest level of each row, shape (N,), and the means of its numbers, shape (N, n_uniform)."""
        found = self.discriminator.judge(torch.from_numpy(rows))[1]
        k = self.code.n_levels
        return found[:, :k].argmax(1).numpy(), found[:, k:].numpy()


def start(
    layout: MatrixLayout,
    matrix: np.ndarray,
    code: Code,
    weight: float,
    seed: int,
    options: dict[str, object],
) -> Game:
    """Untrained players under SynthGAN's own recipe; `options` are its parameters."""
    parameters = {**SynthGAN(latent_dim=LATENT_DIM).get_params(), **options}
    plan = network_plan(parameters)
    config = table_config(parameters, len(matrix), 0, "cpu")
    means = torch.from_numpy(matrix.mean(0))
    generator = build_generator(plan, layout, code.width, means, seed)
    discriminator = CodeDiscriminator(
        layout, tuple(plan.discriminator_dims), tuple(plan.frequencies), code.width
    )
    initialise(discriminator, torch_stream(seed, "discriminator"))
    return Game(generator, discriminator, OutputHeads(layout), code, config, weight)


def train(game: Game, matrix: np.ndarray, seed: int) -> tuple[Game, dict[str, float]]:
    """The game with both players' weights averaged over training, and what it cost."""
    cpu, wall = time.process_time(), time.monotonic()
    config, batches = game.config, Batches(torch.from_numpy(matrix), game.config.batch_size, seed)
    players = (game.generator, game.discriminator)
    averages = tuple(copy.deepcopy(p).requires_grad_(False) for p in players)
    optimisers = tuple(optimiser(p, config.learning_rate, config) for p in players)
    for step in range(1, config.max_steps + 1):
        for own in optimisers:
            set_rate(own, config.learning_rate, config, step / config.max_steps)
        penalise = (step - 1) % config.penalty_every == 0
        d_loss = _discriminator_step(game, batches, optimisers[1], penalise=penalise)
        g_loss = _generator_step(game, batches, optimisers[0])
        for average, player in zip(averages, players, strict=True):
            update_average(average, player, step, config.ema_decay)
    if not math.isfinite(float(d_loss + g_loss)):
        raise TrainingError(f"InfoGAN diverged: its losses are {float(d_loss)} and {float(g_loss)}.")
    generator, discriminator = averages
    cost = {
        "fit_cpu_seconds": round(time.process_time() - cpu, 1),
        "fit_seconds": round(time.monotonic() - wall, 1),
    }
    return Game(generator, discriminator, game.heads, game.code, config, game.weight), cost


def _discriminator_step(
    game: Game, batches: Batches, own: torch.optim.Optimizer, *, penalise: bool
) -> Tensor:
    config = game.config
    with torch.no_grad():
        fake, code = game.fake(batches)
    rows = torch.cat([batches.rows(), fake]).requires_grad_(penalise)
    scores, found = game.discriminator.judge(rows)
    loss = LOSSES[config.loss].discriminator(*scores.chunk(2))
    if penalise:
        r1, r2 = squared_gradients(scores, rows).chunk(2)
        penalty = config.r1_weight / 2 * r1.mean() + config.r2_weight / 2 * r2.mean()
        loss = loss + config.penalty_every * penalty
    if game.weight > 0:
        loss = loss + game.weight * game.code.loss(found.chunk(2)[1], code)
    own.zero_grad(set_to_none=True)
    loss.backward()
    own.step()
    return loss.detach()


def _generator_step(game: Game, batches: Batches, own: torch.optim.Optimizer) -> Tensor:
    game.discriminator.requires_grad_(False)
    fake, code = game.fake(batches)
    score_fake, found = game.discriminator.judge(fake)
    with torch.no_grad():
        score_real = game.discriminator(batches.rows())
    loss = LOSSES[game.config.loss].generator(score_real, score_fake)
    if game.weight > 0:
        loss = loss + game.weight * game.code.loss(found, code)
    own.zero_grad(set_to_none=True)
    loss.backward()
    own.step()
    game.discriminator.requires_grad_(True)
    return loss.detach()
