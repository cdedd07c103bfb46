"""The training of a GAN: both players step, and the averaged generator that fools validation rows best is kept."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from synthgen.networks.discriminator import AbstractDiscriminator
from synthgen.networks.generator import AbstractGenerator
from synthgen.networks.goodfellow import Dropout
from synthgen.networks.output_heads import OutputHeads
from synthgen.training.batches import Batches
from synthgen.training.budget import Step
from synthgen.training.checkpoint import Stage
from synthgen.training.config import TrainingConfig
from synthgen.training.ema import update_average
from synthgen.training.evaluation import Evaluation
from synthgen.training.group import AbstractGroup, Alone
from synthgen.training.history import History
from synthgen.training.optimisers import optimiser, set_rate
from synthgen.training.row_shards import RowShards
from synthgen.training.run import run
from synthgen.training.snapshots import AbstractTraining, Stateful
from synthgen.training.steps import Players, discriminator_step, generator_step


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
    memory : dict
        What `validate` remembers from one call to the next, as JSON-able values: checkpoints hold it.
    """

    validate: Callable[[AbstractGenerator, int], float] | None = None
    watch: Callable[[AbstractGenerator, Players], dict[str, float]] | None = None
    callbacks: Sequence[Callable[[Evaluation], object]] = ()
    memory: dict[str, Any] = field(default_factory=dict)


def train(
    generator: AbstractGenerator,
    discriminator: AbstractDiscriminator,
    heads: OutputHeads,
    matrix: Tensor | RowShards,
    cond_columns: list[int],
    config: TrainingConfig,
    *,
    seed: int,
    observers: Observers,
    verbose: int,
    checkpoints: Stage | None = None,
    group: AbstractGroup | None = None,
) -> tuple[AbstractGenerator, History]:
    """Train both networks and return the averaged generator that did best.

    Parameters
    ----------
    generator, discriminator, heads
        The networks, on the matrix's device; changed in place.
    matrix : Tensor of shape (N, F), or RowShards
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
    checkpoints : Stage, optional
        Where the state is written now and then, and taken up from.
    group : AbstractGroup, optional
        The processes that train together, each of which calls this. None: this one alone.

    Returns
    -------
    generator : AbstractGenerator
        Average of the weights, at the latest score that is as good as the best.
    history : History
        What happened.

    Raises
    ------
    TrainingError
        If a loss is not finite before anything was learnt.
    """
    group = group or Alone()
    players = _players(generator, discriminator, heads, cond_columns, config, matrix.device)
    own_size = group.own_share(config.batch_size, discriminator.pac)
    training = GanTraining(players, Batches(matrix, own_size, seed, config.batch_size), config, observers)
    run(group.joined(training), checkpoints, verbose, group)
    return training.best, training.history


class GanTraining(AbstractTraining):
    """Two players, the average of the generator's weights, and the best average so far.

    Parameters
    ----------
    players : Players
        At their start.
    batches : Batches
        Rows and noise.
    config : TrainingConfig
        The recipe; callbacks may change it.
    observers : Observers
        Who looks on.
    """

    remedies = "Lower `learning_rate` or raise `r1_weight`."

    def __init__(
        self, players: Players, batches: Batches, config: TrainingConfig, observers: Observers
    ) -> None:
        self.players, self.batches, self.config, self.observers = players, batches, config, observers
        self.average = copy.deepcopy(players.generator).requires_grad_(False)
        self.best = copy.deepcopy(self.average)
        self.best_score, self.since_best = math.inf, 0
        self.history = History()
        self.max_steps, self.max_time = config.max_steps, config.max_time

    @property
    def validate_every(self) -> int:
        """As the recipe has it now. See the base class."""
        return self.config.validate_every

    def step(self, step: Step, rate: float) -> dict[str, Tensor]:
        """`n_critic` updates of the discriminator, one of the generator, one of its average. See the base class."""
        players, config = self.players, self.config
        set_rate(players.generator_optimizer, rate * config.learning_rate, config, step.progress)
        set_rate(
            players.discriminator_optimizer, rate * config.discriminator_learning_rate, config, step.progress
        )
        seen = _update(players, self.batches, config, step.number)
        update_average(self.average, players.generator, step.number, config.ema_decay)
        return seen

    def evaluate(self, step: Step, losses: dict[str, float], seconds: float) -> str:
        """Score the average, measure it, show it to the callbacks, keep it if none was better. See the base class."""
        observers, average, number = self.observers, self.average, step.number
        score = math.nan if observers.validate is None else observers.validate(average, number)
        measures = {} if observers.watch is None else observers.watch(average, self.players)
        found = Evaluation(number, seconds, losses, score, measures, average, self.players, self.config)
        for callback in observers.callbacks:
            callback(found)
        found.check_changes(self.config)
        self.history.keep(number, found.score, found.measures)
        self.since_best += 1
        if observers.validate is None or found.score <= self.best_score + self.config.tolerance:
            self.best.load_state_dict(average.state_dict())
            self.since_best, self.history.kept = 0, number
        self.best_score = min(self.best_score, found.score)
        self.history.config = self.config = found.config
        if self.config.patience is not None and self.since_best >= self.config.patience:
            found.stop(f"no better score on validation rows for {self.since_best} checks")
        return found.stop_reason

    def stateful(self) -> Stateful:
        """Networks, optimisers and streams. See the base class."""
        players = self.players
        dropouts = [m for m in players.discriminator.modules() if isinstance(m, Dropout)]
        return Stateful(
            {
                "generator": players.generator,
                "discriminator": players.discriminator,
                "average": self.average,
                "best": self.best,
            },
            {"generator": players.generator_optimizer, "discriminator": players.discriminator_optimizer},
            {"batches": self.batches.generator} | {f"dropout {i}": m.rng for i, m in enumerate(dropouts)},
        )

    def numbers(self) -> dict[str, Any]:
        """How good the best is, the recipe as it is now, and what the validator remembers. See the base class."""
        return {
            "best_score": np.array(self.best_score),
            "since_best": self.since_best,
            "kept": self.history.kept,
            "drawn": self.batches.drawn,
            "config": asdict(self.config),
            "memory": dict(self.observers.memory),
        }

    def set_numbers(self, numbers: Mapping[str, Any]) -> None:
        """Put them back. See the base class."""
        self.best_score, self.since_best = float(numbers["best_score"]), numbers["since_best"]
        self.history.kept, self.batches.drawn = numbers["kept"], numbers["drawn"]
        self.history.config = self.config = TrainingConfig(**numbers["config"])
        self.observers.memory.clear()
        self.observers.memory.update(numbers["memory"])


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
