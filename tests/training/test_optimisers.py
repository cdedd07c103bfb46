"""Learning rates and momentum as they go."""

import dataclasses
import math

import pytest
import torch

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
