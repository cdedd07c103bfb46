"""From SynthGAN's parameters to a training recipe: what depends on the loss, the rows and the road is filled in here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from synthgen.exceptions import ParameterError
from synthgen.models.validation_score import auc_noise
from synthgen.networks.build import NetworkPlan
from synthgen.training.config import TrainingConfig

Given = TypeVar("Given")

MAX_PASSES = 150
"""Passes through the rows at most, unless `max_steps` says otherwise."""
MAX_STEPS = 14_000
HIDDEN_DIMS = (128, 128, 128)
"""Narrow networks and quick steps: many cheap steps buy more than few dear ones."""
FREQUENCIES = (0.25, 0.5, 1.0)
"""At which numbers are lifted, but for linear and maxout discriminators."""
LEARNING_RATE = 2e-3
SGD_LEARNING_RATE = 0.1
CHECKS = 12
"""Scores on validation rows in one training, unless `validate_every` says otherwise."""
SCORE_HIDDEN_DIMS = (64, 64)
"""Of the GAN on common factors: narrow networks, ..."""
SCORE_LEARNING_RATE = 5e-3
"""... quick steps at a steady rate, ..."""
SCORE_BATCH_SIZE = 128
SCORE_STEPS = 1800
SCORE_CHECK_EVERY = 300
"""... held against the linear model every so many steps, until that gains nothing any more, ..."""
SCORE_INPUT_NOISE = 0.3
"""... with noise on the numbers that the discriminator sees, ..."""
SCORE_EMA_DECAY = 0.99
"""... and a short average of the weights."""
PENALTY_EVERY = 4


def table_config(
    parameters: Mapping[str, Any], n_rows: int, n_validation: int, device: str
) -> TrainingConfig:
    """The recipe for a matrix of all columns.

    Parameters
    ----------
    parameters : mapping
        SynthGAN's parameters by name, a preset's filled in.
    n_rows, n_validation : int
        Rows of the table, and those held out.
    device : str
        Where it is trained.

    Returns
    -------
    TrainingConfig
        The recipe.

    Raises
    ------
    ParameterError
        If `batch_size` is no multiple of `pac`, or there is nothing that `penalty_every` could put off.
    """
    wgan = parameters["loss"] == "wgan-gp"
    gamma = 0.0 if wgan else 0.3
    is_adam = parameters["optimizer"] == "adam"
    learning_rate = parameters["learning_rate"] or (LEARNING_RATE if is_adam else SGD_LEARNING_RATE)
    weights = {
        "r1_weight": _given(parameters["r1_weight"], gamma),
        "r2_weight": _given(parameters["r2_weight"], gamma),
        "gradient_penalty_weight": _given(parameters["gradient_penalty_weight"], 10.0 * wgan),
    }
    if (parameters["penalty_every"] or 1) > 1 and not any(weights.values()):
        raise ParameterError(
            "The `penalty_every` parameter of SynthGAN must be 1 or None where `r1_weight`, `r2_weight` and "
            f"`gradient_penalty_weight` are 0: there is no penalty. Got {parameters['penalty_every']} instead."
        )
    batch_size = parameters["batch_size"] or default_batch_size(n_rows, parameters["pac"])
    if batch_size % parameters["pac"]:
        raise ParameterError(
            f"The `batch_size` parameter of SynthGAN must be a multiple of `pac` = {parameters['pac']}. "
            f"Got {batch_size} instead."
        )
    max_steps = parameters["max_steps"] or default_steps(n_rows, batch_size)
    return TrainingConfig(
        loss=parameters["loss"],
        max_steps=max_steps,
        max_time=parameters["max_time"],
        batch_size=batch_size,
        n_critic=parameters["n_critic"],
        learning_rate=learning_rate,
        discriminator_learning_rate=parameters["discriminator_learning_rate"] or learning_rate,
        schedule="cosine" if is_adam else "sgd",
        noise_prior=parameters["noise_prior"],
        is_separate=parameters["discriminator_batches"] == "separate",
        beta1=float(parameters["betas"][0]),
        beta2=float(parameters["betas"][1]),
        ema_decay=parameters["ema_decay"],
        **weights,
        penalty_every=parameters["penalty_every"] or (1 if wgan else PENALTY_EVERY),
        tau=parameters["tau"],
        validate_every=parameters["validate_every"] or -(-max_steps // CHECKS),
        patience=parameters["patience"],
        tolerance=auc_noise(n_validation) if n_validation else 0.0,
        input_noise=0.0,
        bfloat16=parameters["precision"] == "bfloat16"
        or (parameters["precision"] == "auto" and device == "cuda"),
    )


def score_config(parameters: Mapping[str, Any], n_rows: int, device: str) -> TrainingConfig:
    """The recipe for common factors, where the generator starts as a linear model.

    Parameters
    ----------
    parameters : mapping
        SynthGAN's parameters by name.
    n_rows : int
        Rows of the table.
    device : str
        Where it is trained.

    Returns
    -------
    TrainingConfig
        The recipe.
    """
    pac = parameters["pac"]
    batch_size = parameters["batch_size"] or -(-SCORE_BATCH_SIZE // pac) * pac
    max_steps = parameters["max_steps"] or SCORE_STEPS
    learning_rate = parameters["learning_rate"] or SCORE_LEARNING_RATE
    return replace(
        table_config({**parameters, "batch_size": batch_size}, n_rows, 0, device),
        max_steps=max_steps,
        learning_rate=learning_rate,
        discriminator_learning_rate=parameters["discriminator_learning_rate"] or learning_rate,
        schedule="steady",
        noise_prior="normal",
        ema_decay=min(parameters["ema_decay"], SCORE_EMA_DECAY),
        validate_every=min(SCORE_CHECK_EVERY, max_steps),
        patience=1,
        tolerance=0.0,
        input_noise=SCORE_INPUT_NOISE,
    )


def default_batch_size(n_rows: int, pac: int) -> int:
    """64, 128 or 256 rows, more for more rows, as a multiple of `pac`."""
    size = 64 if n_rows < 1000 else 128 if n_rows < 4000 else 256
    return -(-size // pac) * pac


def default_steps(n_rows: int, batch_size: int) -> int:
    """More steps for more rows, but no more than `MAX_PASSES` through them: beyond that a small table is memorised."""
    passes = MAX_PASSES * n_rows / batch_size
    return int(np.clip(min(4000 + n_rows / 4, passes), 300, MAX_STEPS))


def _given(value: Given | None, default: Given) -> Given:
    return default if value is None else value


def network_plan(parameters: Mapping[str, Any]) -> NetworkPlan:
    """What the players on a matrix of all columns look like.

    Parameters
    ----------
    parameters : mapping
        SynthGAN's parameters by name, a preset's filled in.

    Returns
    -------
    NetworkPlan
        Numbers are not lifted where the discriminator is linear, or a maxout network.
    """
    dims = _given(parameters["hidden_dims"], HIDDEN_DIMS)
    own_dims = _given(parameters["discriminator_hidden_dims"], dims)
    is_plain = parameters["networks"] == "maxout" or not own_dims
    return NetworkPlan(
        kind=parameters["networks"],
        latent_dim=parameters["latent_dim"],
        generator_dims=tuple(dims),
        discriminator_dims=tuple(own_dims),
        pac=parameters["pac"],
        frequencies=tuple(_given(parameters["frequencies"], () if is_plain else FREQUENCIES)),
        is_quadratic=parameters["quadratic"],
        has_spectral_norm=parameters["spectral_norm"],
        has_encoder=parameters["inference"] == "adversarial",
    )


def score_plan(parameters: Mapping[str, Any]) -> NetworkPlan:
    """What the discriminator on common factors looks like; the generator is a `LinearStartGenerator`.

    Parameters
    ----------
    parameters : mapping
        SynthGAN's parameters by name.

    Returns
    -------
    NetworkPlan
        Without lifted numbers.
    """
    dims = _given(parameters["hidden_dims"], SCORE_HIDDEN_DIMS)
    own_dims = _given(parameters["discriminator_hidden_dims"], dims)
    return NetworkPlan(
        "residual",
        latent_dim=0,
        generator_dims=tuple(dims),
        discriminator_dims=tuple(own_dims),
        pac=parameters["pac"],
        frequencies=(),
        is_quadratic=parameters["quadratic"],
        has_spectral_norm=parameters["spectral_norm"],
    )
