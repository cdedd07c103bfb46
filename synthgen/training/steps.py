"""One update of each player, each seen whole."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from synthgen.networks.discriminator import AbstractDiscriminator
from synthgen.networks.generator import AbstractGenerator
from synthgen.networks.output_heads import OutputHeads
from synthgen.training.batches import Batches
from synthgen.training.config import TrainingConfig
from synthgen.training.losses import LOSSES
from synthgen.training.penalties import gradient_norm_to_one, squared_gradients


@dataclass(frozen=True)
class Players:
    """The two networks, what turns raw outputs into rows, and their optimisers.

    Where the generator has an encoder E, the discriminator judges pairs: (x, E(x)) of real rows and (G(z), z) of fake
    ones, side by side in one matrix [1]_, [2]_.

    Parameters
    ----------
    generator, discriminator, heads : torch.nn.Module
        The networks and the output heads.
    generator_optimizer, discriminator_optimizer : torch.optim.Optimizer
        One for each network; the encoder belongs to the generator.
    cond_columns : Tensor of int64, shape (C,)
        Matrix columns that are given to the generator instead of made by it.

    References
    ----------
    .. [1] V. Dumoulin et al., "Adversarially learned inference", ICLR 2017.
    .. [2] J. Donahue, P. Krähenbühl, T. Darrell, "Adversarial feature learning", ICLR 2017 (BiGAN).
    """

    generator: AbstractGenerator
    discriminator: AbstractDiscriminator
    heads: OutputHeads
    generator_optimizer: torch.optim.Optimizer
    discriminator_optimizer: torch.optim.Optimizer
    cond_columns: Tensor

    def fake(self, batches: Batches, config: TrainingConfig) -> Tensor:
        """A batch of fake rows, shape (B, F) or (B, F + Z), under the conditions of random real rows."""
        cond = batches.rows()[:, self.cond_columns] if len(self.cond_columns) else batches.matrix[:0, :0]
        cond = cond if len(cond) else batches.matrix.new_zeros(batches.batch_size, 0)
        z = batches.latent(config.noise_prior, self.generator.latent_dim)
        raw = self.generator(z, cond).float()
        rows = self.heads(raw, batches.gumbel(self.heads.n_one_hot), config.tau)
        rows = rows.index_copy(1, self.cond_columns, cond) if len(self.cond_columns) else rows
        rows = self._blurred(rows, batches, config)
        return rows if self.generator.encoder is None else torch.cat([rows, z], dim=1)

    def real(self, batches: Batches, config: TrainingConfig) -> Tensor:
        """A batch of real rows, shape (B, F) or (B, F + Z)."""
        rows = self._blurred(batches.rows(), batches, config)
        encoder = self.generator.encoder
        return rows if encoder is None else torch.cat([rows, encoder(rows).float()], dim=1)

    def _blurred(self, rows: Tensor, batches: Batches, config: TrainingConfig) -> Tensor:
        """Rows with normal noise on their numbers, as the discriminator sees them."""
        if config.input_noise == 0:
            return rows
        numeric = self.heads.numeric
        return rows.index_add(1, numeric, config.input_noise * batches.normal(len(numeric)))


def discriminator_step(
    players: Players, batches: Batches, config: TrainingConfig, *, penalise: bool
) -> dict[str, Tensor]:
    """One update of the discriminator.

    Parameters
    ----------
    players : Players
        The discriminator's weights change.
    batches : Batches
        Rows and noise.
    config : TrainingConfig
        Loss, penalties, temperature.
    penalise : bool
        Whether this update takes the penalties, `penalty_every` times as heavy.

    Returns
    -------
    dict of str to Tensor
        Scalars: loss, mean scores, penalties, and two diagnostics: `d_accuracy`, the share of pairs that the
        discriminator ranks rightly (0.5: it cannot), and `fake_spread`, the spread of fake rows as a share of
        the real rows' (towards 0: the generator has collapsed).
    """
    has_r1_r2 = penalise and config.r1_weight + config.r2_weight > 0
    with torch.no_grad():
        fake, real = players.fake(batches, config), players.real(batches, config)
    rows = torch.cat([real, fake]).requires_grad_(has_r1_r2)
    scores = _scores(players.discriminator, rows, config)
    score_real, score_fake = scores.chunk(2)
    loss = LOSSES[config.loss].discriminator(score_real, score_fake)
    n_features = batches.matrix.shape[1]
    seen = {
        "d_loss": loss,
        "score_real": score_real.mean(),
        "score_fake": score_fake.mean(),
        "d_accuracy": (score_real > score_fake).float().mean(),
        "fake_spread": (_variance(fake[:, :n_features]) / _variance(real[:, :n_features])).sqrt(),
    }
    penalties = {}
    if has_r1_r2:
        r1, r2 = squared_gradients(scores, rows).chunk(2)
        penalties = {"r1": (config.r1_weight / 2, r1.mean()), "r2": (config.r2_weight / 2, r2.mean())}
    if penalise and config.gradient_penalty_weight > 0:
        penalty = gradient_norm_to_one(players.discriminator, real, fake, batches.uniform())
        penalties["gradient_penalty"] = (config.gradient_penalty_weight, penalty)
    for name, (weight, penalty) in penalties.items():
        if weight > 0:
            seen[name] = penalty
            loss = loss + config.penalty_every * weight * penalty
    players.discriminator_optimizer.zero_grad(set_to_none=True)
    loss.backward()
    players.discriminator_optimizer.step()
    return seen


def generator_step(players: Players, batches: Batches, config: TrainingConfig) -> dict[str, Tensor]:
    """One update of the generator, and of its encoder if it has one.

    Parameters
    ----------
    players : Players
        The generator's weights change.
    batches : Batches
        Rows and noise.
    config : TrainingConfig
        Loss and temperature.

    Returns
    -------
    dict of str to Tensor
        The loss, a scalar.
    """
    players.discriminator.requires_grad_(False)
    score_fake = players.discriminator(players.fake(batches, config))
    with torch.set_grad_enabled(players.generator.encoder is not None):
        score_real = players.discriminator(players.real(batches, config))
    loss = LOSSES[config.loss].generator(score_real, score_fake)
    if players.generator.encoder is not None:
        loss = loss + LOSSES[config.loss].encoder(score_real, score_fake)
    players.generator_optimizer.zero_grad(set_to_none=True)
    loss.backward()
    players.generator_optimizer.step()
    players.discriminator.requires_grad_(True)
    return {"g_loss": loss}


def _scores(discriminator: AbstractDiscriminator, rows: Tensor, config: TrainingConfig) -> Tensor:
    """Scores of real and fake rows, in one mixed batch or in two passes: no network here mixes the rows of a batch."""
    if not config.is_separate:
        scores: Tensor = discriminator(rows)
        return scores
    return torch.cat([discriminator(part) for part in rows.chunk(2)])


def _variance(rows: Tensor) -> Tensor:
    """B times the sum of the columns' variances, from sums of squares: quicker than `torch.var`; a scalar >= 0."""
    return (rows.square().sum() - rows.sum(0).square().sum() / len(rows)).clamp_min(0)
