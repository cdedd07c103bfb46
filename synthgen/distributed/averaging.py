"""Means of gradients over processes, taken right before an optimiser's step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def average_gradients(
    optimizer: torch.optim.Optimizer, summed: Callable[[Tensor], Tensor], weight: float
) -> None:
    """Let an optimiser step along the mean of all processes' gradients.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Steps as before, with other gradients.
    summed : callable
        The sum of a flat tensor over the processes, in its place, the same bits on each.
    weight : float
        This process's share of the batch, in (0, 1]: the shares add up to 1.

    Notes
    -----
    Losses are means over rows, so the gradient of a whole batch is the mean of those of its parts, weighted by their rows;
    for the penalties too, which are means of squared gradients of single rows. (Where all rows of a batch meet, as in no
    loss here, it would not be.)

    Torch's `DistributedDataParallel` does the same by hooks within the backward pass. It is not used: penalties take
    gradients of gradients, which it does not support; the discriminator is used in both players' steps, with its weights
    at rest in one; and the two steps in `training.steps` would no longer be what stands there. What it gains is that sums
    overlap with the backward pass: of some hundred thousand weights the sum takes a fraction of a millisecond. All gradients
    go as one flat message, since messages, not bytes, cost time here.

    References
    ----------
    .. [1] S. Li et al., "PyTorch distributed: experiences on accelerating data parallel training", VLDB 2020.
    """

    @torch.no_grad()
    def average(own: torch.optim.Optimizer, *_: Any) -> None:
        gradients = [
            weights.grad
            for group in own.param_groups
            for weights in group["params"]
            if weights.grad is not None
        ]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        means = summed(flat.mul_(weight)).split([gradient.numel() for gradient in gradients])
        for gradient, mean in zip(gradients, means, strict=True):
            gradient.copy_(mean.view_as(gradient))

    optimizer.register_step_pre_hook(average)
