"""A GAN on the common scores of a wide table: it starts as the linear model, and must beat it to be kept."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from synthgen.layout import MatrixLayout
from synthgen.models.condition_table import ConditionTable
from synthgen.models.covariate_table import covariate_table
from synthgen.models.fit_run import FitRun
from synthgen.models.gan_model import GanModel
from synthgen.models.gaussian_model import GaussianModel, fit_regression
from synthgen.models.matrix_model import AbstractMatrixModel
from synthgen.models.score_contest import Contest, hold_contest
from synthgen.networks.blocks import initialise
from synthgen.networks.build import NetworkPlan, build_discriminator
from synthgen.networks.generator import AbstractGenerator
from synthgen.networks.linear_start import LinearStartGenerator
from synthgen.networks.output_heads import OutputHeads
from synthgen.rng import derived_seed, stream, torch_stream
from synthgen.training.config import TrainingConfig
from synthgen.training.evaluation import Evaluation
from synthgen.training.history import History
from synthgen.training.loop import Observers, train

MIN_GAN_ROWS = 150
"""With fewer rows only the linear model is fitted, unless the GAN is asked for."""
VALIDATION_SHARE = 0.25
FIRST_CONTEST = 600
"""Steps before the first contest: earlier ones have little to show, and a gain may be luck."""
_ADJUSTMENT_BLOCKS = 8


class ScoreGanModel(GanModel):
    """A trained linear-start generator."""

    generator: LinearStartGenerator

    def raw(self, z: Tensor, cond: Tensor) -> Tensor:
        """Raw outputs: the generator adjusts its numbers itself. See the base class."""
        raw: Tensor = self.generator(z, cond)
        return raw

    def to_state(self) -> dict[str, Any]:
        """Weights and conditions. See the base class."""
        return {
            "generator": {k: v.cpu().numpy() for k, v in self.generator.state_dict().items()},
            "conditions": vars(self.conditions),
            "cond_columns": self.cond_columns,
            "hidden_dims": self.generator.hidden_dims,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], layout: MatrixLayout, device: str) -> Self:
        """From `to_state`'s data."""
        weights = {k: torch.from_numpy(v) for k, v in state["generator"].items()}
        generator = LinearStartGenerator(
            weights["means"],
            weights["root"],
            weights["cond_columns"],
            weights["numeric_columns"],
            state["hidden_dims"],
        )
        generator.load_state_dict(weights)
        return cls(generator, layout, state["cond_columns"], ConditionTable(**state["conditions"]), device)


@dataclass(frozen=True)
class ScoreFit:
    """What the contest between the linear model and the GAN gave.

    Parameters
    ----------
    model : AbstractMatrixModel
        The winner, fitted to all rows.
    history : History
        Of the GAN's training, the contest's if it lost; empty if it was not trained.
    contest : Contest or None
        None: there was none.
    """

    model: AbstractMatrixModel
    history: History
    contest: Contest | None


@dataclass(frozen=True)
class ScoreRecipe:
    """How the GAN on the scores is trained.

    Parameters
    ----------
    config : TrainingConfig
        The recipe.
    plan : NetworkPlan
        Of both networks.
    device : str
        Where.
    verbose : int
        0: no progress bar.
    callbacks : tuple of callable
        Called at every evaluation.
    run : FitRun
        Where the state of each training is written, and who trains.
    """

    config: TrainingConfig
    plan: NetworkPlan
    device: str
    verbose: int
    callbacks: tuple[Callable[[Evaluation], object], ...] = ()
    run: FitRun = field(default_factory=FitRun)


def fit_scores(
    matrix: np.ndarray,
    layout: MatrixLayout,
    cond_columns: list[int],
    choice: str,
    recipe: ScoreRecipe,
    seed: int,
) -> ScoreFit:
    """Fit the linear model, and the GAN that starts from it where there are rows enough; keep the better one.

    Parameters
    ----------
    matrix : ndarray of float32, shape (N, F)
        Encoded rows: one-hot covariates, numeric covariates and scores.
    layout : MatrixLayout
        What the columns are.
    cond_columns : list of int
        All one-hot columns.
    choice : {"auto", "gan", "linear"}
        Which to keep. "auto": the GAN if it beats the linear model on validation rows.
    recipe : ScoreRecipe
        For the GAN.
    seed : int
        Of everything.

    Returns
    -------
    ScoreFit
        The model and how it was chosen.
    """
    conditions = covariate_table(matrix, layout, cond_columns, derived_seed(seed, "covariates"))
    linear = GaussianModel.fit(matrix, layout, cond_columns, conditions)
    if choice == "linear" or (choice == "auto" and len(matrix) < MIN_GAN_ROWS) or not layout.numeric:
        reason = "asked for" if choice == "linear" else f"fewer than {MIN_GAN_ROWS} rows"
        return ScoreFit(linear, History(stopped=f"the linear model alone: {reason}"), None)
    if choice == "gan":
        alone = Observers(callbacks=recipe.callbacks)
        return ScoreFit(*_train(matrix, linear, recipe, seed, alone, "scores"), None)
    if recipe.config.max_time is not None:  # half for the contest, half for the winner
        recipe = replace(recipe, config=replace(recipe.config, max_time=recipe.config.max_time / 2))
    order = stream(seed, "contest rows").permutation(len(matrix))
    n_validation = int(VALIDATION_SHARE * len(matrix))
    validation, training = matrix[order[:n_validation]], matrix[order[n_validation:]]
    contest, history = _contest(training, validation, layout, cond_columns, recipe, seed)
    if contest.winner == "linear" or not history.is_whole:
        history.kept = 0
        return ScoreFit(linear, history, contest)
    as_long = replace(recipe, config=replace(recipe.config, max_steps=contest.step))
    alone = Observers(callbacks=recipe.callbacks)
    return ScoreFit(*_train(matrix, linear, as_long, seed, alone, "scores"), contest)


def _contest(
    training: np.ndarray,
    validation: np.ndarray,
    layout: MatrixLayout,
    cond_columns: list[int],
    recipe: ScoreRecipe,
    seed: int,
) -> tuple[Contest, History]:
    """Train the GAN without the validation rows; the best of its contests with the linear model."""
    linear = GaussianModel.fit(training, layout, cond_columns)
    held: dict[str, Any] = {}

    def hold(generator: AbstractGenerator, step: int) -> Contest:
        """The generator as it is now against the linear model."""
        rival = ScoreGanModel(
            copy.deepcopy(generator), layout, cond_columns, linear.conditions, recipe.device
        )
        _adjust(rival, linear, derived_seed(seed, "adjustment"))
        contest = hold_contest(linear, rival, validation, step, derived_seed(seed, "contest"))
        held[str(step)] = contest.to_state()
        return contest

    def validate(generator: AbstractGenerator, step: int) -> float:
        """Minus the gain; lower is better."""
        is_early = step < min(FIRST_CONTEST, recipe.config.max_steps)
        return math.inf if is_early else -hold(generator, step).gain

    observers = Observers(validate, callbacks=recipe.callbacks, memory=held)
    model, history = _train(training, linear, recipe, derived_seed(seed, "contest"), observers, "contest")
    if not held:  # time ran out before the first contest
        hold(model.generator, len(history.steps["g_loss"]))
    history.validation.clear()  # the contest tells more
    return _earliest_of_the_best([Contest.from_state(state) for state in held.values()]), history


def _earliest_of_the_best(contests: list[Contest]) -> Contest:
    """The best; of several that were won, the first within its standard error: more steps cost memory of the rows."""
    best = max(contests, key=lambda c: c.gain)
    as_good = [c for c in contests if c.winner == best.winner and c.gain >= best.gain - best.standard_error]
    return as_good[0]


def _train(
    matrix: np.ndarray,
    linear: GaussianModel,
    recipe: ScoreRecipe,
    seed: int,
    observers: Observers,
    stage: str,
) -> tuple[ScoreGanModel, History]:
    """Train the generator from the linear model on, and adjust its spread."""
    layout, device = linear.layout, recipe.device
    generator = LinearStartGenerator(
        torch.from_numpy(linear.regression.means),
        torch.from_numpy(linear.regression.root),
        torch.tensor(linear.cond_columns, dtype=torch.long),
        torch.tensor([b.start for b in layout.numeric], dtype=torch.long),
        recipe.plan.generator_dims,
    )
    initialise(generator, torch_stream(seed, "generator"))
    generator.start_at_zero()
    own_train = train if recipe.run.team is None else recipe.run.team.train
    trained, history = own_train(
        generator.to(device),
        build_discriminator(recipe.plan, layout, (), device, seed),
        OutputHeads(layout).to(device),
        torch.from_numpy(matrix).to(device),
        linear.cond_columns,
        recipe.config,
        seed=seed,
        observers=observers,
        verbose=recipe.verbose,
        checkpoints=recipe.run.stage(stage),
    )
    model = ScoreGanModel(trained, layout, linear.cond_columns, linear.conditions, device)
    _adjust(model, linear, derived_seed(seed, "adjustment"))
    return model, history


def _adjust(model: ScoreGanModel, linear: GaussianModel, seed: int) -> None:
    """Give the generator's numbers the linear model's means and covariance within conditions."""
    rows = np.concatenate([model.generate_block(seed, b) for b in range(_ADJUSTMENT_BLOCKS)])
    numbers = rows[:, [b.start for b in linear.layout.numeric]]
    own = fit_regression(numbers, rows[:, linear.cond_columns])
    moved = _transport(own.covariance, linear.regression.covariance)
    model.generator.set_adjustment(torch.from_numpy(own.means).float(), torch.from_numpy(moved).float())


def _transport(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The symmetric map between normal distributions that moves least: A source A = target."""
    root = _power(source, 0.5)
    inverse = _power(source, -0.5)
    return np.asarray(inverse @ _power(root @ target @ root, 0.5) @ inverse)


def _power(matrix: np.ndarray, exponent: float) -> np.ndarray:
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return np.asarray((vectors * np.maximum(values, 1e-9) ** exponent) @ vectors.T)
