"""Adversarial losses as pure functions of scores.

``score_real`` and ``score_fake`` have shape (B,). Every function returns a scalar to be minimised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import relu, softplus

ScoreLoss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class AdversarialLoss:
    """The two players' losses.

    Parameters
    ----------
    discriminator, generator : callable of (score_real, score_fake)
        What each player minimises.
    """

    discriminator: ScoreLoss
    generator: ScoreLoss


def _cross_entropy(score_real: Tensor, score_fake: Tensor) -> Tensor:
    return softplus(-score_real).mean() + softplus(score_fake).mean()


def _relativistic(score_real: Tensor, score_fake: Tensor) -> Tensor:
    return softplus(score_fake - score_real).mean()


def _hinge(score_real: Tensor, score_fake: Tensor) -> Tensor:
    return relu(1 - score_real).mean() + relu(1 + score_fake).mean()


def _wasserstein(score_real: Tensor, score_fake: Tensor) -> Tensor:
    return score_fake.mean() - score_real.mean()


def _least_squares(score_real: Tensor, score_fake: Tensor) -> Tensor:
    return 0.5 * (score_real - 1).square().mean() + 0.5 * score_fake.square().mean()


def _raise_fake(score_real: Tensor, score_fake: Tensor) -> Tensor:
    return -score_fake.mean()


LOSSES = {
    # Jolicoeur-Martineau 2018; Huang et al. 2024 (R3GAN)
    "relativistic": AdversarialLoss(_relativistic, lambda r, f: _relativistic(f, r)),
    # Goodfellow et al. 2014, section 3
    "non-saturating": AdversarialLoss(_cross_entropy, lambda r, f: softplus(-f).mean()),
    # Goodfellow et al. 2014, equation 1
    "minimax": AdversarialLoss(_cross_entropy, lambda r, f: -softplus(f).mean()),
    # Gulrajani et al. 2017
    "wgan-gp": AdversarialLoss(_wasserstein, _raise_fake),
    # Lim and Ye 2017; Miyato et al. 2018
    "hinge": AdversarialLoss(_hinge, _raise_fake),
    # Mao et al. 2017, a = 0, b = c = 1
    "least-squares": AdversarialLoss(_least_squares, lambda r, f: 0.5 * (f - 1).square().mean()),
}
"""By the name that the `loss` parameter takes."""
