"""Losses and penalties against torch's own functions and by hand."""

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from synthgen.training.losses import LOSSES
from synthgen.training.penalties import gradient_norm_to_one, squared_gradients

REAL = torch.tensor([2.0, -1.0, 0.5])
FAKE = torch.tensor([-0.5, 1.5, 0.0])
ONE, ZERO = torch.ones(3), torch.zeros(3)

REFERENCE = {
    "relativistic": (bce(REAL - FAKE, ONE), bce(FAKE - REAL, ONE)),
    "non-saturating": (bce(REAL, ONE) + bce(FAKE, ZERO), bce(FAKE, ONE)),
    "minimax": (bce(REAL, ONE) + bce(FAKE, ZERO), -bce(FAKE, ZERO)),
    "wgan-gp": (FAKE.mean() - REAL.mean(), -FAKE.mean()),
    "hinge": (torch.tensor((0 + 2 + 0.5) / 3 + (0.5 + 2.5 + 1) / 3), -FAKE.mean()),
    "least-squares": (
        0.5 * ((REAL - 1) ** 2).mean() + 0.5 * (FAKE**2).mean(),
        0.5 * ((FAKE - 1) ** 2).mean(),
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses_agree_with_the_reference(name):
    expected_d, expected_g = REFERENCE[name]
    torch.testing.assert_close(LOSSES[name].discriminator(REAL, FAKE), expected_d)
    torch.testing.assert_close(LOSSES[name].generator(REAL, FAKE), expected_g)


@pytest.mark.parametrize("name", LOSSES)
def test_each_player_gains_by_its_own_move(name):
    loss = LOSSES[name]
    assert loss.discriminator(REAL + 0.1, FAKE) < loss.discriminator(REAL, FAKE)
    assert loss.discriminator(REAL, FAKE - 0.1) < loss.discriminator(REAL, FAKE)
    assert loss.generator(REAL, FAKE + 0.1) < loss.generator(REAL, FAKE)


W = torch.tensor([3.0, 4.0])


def linear(rows):
    return rows @ W


def leaf(n_rows):
    return torch.randn(n_rows, 2, requires_grad=True)


def test_squared_gradient_of_a_linear_score_is_its_squared_norm():
    rows = leaf(6)
    torch.testing.assert_close(squared_gradients(linear(rows), rows), torch.full((6,), 25.0))


def test_squared_gradient_of_packs_counts_packs():
    rows = leaf(6)
    found = squared_gradients(linear(rows).reshape(-1, 2).sum(1), rows)
    torch.testing.assert_close(found, torch.full((3,), 50.0))


def test_each_row_has_its_own_squared_gradient():
    rows = leaf(6)
    found = squared_gradients(rows.square().sum(1), rows)
    torch.testing.assert_close(found, 4 * rows.square().sum(1))


def test_gradient_norm_to_one_of_a_linear_score():
    found = gradient_norm_to_one(linear, torch.randn(6, 2), torch.randn(6, 2), torch.rand(6, 1))
    torch.testing.assert_close(found, torch.tensor(16.0))


def test_penalties_can_be_learnt_from():
    weight = torch.tensor([3.0, 4.0], requires_grad=True)
    rows = leaf(6)
    squared_gradients(rows @ weight, rows).mean().backward()
    torch.testing.assert_close(weight.grad, 2 * torch.tensor([3.0, 4.0]))
