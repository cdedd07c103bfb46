"""Latent vectors of rows: a network learnt from generated pairs, then a few steps down the reconstruction error."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import log_softmax
from tqdm import tqdm

from synthgen.layout import MatrixLayout
from synthgen.models.latent_model import AbstractLatentModel, to_device
from synthgen.models.validation_score import compact
from synthgen.networks.blocks import initialise
from synthgen.networks.encoder import LatentEncoder
from synthgen.networks.output_heads import OutputHeads
from synthgen.rng import ROWS_PER_BLOCK, derived_seed, filled, torch_stream
from synthgen.training.batches import UNIFORM_REACH

HIDDEN_DIMS = (128, 128)
PAIR_BLOCKS = 32
"""Blocks of generated pairs that the network is learnt from; fewer for wide matrices, ..."""
PAIR_CELLS = 100_000_000
"""... of no more numbers than this."""
TRAINING_STEPS = 1000
BATCH_SIZE = 256
LEARNING_RATE = 2e-3
STEP_SIZE = 0.03
"""Of Adam on latent vectors."""
SIGMA = 0.1
"""How far a number may reasonably lie from its reconstruction, in normal scores (as the matrix has them: with
numeric_encoding="min-max" a share of the range, with "raw" in the column's units)."""
CERTAIN = 1e4
"""Logit of a choice that is given."""


def fit_inference(model: AbstractLatentModel, seed: int, verbose: int) -> LatentEncoder:
    """Learn from a model's own rows which latent vectors they came from.

    Parameters
    ----------
    model : AbstractLatentModel
        Gives pairs of latent vector and row.
    seed : int
        Of pairs, weights and batches.
    verbose : int
        0: no progress bar.

    Returns
    -------
    LatentEncoder
        From hard rows to the mean of the latent vectors that give such a row: least squares on the pairs.
    """
    n_blocks = int(np.clip(PAIR_CELLS // (model.layout.width * ROWS_PER_BLOCK), 2, PAIR_BLOCKS))
    own_seed = derived_seed(seed, "inference pairs")
    latent = [model.draw_latent(own_seed, b) for b in range(n_blocks)]
    rows = to_device(np.concatenate([model.rows(z) for z in latent]), model.device)
    target = to_device(np.concatenate(latent), model.device)
    encoder = LatentEncoder(model.layout.width, HIDDEN_DIMS, model.latent_dim)
    initialise(encoder, torch_stream(seed, "inference"))
    encoder.to(model.device)
    optimizer = torch.optim.Adam(encoder.parameters(), LEARNING_RATE, fused=True)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, TRAINING_STEPS)
    batches = torch_stream(seed, "inference batches", model.device)
    bar = range(TRAINING_STEPS)
    for _ in tqdm(bar, desc="encoder", unit="step", disable=None if verbose else True):
        chosen = torch.randint(len(rows), (BATCH_SIZE,), generator=batches, device=rows.device)
        loss = (encoder(rows[chosen]) - target[chosen]).square().mean()
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimizer.step()
        rate.step()
    return encoder.requires_grad_(False).eval()


def infer(
    model: AbstractLatentModel,
    encoder: LatentEncoder | None,
    rows: np.ndarray,
    steps: int,
    is_known: np.ndarray | None = None,
) -> np.ndarray:
    """The latent vectors of rows.

    Parameters
    ----------
    model : AbstractLatentModel
        The generator.
    encoder : LatentEncoder or None
        For the first guess; None: the model has one of its own.
    rows : ndarray of float32, shape (M, F)
        Matrix rows.
    steps : int
        Of Adam from the first guess on, >= 0.
    is_known : ndarray of bool, shape (F,), optional
        Which matrix columns the steps are to match; the first guess is made from all. None: all of them.

    Returns
    -------
    ndarray of float32, shape (M, Z)
        Row i is a function of row i alone.
    """
    own = model.first_guess if encoder is None else encoder.to(model.device)
    parts = [np.zeros((0, model.latent_dim), dtype=np.float32)]
    for first in range(0, len(rows), ROWS_PER_BLOCK):
        part = rows[first : first + ROWS_PER_BLOCK]
        whole = to_device(filled(part), model.device)
        with torch.no_grad():
            guess = _inside(own(whole), model.noise_prior)
        found = _descend(model, guess, whole, steps, is_known) if steps else guess
        parts.append(found.cpu().numpy()[: len(part)])
    return np.concatenate(parts)


def negative_log_posterior(
    raw: Tensor, rows: Tensor, z: Tensor, heads: OutputHeads, prior: str, known: Tensor | None = None
) -> Tensor:
    """What a latent vector should make small: minus the log likelihood of its row, minus that of the prior.

    Parameters
    ----------
    raw : Tensor, shape (B, F)
        Raw outputs for `z`.
    rows : Tensor, shape (B, F)
        The rows.
    z : Tensor, shape (B, Z)
        Latent vectors.
    heads : OutputHeads
        Of the layout.
    prior : {"normal", "uniform"}
        Of the latent vectors; a uniform one has no density outside its box, and the steps stay inside.
    known : Tensor, shape (F,), optional
        1 where a row says something, 0 where it does not. None: everywhere.

    Returns
    -------
    Tensor, shape (B,)
        Numbers are taken as normal with standard deviation `SIGMA` around their reconstructions where they count, choices
        as categorical; up to constants.
    """
    total = z.square().sum(1) / 2 if prior == "normal" else torch.zeros_like(z[:, 0])
    told = rows if known is None else rows * known
    for columns in heads.one_hot_groups():
        total = total - (told[:, columns] * log_softmax(raw[:, columns], dim=-1)).flatten(1).sum(1)
    numeric = heads.numeric
    counts = heads.counts(rows) if known is None else heads.counts(rows) * known[numeric]
    errors = (raw[:, numeric] - rows[:, numeric]).square() * counts
    return total + errors.sum(1) / (2 * SIGMA**2)


def row_errors(
    rows: np.ndarray, rebuilt: np.ndarray, layout: MatrixLayout, is_known: np.ndarray | None = None
) -> np.ndarray:
    """How badly each row is reconstructed.

    Parameters
    ----------
    rows, rebuilt : ndarray of float32, shape (M, F)
        Hard rows, and their reconstructions.
    layout : MatrixLayout
        What the columns are.
    is_known : ndarray of bool, shape (F,), optional
        Which matrix columns of `rows` say something. None: all.

    Returns
    -------
    ndarray of float64, shape (M,)
        Mean over known blocks, >= 0: 1 for a wrong choice and 0 for a right one; for numbers the squared error in normal scores
        (of variance 1), 0 where one of the two does not count: then their gates differ, or neither counts.
    """
    ours, theirs = compact(rows, layout), compact(rebuilt, layout)
    errors = np.zeros((len(rows), len(layout.blocks)))
    for i, block in enumerate(layout.blocks):
        if block.activation == "one-hot":
            errors[:, i] = ours[:, i] != theirs[:, i]
        else:
            counts = True if block.gate is None else (rows[:, block.gate] * rebuilt[:, block.gate]) > 0.5
            errors[:, i] = np.square(ours[:, i] - theirs[:, i]) * counts
    counted = [is_known is None or bool(is_known[b.start]) for b in layout.blocks]
    return errors[:, counted].mean(axis=1) if any(counted) else np.zeros(len(rows))


def _descend(
    model: AbstractLatentModel, guess: Tensor, rows: Tensor, steps: int, is_known: np.ndarray | None
) -> Tensor:
    """Adam on the latent vectors, each row for itself; the best vector of the way."""
    heads = OutputHeads(model.layout).to(rows.device)
    known = None if is_known is None else to_device(is_known, model.device)
    cond = rows[:, model.cond_columns]
    given = torch.tensor(model.cond_columns, dtype=torch.long, device=rows.device)

    def loss_of(z: Tensor) -> Tensor:
        # what a network says of its conditions is never used, nor trained
        raw = model.raw(z, cond).index_copy(1, given, (cond - 1) * CERTAIN)
        return negative_log_posterior(raw, rows, z, heads, model.noise_prior, known)

    z = guess.clone().requires_grad_()
    optimizer = torch.optim.Adam([z], STEP_SIZE)
    best, least = guess, torch.full_like(guess[:, 0], torch.inf)
    for step in range(steps + 1):
        loss = loss_of(z)
        better = (loss < least).detach()
        best = torch.where(better[:, None], z.detach(), best)
        least = torch.where(better, loss.detach(), least)
        if step == steps:
            break
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss.sum(), inputs=[z])
        optimizer.step()
        with torch.no_grad():
            z.copy_(_inside(z, model.noise_prior))
    return best


def _inside(z: Tensor, prior: str) -> Tensor:
    """Latent vectors where the prior has a density: a uniform one has none outside its box."""
    return z.clamp(-UNIFORM_REACH, UNIFORM_REACH) if prior == "uniform" else z
