"""Generator and discriminator: shapes, start, what enters."""

import math

import pytest
import torch

from synthgen.networks.blocks import ResidualBlock, initialise, residual_mlp
from synthgen.networks.discriminator import Discriminator
from synthgen.networks.generator import Generator
from tests.networks.test_output_heads import LAYOUT


@pytest.mark.parametrize("hidden_dims", [(8,), (8, 8), (8, 16, 4)])
@pytest.mark.parametrize("cond_dim", [0, 3])
def test_generator_shape(hidden_dims, cond_dim):
    generator = Generator(5, cond_dim, hidden_dims, LAYOUT.width)
    assert generator(torch.randn(7, 5), torch.randn(7, cond_dim)).shape == (7, LAYOUT.width)


@pytest.mark.parametrize("pac", [1, 2, 4])
def test_discriminator_scores_packs(pac):
    discriminator = Discriminator(LAYOUT, (8,), pac, (0.5,))
    assert discriminator(torch.randn(8, LAYOUT.width)).shape == (8 // pac,)


def test_numbers_are_lifted_to_sines_and_cosines():
    discriminator = Discriminator(LAYOUT, (8,), 1, (0.25, 1.0))
    rows = torch.randn(6, LAYOUT.width)
    lifted = discriminator._lift(rows)
    assert lifted.shape == (6, LAYOUT.width + 2 * 2 * 2)
    x = rows[:, 3]
    torch.testing.assert_close(lifted[:, LAYOUT.width], torch.sin(2 * math.pi * 0.25 * x))
    torch.testing.assert_close(lifted[:, LAYOUT.width + 5], torch.cos(2 * math.pi * 1.0 * x))


def test_no_frequencies_leave_rows_as_they_are():
    rows = torch.randn(6, LAYOUT.width)
    assert Discriminator(LAYOUT, (8,), 1, ())._lift(rows) is rows


def test_a_fresh_residual_block_is_the_identity():
    block = ResidualBlock(8, 8)
    initialise(block, torch.Generator().manual_seed(0))
    x = torch.randn(4, 8)
    torch.testing.assert_close(block(x), x)


def test_initialisation_is_a_function_of_the_generator():
    one, two, three = (residual_mlp(4, (8, 8), 2) for _ in range(3))
    for network, seed in ((one, 0), (two, 0), (three, 1)):
        initialise(network, torch.Generator().manual_seed(seed))
    assert torch.equal(one[0].weight, two[0].weight)
    assert not torch.equal(one[0].weight, three[0].weight)
    assert abs(one[0].weight.std().item() - (1 / 4) ** 0.5) < 0.15
