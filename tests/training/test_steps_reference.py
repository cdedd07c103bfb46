"""One update of each player against the same update written out plainly: every term by itself, no shared passes."""

import copy
import dataclasses

import pytest
import torch

from synthgen.layout import Block, MatrixLayout
from synthgen.networks.blocks import initialise
from synthgen.networks.discriminator import Discriminator
from synthgen.networks.generator import Generator
from synthgen.networks.output_heads import OutputHeads
from synthgen.training.batches import Batches
from synthgen.training.loop import _players
from synthgen.training.losses import LOSSES
from synthgen.training.steps import discriminator_step, generator_step
from tests.training.test_training import CONFIG

LAYOUT = MatrixLayout(
    (
        Block("c", "one-hot", 0, 3, ("a", "b", "rest")),
        Block("c", "numeric", 3, 4, ("score",), gate=2),
        Block("x", "numeric", 4, 5, ("score",)),
        Block("d", "one-hot", 5, 7, ("f", "m")),
    )
)
HEADS = OutputHeads(LAYOUT)


@pytest.fixture
def matrix():
    rng = torch.Generator().manual_seed(0)
    logits = torch.randn(500, LAYOUT.width, generator=rng)
    return HEADS.harden(logits, torch.zeros(500, HEADS.n_one_hot))


def game(matrix, config, pac=1):
    generator, discriminator = (
        Generator(6, 0, (16, 16), LAYOUT.width),
        Discriminator(LAYOUT, (16, 16), pac, (0.5,)),
    )
    initialise(generator, torch.Generator().manual_seed(1))
    initialise(discriminator, torch.Generator().manual_seed(2))
    for network in (generator, discriminator):  # second layers start at zero: let every layer matter
        for p in network.parameters():
            p.data += 0.1 * torch.randn(p.shape, generator=torch.Generator().manual_seed(3))
    players = _players(generator, discriminator, HEADS, [], config, matrix.device)
    return players, Batches(matrix, config.batch_size, 0)


def plain_fake(generator, batches, tau):
    """Block by block, each with torch's own softmax; the noise in the order of the heads' groups."""
    raw = generator(batches.normal(6), torch.zeros(batches.batch_size, 0))
    gumbel = batches.gumbel(5)
    d = torch.softmax((raw[:, 5:7] + gumbel[:, :2]) / tau, dim=1)
    c = torch.softmax((raw[:, 0:3] + gumbel[:, 2:]) / tau, dim=1)
    return torch.cat([c, raw[:, 3:4] * c[:, 2:3], raw[:, 4:5], d], dim=1)


def plain_penalty(discriminator, rows):
    """Mean over scores of the squared gradient, from a pass of its own."""
    rows = rows.detach().clone().requires_grad_()
    scores = discriminator(rows)
    (gradient,) = torch.autograd.grad(scores.sum(), rows, create_graph=True)
    return gradient.square().sum() / len(scores)


def plain_mixture_penalty(discriminator, real, fake, mix):
    rows = (mix * fake + (1 - mix) * real).detach().requires_grad_()
    scores = discriminator(rows)
    (gradient,) = torch.autograd.grad(scores.sum(), rows, create_graph=True)
    return (gradient.reshape(len(scores), -1).square().sum(1).sqrt() - 1).square().mean()


def gradients(network):
    return [p.grad for p in network.parameters()]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    ("weights", "pac"),
    [((0.3, 0.3, 0.0), 1), ((0.7, 0.0, 0.0), 1), ((0.2, 0.5, 2.0), 4), ((0.0, 0.0, 1.0), 2)],
)
def test_discriminator_step_has_the_gradients_of_the_plain_one(matrix, loss, weights, pac):
    r1, r2, mixture = weights
    config = dataclasses.replace(
        CONFIG, loss=loss, r1_weight=r1, r2_weight=r2, gradient_penalty_weight=mixture
    )
    players, batches = game(matrix, config, pac)
    twin, draws = copy.deepcopy(players), copy.deepcopy(batches)
    draws.generator.set_state(batches.generator.get_state())
    seen = discriminator_step(players, batches, config, penalise=True)

    d = twin.discriminator
    fake = plain_fake(twin.generator, draws, config.tau).detach()
    real = draws.rows()
    expected = LOSSES[loss].discriminator(d(real), d(fake))
    torch.testing.assert_close(seen["d_loss"], expected)
    if r1 + r2 > 0:
        found = plain_penalty(d, real), plain_penalty(d, fake)
        for name, weight, penalty in zip(("r1", "r2"), (r1, r2), found, strict=True):
            assert (name in seen) == (weight > 0)
            if weight > 0:
                torch.testing.assert_close(seen[name], penalty)
        expected = expected + 4 * (r1 / 2 * found[0] + r2 / 2 * found[1])
    if mixture > 0:
        expected = expected + 4 * mixture * plain_mixture_penalty(d, real, fake, draws.uniform())
    expected.backward()
    torch.testing.assert_close(gradients(players.discriminator), gradients(d), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
def test_generator_step_has_the_gradients_of_the_plain_one(matrix, loss):
    config = dataclasses.replace(CONFIG, loss=loss)
    players, batches = game(matrix, config)
    twin, draws = copy.deepcopy(players), copy.deepcopy(batches)
    draws.generator.set_state(batches.generator.get_state())
    seen = generator_step(players, batches, config)

    fake = plain_fake(twin.generator, draws, config.tau)
    score_fake = twin.discriminator(fake)
    expected = LOSSES[loss].generator(twin.discriminator(draws.rows()), score_fake)
    expected.backward()
    torch.testing.assert_close(seen["g_loss"], expected)
    torch.testing.assert_close(gradients(players.generator), gradients(twin.generator), rtol=1e-4, atol=1e-6)


def test_diagnostics_are_the_shares_that_they_say(matrix):
    players, batches = game(matrix, CONFIG)
    twin, draws = copy.deepcopy(players), copy.deepcopy(batches)
    draws.generator.set_state(batches.generator.get_state())
    seen = discriminator_step(players, batches, CONFIG, penalise=False)
    fake = plain_fake(twin.generator, draws, CONFIG.tau)
    real = draws.rows()
    spread = (fake.var(0).sum() / real.var(0).sum()).sqrt()
    torch.testing.assert_close(seen["fake_spread"], spread.detach())
    right = twin.discriminator(real) > twin.discriminator(fake)
    torch.testing.assert_close(seen["d_accuracy"], right.float().mean())


def test_gumbel_noise_follows_its_distribution(matrix):
    noise = Batches(matrix, 4000, 0).gumbel(25)
    assert noise.shape == (4000, 25)
    at = torch.tensor([-1.5, 0.0, 1.0, 3.0, 6.0])
    found = (noise.flatten()[:, None] <= at).float().mean(0)
    torch.testing.assert_close(found, torch.exp(-torch.exp(-at)), atol=0.005, rtol=0)
    assert noise.isfinite().all()


def d_gradients(matrix, config):
    """The discriminator's gradients after one step: the optimiser leaves them where they are."""
    players, batches = game(matrix, config)
    discriminator_step(players, batches, config, penalise=True)
    return [p.grad.clone() for p in players.discriminator.parameters()]


@pytest.mark.parametrize("loss", LOSSES)
def test_mixed_and_separate_batches_have_the_same_gradients(matrix, loss):
    mixed, separate = (
        d_gradients(matrix, dataclasses.replace(CONFIG, loss=loss, is_separate=is_separate))
        for is_separate in (False, True)
    )
    assert max(g.abs().max() for g in mixed) > 1e-4
    for one, other in zip(mixed, separate, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("loss", [name for name in LOSSES if name != "relativistic"])
def test_one_class_after_the_other_gives_the_gradient_of_both(matrix, loss):
    """The loss is a sum over classes, so its gradient is: only the relativistic one needs both at once."""
    players, batches = game(matrix, CONFIG)
    real, fake = batches.rows(), players.fake(batches, CONFIG).detach()
    discriminator = players.discriminator

    def gradients(*parts):
        discriminator.zero_grad()
        for part in parts:
            part().backward()
        return [p.grad.clone() for p in discriminator.parameters()]

    def of_class(rows, is_real):
        """The other class's term is a constant: its scores are taken as they are, without a gradient."""
        other = discriminator(fake if is_real else real).detach()
        scores = (discriminator(rows), other) if is_real else (other, discriminator(rows))
        return LOSSES[loss].discriminator(*scores)

    together = gradients(lambda: LOSSES[loss].discriminator(discriminator(real), discriminator(fake)))
    apart = gradients(lambda: of_class(real, True), lambda: of_class(fake, False))
    for one, other in zip(together, apart, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)
