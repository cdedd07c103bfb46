"""What a checkpoint says is not believed: its checksum tells accidents apart, not intent.

Whoever edits a file can also sign it anew. So missing parts, wrong types and arrays of other shapes end in a `FileError` that
names the file.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthgen.exceptions import FileError
from synthgen.training.history import History
from synthgen.training.snapshots import AbstractTraining, put_back, to_tensors

_FAULTS = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What Python and torch raise on data that is not what they expect."""


@dataclass(frozen=True)
class Checkpoint:
    """What one file holds.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    step : int
        Steps done.
    seconds : float
        Of training until then.
    state : dict
        Of `snapshots.snapshot`, on the CPU.
    history : History
        Until then.
    """

    path: Path
    step: int
    seconds: float
    state: dict[str, Any]
    history: History

    @classmethod
    def from_state(cls, path: Path, state: dict[str, Any]) -> Checkpoint:
        """From what `Stage.save` wrote.

        Parameters
        ----------
        path : pathlib.Path
            The file.
        state : dict
            Of the file; taken apart.

        Returns
        -------
        Checkpoint
            Its content.

        Raises
        ------
        FileError
            If it is not that of a checkpoint.
        """
        with reading(path):
            step, seconds, history = state.pop("step"), state.pop("seconds"), state.pop("history")
            if type(step) is not int or not 0 < step < 2**53:
                raise ValueError(f"{_short(step)} steps")
            if type(seconds) not in (int, float) or not 0 <= seconds < math.inf:
                raise ValueError(f"{_short(seconds)} seconds")
            return cls(path, step, float(seconds), to_tensors(state), _history(history, step))

    def put_back(self, training: AbstractTraining) -> None:
        """Make a training what it was, its history included.

        Parameters
        ----------
        training : AbstractTraining
            Of the same fit.

        Raises
        ------
        FileError
            If the state is not that of such a training.
        """
        training.history = self.history
        with reading(self.path):
            put_back(training, self.state)
            _check_optimizers(training)


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn any fault of a checkpoint's content into an error that names the file.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Raises
    ------
    FileError
        For every fault of what it holds.
    """
    try:
        yield
    except _FAULTS as error:
        reason = " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
        reason += " is missing" if isinstance(error, KeyError) else ""
        raise FileError(
            f"{path}: its content is not that of a checkpoint of this fit ({reason}); remove it."
        ) from error


def check_fit(fit: Any) -> None:
    """Refuse what does not say what is fitted.

    Parameters
    ----------
    fit : object
        Of a checkpoint's header.

    Raises
    ------
    TypeError
        If it is no mapping with a seed.
    """
    if not isinstance(fit, dict) or type(fit.get("seed")) is not int or not 0 <= fit["seed"] < 2**63:
        raise TypeError(f"it is of {_short(fit)}")


def _history(state: Mapping[str, Any], step: int) -> History:
    """What a file says of the steps until one.

    Raises
    ------
    LookupError, TypeError, ValueError
        If it is no history.
    """
    history = History.from_state(state)
    for name, kind in (("kept", int), ("stopped", str)):
        if type(value := getattr(history, name)) is not kind:
            raise TypeError(f"{name} is {_short(value)}")
    if not all(type(at) is int for at in history.rollbacks) or not 0 <= history.kept <= step:
        raise ValueError(f"it went back at {_short(history.rollbacks)} and kept {history.kept}")
    if any(values.shape != (step,) or values.dtype != float for values in state["steps"].values()):
        raise ValueError(f"its losses are not of {step:,} steps")
    return history


def _check_optimizers(training: AbstractTraining) -> None:
    """Refuse averages of gradients that are not of the shapes of the weights.

    Raises
    ------
    ValueError
        If there are any.
    """
    for name, optimizer in training.stateful().optimizers.items():
        for weight, own in optimizer.state.items():
            for key, value in own.items():
                shape = getattr(value, "shape", ())
                if shape not in ((), weight.shape):
                    raise ValueError(f"{key} of the optimizer {name} is of the shape {tuple(shape)}")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
