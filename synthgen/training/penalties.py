"""Gradient penalties as pure functions: scalars to be added to the discriminator's loss."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Score = Callable[[Tensor], Tensor]


def squared_gradients(scores: Tensor, rows: Tensor) -> Tensor:
    """Squared norm of each score's gradient: its mean is R1 where rows are real, R2 where they are fake.

    Parameters
    ----------
    scores : Tensor, shape (B / pac,)
        Of `rows`, with the history of how they were made; a score depends on its own `pac` rows alone.
    rows : Tensor, shape (B, F)
        A leaf that requires gradients.

    Returns
    -------
    Tensor, shape (B / pac,)
        >= 0. Taken from scores that the loss needs anyway, so that no second pass through the network is made.

    References
    ----------
    .. [1] L. Mescheder, A. Geiger, S. Nowozin, "Which training methods for GANs do actually converge?", ICML 2018.
    """
    (gradient,) = torch.autograd.grad(scores.sum(), rows, create_graph=True)
    return gradient.reshape(len(scores), -1).square().sum(1)


def gradient_norm_to_one(score: Score, real: Tensor, fake: Tensor, mix: Tensor) -> Tensor:
    """Mean squared distance of the gradient's norm from 1, on random mixtures of real and fake rows.

    Parameters
    ----------
    score : callable
        (B, F) -> (B / pac,).
    real, fake : Tensor, shape (B, F)
        Without gradient history.
    mix : Tensor, shape (B, 1)
        In [0, 1].

    Returns
    -------
    Tensor
        Scalar, >= 0.

    References
    ----------
    .. [1] I. Gulrajani et al., "Improved training of Wasserstein GANs", NeurIPS 2017.
    """
    rows = (real + mix * (fake - real)).detach().requires_grad_()
    scores = score(rows)
    (gradient,) = torch.autograd.grad(scores.sum(), rows, create_graph=True)
    norm = gradient.reshape(len(scores), -1).norm(dim=1)
    return (norm - 1).square().mean()
