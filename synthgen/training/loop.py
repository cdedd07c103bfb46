"""Steps until the budget is spent or validation rows stop being fooled better."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from tqdm import tqdm

from synthgen.exceptions import TrainingError
from synthgen.networks.discriminator import Discriminator
from synthgen.networks.generator import AbstractGenerator
from synthgen.networks.output_heads import OutputHeads
from synthgen.training.batches import Batches
from synthgen.training.config import TrainingConfig
from synthgen.training.ema import update_average
from synthgen.training.history import History
from synthgen.training.steps import Players, discriminator_step, generator_step

FINAL_RATE = 0.05
"""Learning rate at the end, as a share of the first."""
WARM_UP = 50
"""Steps over which the learning rate rises from 0."""
_FLUSH_EVERY = 50


def train(
    generator: AbstractGenerator,
    discriminator: Discriminator,
    heads: OutputHeads,
    matrix: Tensor,
    cond_columns: list[int],
    config: TrainingConfig,
    *,
    seed: int,
    validate: Callable[[AbstractGenerator, int], float] | None,
    verbose: int,
) -> tuple[AbstractGenerator, History]:
    """Train both networks and return the averaged generator that did best.

    Parameters
    ----------
    generator, discriminator, heads
        The networks, on the matrix's device; changed in place.
    matrix : Tensor, shape (N, F)
        The training rows.
    cond_columns : list of int
        Matrix columns that are given to the generator.
    config : TrainingConfig
        The recipe.
    seed : int
        For batches and noise.
    validate : callable or None
        Averaged generator, steps done -> score on validation rows, lower is better. None: the last average is kept.
    verbose : int
        0: no progress bar.

    Returns
    -------
    generator : AbstractGenerator
        Average of the weights, at the latest score that is as good as the best.
    history : History
        What happened.

    Raises
    ------
    TrainingError
        If a loss is no longer finite.
    """
    average = copy.deepcopy(generator).requires_grad_(False)
    best, best_score, since_best = average, math.inf, 0
    players = _players(generator, discriminator, heads, cond_columns, config, matrix.device)
    batches = Batches(matrix, config.batch_size, seed)
    history = History()
    for step in _steps(config, history, verbose):
        _set_rate(players, config, step.progress)
        seen = _update(players, batches, config, step.number)
        update_average(average, generator, step.number, config.ema_decay)
        history.record(seen)
        is_checked = step.number % config.validate_every == 0 or step.is_last
        if step.number % _FLUSH_EVERY == 0 or is_checked:
            _check_finite(history.flush(), step.number, config)
        if validate is not None and is_checked:
            score = validate(average, step.number)
            history.validation.append((step.number, score))
            since_best += 1
            if score <= best_score + config.tolerance:
                best, since_best = copy.deepcopy(average), 0
            best_score = min(best_score, score)
            if config.patience is not None and since_best >= config.patience:
                history.stopped = f"no better score on validation rows for {since_best} checks"
                break
    return (average if validate is None else best), history


class _Step:
    """Where the loop stands."""

    def __init__(self, number: int, progress: float, is_last: bool) -> None:
        self.number = number
        self.progress = progress
        self.is_last = is_last


def _steps(config: TrainingConfig, history: History, verbose: int) -> Iterator[_Step]:
    """Number the steps from 1 until steps or time run out, with a progress bar."""
    start = time.monotonic()
    longest = 0.0
    with tqdm(total=config.max_steps, desc="fit", unit="step", disable=None if verbose else True) as bar:
        for number in range(1, config.max_steps + 1):
            elapsed = time.monotonic() - start
            spent = 0.0 if config.max_time is None else (elapsed + longest) / config.max_time
            is_last = number == config.max_steps or spent >= 1
            yield _Step(number, min(1.0, max(number / config.max_steps, spent)), is_last)
            longest = max(longest, time.monotonic() - start - elapsed)
            bar.update()
            if is_last:
                history.stopped = "all steps done" if number == config.max_steps else "max_time is spent"
                return


def _players(
    generator: AbstractGenerator,
    discriminator: Discriminator,
    heads: OutputHeads,
    cond_columns: list[int],
    config: TrainingConfig,
    device: torch.device,
) -> Players:
    betas = (config.beta1, config.beta2)
    g_optimizer = torch.optim.Adam(generator.parameters(), config.learning_rate, betas=betas, fused=True)
    d_optimizer = torch.optim.Adam(discriminator.parameters(), config.learning_rate, betas=betas, fused=True)
    cond = torch.tensor(cond_columns, dtype=torch.long, device=device)
    return Players(generator, discriminator, heads, g_optimizer, d_optimizer, cond)


def _update(players: Players, batches: Batches, config: TrainingConfig, number: int) -> dict[str, Tensor]:
    """`n_critic` updates of the discriminator and one of the generator."""
    seen: dict[str, Tensor] = {}
    nothing = batches.matrix.new_full((), math.nan)
    for i in range(config.n_critic):
        count = (number - 1) * config.n_critic + i
        penalise = count % config.penalty_every == 0
        with torch.autocast(
            batches.matrix.device.type, torch.bfloat16, enabled=config.bfloat16 and not penalise
        ):
            seen |= discriminator_step(players, batches, config, penalise=penalise)
    with torch.autocast(batches.matrix.device.type, torch.bfloat16, enabled=config.bfloat16):
        seen |= generator_step(players, batches, config)
    return {"r1": nothing, "r2": nothing, "gradient_penalty": nothing} | seen


def _set_rate(players: Players, config: TrainingConfig, progress: float) -> None:
    cosine = FINAL_RATE + (1 - FINAL_RATE) * 0.5 * (1 + math.cos(math.pi * progress))
    fall = 1.0 if config.is_steady else cosine
    warm = min(1.0, progress * config.max_steps / WARM_UP)
    for optimizer in (players.generator_optimizer, players.discriminator_optimizer):
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * fall * warm


def _check_finite(last: dict[str, float], step: int, config: TrainingConfig) -> None:
    for name in ("d_loss", "g_loss"):
        if not math.isfinite(last[name]):
            raise TrainingError(
                f"Training diverged at step {step}: {name} is {last[name]}. "
                f"Lower `learning_rate` (now {config.learning_rate:g}) or raise `r1_weight`."
            )
