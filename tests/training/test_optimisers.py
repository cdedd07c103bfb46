"""Learning rates and momentum as they go."""

import dataclasses
import math

import pytest
import torch

from synthgen.networks.goodfellow import MAX_COLUMN_NORM, MaxoutDiscriminator
from synthgen.training.optimisers import FINAL_RATE, SGD_DECAY, optimiser, rate_factor, set_rate
from tests.training.test_training import CONFIG


def test_the_cosine_rises_and_falls():
    config = dataclasses.replace(CONFIG, max_steps=1000)
    assert rate_factor(config, 25 / 1000) == pytest.approx(
        0.5 * (FINAL_RATE + (1 - FINAL_RATE) * (1 + math.cos(math.pi * 0.025)) / 2)
    )
    assert rate_factor(config, 1.0) == pytest.approx(FINAL_RATE)


def test_a_steady_rate_does_not_depend_on_how_many_steps_follow():
    rates = [
        rate_factor(dataclasses.replace(CONFIG, schedule="steady", max_steps=n), 200 / n) for n in (400, 4000)
    ]
    assert rates == [1.0, 1.0]


def test_stochastic_gradient_descent_falls_slowly_and_gains_momentum():
    config = dataclasses.replace(CONFIG, schedule="sgd", max_steps=1000)
    sgd = optimiser(torch.nn.Linear(2, 1), 0.1, config)
    set_rate(sgd, 0.1, config, 0.5)
    assert sgd.param_groups[0]["lr"] == pytest.approx(0.1 / SGD_DECAY**500)
    assert sgd.param_groups[0]["momentum"] == pytest.approx(0.6)


def test_maxout_weights_stay_limited_after_every_step():
    network = MaxoutDiscriminator(3, (2,), 1, torch.Generator().manual_seed(0))
    sgd = optimiser(network, 10.0, dataclasses.replace(CONFIG, schedule="sgd"))
    for _ in range(3):
        sgd.zero_grad()
        network(torch.randn(8, 3, generator=torch.Generator().manual_seed(1))).square().sum().backward()
        sgd.step()
    assert max(layer.weight.norm(dim=1).max() for layer in network.layers) <= MAX_COLUMN_NORM * 1.0001
