"""How a variational autoencoder is trained: one step, seen whole, and the loop around it."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from synthgen.exceptions import TrainingError
from synthgen.rng import torch_stream
from synthgen.training.batches import Batches
from synthgen.training.budget import steps_within
from synthgen.training.elbo import Vae
from synthgen.training.ema import update_average
from synthgen.training.history import History
from synthgen.training.optimisers import cosine_factor

SPREAD_RATE = 10.0
"""The spreads of numbers learn so many times faster than the networks: they have a long way to go from one."""
_FLUSH_EVERY = 50
_ROWS_AT_ONCE = 4096


@dataclass(frozen=True)
class VaeConfig:
    """Everything that the loop needs to know besides network and data.

    Parameters
    ----------
    beta : float
        Weight of the Kullback-Leibler term, >= 0.
    max_steps : int
        Updates at most.
    max_time : float or None
        Seconds at most.
    batch_size : int
        B.
    learning_rate : float
        At the start; it falls along a cosine (`optimisers.cosine_factor`).
    ema_decay : float
        In [0, 1).
    validate_every : int
        Steps between losses on validation rows.
    """

    beta: float
    max_steps: int
    max_time: float | None
    batch_size: int
    learning_rate: float
    ema_decay: float
    validate_every: int


def vae_step(vae: Vae, optimizer: torch.optim.Optimizer, batches: Batches, beta: float) -> dict[str, Tensor]:
    """One update: raise the evidence lower bound of a batch.

    Parameters
    ----------
    vae : Vae
        Its weights change.
    optimizer : torch.optim.Optimizer
        Of those weights.
    batches : Batches
        Rows, and the noise of their latent vectors: one for each row.
    beta : float
        Weight of the Kullback-Leibler term; 1 for the bound itself [1]_, others [2]_.

    Returns
    -------
    dict of str to Tensor
        Scalars, means over the batch in nats: ``loss``, ``reconstruction``, ``kl``; loss = reconstruction + beta kl.

    References
    ----------
    .. [1] D. P. Kingma, M. Welling, "Auto-encoding variational Bayes", ICLR 2014.
    .. [2] I. Higgins et al., "beta-VAE: learning basic visual concepts with a constrained variational framework",
       ICLR 2017.
    """
    reconstruction, kl = (term.mean() for term in vae(batches.rows(), batches.normal(vae.decoder.latent_dim)))
    loss = reconstruction + beta * kl
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    vae.likelihood.keep_in_bounds()
    return {"loss": loss, "reconstruction": reconstruction, "kl": kl}


@torch.no_grad()
def held_out_loss(vae: Vae, rows: Tensor, noise: Tensor, beta: float) -> float:
    """Mean loss of rows, in nats.

    Parameters
    ----------
    vae : Vae
        Left alone.
    rows : Tensor, shape (V, F)
        At least one.
    noise : Tensor, shape (V, Z)
        The same each time, so that two losses differ by the weights alone.
    beta : float
        As in training.

    Returns
    -------
    float
        The less, the better.
    """
    parts = zip(rows.split(_ROWS_AT_ONCE), noise.split(_ROWS_AT_ONCE), strict=True)
    total = rows.new_zeros(())
    for some, their in parts:
        reconstruction, kl = vae(some, their)
        total += (reconstruction + beta * kl).sum()
    return float(total / len(rows))


def train_vae(
    vae: Vae, matrix: Tensor, validation: Tensor, config: VaeConfig, *, seed: int, verbose: int
) -> tuple[Vae, History]:
    """Train, and return the averaged weights that did best.

    Parameters
    ----------
    vae : Vae
        On the matrix's device; changed in place.
    matrix, validation : Tensor, shapes (N, F) and (V, F)
        Training rows, and the rows held out; V may be 0.
    config : VaeConfig
        The recipe.
    seed : int
        For batches and noise.
    verbose : int
        0: no progress bar.

    Returns
    -------
    vae : Vae
        Average of the weights at its least loss on the validation rows; without such rows, at the end.
    history : History
        What happened.

    Raises
    ------
    TrainingError
        If the loss is no longer finite.
    """
    average = copy.deepcopy(vae).requires_grad_(False)
    best, least = average, math.inf
    optimizer = _optimizer(vae)
    batches = Batches(matrix, config.batch_size, seed)
    rng = torch_stream(seed, "validation noise", matrix.device.type)
    noise = torch.randn(len(validation), vae.decoder.latent_dim, generator=rng, device=matrix.device)
    history = History()
    for number, progress, is_last in steps_within(config.max_steps, config.max_time, history, verbose):
        _set_rate(optimizer, config, progress)
        history.record(vae_step(vae, optimizer, batches, config.beta))
        update_average(average, vae, number, config.ema_decay)
        is_checked = number % config.validate_every == 0 or is_last
        if number % _FLUSH_EVERY == 0 or is_checked:
            _check_finite(history.flush(), number, config)
        if len(validation) and is_checked:
            loss = held_out_loss(average, validation, noise, config.beta)
            history.validation.append((number, loss))
            if loss <= least:
                best, least = copy.deepcopy(average), loss
    return (best if len(validation) else average), history


def _optimizer(vae: Vae) -> torch.optim.Optimizer:
    """Adam at its own betas; each group of weights with its share of the learning rate."""
    spreads = [vae.likelihood.log_variance]
    networks = [*vae.encoder.parameters(), *vae.decoder.parameters()]
    groups = [{"params": networks, "share": 1.0}, {"params": spreads, "share": SPREAD_RATE}]
    return torch.optim.Adam(groups, fused=True)


def _set_rate(optimizer: torch.optim.Optimizer, config: VaeConfig, progress: float) -> None:
    factor = cosine_factor(progress, config.max_steps)
    for group in optimizer.param_groups:
        group["lr"] = config.learning_rate * group["share"] * factor


def _check_finite(last: dict[str, float], step: int, config: VaeConfig) -> None:
    if not math.isfinite(last["loss"]):
        raise TrainingError(
            f"Training diverged at step {step}: loss is {last['loss']}. "
            f"Lower `learning_rate` (now {config.learning_rate:g})."
        )
