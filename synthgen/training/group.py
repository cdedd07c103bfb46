"""What one process of several that train together asks of the others; alone it asks itself."""

from __future__ import annotations

import abc
from collections.abc import Callable

from synthgen.training.budget import Step
from synthgen.training.checkpoint_content import Checkpoint
from synthgen.training.history import History
from synthgen.training.snapshots import AbstractTraining

LOOK_EVERY = 50
"""Steps between two looks at what happened."""


class AbstractGroup(abc.ABC):
    """The processes of one training, as one of them sees it.

    All call the same methods in the same order, and all get the same answers.
    """

    is_first: bool
    """Whether this is the one that evaluates, writes checkpoints and shows progress."""

    @abc.abstractmethod
    def own_share(self, batch_size: int, pac: int) -> int:
        """The rows of a batch that are this process's, a multiple of `pac`."""

    @abc.abstractmethod
    def joined(self, training: AbstractTraining) -> AbstractTraining:
        """The training as one that goes in step with the others'."""

    @abc.abstractmethod
    def taken_up(self, load: Callable[[], Checkpoint | None]) -> Checkpoint | None:
        """What the first process finds when it loads."""

    @abc.abstractmethod
    def step(self, step: Step, max_time: float | None) -> Step:
        """Where the first process stands: its clock counts where time is limited."""

    @abc.abstractmethod
    def share_losses(self, history: History) -> None:
        """Put the mean of all processes' losses in the place of this one's."""

    @abc.abstractmethod
    def asked(self, asked: bool, number: int) -> bool:
        """Whether any process was asked to stop, after a step."""


class Alone(AbstractGroup):
    """One process, which has nobody to ask."""

    is_first = True

    def own_share(self, batch_size: int, pac: int) -> int:
        """All of them. See the base class."""
        return batch_size

    def joined(self, training: AbstractTraining) -> AbstractTraining:
        """As it is. See the base class."""
        return training

    def taken_up(self, load: Callable[[], Checkpoint | None]) -> Checkpoint | None:
        """What is found. See the base class."""
        return load()

    def step(self, step: Step, max_time: float | None) -> Step:
        """As it is. See the base class."""
        return step

    def share_losses(self, history: History) -> None:
        """Nothing to do. See the base class."""

    def asked(self, asked: bool, number: int) -> bool:
        """After every step. See the base class."""
        return asked
