"""An auditor: a discriminator trained afresh against a generator that no longer moves."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import softplus

from synthgen.exceptions import DataError
from synthgen.layout import MatrixLayout
from synthgen.networks.blocks import initialise
from synthgen.networks.discriminator import Discriminator
from synthgen.rng import derived_seed, stream, torch_stream
from synthgen.training.batches import Batches
from synthgen.training.collapse import auc
from synthgen.training.penalties import squared_gradients

FREQUENCIES = (0.25, 0.5, 1.0)
"""At which numeric columns enter as sines and cosines: those of the default discriminator."""
MIN_RATE = 0.05
"""Learning rate at the end, as a share of the first."""
HELD_SHARE = 0.25
"""Of the rows, which the auditor is tested on and does not learn from."""
MAX_TESTED = 4_096


@dataclass(frozen=True)
class AuditRecipe:
    """How an auditor is trained.

    Parameters
    ----------
    n_steps : int
        Updates at most; no more than 40 passes through the training rows.
    batch_size : int
        Rows of each kind.
    hidden_dims : tuple of int
        Width of each residual block.
    learning_rate : float
        Adam's at the start; it falls along a cosine.
    r1_weight : float
        Gamma of the squared gradient on real rows; every fourth update, four times as heavy.
    """

    n_steps: int = 400
    batch_size: int = 128
    hidden_dims: tuple[int, ...] = (128, 128)
    learning_rate: float = 2e-3
    r1_weight: float = 0.1


_PASSES = 40
_PENALTY_EVERY = 4


def audit(
    fake: np.ndarray,
    training: np.ndarray,
    validation: np.ndarray,
    layout: MatrixLayout,
    seed: int,
    recipe: AuditRecipe | None = None,
) -> dict[str, float]:
    """How well a fresh discriminator learns to tell a frozen generator's rows from real ones.

    Parameters
    ----------
    fake : ndarray of float32, shape (M, F)
        Hard rows of the generator, M >= 4. A quarter of them is only tested on.
    training, validation : ndarray of float32, shapes (N, F) and (V, F)
        What the generator learnt from, N >= 4, and what it never saw. With V = 0 a quarter of the training rows is
        kept from the auditor and stands for them: a generator that copies looks better then than it is.
    layout : MatrixLayout
        What the F columns are.
    seed : int
        For weights, batches and the choice of rows.
    recipe : AuditRecipe, optional
        None: the default, some seconds of one core for 160 columns.

    Returns
    -------
    dict of str to float
        ``auditor_auc``
            In [0, 1]: the chance that the auditor scores a real row that it has not learnt from above such a fake
            row; 0.5: nothing to be seen.
        ``auditor_auc_train``
            The same of the rows that it has learnt from.

    Raises
    ------
    DataError
        With fewer than four rows of a kind.

    Notes
    -----
    The loss is the binary cross-entropy of [1]_, whose best discriminator gives the density ratio, with the gradient
    penalty R1 of [2]_. A generator's own discriminator may have forgotten faults that it punished before, or lag
    behind; a fresh one starts without a past.

    References
    ----------
    .. [1] I. Goodfellow et al., "Generative adversarial nets", NeurIPS 2014, equation 2.
    .. [2] L. Mescheder, A. Geiger, S. Nowozin, "Which training methods for GANs do actually converge?", ICML 2018.
    """
    recipe = recipe or AuditRecipe()
    for rows, name in ((fake, "fake"), (training, "training")):
        if len(rows) < 4:
            raise DataError(f"An audit needs at least 4 {name} rows. Got {len(rows)}; draw or give more.")
    shuffled = training[stream(seed, "audit rows").permutation(len(training))]
    seen, held = _parted(shuffled) if not len(validation) else (shuffled, validation)
    fake_seen, fake_held = _parted(fake)
    auditor = _trained(seen, fake_seen, layout, seed, recipe)
    return {
        "auditor_auc": auc(_scores(auditor, held), _scores(auditor, fake_held)),
        "auditor_auc_train": auc(_scores(auditor, seen), _scores(auditor, fake_seen)),
    }


def _parted(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n_held = max(1, int(HELD_SHARE * len(rows)))
    return rows[n_held:], rows[:n_held]


def _trained(
    real: np.ndarray, fake: np.ndarray, layout: MatrixLayout, seed: int, recipe: AuditRecipe
) -> Discriminator:
    """A discriminator after all its updates."""
    auditor = Discriminator(layout, recipe.hidden_dims, 1, FREQUENCIES)
    initialise(auditor, torch_stream(seed, "auditor"))
    optimizer = torch.optim.Adam(auditor.parameters(), recipe.learning_rate, betas=(0.9, 0.99))
    batches = [
        Batches(torch.from_numpy(np.ascontiguousarray(rows)), recipe.batch_size, derived_seed(seed, name))
        for rows, name in ((real, "audit real"), (fake, "audit fake"))
    ]
    n_steps = min(recipe.n_steps, max(1, _PASSES * len(real) // recipe.batch_size))
    for step in range(n_steps):
        for group in optimizer.param_groups:
            fall = 0.5 * (1 + math.cos(math.pi * step / n_steps))
            group["lr"] = recipe.learning_rate * (MIN_RATE + (1 - MIN_RATE) * fall)
        _update(auditor, optimizer, batches[0].rows(), batches[1].rows(), step, recipe.r1_weight)
    return auditor


def _update(
    auditor: Discriminator,
    optimizer: torch.optim.Optimizer,
    real: torch.Tensor,
    fake: torch.Tensor,
    step: int,
    r1_weight: float,
) -> None:
    penalise = r1_weight > 0 and step % _PENALTY_EVERY == 0
    real.requires_grad_(penalise)
    score_real = auditor(real)
    loss = softplus(-score_real).mean() + softplus(auditor(fake)).mean()
    if penalise:
        loss = loss + _PENALTY_EVERY * r1_weight / 2 * squared_gradients(score_real, real).mean()
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


@torch.no_grad()
def _scores(auditor: Discriminator, rows: np.ndarray) -> np.ndarray:
    scores: np.ndarray = auditor(torch.from_numpy(np.ascontiguousarray(rows[:MAX_TESTED]))).numpy()
    return scores
