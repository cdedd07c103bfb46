"""The GANs that SynthGAN trains, with its own networks, recipe and steps, on simulated matrices."""

from __future__ import annotations

import copy
import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from synthgen import SynthGAN
from synthgen.layout import Block, MatrixLayout
from synthgen.models.recipe import SCORE_HIDDEN_DIMS, network_plan, score_config, table_config
from synthgen.networks.blocks import initialise
from synthgen.networks.discriminator import Discriminator
from synthgen.networks.generator import Generator
from synthgen.networks.linear_start import LinearStartGenerator
from synthgen.networks.output_heads import OutputHeads
from synthgen.rng import torch_stream
from synthgen.training.batches import Batches
from synthgen.training.config import TrainingConfig
from synthgen.training.ema import update_average
from synthgen.training.steps import Players, discriminator_step, generator_step

ADULT = "n o9 n o16 o16 o7 o15 o6 o5 o2 o2 g o2 g o10 g o42 o2"
"""The blocks that Adult is encoded as: a number, one-hot of so many levels, a number gated by the level before it."""
MAGIC = "n " * 10 + "o2"
LATE = 10_000
"""A step number at which the average is as long as it gets."""


@dataclass
class Game:
    """Two networks in the middle of their training.

    `alike` are the players with compiled networks where they are compiled: they share weights and optimisers with
    `players`, and take the steps without penalties, since compiled networks cannot be differentiated twice.
    """

    players: Players
    alike: Players
    batches: Batches
    average: nn.Module
    config: TrainingConfig

    def step(self, *, penalise: bool) -> dict[str, Tensor]:
        """One update of the discriminator, the generator and the average, as `loop.train` makes them."""
        kind, config = self.batches.matrix.device.type, self.config
        d_players = self.players if penalise else self.alike
        with torch.autocast(kind, torch.bfloat16, enabled=config.bfloat16 and not penalise):
            seen = discriminator_step(d_players, self.batches, config, penalise=penalise)
        with torch.autocast(kind, torch.bfloat16, enabled=config.bfloat16):
            seen |= generator_step(self.alike, self.batches, config)
        update_average(self.average, self.players.generator, LATE, config.ema_decay)
        return seen

    def steps(self, n: int) -> None:
        """So many steps, penalties as lazy as the recipe has them."""
        for i in range(n):
            self.step(penalise=i % self.config.penalty_every == 0)

    def compile(self) -> Game:
        """The same game with compiled networks; on the CPU traced and differentiated, but not made into machine code."""
        own = self.players
        backend = "inductor" if self.batches.matrix.is_cuda else "aot_eager"
        alike = dataclasses.replace(
            own,
            generator=torch.compile(own.generator, backend=backend),
            discriminator=torch.compile(own.discriminator, backend=backend),
            heads=torch.compile(own.heads, backend=backend),
        )
        return dataclasses.replace(self, alike=alike)


def layout_of(spec: str) -> MatrixLayout:
    """The layout of a description such as `ADULT`."""
    blocks: list[Block] = []
    start = 0
    for i, word in enumerate(spec.split()):
        width = int(word[1:] or 1)
        activation = "one-hot" if word[0] == "o" else "numeric"
        gate = start - 1 if word[0] == "g" else None
        labels = tuple(str(level) for level in range(width))
        blocks.append(Block(f"column {i}", activation, start, start + width, labels, gate))
        start += width
    return MatrixLayout(tuple(blocks))


def numbers(n: int) -> MatrixLayout:
    """A layout of numbers alone."""
    return layout_of("n " * n)


def simulate(layout: MatrixLayout, n_rows: int) -> Tensor:
    """Independent choices and numbers, shape (N, F)."""
    rng = torch_stream(0, "benchmark rows")
    heads = OutputHeads(layout)
    raw = torch.randn(n_rows, layout.width, generator=rng)
    noise = torch.rand(n_rows, heads.n_one_hot, generator=rng)
    return heads.harden(raw, noise)


def table_game(
    layout: MatrixLayout, rows: Tensor, device: str, batch_size: int | None = None, **changes: object
) -> Game:
    """The GAN on all columns of a table; `changes` are parameters of SynthGAN."""
    parameters = SynthGAN(batch_size=batch_size, **changes).get_params(deep=False)
    config = table_config(parameters, len(rows), 0, device)
    plan = network_plan(parameters)
    generator = Generator(plan.latent_dim, 0, plan.generator_dims, layout.width)
    discriminator = Discriminator(layout, plan.discriminator_dims, 1, plan.frequencies)
    return _game(generator, discriminator, layout, rows, config, device)


def score_game(n_scores: int, n_rows: int, device: str, batch_size: int | None = None) -> Game:
    """The GAN on common scores, which starts as a linear model of them."""
    layout = numbers(n_scores)
    config = score_config(SynthGAN(batch_size=batch_size).get_params(deep=False), n_rows, device)
    generator = LinearStartGenerator(
        torch.zeros(1, n_scores),
        torch.eye(n_scores),
        torch.zeros(0, dtype=torch.long),
        torch.arange(n_scores),
        SCORE_HIDDEN_DIMS,
    )
    discriminator = Discriminator(layout, SCORE_HIDDEN_DIMS, 1, ())
    return _game(generator, discriminator, layout, simulate(layout, n_rows), config, device)


def _game(
    generator: nn.Module,
    discriminator: Discriminator,
    layout: MatrixLayout,
    rows: Tensor,
    config: TrainingConfig,
    device: str,
) -> Game:
    initialise(generator, torch_stream(0, "generator"))
    initialise(discriminator, torch_stream(0, "discriminator"))
    generator, discriminator = generator.to(device), discriminator.to(device)
    players = Players(
        generator,
        discriminator,
        OutputHeads(layout).to(device),
        _adam(generator, config, device),
        _adam(discriminator, config, device),
        torch.zeros(0, dtype=torch.long, device=device),
    )
    average = copy.deepcopy(generator).requires_grad_(False)
    return Game(players, players, Batches(rows.to(device), config.batch_size, 0), average, config)


def _adam(network: nn.Module, config: TrainingConfig, device: str) -> torch.optim.Adam:
    """As the loop's; on CUDA with what a graph needs: steps and the learning rate on the device."""
    betas = (config.beta1, config.beta2)
    if device == "cpu":
        return torch.optim.Adam(network.parameters(), config.learning_rate, betas=betas, fused=True)
    rate = torch.tensor(config.learning_rate, device=device)
    return torch.optim.Adam(network.parameters(), rate, betas=betas, fused=True, capturable=True)
