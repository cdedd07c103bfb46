"""Exponential moving average of a network's weights."""

from __future__ import annotations

import torch
from torch import nn


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, step: int, decay: float) -> None:
    """Move the average towards the network.

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
    for old, new in zip(average.parameters(), network.parameters(), strict=True):
        old.lerp_(new, 1 - now)
