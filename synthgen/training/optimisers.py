"""The players' optimisers, and how their learning rates go."""

from __future__ import annotations

import math

import torch
from torch import nn

from synthgen.networks.goodfellow import MaxoutDiscriminator
from synthgen.training.config import TrainingConfig

FINAL_RATE = 0.05
"""Learning rate at the end of a cosine, as a share of the first."""
WARM_UP = 50
"""Steps over which Adam's learning rate rises from 0."""
SGD_DECAY = 1.000004
"""By which the learning rate of "sgd" falls with every step [1]_."""
SGD_MOMENTUM = (0.5, 0.7)
"""At the start and at the end of "sgd", linearly in between [1]_."""


def optimiser(network: nn.Module, rate: float, config: TrainingConfig) -> torch.optim.Optimizer:
    """The optimiser of one player.

    Parameters
    ----------
    network : torch.nn.Module
        The player.
    rate : float
        Its learning rate at the start.
    config : TrainingConfig
        Schedule and betas.

    Returns
    -------
    torch.optim.Optimizer
        Adam; stochastic gradient descent with momentum for the schedule "sgd", with limited weights for maxout [1]_.

    References
    ----------
    .. [1] I. Goodfellow et al., "Generative adversarial nets", NeurIPS 2014; hyperparameters from its published code.
    """
    if config.schedule != "sgd":
        betas = (config.beta1, config.beta2)
        return torch.optim.Adam(network.parameters(), rate, betas=betas, fused=True)
    sgd = torch.optim.SGD(network.parameters(), rate, momentum=SGD_MOMENTUM[0])
    if isinstance(network, MaxoutDiscriminator):
        sgd.register_step_post_hook(lambda *_: network.limit_weights())
    return sgd


def set_rate(optimizer: torch.optim.Optimizer, rate: float, config: TrainingConfig, progress: float) -> None:
    """Give an optimiser the learning rate, and the momentum, of a moment.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        As `optimiser` made it.
    rate : float
        At the start.
    config : TrainingConfig
        Schedule and steps.
    progress : float
        Share of the steps, or of the time, that is spent, in (0, 1].
    """
    for group in optimizer.param_groups:
        group["lr"] = rate * rate_factor(config, progress)
        if config.schedule == "sgd":
            first, last = SGD_MOMENTUM
            group["momentum"] = first + (last - first) * progress


def rate_factor(config: TrainingConfig, progress: float) -> float:
    """What the learning rate is multiplied by at some progress, in (0, 1].

    "cosine": a short rise, then a cosine to `FINAL_RATE`; "steady": the rise, then 1; "sgd": ``SGD_DECAY ** -step``.
    """
    step = progress * config.max_steps
    if config.schedule == "sgd":
        return SGD_DECAY**-step
    if config.schedule == "steady":
        return min(1.0, step / WARM_UP)
    return cosine_factor(progress, config.max_steps)


def cosine_factor(progress: float, max_steps: int) -> float:
    """A rise over `WARM_UP` steps, then a cosine from 1 to `FINAL_RATE`, at some progress in (0, 1]."""
    warm = min(1.0, progress * max_steps / WARM_UP)
    return warm * (FINAL_RATE + (1 - FINAL_RATE) * 0.5 * (1 + math.cos(math.pi * progress)))
