"""How a variational autoencoder is trained: one step, seen whole, and the loop around it."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from synthgen.rng import torch_stream
from synthgen.training.batches import Batches
from synthgen.training.budget import Step
from synthgen.training.checkpoint import Stage
from synthgen.training.elbo import Vae
from synthgen.training.ema import update_average
from synthgen.training.group import AbstractGroup, Alone
from synthgen.training.history import History
from synthgen.training.optimisers import cosine_factor
from synthgen.training.row_shards import RowShards
from synthgen.training.run import run
from synthgen.training.snapshots import AbstractTraining, Stateful

SPREAD_RATE = 10.0
"""The spreads of numbers learn so many times faster than the networks: they have a long way to go from one."""
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
    vae: Vae,
    matrix: Tensor | RowShards,
    validation: Tensor,
    config: VaeConfig,
    *,
    seed: int,
    verbose: int,
    checkpoints: Stage | None = None,
    group: AbstractGroup | None = None,
) -> tuple[Vae, History]:
    """Train, and return the averaged weights that did best.

    Parameters
    ----------
    vae : Vae
        On the matrix's device; changed in place.
    matrix : Tensor of shape (N, F), or RowShards
        The training rows.
    validation : Tensor, shape (V, F)
        The rows held out; V may be 0.
    config : VaeConfig
        The recipe.
    seed : int
        For batches and noise.
    verbose : int
        0: no progress bar.
    checkpoints : Stage, optional
        Where the state is written now and then, and taken up from.
    group : AbstractGroup, optional
        The processes that train together, each of which calls this. None: this one alone.

    Returns
    -------
    vae : Vae
        Average of the weights at its least loss on the validation rows; without such rows, at the end.
    history : History
        What happened.

    Raises
    ------
    TrainingError
        If the loss is not finite before anything was learnt.
    """
    rng = torch_stream(seed, "validation noise", matrix.device.type)
    noise = torch.randn(len(validation), vae.decoder.latent_dim, generator=rng, device=matrix.device)
    group = group or Alone()
    batches = Batches(matrix, group.own_share(config.batch_size, 1), seed, config.batch_size)
    training = VaeTraining(vae, batches, validation, noise, config)
    run(group.joined(training), checkpoints, verbose, group)
    return training.best, training.history


class VaeTraining(AbstractTraining):
    """A variational autoencoder, the average of its weights, and the best average so far.

    Parameters
    ----------
    vae : Vae
        At its start.
    batches : Batches
        Rows and noise.
    validation : Tensor, shape (V, F)
        Rows held out; V may be 0.
    noise : Tensor, shape (V, Z)
        For their losses.
    config : VaeConfig
        The recipe.
    """

    remedies = "Lower `learning_rate`."

    def __init__(
        self, vae: Vae, batches: Batches, validation: Tensor, noise: Tensor, config: VaeConfig
    ) -> None:
        self.vae, self.batches, self.config = vae, batches, config
        self.validation, self.noise = validation, noise
        self.average = copy.deepcopy(vae).requires_grad_(False)
        self.best = copy.deepcopy(self.average)
        self.least = math.inf
        self.optimizer = _optimizer(vae)
        self.history = History()
        self.max_steps, self.max_time = config.max_steps, config.max_time

    @property
    def validate_every(self) -> int:
        """As the recipe has it. See the base class."""
        return self.config.validate_every

    def step(self, step: Step, rate: float) -> dict[str, Tensor]:
        """One update, and one of the average. See the base class."""
        factor = rate * cosine_factor(step.progress, self.config.max_steps)
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.learning_rate * group["share"] * factor
        seen = vae_step(self.vae, self.optimizer, self.batches, self.config.beta)
        update_average(self.average, self.vae, step.number, self.config.ema_decay)
        return seen

    def evaluate(self, step: Step, losses: dict[str, float], seconds: float) -> str:
        """The held-out loss of the average, which is kept if none was lower. See the base class."""
        loss = -math.inf
        if len(self.validation):
            loss = held_out_loss(self.average, self.validation, self.noise, self.config.beta)
            self.history.validation.append((step.number, loss))
        if loss <= self.least:
            self.best.load_state_dict(self.average.state_dict())
            self.least, self.history.kept = loss, step.number
        return ""

    def stateful(self) -> Stateful:
        """Network, optimiser and stream. See the base class."""
        networks = {"vae": self.vae, "average": self.average, "best": self.best}
        return Stateful(networks, {"vae": self.optimizer}, {"batches": self.batches.generator})

    def numbers(self) -> dict[str, Any]:
        """How good the best is. See the base class."""
        return {"least": np.array(self.least), "kept": self.history.kept, "drawn": self.batches.drawn}

    def set_numbers(self, numbers: Mapping[str, Any]) -> None:
        """Put it back. See the base class."""
        self.least, self.history.kept = float(numbers["least"]), numbers["kept"]
        self.batches.drawn = numbers["drawn"]


def _optimizer(vae: Vae) -> torch.optim.Optimizer:
    """Adam at its own betas; each group of weights with its share of the learning rate."""
    spreads = [vae.likelihood.log_variance]
    networks = [*vae.encoder.parameters(), *vae.decoder.parameters()]
    groups = [{"params": networks, "share": 1.0}, {"params": spreads, "share": SPREAD_RATE}]
    return torch.optim.Adam(groups, fused=True)
