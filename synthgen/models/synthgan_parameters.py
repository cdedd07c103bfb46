"""What SynthGAN's parameters may be, and what its presets fill in."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synthgen.exceptions import ParameterError
from synthgen.models.device import DEVICES
from synthgen.models.relation_parameters import POOLING_CONSTRAINTS, RELATION_CONSTRAINTS
from synthgen.models.wide_parameters import ROWS_PER_FACTOR, WIDE_CONSTRAINTS
from synthgen.schema import Schema
from synthgen.training.losses import LOSSES
from synthgen.validation import Choice, Constraint, Each, Instance, Interval, Nothing

_INF = math.inf
_WEIGHT: list[Constraint] = [Interval("float", 0, _INF), Nothing()]
_DIMS: list[Constraint] = [Each(Interval("int", 1, _INF)), Nothing()]
_RATE: list[Constraint] = [Interval("float", 0, 1, "neither"), Nothing()]
_SWITCH: list[Constraint] = [Choice((True, False))]
REFINE: list[Constraint] = [Interval("int", 2, 65), Choice(("auto",)), Nothing()]

GOODFELLOW_2014: dict[str, Any] = {
    "latent_dim": 100,
    "noise_prior": "uniform",
    "networks": "maxout",
    "hidden_dims": (1200, 1200),
    "discriminator_hidden_dims": (240, 240),
    "loss": "non-saturating",
    "optimizer": "sgd",
    "learning_rate": 0.1,
    "batch_size": 100,
    "r1_weight": 0.0,
    "r2_weight": 0.0,
    "ema_decay": 0.0,
    "numeric_encoding": "min-max",
    "calibrate": False,
    "reduce": None,
    "validation_fraction": 0.0,
    "refine": None,
}
"""The MNIST experiment of I. Goodfellow et al., "Generative adversarial nets", NeurIPS 2014, from its published code.

NOTE[DIFF]: choices, which the paper has none of, are relaxed as elsewhere in this package; the players move in turn, each on
rows of its own, where the code moves both on the same rows; the code halves the discriminator's loss and does not limit its
weights: with both as in the code the generator collapsed on 8,000 images (`docs/decisions/0012-laboratory.md`).
"""
GOODFELLOW_PASSES = 250
"""Through the rows, in batches of 100. NOTE[DIFF]: the code names no number; its momentum reaches its last value after 250."""
PRESETS = {"goodfellow2014": GOODFELLOW_2014}
MOST_PAIRED = 150
"""Numeric columns whose products may enter a quadratic discriminator: their number grows with the square."""


@dataclass(frozen=True)
class Function:
    """A function, or anything that can be called."""

    def admits(self, value: Any) -> bool:
        """Whether `value` can be called."""
        return callable(value)

    def describe(self) -> str:
        """In words."""
        return "a callable"

    def bad_values(self) -> list[Any]:
        """A string."""
        return ["a string"]


CONSTRAINTS: dict[str, list[Constraint]] = {
    "latent_dim": [Interval("int", 1, _INF)],
    "noise_prior": [Choice(("normal", "uniform"))],
    "hidden_dims": _DIMS,
    "discriminator_hidden_dims": _DIMS,
    "networks": [Choice(("residual", "maxout"))],
    "loss": [Choice(tuple(LOSSES))],
    "n_critic": [Interval("int", 1, _INF)],
    "batch_size": [Interval("int", 2, _INF), Nothing()],
    "max_steps": [Interval("int", 1, _INF), Nothing()],
    "max_time": [Interval("float", 0, _INF, "neither"), Nothing()],
    "learning_rate": _RATE,
    "discriminator_learning_rate": _RATE,
    "optimizer": [Choice(("adam", "sgd"))],
    "betas": [Each(Interval("float", 0, 1), min_length=2, max_length=2)],
    "ema_decay": [Interval("float", 0, 1)],
    "pac": [Interval("int", 1, _INF)],
    "discriminator_batches": [Choice(("mixed", "separate"))],
    "r1_weight": _WEIGHT,
    "r2_weight": _WEIGHT,
    "gradient_penalty_weight": _WEIGHT,
    "penalty_every": [Interval("int", 1, _INF), Nothing()],
    "spectral_norm": _SWITCH,
    "tau": [Interval("float", 0, _INF, "neither")],
    "frequencies": [Each(Interval("float", 0, _INF, "neither")), Nothing()],
    "quadratic": _SWITCH,
    "inference": [Choice(("adversarial",)), Nothing()],
    "numeric_encoding": [Choice(("rank-normal", "min-max", "raw"))],
    "calibrate": _SWITCH,
    "conditional_on": [Each(Instance(str, "a column name")), Nothing()],
    **WIDE_CONSTRAINTS,
    "preset": [Choice((*ROWS_PER_FACTOR, *PRESETS))],
    "wide_model": [Choice(("auto", "gan", "linear"))],
    "validation_fraction": [Interval("float", 0, 0.5, "both")],
    "validate_every": [Interval("int", 1, _INF), Nothing()],
    "patience": [Interval("int", 1, _INF), Nothing()],
    "watch": _SWITCH,
    "callbacks": [Each(Function()), Nothing()],
    "refine": REFINE,
    "schema": [Instance(Schema, "a Schema"), Nothing()],
    **RELATION_CONSTRAINTS,
    **POOLING_CONSTRAINTS,
    "device": [Choice(DEVICES)],
    "precision": [Choice(("auto", "float32", "bfloat16"))],
    "n_threads": [Interval("int", 1, _INF)],
    "random_state": [Interval("int", 0, 2**63), Nothing()],
    "verbose": [Interval("int", 0, _INF)],
}
"""One of the alternatives must admit the value."""


def filled_in(parameters: Mapping[str, Any], owner: type, n_rows: int) -> dict[str, Any]:
    """Parameters as a training uses them: a preset's values in place of those that were left at their defaults.

    Parameters
    ----------
    parameters : mapping
        As `get_params` gives them.
    owner : type
        Whose; its signature has the defaults.
    n_rows : int
        Rows of the table.

    Returns
    -------
    dict
        The same names.

    Raises
    ------
    ParameterError
        If parameters that are right by themselves cannot go together.
    """
    out = dict(parameters)
    preset = PRESETS.get(parameters["preset"], {})
    defaults = {name: p.default for name, p in inspect.signature(owner).parameters.items()}
    out |= {name: value for name, value in preset.items() if parameters[name] == defaults[name]}
    if preset and out["max_steps"] is None:
        out["max_steps"] = max(1, GOODFELLOW_PASSES * n_rows // (out["batch_size"] or 1))
    _check_together(out, owner.__name__)
    return out


def check_quadratic(parameters: Mapping[str, Any], n_numeric: int) -> None:
    """Refuse products of too many numeric columns.

    Parameters
    ----------
    parameters : mapping
        SynthGAN's.
    n_numeric : int
        Numeric matrix columns.

    Raises
    ------
    ParameterError
        Beyond `MOST_PAIRED`.
    """
    if parameters["quadratic"] and n_numeric > MOST_PAIRED:
        raise ParameterError(
            f"The `quadratic` parameter of SynthGAN must be False for more than {MOST_PAIRED} numeric columns, whose "
            f"products would be too many. Got True with {n_numeric:,}."
        )


def _check_together(parameters: Mapping[str, Any], owner: str) -> None:
    is_maxout = parameters["networks"] == "maxout"
    for name in ("hidden_dims", "discriminator_hidden_dims"):
        if is_maxout and parameters[name] is not None and not parameters[name]:
            raise ParameterError(
                f"The `{name}` parameter of {owner} must name at least one layer for networks='maxout'. Got () instead."
            )
    if is_maxout and parameters["numeric_encoding"] != "min-max":
        raise ParameterError(
            f"The `numeric_encoding` parameter of {owner} must be 'min-max' for networks='maxout', whose numbers lie "
            f"between 0 and 1. Got {parameters['numeric_encoding']!r} instead."
        )
    for name in ("spectral_norm", "quadratic"):
        if is_maxout and parameters[name]:
            raise ParameterError(
                f"The `{name}` parameter of {owner} must be False for networks='maxout'. Got True instead."
            )
