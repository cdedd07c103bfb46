"""Steps until the budget is spent: interruptible, taken back from numbers that are not finite, taken up from a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tqdm import tqdm

from synthgen.exceptions import TrainingError
from synthgen.training.budget import Budget, Step
from synthgen.training.checkpoint import Stage
from synthgen.training.group import LOOK_EVERY, AbstractGroup, Alone
from synthgen.training.interruption import interruptible
from synthgen.training.snapshots import AbstractTraining, all_finite, put_back, snapshot

MAX_ROLLBACKS = 3
"""How often a training may go back before it ends."""
ROLLBACK_RATE = 0.5
"""What each time multiplies the learning rates."""


def run(
    training: AbstractTraining,
    checkpoints: Stage | None,
    verbose: int,
    group: AbstractGroup | None = None,
) -> None:
    """Step and evaluate until the steps or the time are spent, an evaluation ends it, or the user does.

    Parameters
    ----------
    training : AbstractTraining
        Changed in place; its history is told what happens.
    checkpoints : Stage or None
        Where its state is written now and then, and where an earlier process may have left one. None: nowhere.
    verbose : int
        0: no progress bar.
    group : AbstractGroup, optional
        The processes that train together, each of which calls this. None: this one alone.

    Raises
    ------
    TrainingError
        If a loss is not finite before anything was learnt that could be kept.
    FileError
        If there are checkpoints and none can be read.

    Notes
    -----
    A state is good while its losses and weights are finite. From one that is not, training goes back to the last good one, at
    `ROLLBACK_RATE` times the learning rates, at most `MAX_ROLLBACKS` times; then it ends with `History.failure`.
    """
    group = group or Alone()
    own = _Run(training, checkpoints, group)
    history = training.history
    if history.stopped:  # by the process that wrote the checkpoint
        return
    budget = Budget(training.max_steps, training.max_time, own.seconds)
    hidden = None if verbose and group.is_first else True
    bar = tqdm(total=training.max_steps, initial=own.good.step, desc="fit", unit="step", disable=hidden)
    with bar, interruptible() as interruption:
        number = own.good.step
        while not history.stopped:
            step = group.step(budget.step(number + 1), training.max_time)
            history.record(training.step(step, ROLLBACK_RATE ** len(history.rollbacks)))
            number = own.look(step, budget)
            if group.asked(interruption.asked, step.number) and not history.failure:
                own.interrupt(step, budget)
            bar.n = number
            bar.update(0)


class _Run:
    """A training between two steps, and the last state of it whose numbers were finite."""

    def __init__(self, training: AbstractTraining, checkpoints: Stage | None, group: AbstractGroup) -> None:
        self.training, self.checkpoints, self.group = training, checkpoints, group
        self.seconds = 0.0
        step = 0
        if checkpoints is not None and (found := group.taken_up(checkpoints.load)) is not None:
            found.put_back(training)
            step, self.seconds = found.step, found.seconds
        self.good = _Good(step, snapshot(training))
        self.evaluated = training.history.kept

    def look(self, step: Step, budget: Budget) -> int:
        """After a step: evaluate, write, go back, if it is time to; the steps that are done now."""
        training, history = self.training, self.training.history
        is_checked = step.number % training.validate_every == 0 or step.is_last
        is_due = self.checkpoints is not None and self.checkpoints.is_due(step.number, is_checked)
        if not (is_checked or is_due or step.number % LOOK_EVERY == 0):
            return step.number
        self.group.share_losses(history)
        losses = history.flush()
        if fault := self._fault():
            return self._go_back(fault, step.number, budget)
        if is_checked:
            ended = training.evaluate(step, losses, budget.seconds)
            self.evaluated = step.number
            if fault := self._fault():  # callbacks may have changed weights
                return self._go_back(fault, step.number, budget)
            history.stopped = ended or (budget.words(step.number) if step.is_last else "")
        self.good = _Good(step.number, snapshot(training))
        if is_due or history.stopped:
            self._write(budget)
        return step.number

    def interrupt(self, step: Step, budget: Budget) -> None:
        """End where the user asked to, with the state of the last look on disk: from there it can be taken up."""
        training, history = self.training, self.training.history
        self._write(budget)
        number = step.number
        history.flush()
        if self._fault():
            self._restore()
            number = self.good.step
        self._evaluate_at(number, budget)
        history.interrupted = True
        history.stopped = f"interrupted (Ctrl-C) at step {step.number:,} of {training.max_steps:,}"

    def _write(self, budget: Budget) -> None:
        if self.checkpoints is not None and self.group.is_first and self.good.step:
            self.checkpoints.save(self.good.step, self.good.state, self.training.history, budget.seconds)

    def _fault(self) -> str:
        """What is not finite since the last good state, in words."""
        networks = self.training.stateful().networks
        wrong = [name for name, network in networks.items() if not all_finite(network)]
        found = self.training.history.fault_after(self.good.step)
        return found or (f"a weight of the {wrong[0]} is nan or infinite" if wrong else "")

    def _evaluate_at(self, number: int, budget: Budget) -> None:
        """Evaluate the weights as they are at the end, unless that was done: else they could not be kept."""
        if number > self.evaluated:
            step = Step(number, number / self.training.max_steps, True)
            self.training.evaluate(step, self.training.history.flush(), budget.seconds)

    def _restore(self) -> None:
        put_back(self.training, self.good.state)
        self.training.history.cut(self.good.step)
        self.evaluated = min(self.evaluated, self.good.step)

    def _go_back(self, fault: str, number: int, budget: Budget) -> int:
        """The last good state again, or the end; the steps that are done now."""
        training, history = self.training, self.training.history
        self._restore()
        if len(history.rollbacks) < MAX_ROLLBACKS:
            history.rollbacks.append(number)
            return self.good.step
        words = (
            f"Training diverged: {fault}, even after going back {MAX_ROLLBACKS} times to a lower learning rate. "
            f"{training.remedies}"
        )
        if self.good.step == 0:
            raise TrainingError(words)
        self._evaluate_at(self.good.step, budget)
        history.stopped = history.failure = words
        return self.good.step


@dataclass(frozen=True)
class _Good:
    """A state whose numbers were finite.

    Parameters
    ----------
    step : int
        Steps done.
    state : dict
        Of `snapshots.snapshot`.
    """

    step: int
    state: dict[str, Any]
