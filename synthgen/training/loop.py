"""Steps until the budget is spent or validation rows stop being fooled better."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from synthgen.exceptions import TrainingError
from synthgen.networks.discriminator import AbstractDiscriminator
from synthgen.networks.generator import AbstractGenerator
from synthgen.networks.output_heads import OutputHeads
from synthgen.training.batches import Batches
from synthgen.training.budget import steps_within
from synthgen.training.config import TrainingConfig
from synthgen.training.ema import update_average
from synthgen.training.evaluation import Evaluation
from synthgen.training.history import History
from synthgen.training.optimisers import optimiser, set_rate
from synthgen.training.steps import Players, discriminator_step, generator_step

_FLUSH_EVERY = 50


@dataclass(frozen=True)
class Observers:
    """Who looks at the averaged generator at every evaluation.

    Parameters
    ----------
    validate : callable or None
        Averaged generator, steps done -> score on validation rows, lower is better. None: the last average is kept.
    watch : callable or None
        Averaged generator, players -> measures by name.
    callbacks : sequence of callable
        Each is called with an `Evaluation`, in order, and may change it.
    """

    validate: Callable[[AbstractGenerator, int], float] | None = None
    watch: Callable[[AbstractGenerator, Players], dict[str, float]] | None = None
    callbacks: Sequence[Callable[[Evaluation], object]] = ()


def train(
    generator: AbstractGenerator,
    discriminator: AbstractDiscriminator,
    heads: OutputHeads,
    matrix: Tensor,
    cond_columns: list[int],
    config: TrainingConfig,
    *,
    seed: int,
    observers: Observers,
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
    observers : Observers
        Who looks on.
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
    history, start = History(), time.monotonic()
    for step in steps_within(config.max_steps, config.max_time, history, verbose):
        set_rate(players.generator_optimizer, config.learning_rate, config, step.progress)
        set_rate(players.discriminator_optimizer, config.discriminator_learning_rate, config, step.progress)
        seen = _update(players, batches, config, step.number)
        update_average(average, generator, step.number, config.ema_decay)
        history.record(seen)
        is_checked = step.number % config.validate_every == 0 or step.is_last
        if step.number % _FLUSH_EVERY == 0 or is_checked:
            losses = _check_finite(history.flush(), step.number, config)
        if not is_checked:
            continue
        found = _evaluate(observers, average, players, config, step.number, losses, time.monotonic() - start)
        history.keep(found.step, found.score, found.measures)
        since_best += 1
        if observers.validate is None or found.score <= best_score + config.tolerance:
            best, since_best = copy.deepcopy(average), 0
            history.kept = found.step
        best_score = min(best_score, found.score)
        history.config = config = found.config
        if config.patience is not None and since_best >= config.patience:
            found.stop(f"no better score on validation rows for {since_best} checks")
        if found.stop_reason:
            history.stopped = found.stop_reason
            break
    return best, history


def _evaluate(
    observers: Observers,
    average: AbstractGenerator,
    players: Players,
    config: TrainingConfig,
    step: int,
    losses: dict[str, float],
    seconds: float,
) -> Evaluation:
    """Score the averaged generator, measure it, and show it to the callbacks."""
    score = math.nan if observers.validate is None else observers.validate(average, step)
    measures = {} if observers.watch is None else observers.watch(average, players)
    found = Evaluation(step, seconds, losses, score, measures, average, players, config)
    for callback in observers.callbacks:
        callback(found)
    found.check_changes(config)
    return found


def _players(
    generator: AbstractGenerator,
    discriminator: AbstractDiscriminator,
    heads: OutputHeads,
    cond_columns: list[int],
    config: TrainingConfig,
    device: torch.device,
) -> Players:
    g_optimizer = optimiser(generator, config.learning_rate, config)
    d_optimizer = optimiser(discriminator, config.discriminator_learning_rate, config)
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


def _check_finite(last: dict[str, float], step: int, config: TrainingConfig) -> dict[str, float]:
    for name in ("d_loss", "g_loss"):
        if not math.isfinite(last[name]):
            raise TrainingError(
                f"Training diverged at step {step}: {name} is {last[name]}. "
                f"Lower `learning_rate` (now {config.learning_rate:g}) or raise `r1_weight`."
            )
    return last
