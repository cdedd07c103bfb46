"""A GAN fitted to a matrix of all columns: rows split, networks built, trained, calibrated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from synthgen.layout import MatrixLayout
from synthgen.models.calibrated import calibrate
from synthgen.models.condition_table import condition_table
from synthgen.models.fit_run import FitRun
from synthgen.models.gan_model import GanModel
from synthgen.models.gan_record import GanRecord
from synthgen.models.recipe import network_plan, table_config
from synthgen.models.validator import validator
from synthgen.models.watcher import MAX_CELLS, watcher
from synthgen.networks.build import NetworkPlan, build_discriminator, build_generator
from synthgen.networks.generator import AbstractGenerator
from synthgen.networks.output_heads import OutputHeads
from synthgen.rng import ROWS_PER_BLOCK, derived_seed, stream
from synthgen.training.alarms import FEW_STEPS, Alarm, training_alarms
from synthgen.training.audit import audit
from synthgen.training.config import TrainingConfig
from synthgen.training.evaluation import Evaluation
from synthgen.training.history import History
from synthgen.training.interruption import interruptible
from synthgen.training.loop import Observers, train

MIN_VALIDATION_ROWS = 200
"""Fewer validation rows than this judge nothing: then none are held out."""
MAX_VALIDATION_ROWS = 4000
AUDIT_STEPS = 2000
"""Fewer steps of training than this are not worth an auditor's seconds."""
AUDIT_BLOCKS = 8


@dataclass(frozen=True)
class GanFit:
    """What a training gave.

    Parameters
    ----------
    model : GanModel
        The averaged generator that did best.
    record : GanRecord
        What happened.
    """

    model: GanModel
    record: GanRecord


def fit_gan(
    matrix: np.ndarray,
    layout: MatrixLayout,
    cond_columns: list[int],
    parameters: Mapping[str, Any],
    device: str,
    seed: int,
    callbacks: Sequence[Callable[[Evaluation], object]],
    run: FitRun | None = None,
) -> GanFit:
    """Train on the rows of a matrix.

    Parameters
    ----------
    matrix : ndarray of float32, shape (N, F)
        Encoded rows; of a fit from files a sample, from which everything but the training rows is taken.
    layout : MatrixLayout
        What the columns are.
    cond_columns : list of int
        Matrix columns that are given to the generator.
    parameters : mapping
        SynthGAN's parameters by name, a preset's filled in.
    device : str
        Where.
    seed : int
        Of everything.
    callbacks : sequence of callable
        Called at every evaluation.
    run : FitRun, optional
        Where the state of the training is written, and who trains.

    Returns
    -------
    GanFit
        The model and how it was trained.
    """
    run, plan = run or FitRun(), network_plan(parameters)
    training, validation = split_rows(matrix, parameters["validation_fraction"], seed)
    config = table_config(parameters, run.n_rows(matrix), len(validation), device)
    conditions = condition_table(matrix, layout, cond_columns)

    def model_of(generator: AbstractGenerator) -> GanModel:
        return GanModel(generator, layout, cond_columns, conditions, device, config.noise_prior)

    rows = torch.from_numpy(training).to(device)
    observers = Observers(
        validator(validation, layout, model_of, seed) if len(validation) else None,
        watcher(training, validation, layout, model_of, seed) if parameters["watch"] else None,
        callbacks,
    )
    own_train = train if run.team is None else run.team.train
    generator, history = own_train(
        build_generator(plan, layout, len(cond_columns), rows.mean(0).cpu(), seed).to(device),
        build_discriminator(plan, layout, cond_columns, device, seed),
        OutputHeads(layout).to(device),
        rows if run.shards is None else run.shards.to(device),
        cond_columns,
        config,
        seed=seed,
        observers=observers,
        verbose=parameters["verbose"],
        checkpoints=run.stage("gan"),
    )
    model = model_of(generator)
    with interruptible() as interruption:  # what was learnt is not lost any more
        if parameters["calibrate"]:
            calibrate(model, rows, derived_seed(seed, "calibration"))
        alarms: tuple[Alarm, ...] = ()
        if parameters["watch"] and history.is_whole and not interruption.asked:
            n_training = len(training) if run.shards is None else len(run.shards)
            alarms = _alarms(model, history, training, validation, config, plan, n_training, seed)
    if interruption.asked:
        history.interrupted = True
        history.stopped = "interrupted (Ctrl-C) after training"
    return GanFit(model, GanRecord(history, alarms))


def _alarms(
    model: GanModel,
    history: History,
    training: np.ndarray,
    validation: np.ndarray,
    config: TrainingConfig,
    plan: NetworkPlan,
    n_training: int,
    seed: int,
) -> tuple[Alarm, ...]:
    """What is wrong with the weights that were kept; a trial of few steps is not judged."""
    n_steps = len(history.steps["g_loss"])
    if n_steps < FEW_STEPS:
        return ()
    if n_steps >= AUDIT_STEPS:
        history.watched[history.kept] |= _audit(model, training, validation, seed)
    raised = training_alarms(
        history.watched,
        history.kept,
        history.config or config,
        n_rows=n_training,
        pac=plan.pac,
        narrow_latent=plan.latent_dim if plan.latent_dim < len(model.layout.blocks) else None,
    )
    return tuple(raised)


def _audit(model: GanModel, training: np.ndarray, validation: np.ndarray, seed: int) -> dict[str, float]:
    """How well a discriminator that starts afresh tells the finished model's rows."""
    own_seed = derived_seed(seed, "audit")
    n_blocks = int(np.clip(MAX_CELLS // (model.layout.width * ROWS_PER_BLOCK), 1, AUDIT_BLOCKS))
    fake = np.concatenate([model.generate_block(own_seed, b) for b in range(n_blocks)])
    return audit(fake, training, validation, model.layout, own_seed)


def split_rows(matrix: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Training and validation rows.

    Parameters
    ----------
    matrix : ndarray, shape (N, F)
        All rows.
    fraction : float
        Share held out, in [0, 0.5]: at most `MAX_VALIDATION_ROWS`, and none where it would be fewer than
        `MIN_VALIDATION_ROWS`.
    seed : int
        Of the choice.

    Returns
    -------
    training, validation : ndarray
        Disjoint; together all rows.
    """
    held_out = held_out_rows(len(matrix), fraction, seed)
    if not len(held_out):
        return matrix, matrix[:0]
    order = stream(seed, "validation split").permutation(len(matrix))
    return matrix[order[len(held_out) :]], matrix[held_out]


def held_out_rows(n_rows: int, fraction: float, seed: int) -> np.ndarray:
    """Which rows are the validation rows.

    Parameters
    ----------
    n_rows, fraction, seed
        Rows of the matrix, and as for `split_rows`.

    Returns
    -------
    ndarray of int, shape (V,)
        Their places, in random order; none where they would be too few.
    """
    n_validation = min(int(fraction * n_rows), MAX_VALIDATION_ROWS)
    if n_validation < MIN_VALIDATION_ROWS:
        return np.zeros(0, dtype=np.int64)
    return stream(seed, "validation split").permutation(n_rows)[:n_validation]
