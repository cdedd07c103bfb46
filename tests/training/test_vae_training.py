"""The evidence lower bound against torch's distributions and factor analysis; the step and the loop of the VAE."""

import copy
import dataclasses
import math

import numpy as np
import pytest
import torch
from sklearn.decomposition import FactorAnalysis
from torch import distributions

from synthgen.exceptions import TrainingError
from synthgen.layout import Block, MatrixLayout
from synthgen.networks.blocks import initialise
from synthgen.networks.encoder import LatentEncoder
from synthgen.networks.generator import Generator
from synthgen.networks.output_heads import OutputHeads
from synthgen.training.batches import Batches
from synthgen.training.elbo import (
    LEAST_LOG_VARIANCE,
    MOST_LOG_VARIANCE,
    RowLikelihood,
    Vae,
    categorical_log_density,
    kl_from_prior,
    normal_log_density,
)
from synthgen.training.vae import VaeConfig, held_out_loss, train_vae, vae_step

LAYOUT = MatrixLayout(
    (
        Block("c", "one-hot", 0, 3, ("a", "b", "rest")),
        Block("c", "numeric", 3, 4, ("score",), gate=2),
        Block("x", "numeric", 4, 5, ("score",)),
        Block("d", "one-hot", 5, 7, ("f", "m")),
        Block("e", "one-hot", 7, 10, ("p", "q", "r")),
    )
)
CONFIG = VaeConfig(
    beta=1.0,
    max_steps=60,
    max_time=None,
    batch_size=32,
    learning_rate=3e-3,
    ema_decay=0.9,
    validate_every=20,
)


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def hard_rows(n=300, layout=LAYOUT):
    heads = OutputHeads(layout)
    return heads.harden(random(n, layout.width), torch.zeros(n, heads.n_one_hot))


def network(layout=LAYOUT, cond_columns=(), latent_dim=4, hidden_dims=(16, 16)):
    encoder = LatentEncoder(layout.width, hidden_dims, 2 * latent_dim)
    decoder = Generator(latent_dim, len(cond_columns), hidden_dims, layout.width)
    vae = Vae(encoder, decoder, RowLikelihood(layout, cond_columns), cond_columns)
    initialise(vae, torch.Generator().manual_seed(1))
    for p in vae.parameters():  # second layers start at zero: let every layer matter
        p.data += 0.1 * random(*p.shape, seed=2)
    return vae


def plain_log_likelihood(rows, raw, log_variance):
    """Block by block and row by row, by torch's distributions."""
    choices = sum(
        distributions.Categorical(logits=raw[:, a:b]).log_prob(rows[:, a:b].argmax(1))
        for a, b in [(0, 3), (5, 7), (7, 10)]
    )
    spread = (log_variance / 2).exp()
    gated = distributions.Normal(raw[:, 3], spread[0]).log_prob(rows[:, 3])
    free = distributions.Normal(raw[:, 4], spread[1]).log_prob(rows[:, 4])
    return choices + torch.where(rows[:, 2] == 1, gated, 0.0) + free


def test_kl_is_that_of_torchs_distributions():
    mean, log_variance = random(7, 5), random(7, 5, seed=1)
    q = distributions.Normal(mean, (log_variance / 2).exp())
    wanted = distributions.kl_divergence(q, distributions.Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(kl_from_prior(mean, log_variance), wanted)


def test_kl_of_the_prior_from_itself_is_zero():
    assert torch.equal(kl_from_prior(torch.zeros(3, 4), torch.zeros(3, 4)), torch.zeros(3))


def test_numbers_that_do_not_count_add_nothing():
    x, mean, log_variance = random(6, 2), random(6, 2, seed=1), torch.tensor([-1.0, 0.5])
    counted = torch.tensor([[1.0, 0.0]]).expand(6, 2)
    wanted = distributions.Normal(mean[:, 0], (log_variance[0] / 2).exp()).log_prob(x[:, 0])
    torch.testing.assert_close(normal_log_density(x, mean, log_variance, counted), wanted)


def test_choices_have_the_log_probability_of_their_softmax():
    rows, logits = hard_rows(20), random(20, LAYOUT.width, seed=3)
    blocks = [torch.tensor([[0, 1, 2], [7, 8, 9]])]
    wanted = sum(
        distributions.Categorical(logits=logits[:, a:b]).log_prob(rows[:, a:b].argmax(1))
        for a, b in [(0, 3), (7, 10)]
    )
    torch.testing.assert_close(categorical_log_density(rows, logits, blocks), wanted)


def test_the_likelihood_is_that_of_torchs_distributions():
    rows, raw = hard_rows(), random(300, LAYOUT.width, seed=3)
    likelihood = RowLikelihood(LAYOUT, [])
    likelihood.log_variance.data = torch.tensor([-1.0, 0.3])
    torch.testing.assert_close(
        likelihood(raw, rows), plain_log_likelihood(rows, raw, likelihood.log_variance)
    )
    torch.testing.assert_close(likelihood.spread(), torch.tensor([math.exp(-0.5), math.exp(0.15)]))


def test_conditions_are_not_counted():
    rows, raw = hard_rows(), random(300, LAYOUT.width, seed=3)
    other = raw.clone()
    other[:, 5:7] = random(300, 2, seed=4)
    given = RowLikelihood(LAYOUT, [5, 6])
    assert torch.equal(given(raw, rows), given(other, rows))
    learnt = RowLikelihood(LAYOUT, [])
    assert not torch.equal(learnt(raw, rows), learnt(other, rows))


def test_rows_that_are_all_conditions_have_likelihood_one():
    layout = MatrixLayout((Block("d", "one-hot", 0, 2, ("f", "m")),))
    rows = hard_rows(5, layout)
    assert torch.equal(RowLikelihood(layout, [0, 1])(random(5, 2), rows), torch.zeros(5))


def test_the_spread_stays_between_its_bounds():
    likelihood = RowLikelihood(LAYOUT, [])
    likelihood.log_variance.data = torch.tensor([-50.0, 50.0])
    likelihood.keep_in_bounds()
    assert likelihood.log_variance.tolist() == [LEAST_LOG_VARIANCE, MOST_LOG_VARIANCE]


NUMBERS = MatrixLayout(tuple(Block(f"x{i}", "numeric", i, i + 1, ("score",)) for i in range(4)))
LOADINGS = np.array([[0.9, -0.5, 0.7, 0.2]])
NOISE = np.array([0.19, 0.75, 0.51, 0.96])


def factor_rows(n, seed=0):
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((n, 1)) @ LOADINGS + np.sqrt(NOISE) * rng.standard_normal((n, 4))
    return rows.astype(np.float32)


def test_with_the_exact_posterior_the_bound_is_the_log_likelihood_of_factor_analysis():
    """One factor: the posterior is normal in one dimension; two opposite draws give the mean of a square exactly."""
    rows = factor_rows(50)
    factor = FactorAnalysis(1)
    factor.components_, factor.noise_variance_, factor.mean_ = LOADINGS, NOISE, np.zeros(4)
    precision = 1 + (LOADINGS**2 / NOISE).sum()
    vae = network(NUMBERS, latent_dim=1, hidden_dims=())
    with torch.no_grad():
        vae.encoder.body[0].weight[0] = torch.from_numpy((LOADINGS / NOISE / precision)[0])
        vae.encoder.body[0].weight[1] = 0
        vae.encoder.body[0].bias.copy_(torch.tensor([0.0, -math.log(precision)]))
        vae.decoder.body[0].weight.copy_(torch.from_numpy(LOADINGS.T))
        vae.decoder.body[0].bias.zero_()
        vae.likelihood.log_variance.copy_(torch.from_numpy(np.log(NOISE)))
        terms = [vae(torch.from_numpy(rows), torch.full((50, 1), sign)) for sign in (1.0, -1.0)]
    bound = -sum(reconstruction + kl for reconstruction, kl in terms) / 2
    np.testing.assert_allclose(bound.numpy(), factor.score_samples(rows), rtol=1e-5)


def test_a_linear_vae_finds_the_likelihood_and_the_spreads_of_factor_analysis():
    rows = factor_rows(3000)
    config = dataclasses.replace(
        CONFIG, max_steps=1500, batch_size=128, learning_rate=1e-2, ema_decay=0.99, validate_every=500
    )
    vae = network(NUMBERS, latent_dim=1, hidden_dims=())
    trained, _ = train_vae(
        vae, torch.from_numpy(rows), torch.from_numpy(factor_rows(0)), config, seed=0, verbose=0
    )
    factor = FactorAnalysis(1).fit(rows)
    loss = held_out_loss(trained, torch.from_numpy(rows), random(3000, 1), beta=1.0)
    assert abs(-loss - factor.score(rows)) < 0.02
    np.testing.assert_allclose(trained.likelihood.spread() ** 2, factor.noise_variance_, atol=0.05)


@pytest.mark.parametrize(("cond_columns", "beta"), [([], 1.0), ([5, 6], 0.3)])
def test_a_step_is_the_update_written_out_plainly(cond_columns, beta):
    matrix, vae = hard_rows(), network(cond_columns=cond_columns)
    twin = copy.deepcopy(vae)
    seen = vae_step(vae, torch.optim.SGD(vae.parameters(), 0.01), Batches(matrix, 32, 0), beta)

    batches = Batches(matrix, 32, 0)
    rows, noise = batches.rows(), batches.normal(4)
    encoded = twin.encoder(rows)
    q = distributions.Normal(encoded[:, :4], (encoded[:, 4:] / 2).exp())
    raw = twin.decoder(q.mean + q.stddev * noise, rows[:, cond_columns])
    likelihood = plain_log_likelihood(rows, raw, twin.likelihood.log_variance)
    if cond_columns:
        likelihood = likelihood - distributions.Categorical(logits=raw[:, 5:7]).log_prob(
            rows[:, 5:7].argmax(1)
        )
    kl = distributions.kl_divergence(q, distributions.Normal(0.0, 1.0)).sum(1)
    loss = (beta * kl - likelihood).mean()
    loss.backward()
    torch.testing.assert_close(seen["loss"], loss)
    torch.testing.assert_close(seen["reconstruction"], -likelihood.mean())
    torch.testing.assert_close(seen["kl"], kl.mean())
    for ours, plain in zip(vae.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(ours.data, plain.data - 0.01 * plain.grad)


def test_the_held_out_loss_is_the_mean_over_all_rows_however_many():
    vae, rows, noise = network(), hard_rows(5000), random(5000, 4, seed=5)
    with torch.no_grad():
        reconstruction, kl = vae(rows, noise)
    assert held_out_loss(vae, rows, noise, 0.5) == pytest.approx(float((reconstruction + 0.5 * kl).mean()))


def test_training_lowers_the_loss_and_keeps_what_happened():
    matrix = hard_rows()
    _, history = train_vae(network(), matrix, hard_rows(100), CONFIG, seed=0, verbose=0)
    loss, reconstruction, kl = (np.array(history.steps[k]) for k in ("loss", "reconstruction", "kl"))
    assert len(loss) == 60 and loss[-10:].mean() < loss[:10].mean()
    np.testing.assert_allclose(loss, reconstruction + kl, rtol=1e-5)
    assert [step for step, _ in history.validation] == [20, 40, 60]
    assert history.stopped == "all steps done"


def test_the_weights_of_the_least_held_out_loss_are_kept():
    validation = hard_rows(200) + 0.0
    config = dataclasses.replace(CONFIG, max_steps=400, ema_decay=0.0, learning_rate=1e-2)
    few = hard_rows(12).roll(1, dims=0)  # memorised at once
    trained, history = train_vae(network(), few, validation, config, seed=0, verbose=0)
    losses = [loss for _, loss in history.validation]
    assert min(losses) < losses[-1]
    noise = torch.randn(200, 4, generator=_validation_noise(0))
    assert held_out_loss(trained, validation, noise, 1.0) == pytest.approx(min(losses), rel=1e-5)


def _validation_noise(seed):
    from synthgen.rng import torch_stream

    return torch_stream(seed, "validation noise")


def test_without_validation_rows_the_last_average_is_kept():
    matrix = hard_rows()
    vae = network()
    trained, history = train_vae(
        vae, matrix, matrix[:0], dataclasses.replace(CONFIG, ema_decay=0.0), seed=0, verbose=0
    )
    assert history.validation == []
    for ours, last in zip(trained.parameters(), vae.parameters(), strict=True):
        torch.testing.assert_close(ours, last.detach())


def test_training_stops_when_its_time_is_spent():
    config = dataclasses.replace(CONFIG, max_steps=10**6, max_time=1e-3)
    _, history = train_vae(network(), hard_rows(), hard_rows(0), config, seed=0, verbose=0)
    assert history.stopped == "max_time is spent"
    assert len(history.steps["loss"]) < 10**6


def test_a_loss_that_is_not_finite_is_reported():
    broken = hard_rows()
    broken[:, 4] = math.nan
    with pytest.raises(TrainingError, match=r"diverged: loss is nan at step 1, .*\. Lower `learning_rate`"):
        train_vae(network(), broken, broken[:0], CONFIG, seed=0, verbose=0)
