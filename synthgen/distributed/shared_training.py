"""A training of several processes: each steps on rows of its own, the first one evaluates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from torch import Tensor, nn

from synthgen.rng import derived_seed, torch_stream
from synthgen.training.budget import Step
from synthgen.training.history import History
from synthgen.training.snapshots import AbstractTraining, Stateful


class Peers(Protocol):
    """The other processes, as `SharedTraining` needs them."""

    rank: int
    is_first: bool

    def told_by_first(self, find: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What the first process finds."""
        ...

    def copy_first(self, networks: Iterable[nn.Module]) -> None:
        """Give networks the first process's weights."""
        ...

    def check_same(self, networks: Iterable[nn.Module]) -> None:
        """Raise TrainingError where weights differ."""
        ...


class SharedTraining(AbstractTraining):
    """One process's part of a training, in step with the others'.

    Parameters
    ----------
    own : AbstractTraining
        At its start, with optimisers that average gradients; this makes its weights the first process's.
    peers : Peers
        The processes.

    Notes
    -----
    Before each step every stream of random numbers starts anew, as a function of its seed, the process and the number of
    the step: so any process can take up the training from the first one's checkpoint.
    """

    def __init__(self, own: AbstractTraining, peers: Peers) -> None:
        self.own, self.peers = own, peers
        self.max_steps, self.max_time, self.remedies = own.max_steps, own.max_time, own.remedies
        networks, _, streams = own.stateful()
        peers.copy_first(networks.values())
        self._seeds = {name: stream.initial_seed() % 2**63 for name, stream in streams.items()}

    @property
    def history(self) -> History:
        """Of the training."""
        return self.own.history

    @history.setter
    def history(self, history: History) -> None:
        self.own.history = history

    @property
    def validate_every(self) -> int:
        """As the recipe has it now. See the base class."""
        return self.own.validate_every

    def step(self, step: Step, rate: float) -> dict[str, Tensor]:
        """The same step, on rows and noise of this process. See the base class."""
        for name, stream in self.own.stateful().streams.items():
            seed = derived_seed(self._seeds[name], "process", self.peers.rank, step.number)
            stream.set_state(torch_stream(seed, "step", stream.device.type).get_state())
        return self.own.step(step, rate)

    def evaluate(self, step: Step, losses: dict[str, float], seconds: float) -> str:
        """By the first process; the others learn what came of it. See the base class."""
        networks, _, _ = self.own.stateful()
        self.peers.check_same(network for name, network in networks.items() if name != "best")

        def find() -> dict[str, Any]:
            ended = self.own.evaluate(step, losses, seconds)
            return {"ended": ended, "numbers": self.own.numbers(), **_seen(self.history)}

        told = self.peers.told_by_first(find)
        if not self.peers.is_first:
            self.own.set_numbers(told["numbers"])
            self.history.validation = [(int(at), float(score)) for at, score in told["validation"]]
            self.history.watched = {
                int(at): dict(zip(found["names"], found["values"].tolist(), strict=True))
                for at, found in told["watched"].items()
            }
        self.peers.copy_first(networks.values())
        ended: str = told["ended"]
        return ended

    def stateful(self) -> Stateful:
        """Of the training. See the base class."""
        return self.own.stateful()

    def numbers(self) -> dict[str, Any]:
        """Of the training. See the base class."""
        return self.own.numbers()

    def set_numbers(self, numbers: Mapping[str, Any]) -> None:
        """Of the training. See the base class."""
        self.own.set_numbers(numbers)


def _seen(history: History) -> dict[str, Any]:
    """What evaluations told the history."""
    state = history.to_state(max([0, *history.watched, *(at for at, _ in history.validation)]))
    return {"validation": state["validation"], "watched": state["watched"]}
