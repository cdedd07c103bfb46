"""Discriminators and generators with their options, against formulas written out."""

import numpy as np
import pytest
import torch
from torch.nn.utils.parametrizations import spectral_norm

from synthgen.layout import Block, MatrixLayout
from synthgen.networks.blocks import initialise
from synthgen.networks.build import (
    NetworkPlan,
    build_discriminator,
    build_generator,
    generator_from_state,
    generator_to_state,
)
from synthgen.networks.discriminator import Discriminator
from synthgen.networks.goodfellow import (
    KEEP_INPUT,
    MAX_COLUMN_NORM,
    PIECES,
    MaxoutDiscriminator,
    ReluGenerator,
)
from synthgen.networks.spectral import normalise_spectrum
from synthgen.networks.steady import SteadyLinear

LAYOUT = MatrixLayout(
    (
        Block("x", "numeric", 0, 1, ("score",)),
        Block("c", "one-hot", 1, 3, ("f", "m")),
        Block("y", "numeric", 3, 4, ("score",)),
    )
)
PLAN = NetworkPlan("residual", 5, (16,), (16,), 1, ())


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def rows(n=12):
    return torch.randn(n, LAYOUT.width, generator=rng())


def test_without_hidden_layers_both_players_are_linear():
    generator = build_generator(
        NetworkPlan("residual", 3, (), (), 1, ()), LAYOUT, 0, torch.zeros(LAYOUT.width), 0
    )
    z = torch.randn(6, 3, generator=rng())
    weight, bias = generator.body[0].weight, generator.body[0].bias
    torch.testing.assert_close(generator(z, torch.zeros(6, 0)), z @ weight.T + bias)
    discriminator = Discriminator(LAYOUT, (), 1, ())
    x = rows()
    torch.testing.assert_close(
        discriminator(x), (x @ discriminator.body[0].weight.T + discriminator.body[0].bias)[:, 0]
    )


@pytest.mark.parametrize("n_out", [1, 3, 4, 7, 8, 17])
@pytest.mark.parametrize("n_in", [1, 5, 8, 17, 33, 129])
def test_in_evaluation_a_row_has_the_same_bits_wherever_it_stands(n_in, n_out):
    layer = SteadyLinear(n_in, n_out).eval()
    x = torch.randn(1024, n_in, generator=rng())
    order = torch.randperm(1024, generator=rng(1))
    with torch.no_grad():
        assert torch.equal(layer(x[order]), layer(x)[order])
        torch.testing.assert_close(layer(x), layer.train()(x), rtol=1e-4, atol=1e-5)


def test_a_quadratic_discriminator_sees_squares_and_products_of_numbers():
    discriminator = Discriminator(LAYOUT, (), 1, (), is_quadratic=True)
    x = rows()
    seen = torch.cat([x, x[:, [0]] ** 2, x[:, [0]] * x[:, [3]], x[:, [3]] ** 2], dim=1)
    expected = seen @ discriminator.body[0].weight.T + discriminator.body[0].bias
    torch.testing.assert_close(discriminator(x), expected[:, 0])


@pytest.mark.parametrize("pac", [1, 3])
def test_the_projection_is_an_inner_product_with_the_condition(pac):
    discriminator = Discriminator(LAYOUT, (8,), pac, (), cond_columns=[1, 2])
    initialise(discriminator, rng(1))
    x = rows(12)
    hidden = discriminator.body[:-1](x.reshape(12 // pac, -1))
    plain = discriminator.body[-1](hidden)[:, 0]
    embedded = x[:, [1, 2]].reshape(12 // pac, -1) @ discriminator.projection.weight.T
    torch.testing.assert_close(discriminator(x), plain + (embedded * hidden).sum(1))


def test_spectral_norm_is_one_and_agrees_with_torchs():
    ours, theirs = torch.nn.Linear(7, 5), torch.nn.Linear(7, 5)
    theirs.load_state_dict(ours.state_dict())
    normalise_spectrum(ours, rng())
    with torch.random.fork_rng():
        spectral_norm(theirs)
    for _ in range(50):  # every use is an iteration
        _ = ours.weight, theirs.weight
    assert np.linalg.svd(ours.weight.detach().numpy())[1][0] == pytest.approx(1, abs=1e-4)
    torch.testing.assert_close(ours.weight, theirs.weight, atol=1e-4, rtol=1e-4)


def test_every_layer_is_normalised_even_one_that_starts_at_zero():
    plan = NetworkPlan("residual", 4, (8, 8), (8, 8), 1, (), has_spectral_norm=True)
    discriminator = build_discriminator(plan, LAYOUT, [1, 2], "cpu", 0)
    layers = [m for m in discriminator.modules() if isinstance(m, torch.nn.Linear)]
    norms = [np.linalg.svd(m.weight.detach().numpy())[1][0] for m in layers]
    assert norms == pytest.approx([1] * len(layers), abs=0.05)


def test_normalising_draws_nothing_from_the_callers_stream():
    layer = torch.nn.Linear(3, 3)
    before = torch.random.get_rng_state()
    normalise_spectrum(layer, rng())
    assert torch.equal(torch.random.get_rng_state(), before)


def test_maxout_takes_the_largest_of_its_pieces_and_keeps_everything_in_evaluation():
    network = MaxoutDiscriminator(4, (3,), 1, rng())
    network.eval()
    x = rows(6)
    pieces = (x @ network.layers[0].weight.T + network.layers[0].bias).reshape(6, 3, PIECES)
    expected = pieces.max(dim=2).values @ network.last.weight.T + network.last.bias
    torch.testing.assert_close(network(x), expected[:, 0])


def test_dropout_keeps_its_share_and_the_mean():
    network = MaxoutDiscriminator(4, (3,), 1, rng())
    dropped = network.dropout(torch.ones(4000, 10), KEEP_INPUT)
    assert (dropped > 0).float().mean().item() == pytest.approx(KEEP_INPUT, abs=0.01)
    assert dropped.mean().item() == pytest.approx(1, abs=0.02)


def test_weights_into_a_maxout_unit_are_limited():
    network = MaxoutDiscriminator(4, (3,), 1, rng())
    network.start(rng())
    small = network.layers[0].weight.detach().clone()
    network.last.weight.data.fill_(100.0)
    network.limit_weights()
    torch.testing.assert_close(network.layers[0].weight.detach(), small)
    assert network.last.weight.norm(dim=1).item() == pytest.approx(MAX_COLUMN_NORM, rel=1e-5)


def test_the_first_gans_generator_starts_at_the_means():
    layout = MatrixLayout((Block("x", "numeric", 0, 1, ("v",)), Block("y", "numeric", 1, 2, ("v",))))
    generator = ReluGenerator(10, 0, (20, 20), layout)
    generator.start(torch.tensor([0.2, 0.7]), rng())
    made = generator(torch.randn(500, 10, generator=rng()), torch.zeros(500, 0))
    torch.testing.assert_close(made.mean(0), torch.tensor([0.2, 0.7]), atol=0.02, rtol=0)
    assert made.min() > 0 and made.max() < 1


@pytest.mark.parametrize("kind", ["residual", "maxout"])
@pytest.mark.parametrize("has_encoder", [False, True])
def test_generators_return_from_their_state(kind, has_encoder):
    plan = NetworkPlan(kind, 4, (8, 8), (8,), 1, (), has_encoder=has_encoder)
    generator = build_generator(plan, LAYOUT, 2, torch.full((LAYOUT.width,), 0.5), 0)
    again = generator_from_state(generator_to_state(generator), LAYOUT)
    z, cond = torch.randn(3, 4, generator=rng()), torch.eye(2)[[0, 1, 0]]
    torch.testing.assert_close(again(z, cond), generator(z, cond), rtol=0, atol=0)
    assert (again.encoder is not None) == has_encoder
    if has_encoder:
        torch.testing.assert_close(again.encoder(rows(3)), generator.encoder(rows(3)), rtol=0, atol=0)


def test_pairs_of_row_and_vector_are_judged_where_an_encoder_is_learnt():
    plan = NetworkPlan("residual", 5, (16,), (16,), 1, (0.5,), has_encoder=True)
    discriminator = build_discriminator(plan, LAYOUT, [], "cpu", 0)
    assert discriminator(torch.randn(6, LAYOUT.width + 5, generator=rng())).shape == (6,)
