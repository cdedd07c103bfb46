"""Exponential moving average of a network's weights."""

from __future__ import annotations

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, step: int, decay: float) -> None:
    """Move the average towards the network, all weights in one call.

    Parameters
    ----------
    average, network : torch.nn.Module
        Of the same shape; `average` is changed in place.
    step : int
        Steps done, from 1: early on the average is short, so that it forgets the starting weights.
    decay : float
        In [0, 1); the average spans about 1 / (1 - decay) steps.
    """
    now = min(decay, step / (step + 10))
    get_ema_multi_avg_fn(now)(list(average.parameters()), list(network.parameters()), None)
