"""How long trainings take: a few of their steps, evaluations and rounds, tried on some rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from synthgen.models.calibrated import calibrate
from synthgen.models.condition_table import condition_table
from synthgen.models.estimate_time import Rehearsal, Times, seconds, seconds_a_step, seconds_of_all
from synthgen.models.gan_fit import AUDIT_BLOCKS, AUDIT_STEPS, MAX_VALIDATION_ROWS, MIN_VALIDATION_ROWS
from synthgen.models.gan_model import GanModel
from synthgen.models.recipe import SCORE_CHECK_EVERY, network_plan, table_config
from synthgen.models.score_gan import FIRST_CONTEST, MIN_GAN_ROWS, ScoreRecipe, fit_scores
from synthgen.models.validation_score import compact, detection_auc
from synthgen.models.watcher import BLOCKS, MAX_CELLS
from synthgen.networks.build import build_discriminator, build_generator
from synthgen.networks.output_heads import OutputHeads
from synthgen.rng import ROWS_PER_BLOCK
from synthgen.training.audit import AuditRecipe, audit
from synthgen.training.collapse import Watch
from synthgen.training.config import TrainingConfig
from synthgen.training.elbo import Vae
from synthgen.training.loop import Observers, train
from synthgen.training.vae import VaeConfig, held_out_loss, train_vae

CALIBRATED = (4_000, 12_000)
"""Rows that calibration is tried on."""
AUDITED = (8, 32)
"""Steps of the auditor that are tried."""


def n_validation_rows(n_rows: int, fraction: float) -> int:
    """Rows that `gan_fit.split_rows` holds out."""
    n = min(int(fraction * n_rows), MAX_VALIDATION_ROWS)
    return n if n >= MIN_VALIDATION_ROWS else 0


def gan_config(given: Mapping[str, Any], n_rows: int, device: str) -> TrainingConfig:
    """The recipe of a GAN on all columns of so many rows."""
    return table_config(given, n_rows, n_validation_rows(n_rows, given["validation_fraction"]), device)


def gan_seconds(
    rehearsal: Rehearsal, cond_columns: list[int], given: Mapping[str, Any], device: str
) -> tuple[Times, GanModel]:
    """Seconds of training a GAN on all columns, by part, and an untrained model.

    Parameters
    ----------
    rehearsal : Rehearsal
        Some rows.
    cond_columns : list of int
        Matrix columns that are conditions.
    given : mapping
        SynthGAN's parameters, a preset's filled in.
    device : str
        Where.

    Returns
    -------
    times : Times
        Steps, evaluations, calibration and audit; those that there are.
    model : GanModel
        With the networks' real sizes.
    """
    config, layout, seed = (
        gan_config(given, rehearsal.n_rows, device),
        rehearsal.encoder.layout_,
        rehearsal.seed,
    )
    plan, heads = network_plan(given), OutputHeads(layout).to(device)
    rows = torch.from_numpy(rehearsal.matrix).to(device)

    def generator() -> Any:
        return build_generator(plan, layout, len(cond_columns), rows.mean(0).cpu(), seed).to(device)

    def steps(n: int) -> object:
        discriminator = build_discriminator(plan, layout, cond_columns, device, seed)
        own = replace(config, max_steps=n, max_time=None, validate_every=n, patience=None)
        return train(
            generator(),
            discriminator,
            heads,
            rows,
            cond_columns,
            own,
            seed=seed,
            observers=Observers(),
            verbose=0,
        )

    conditions = condition_table(rehearsal.matrix, layout, cond_columns)
    model = GanModel(generator(), layout, cond_columns, conditions, device, config.noise_prior)
    out = {"training steps": config.max_steps * seconds_a_step(steps)}
    n_checks = -(-config.max_steps // config.validate_every)
    out["evaluations"] = n_checks * _evaluation(rehearsal, model, given)
    if given["calibrate"]:
        out["calibration"] = calibration_seconds(rehearsal, model)
    if given["watch"] and config.max_steps >= AUDIT_STEPS:
        out["audit"] = _audit(rehearsal, model, given)
    return Times(within(out, "training steps", given["max_time"])), model


def within(parts: dict[str, float], name: str, most: float | None) -> dict[str, float]:
    """The same, with one of the parts no longer than a limit."""
    return parts if most is None else parts | {name: min(parts[name], most)}


def calibration_seconds(rehearsal: Rehearsal, model: Any) -> float:
    """Seconds of `calibrate` on all rows."""

    def piece(n: int) -> None:
        calibrate(model, torch.from_numpy(rehearsal.rows(n)).to(model.device), rehearsal.seed)

    return seconds_of_all(piece, CALIBRATED, rehearsal.n_rows)


def _evaluation(rehearsal: Rehearsal, model: GanModel, given: Mapping[str, Any]) -> float:
    """Seconds of one look at the generator: rows of good generators cost trees as much as real ones."""
    n, layout = n_validation_rows(rehearsal.n_rows, given["validation_fraction"]), rehearsal.encoder.layout_
    n_watched = int(np.clip(MAX_CELLS // (layout.width * ROWS_PER_BLOCK), 1, BLOCKS)) if given["watch"] else 0
    n_blocks = -(-n // ROWS_PER_BLOCK) + n_watched
    out = n_blocks * seconds(lambda: model.generate_block(rehearsal.seed, 0))
    if n:
        features = compact(rehearsal.rows(2 * n), layout)
        out += seconds(lambda: detection_auc(features[:n], features[n:], 0))
    if given["watch"]:
        watch = Watch.of(rehearsal.matrix, rehearsal.rows(n), layout, rehearsal.seed)
        fake = rehearsal.rows(n_watched * ROWS_PER_BLOCK)
        out += seconds(lambda: watch.measure(fake, lambda rows: rows[:, 0]))
    return out


def _audit(rehearsal: Rehearsal, model: GanModel, given: Mapping[str, Any]) -> float:
    """Seconds of the auditor."""
    layout = rehearsal.encoder.layout_
    n_blocks = int(np.clip(MAX_CELLS // (layout.width * ROWS_PER_BLOCK), 1, AUDIT_BLOCKS))
    fake = rehearsal.rows(n_blocks * ROWS_PER_BLOCK)
    held = rehearsal.rows(n_validation_rows(rehearsal.n_rows, given["validation_fraction"]))

    def piece(n: int) -> object:
        return audit(fake, rehearsal.matrix, held, layout, rehearsal.seed, AuditRecipe(n_steps=n))

    return seconds_of_all(piece, AUDITED, AuditRecipe().n_steps) + n_blocks * seconds(
        lambda: model.generate_block(rehearsal.seed, 0)
    )


def vae_seconds(
    rehearsal: Rehearsal,
    networks: Callable[[], Vae],
    config: VaeConfig,
    n_validation: int,
    model: Any,
    device: str,
) -> Times:
    """Seconds of training a variational autoencoder, by part.

    Parameters
    ----------
    rehearsal : Rehearsal
        Some rows.
    networks : callable
        New networks at each call.
    config : VaeConfig
        The recipe.
    n_validation : int
        Rows held out.
    model : VaeModel or None
        To be calibrated; None: it is not.
    device : str
        Where.

    Returns
    -------
    Times
        Steps, evaluations and calibration.
    """
    rows = torch.from_numpy(rehearsal.matrix).to(device)

    def steps(n: int) -> object:
        own = replace(config, max_steps=n, max_time=None, validate_every=n)
        return train_vae(networks(), rows, rows[:0], own, seed=rehearsal.seed, verbose=0)

    out = {"training steps": config.max_steps * seconds_a_step(steps)}
    if n_validation:
        vae, held = networks(), torch.from_numpy(rehearsal.rows(n_validation)).to(device)
        noise = torch.zeros(n_validation, vae.decoder.latent_dim, device=device)
        n_checks = -(-config.max_steps // config.validate_every)
        out["evaluations"] = n_checks * seconds(lambda: held_out_loss(vae, held, noise, config.beta))
    if model is not None:
        out["calibration"] = calibration_seconds(rehearsal, model)
    return Times(within(out, "training steps", config.max_time))


def score_seconds(rehearsal: Rehearsal, cond_columns: list[int], choice: str, recipe: ScoreRecipe) -> Times:
    """Seconds of modelling common factors, by part.

    Parameters
    ----------
    rehearsal : Rehearsal
        All rows, with the factors of some columns.
    cond_columns : list of int
        All one-hot columns.
    choice : {"auto", "gan", "linear"}
        SynthGAN's `wide_model`.
    recipe : ScoreRecipe
        For the GAN.

    Returns
    -------
    Times
        With the first two contests: then most trainings stop, and the linear model wins. More where the GAN goes on, wins, and
        is trained again on all rows.
    """
    layout, seed = rehearsal.encoder.layout_, rehearsal.seed

    def fit(which: str, n: int) -> Callable[[], object]:
        own = replace(
            recipe, verbose=0, callbacks=(), config=replace(recipe.config, max_steps=n, max_time=None)
        )
        return lambda: fit_scores(rehearsal.matrix, layout, cond_columns, which, own, seed)

    linear = seconds(fit("linear", 1))
    if choice == "linear" or (choice == "auto" and rehearsal.n_rows < MIN_GAN_ROWS) or not layout.numeric:
        return Times({"linear model": linear})
    step = seconds_a_step(lambda n: fit("gan", n)())
    config = recipe.config
    if choice == "gan":
        parts = {"linear model": linear, "training steps": config.max_steps * step}
        return Times(within(parts, "training steps", config.max_time))
    one_contest = max(seconds(fit("auto", 2)) - linear, 0.0)
    n_steps = min(config.max_steps, FIRST_CONTEST + SCORE_CHECK_EVERY)
    expected, most = _contests(n_steps), _contests(config.max_steps)
    parts = {"linear model": linear, "training steps": n_steps * step, "contests": expected * one_contest}
    more = (2 * config.max_steps - n_steps) * step + (most - expected) * one_contest
    return Times(within(parts, "training steps", config.max_time), more)


def _contests(n_steps: int) -> int:
    """Contests in so many steps."""
    return max(1, (n_steps - FIRST_CONTEST) // SCORE_CHECK_EVERY + 1)
