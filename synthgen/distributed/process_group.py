"""Torch's process group as the group of one training: sums of gradients, and what the first process says."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from synthgen.archive import pack, unpack
from synthgen.distributed.averaging import average_gradients
from synthgen.distributed.shared_training import SharedTraining
from synthgen.exceptions import FileError, ParameterError, SynthgenError, TrainingError
from synthgen.training.budget import Step
from synthgen.training.checkpoint_content import Checkpoint
from synthgen.training.group import LOOK_EVERY, AbstractGroup
from synthgen.training.history import History
from synthgen.training.snapshots import AbstractTraining, to_arrays


class PeerLostError(TrainingError):
    """Another process of the training ended, or did not answer in time."""


class PeerFailedError(TrainingError):
    """The first process raised an error of its own, which says why."""


class WorkerError(TrainingError):
    """Another process raised an error of its own, told the others which, and left."""


_FAILED = "synthgen-failed"
"""The key of that error in the group's store."""
_LOOK = timedelta(seconds=1)
"""How long to wait for the others between two looks whether one of them left."""


class ProcessGroup(AbstractGroup):
    """A process's place in torch's default process group, which must be there.

    Parameters
    ----------
    also_asked : callable, optional
        Whether the user wants to stop, as far as this process can tell beside Ctrl-C.

    Attributes
    ----------
    rank, size : int
        Its number, from 0, and how many there are.
    n_bytes, n_messages : int
        What this process put into sums of gradients so far, and how many sums there were.
    has_told : bool
        Whether the others know already that this process failed.
    """

    def __init__(self, also_asked: Callable[[], bool] = bool) -> None:
        self.also_asked = also_asked
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        self.is_first = self.rank == 0
        self.device = "cuda" if dist.get_backend() == "nccl" else "cpu"
        self.weight = 1 / self.size
        self.n_bytes = self.n_messages = 0
        self.has_told = False
        # held as long as this object, since the first process may serve it: the others read it after that one has left
        self._store = dist.distributed_c10d._get_default_store()

    def own_share(self, batch_size: int, pac: int) -> int:
        """Equal shares, the first ones larger by `pac` where there is a rest. See the base class.

        Raises
        ------
        ParameterError
            If there are more processes than parts.
        """
        parts = batch_size // pac
        if parts < self.size:
            together = "" if pac == 1 else f", {pac} of which are judged together"
            raise ParameterError(
                f"{self.size} workers cannot share batches of {batch_size} rows{together}; take fewer workers or a larger "
                "`batch_size`."
            )
        own = pac * (parts // self.size + (self.rank < parts % self.size))
        self.weight = own / (pac * parts)
        return own

    def joined(self, training: AbstractTraining) -> AbstractTraining:
        """The first process's weights, batches of one's own, and means of gradients. See the base class."""
        if self.size == 1:
            return training
        _, optimizers, _ = training.stateful()
        for optimizer in optimizers.values():
            average_gradients(optimizer, self.summed, self.weight)
        return SharedTraining(training, self)

    def taken_up(self, load: Callable[[], Checkpoint | None]) -> Checkpoint | None:
        """The first process reads, the others are told what. See the base class."""
        found: Checkpoint | None = None

        def read() -> dict[str, Any]:
            nonlocal found
            found = load()
            return {} if found is None else {"path": str(found.path), "whole": _whole(found)}

        told = self.told_by_first(read)
        if self.is_first or not told:
            return found
        return Checkpoint.from_state(Path(told["path"]), told["whole"])

    def step(self, step: Step, max_time: float | None) -> Step:
        """See the base class."""
        if max_time is None or self.size == 1:
            return step
        said = torch.tensor([step.progress, float(step.is_last)], dtype=torch.float64, device=self.device)
        self._broadcast(said)
        progress, is_last = said.tolist()
        return Step(step.number, progress, bool(is_last))

    def share_losses(self, history: History) -> None:
        """Means weighted by the rows of each process. See the base class."""
        if self.size > 1:
            history.share(lambda values: self.summed(values * self.weight))

    def asked(self, asked: bool, number: int) -> bool:
        """At looks alone: one small message for every so many steps. See the base class."""
        if number % LOOK_EVERY:
            return asked and self.size == 1
        flag = torch.tensor([float(asked or self.also_asked())], device=self.device)
        return bool(self.summed(flag).item() > 0)

    def summed(self, values: Tensor) -> Tensor:
        """The sum of a tensor over all processes, in its place; the same bits on each."""
        self.n_bytes += values.numel() * values.element_size()
        self.n_messages += 1
        self._wait(lambda: dist.all_reduce(values, async_op=True))
        return values

    def total(self, value: float) -> float:
        """The sum of a number over all processes."""
        return float(self.summed(torch.tensor([value], dtype=torch.float64, device=self.device)).item())

    def told_by_first(self, find: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What the first process finds, as all are told it.

        Parameters
        ----------
        find : callable
            Called by the first process alone; gives JSON-able values and numpy arrays by name.

        Returns
        -------
        dict
            What it gave.

        Raises
        ------
        PeerFailedError
            On the others, if it raised an error.
        """
        told: dict[str, Any] = {"failed": True}
        try:
            if self.is_first:
                told = {"found": find()}
        finally:
            self.has_told = self.is_first and "failed" in told
            told = self.said(told)
        if "failed" in told:
            raise PeerFailedError("The first process of this training failed; its own message says why.")
        found: dict[str, Any] = told["found"]
        return found

    def said(self, value: dict[str, Any]) -> dict[str, Any]:
        """What the first process says: JSON-able values and numpy arrays by name; others' values are not heard."""
        if self.size == 1:
            return value
        content = np.frombuffer(pack(value) if self.is_first else b"", dtype=np.uint8).copy()
        length = torch.tensor([len(content)], dtype=torch.int64, device=self.device)
        self._broadcast(length)
        if not self.is_first:
            content = np.empty(int(length.item()), dtype=np.uint8)
        buffer = torch.from_numpy(content).to(self.device)
        self._broadcast(buffer)
        return value if self.is_first else unpack(buffer.cpu().numpy().tobytes())

    @torch.no_grad()
    def copy_first(self, networks: Iterable[nn.Module]) -> None:
        """Give networks the first process's weights and buffers."""
        for network in networks:
            for value in network.state_dict().values():
                own = value.detach().to(self.device).contiguous()
                self._broadcast(own)
                value.copy_(own)

    @torch.no_grad()
    def check_same(self, networks: Iterable[nn.Module]) -> None:
        """Compare checksums of networks' weights.

        Raises
        ------
        TrainingError
            If they are not the same on all processes.
        """
        total = torch.zeros((), dtype=torch.int64, device=self.device)
        for network in networks:
            for i, weight in enumerate(network.parameters(), 1):
                bits = weight.detach().contiguous().view(torch.int32).to(torch.int64)
                total += (i * bits.sum()).to(self.device)
        ends = torch.stack([total, -total])
        self._wait(lambda: dist.all_reduce(ends, dist.ReduceOp.MAX, async_op=True))
        if int(ends.sum()) != 0:
            raise TrainingError(
                "The processes that train together have drifted apart: their weights are no longer the same. Use the same "
                "machine type and library versions for all of them."
            )

    def is_everybodys(self, error: BaseException) -> bool:
        """Whether the other processes end with an error too, without being told of this one.

        Parameters
        ----------
        error : BaseException
            That ends the fit on this process.

        Returns
        -------
        bool
            Rules of parameters and tables, and losses, are the same on all; files and memory are each process's own.
        """
        is_alike = isinstance(error, SynthgenError)
        return self.has_told or (is_alike and not isinstance(error, (FileError, PeerLostError, WorkerError)))

    def leave(self, error: BaseException) -> None:
        """Tell the other processes of an error with which this one ends, so that none of them waits for it.

        Parameters
        ----------
        error : BaseException
            What the others are told, unless another process has left before.

        Notes
        -----
        With gloo whoever waits looks for it every `_LOOK`. NCCL does not notice until its time is up.
        """
        if not isinstance(error, (PeerLostError, WorkerError)):
            told = {
                "rank": self.rank,
                "kind": type(error).__name__,
                "words": " ".join(str(error).split())[:300],
            }
            with contextlib.suppress(RuntimeError):  # the store's own process may be gone
                self._store.compare_set(_FAILED, "", json.dumps(told))

    def _broadcast(self, values: Tensor) -> None:
        self._wait(lambda: dist.broadcast(values, 0, async_op=True))

    def _wait(self, begin: Callable[[], Any]) -> None:
        """Wait for what all processes do together; torch's errors become ones that say why it is not done."""
        try:
            self._answered(begin())
        except RuntimeError as error:
            if told := self._told():
                raise WorkerError(
                    f"Worker {told['rank']} of this training failed: {told['kind']}: {told['words'].rstrip('.')}."
                ) from error
            reason = " ".join(str(error).split())[:200].rstrip(".")
            raise PeerLostError(
                f"Another process of this training ended or did not answer ({reason}); its own message says why. A fit with "
                "`checkpoint` can be taken up by resume=True."
            ) from error

    def _answered(self, work: Any) -> None:
        """Wait for the others, unless one of them left."""
        if self.device != "cpu":  # NCCL would give up the whole group
            work.wait()
            return
        while not work.is_completed():
            try:
                work.wait(_LOOK)
            except RuntimeError:
                if not work.is_completed() and self._told():
                    raise
        work.wait()  # raises what it ended with

    def _told(self) -> dict[str, Any]:
        """The error with which a process left; empty if none did so."""
        with contextlib.suppress(RuntimeError):
            if self._store.check([_FAILED]):
                found: dict[str, Any] = json.loads(self._store.get(_FAILED))
                return found
        return {}


def _whole(found: Checkpoint) -> dict[str, Any]:
    """What `Checkpoint.from_state` takes."""
    return {
        "step": found.step,
        "seconds": found.seconds,
        "history": found.history.to_state(found.step),
        **to_arrays(found.state),
    }
