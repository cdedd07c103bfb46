"""Adversarial losses as pure functions of scores.

``score_real`` and ``score_fake`` have shape (B,). Every function returns a scalar to be minimised. With D = sigmoid(score),
``-log D = softplus(-score)`` and ``-log(1 - D) = softplus(score)``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import relu, softplus

ScoreLoss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class AdversarialLoss:
    """The players' losses.

    Parameters
    ----------
    discriminator, generator : callable of (score_real, score_fake)
        What each player minimises.
    encoder : callable of (score_real, score_fake)
        What an encoder adds that is learnt together with the generator: the generator's loss with the two sides
        exchanged, as real pairs (x, E(x)) are of the encoder's making [1]_.

    References
    ----------
    .. [1] V. Dumoulin et al., "Adversarially learned inference", ICLR 2017, algorithm 1.
    """

    discriminator: ScoreLoss
    generator: ScoreLoss
    encoder: ScoreLoss


def _cross_entropy(score_real: Tensor, score_fake: Tensor) -> Tensor:
    """``-E[log D(x)] - E[log(1 - D(G(z)))]``: Goodfellow et al. 2014, equation 1, with its sign changed."""
    return softplus(-score_real).mean() + softplus(score_fake).mean()


def _relativistic(score_real: Tensor, score_fake: Tensor) -> Tensor:
    """``E[f(D(G(z)) - D(x))]``, f = softplus: Jolicoeur-Martineau 2019; Huang et al. 2024 (R3GAN), equation 2.

    NOTE[DIFF]: each real row is paired with one fake row of the batch, as in R3GAN's code, not with all.
    """
    return softplus(score_fake - score_real).mean()


def _hinge(score_real: Tensor, score_fake: Tensor) -> Tensor:
    """``E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))]``: Lim and Ye 2017; Miyato et al. 2018, equation 16."""
    return relu(1 - score_real).mean() + relu(1 + score_fake).mean()


def _wasserstein(score_real: Tensor, score_fake: Tensor) -> Tensor:
    """``E[D(G(z))] - E[D(x)]``: Gulrajani et al. 2017, equation 3 without its penalty."""
    return score_fake.mean() - score_real.mean()


def _least_squares(score_real: Tensor, score_fake: Tensor) -> Tensor:
    """``E[(D(x) - b)^2] / 2 + E[(D(G(z)) - a)^2] / 2``, a = 0, b = 1: Mao et al. 2017, equations 2 and 9."""
    return 0.5 * (score_real - 1).square().mean() + 0.5 * score_fake.square().mean()


def _score(score: Tensor) -> Tensor:
    return score.mean()


def _nothing(score_real: Tensor, score_fake: Tensor) -> Tensor:
    """The generator's loss holds the real scores already."""
    return score_real.new_zeros(())


LOSSES = {
    # the generator exchanges the two sides
    "relativistic": AdversarialLoss(_relativistic, lambda r, f: _relativistic(f, r), _nothing),
    # Goodfellow et al. 2014, section 3: the generator maximises log D(G(z))
    "non-saturating": AdversarialLoss(
        _cross_entropy, lambda r, f: softplus(-f).mean(), lambda r, f: softplus(r).mean()
    ),
    # Goodfellow et al. 2014, equation 1: the generator minimises log(1 - D(G(z)))
    "minimax": AdversarialLoss(
        _cross_entropy, lambda r, f: -softplus(f).mean(), lambda r, f: -softplus(-r).mean()
    ),
    # Gulrajani et al. 2017
    "wgan-gp": AdversarialLoss(_wasserstein, lambda r, f: -_score(f), lambda r, f: _score(r)),
    # Lim and Ye 2017; Miyato et al. 2018, equation 17
    "hinge": AdversarialLoss(_hinge, lambda r, f: -_score(f), lambda r, f: _score(r)),
    # Mao et al. 2017, c = 1; an encoder wants 0 of the real pairs
    "least-squares": AdversarialLoss(
        _least_squares, lambda r, f: 0.5 * (f - 1).square().mean(), lambda r, f: 0.5 * r.square().mean()
    ),
}
"""By the name that the `loss` parameter takes."""
