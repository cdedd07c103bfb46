"""Fits that can be taken up again: what makes two fits the same, and how one ended."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from synthgen.archive import library_versions
from synthgen.exceptions import ParameterError, TrainingError
from synthgen.models.relation_parameters import parameters_to_state
from synthgen.training.checkpoint import Checkpoints
from synthgen.training.history import History
from synthgen.validation import Constraint, Instance, Interval, Nothing, validate_parameters

RULES: dict[str, list[Constraint]] = {
    "checkpoint": [Instance((str, os.PathLike), "a path"), Nothing()],
    "checkpoint_every": [Interval("int", 1, float("inf")), Nothing()],
    "resume": [Instance(bool, "a bool")],
}
_WITHOUT_EFFECT = ("verbose",)
"""Parameters that may change between two sittings of one fit."""


class FitWarning(UserWarning):
    """A fit ended otherwise than planned: interrupted, or after going back from losses that were not finite."""


def open_checkpoints(
    checkpoint: str | os.PathLike[str] | None,
    checkpoint_every: int | None,
    resume: bool,
    *,
    leads: bool = True,
) -> Checkpoints | None:
    """The folder of checkpoints that `fit` was given.

    Parameters
    ----------
    checkpoint, checkpoint_every, resume
        See `AbstractSynthesizer.fit`.
    leads : bool
        See `Checkpoints`.

    Returns
    -------
    Checkpoints or None
        None where there is none.

    Raises
    ------
    ParameterError
        If one of them is out of range, or stands without `checkpoint`.
    FileError
        As `Checkpoints`.
    """
    given = {"checkpoint": checkpoint, "checkpoint_every": checkpoint_every, "resume": resume}
    validate_parameters("fit", RULES, given)
    if checkpoint is not None:
        return Checkpoints(checkpoint, checkpoint_every, resume, leads=leads)
    if resume or checkpoint_every is not None:
        name = "resume" if resume else "checkpoint_every"
        raise ParameterError(
            f"The `{name}` parameter of fit needs `checkpoint`, the folder of the checkpoints."
        )
    return None


def identity(
    class_name: str,
    parameters: Mapping[str, Any],
    device: str,
    schema: Mapping[str, Any],
    matrix: np.ndarray,
    seed: int,
    files: str = "",
) -> dict[str, Any]:
    """All that decides what a fit gives, as JSON-able values by name.

    Parameters
    ----------
    class_name : str
        Of the synthesizer.
    parameters : mapping
        Its own; callbacks are code, and are left out.
    device : str
        Where the networks are trained.
    schema : mapping
        Of the table, relations included.
    matrix : ndarray, shape (N, F)
        The encoded rows.
    seed : int
        Of the fit.
    files : str
        Tells the files from others of which `matrix` holds some rows.

    Returns
    -------
    dict
        Equal for fits that give the same bytes on the same machine.
    """
    own = {k: v for k, v in parameters_to_state(parameters).items() if k not in _WITHOUT_EFFECT}
    digest = hashlib.sha256(json.dumps(schema, sort_keys=True, default=str).encode())
    digest.update(np.ascontiguousarray(matrix).data)
    digest.update(files.encode())
    found = {
        **library_versions(torch=torch.__version__),
        **own,
        "model": class_name,
        "device": device,
        "seed": seed,
        "the table": digest.hexdigest(),
    }
    plain: dict[str, Any] = json.loads(json.dumps(found, default=str))
    return plain


def tell_ending(history: History | None) -> None:
    """Say so if a training did not end as planned.

    Parameters
    ----------
    history : History or None
        Of the training; None where there was none.

    Raises
    ------
    TrainingError
        If losses were not finite too often. The model is fitted all the same.
    """
    if history is None:
        return
    kept = (
        f"the best weights so far, of step {history.kept:,}" if history.kept else "what training began with"
    )
    if history.failure:
        raise TrainingError(f"{history.failure} The model holds {kept}; it can sample and be saved.")
    if history.interrupted:
        warnings.warn(
            f"The fit was {history.stopped}; the model holds {kept}. What follows training was left out.",
            FitWarning,
            stacklevel=3,
        )
    if history.restarts:
        times = "once" if history.restarts == 1 else f"{history.restarts} times"
        warnings.warn(
            f"A worker ended before its work was done; the workers began anew at a checkpoint {times}, to the same result.",
            FitWarning,
            stacklevel=3,
        )
    if history.rollbacks:
        steps = ", ".join(f"{step:,}" for step in history.rollbacks)
        warnings.warn(
            f"Losses were not finite by step {steps}; training went back and on with a lower learning rate.",
            FitWarning,
            stacklevel=3,
        )
