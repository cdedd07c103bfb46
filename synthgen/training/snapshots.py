"""What a training must show so that it can be taken back, and taken up by another process."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from synthgen.training.budget import Step
from synthgen.training.history import History


class Stateful(NamedTuple):
    """All that changes in a training, by name: a copy of it is the whole state.

    Parameters
    ----------
    networks : mapping of str to torch.nn.Module
        With weights and buffers.
    optimizers : mapping of str to torch.optim.Optimizer
        Of those networks; learning rates are set anew at every step.
    streams : mapping of str to torch.Generator
        Of random numbers.
    """

    networks: Mapping[str, nn.Module]
    optimizers: Mapping[str, torch.optim.Optimizer]
    streams: Mapping[str, torch.Generator]


class AbstractTraining(abc.ABC):
    """A training as a sequence of steps and evaluations, whose state can be copied and put back."""

    history: History
    max_steps: int
    max_time: float | None
    remedies: str
    """What may help where losses are not finite, in words."""

    @property
    @abc.abstractmethod
    def validate_every(self) -> int:
        """Steps between evaluations."""

    @abc.abstractmethod
    def stateful(self) -> Stateful:
        """All that a step or an evaluation changes but for the history and `numbers`."""

    @abc.abstractmethod
    def step(self, step: Step, rate: float) -> dict[str, Tensor]:
        """One step; `rate` multiplies the learning rates. Gives the step's entries of the history."""

    @abc.abstractmethod
    def evaluate(self, step: Step, losses: dict[str, float], seconds: float) -> str:
        """Score the averaged weights and keep them if they are the best; why training should end, or an empty string."""

    @abc.abstractmethod
    def numbers(self) -> dict[str, Any]:
        """What else changes: JSON-able values and numpy arrays."""

    @abc.abstractmethod
    def set_numbers(self, numbers: Mapping[str, Any]) -> None:
        """Put `numbers`' data back."""


def snapshot(training: AbstractTraining) -> dict[str, Any]:
    """A copy of a training's state, but for its history.

    Parameters
    ----------
    training : AbstractTraining
        Between two steps.

    Returns
    -------
    dict
        Tensors on their devices, numpy arrays and JSON-able values.
    """
    networks, optimizers, streams = training.stateful()
    return {
        "networks": {name: _copied(network.state_dict()) for name, network in networks.items()},
        "optimizers": {
            name: {str(i): _copied(own) for i, own in optimizer.state_dict()["state"].items()}
            for name, optimizer in optimizers.items()
        },
        "streams": {name: stream.get_state() for name, stream in streams.items()},
        "numbers": training.numbers(),
    }


def put_back(training: AbstractTraining, state: Mapping[str, Any]) -> None:
    """Make a training what it was.

    Parameters
    ----------
    training : AbstractTraining
        Of the same networks.
    state : mapping
        As `snapshot` gave it; left alone.
    """
    networks, optimizers, streams = training.stateful()
    for name, network in networks.items():
        network.load_state_dict(state["networks"][name])
    for name, optimizer in optimizers.items():
        own = {int(i): _copied(values) for i, values in state["optimizers"][name].items()}
        optimizer.load_state_dict({**optimizer.state_dict(), "state": own})
    for name, stream in streams.items():
        stream.set_state(state["streams"][name])
    training.set_numbers(state["numbers"])


def to_arrays(state: Any) -> Any:
    """A snapshot with every tensor as a numpy array."""
    if isinstance(state, Tensor):
        return state.cpu().numpy()
    return {name: to_arrays(value) for name, value in state.items()} if isinstance(state, dict) else state


def to_tensors(state: Mapping[str, Any]) -> dict[str, Any]:
    """The snapshot of `to_arrays`' data, on the CPU."""
    return {name: value if name == "numbers" else _tensors(value) for name, value in state.items()}


def _tensors(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _tensors(own) for name, own in value.items()}
    return torch.from_numpy(np.array(value)) if isinstance(value, np.ndarray) else value


def _copied(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.detach().clone() if isinstance(value, Tensor) else value for name, value in values.items()
    }


@torch.no_grad()
def all_finite(network: nn.Module) -> bool:
    """Whether every weight of a network is a finite number."""
    return bool(torch.stack([weight.isfinite().all() for weight in network.parameters()]).all())
