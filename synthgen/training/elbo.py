"""The evidence lower bound of a variational autoencoder of matrix rows, as functions of tensors."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from synthgen.layout import MatrixLayout
from synthgen.networks.encoder import LatentEncoder
from synthgen.networks.generator import AbstractGenerator
from synthgen.networks.output_heads import OutputHeads

LEAST_LOG_VARIANCE, MOST_LOG_VARIANCE = -8.0, 1.0
"""Of a number around the decoder's output. Numbers are normal scores: a share of 0.018 to 1.6 of their spread."""
LEAST_LATENT, MOST_LATENT = -14.0, 6.0
"""Bounds of the encoder's log-variances, so that an outlying row cannot overflow."""


def kl_from_prior(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Kullback-Leibler divergence KL(q || p) of diagonal normal posteriors from the standard normal prior.

    Parameters
    ----------
    mean, log_variance : Tensor, shape (B, Z)
        Of each row's q(z | x).

    Returns
    -------
    Tensor, shape (B,)
        In nats, >= 0: ``(mean^2 + variance - 1 - log variance) / 2``, summed ([1]_, appendix B).

    References
    ----------
    .. [1] D. P. Kingma, M. Welling, "Auto-encoding variational Bayes", ICLR 2014.
    """
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1)


def normal_log_density(x: Tensor, mean: Tensor, log_variance: Tensor, counted: Tensor) -> Tensor:
    """Log-density of the numbers that count, each normal around its mean.

    Parameters
    ----------
    x, mean : Tensor, shape (B, n_numeric)
        Numbers, and what the decoder expects.
    log_variance : Tensor, shape (n_numeric,)
        Of each column.
    counted : Tensor, shape (B, n_numeric)
        1 where a number counts, 0 where its gate is shut.

    Returns
    -------
    Tensor, shape (B,)
        In nats.
    """
    each = log_variance + (x - mean).square() * (-log_variance).exp() + math.log(2 * math.pi)
    return -0.5 * (each * counted).sum(dim=1)


def categorical_log_density(rows: Tensor, logits: Tensor, blocks: Sequence[Tensor]) -> Tensor:
    """Log-probability of the choices under the softmax of each block's logits.

    Parameters
    ----------
    rows, logits : Tensor, shape (B, F)
        Hard rows, and the decoder's outputs.
    blocks : sequence of Tensor of int64, shapes (n_blocks, width)
        Columns of one-hot blocks, those of equal width together.

    Returns
    -------
    Tensor, shape (B,)
        In nats, <= 0: the logit of what was chosen minus the logsumexp of its block, summed over the blocks.
    """
    found = logits.new_zeros(len(logits))
    for columns in blocks:
        shape, flat = columns.shape, columns.flatten()
        own = logits.T.index_select(0, flat)  # rows side by side in memory: quicker, as in `OutputHeads`
        chosen = (own * rows.T.index_select(0, flat)).sum(dim=0)
        found = found + chosen - own.unflatten(0, shape).logsumexp(dim=1).sum(dim=0)
    return found


class RowLikelihood(nn.Module):
    """p(x | z, c): what the decoder's outputs say of a row. Only the spread of numbers is learnt here.

    Parameters
    ----------
    layout : MatrixLayout
        What the F columns are.
    cond_columns : sequence of int
        Matrix columns that are given, not made: whole blocks, which do not count.
    """

    numeric: Tensor
    gates: Tensor
    is_free: Tensor

    def __init__(self, layout: MatrixLayout, cond_columns: Sequence[int]) -> None:
        super().__init__()
        given = set(cond_columns)
        numeric = layout.numeric
        self._keep("numeric", [b.start for b in numeric])
        self._keep("gates", [0 if b.gate is None else b.gate for b in numeric])
        self.register_buffer(
            "is_free", torch.tensor([b.gate is None for b in numeric], dtype=torch.bool), persistent=False
        )
        groups = OutputHeads(layout).one_hot_groups()
        kept = [g[[int(c) not in given for c in g[:, 0]]] for g in groups]
        self.n_groups = len(kept)
        for i, columns in enumerate(kept):
            self.register_buffer(f"group_{i}", columns, persistent=False)
        self.log_variance = nn.Parameter(torch.zeros(len(numeric)))

    def _keep(self, name: str, values: list[int]) -> None:
        self.register_buffer(name, torch.tensor(values, dtype=torch.long), persistent=False)

    def forward(self, raw: Tensor, rows: Tensor) -> Tensor:
        """Log-likelihood of each row.

        Parameters
        ----------
        raw : Tensor, shape (B, F)
            The decoder's outputs: logits and means.
        rows : Tensor, shape (B, F)
            Hard rows.

        Returns
        -------
        Tensor, shape (B,)
            In nats, the conditions' own columns left out.
        """
        blocks = [self.get_buffer(f"group_{i}") for i in range(self.n_groups)]
        choices = categorical_log_density(rows, raw, blocks)
        if not len(self.numeric):
            return choices
        counted = torch.where(self.is_free, 1.0, rows.index_select(1, self.gates))
        x, mean = rows.index_select(1, self.numeric), raw.index_select(1, self.numeric)
        return choices + normal_log_density(x, mean, self.log_variance, counted)

    @torch.no_grad()
    def keep_in_bounds(self) -> None:
        """Move the log-variances back between their bounds."""
        self.log_variance.clamp_(LEAST_LOG_VARIANCE, MOST_LOG_VARIANCE)

    def spread(self) -> Tensor:
        """Standard deviation of each number around the decoder's output, shape (n_numeric,)."""
        return (self.log_variance / 2).exp()


class Vae(nn.Module):
    """Encoder, decoder and likelihood: all that is learnt.

    Parameters
    ----------
    encoder : LatentEncoder
        Rows (B, F) to means and log-variances (B, 2 Z).
    decoder : AbstractGenerator
        Latent vectors (B, Z) and conditions (B, C) to raw outputs (B, F).
    likelihood : RowLikelihood
        Of rows given raw outputs.
    cond_columns : sequence of int
        Matrix columns that are conditions.
    """

    cond_columns: Tensor

    def __init__(
        self,
        encoder: LatentEncoder,
        decoder: AbstractGenerator,
        likelihood: RowLikelihood,
        cond_columns: Sequence[int],
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = likelihood
        self.register_buffer("cond_columns", torch.tensor(cond_columns, dtype=torch.long), persistent=False)

    def posterior(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """q(z | x) of rows (B, F): means and log-variances, each of shape (B, Z)."""
        mean, log_variance = self.encoder(rows).chunk(2, dim=1)
        return mean, log_variance.clamp(LEAST_LATENT, MOST_LATENT)

    def forward(self, rows: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """The two terms of the bound, log p(x | c) >= -(reconstruction + kl).

        Parameters
        ----------
        rows : Tensor, shape (B, F)
            Hard rows.
        noise : Tensor, shape (B, Z)
            Standard normal: z is the posterior's mean plus its spread times this.

        Returns
        -------
        reconstruction, kl : Tensor, shape (B,)
            Minus log p(x | z, c), and KL(q(z | x) || p(z)); in nats.
        """
        mean, log_variance = self.posterior(rows)
        z = mean + (log_variance / 2).exp() * noise
        raw = self.decoder(z, rows.index_select(1, self.cond_columns))
        return -self.likelihood(raw, rows), kl_from_prior(mean, log_variance)
