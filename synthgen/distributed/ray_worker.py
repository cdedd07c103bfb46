"""What a worker of Ray Train does: its part of one training, from the last checkpoint on."""

from __future__ import annotations

import contextlib
import copy
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from synthgen.distributed.process_group import PeerLostError, ProcessGroup
from synthgen.training.checkpoint import Stage
from synthgen.training.history import History
from synthgen.training.loop import Observers, train
from synthgen.training.row_shards import RowShards
from synthgen.training.threads import torch_threads
from synthgen.training.vae import train_vae

TRAININGS: dict[str, Callable[..., tuple[nn.Module, History]]] = {"gan": train, "vae": train_vae}
STARTS, STOP = "starts", "stop"
"""Files in the folder of a job: a line for each start of the workers, and the user's wish to end."""


@dataclass(frozen=True)
class Job:
    """One training, as workers are given it; large parts come by Ray's object store.

    Parameters
    ----------
    name : str
        In `TRAININGS`.
    networks : tuple of torch.nn.Module
        The first arguments of the training, on the CPU.
    rows : tuple of ndarray or RowShards
        The next ones.
    others : tuple
        Those after them.
    options : dict
        Its keyword arguments, but for observers, checkpoints and group.
    stage : Stage
        Where its checkpoints are.
    folder : pathlib.Path
        With `STARTS` and `STOP`.
    device : str
        Where networks are trained.
    n_threads : int
        Of torch.
    """

    name: str
    networks: tuple[nn.Module, ...]
    rows: tuple[np.ndarray | RowShards, ...]
    others: tuple[Any, ...]
    options: dict[str, Any]
    stage: Stage
    folder: Path
    device: str
    n_threads: int


@dataclass
class Outcome:
    """What the first worker gives back.

    Parameters
    ----------
    weights : dict of str to ndarray
        Of the network that was kept.
    history : History or None
        None: there was an error.
    memory : dict
        What the observers remember.
    warned : list of Warning
        What would have been said in this process.
    error : Exception or None
        Why there is no more.
    traffic : dict of str to float
        ``steps``; ``messages`` and ``bytes`` that this worker put into sums; ``cpu_seconds`` of all workers, ``wall_seconds``.
    """

    weights: dict[str, np.ndarray] = field(default_factory=dict)
    history: History | None = None
    memory: dict[str, Any] = field(default_factory=dict)
    warned: list[Warning] = field(default_factory=list)
    error: Exception | None = None
    traffic: dict[str, float] = field(default_factory=dict)


def work(references: dict[str, Any]) -> Outcome:
    """Train as one of the group that Ray Train has set up.

    Parameters
    ----------
    references : dict
        ``job``, and ``observers`` where the training has any: each a list with one reference to an object of Ray's.

    Returns
    -------
    Outcome
        The first worker's counts.
    """
    import ray

    job: Job = ray.get(references["job"][0])
    group = ProcessGroup((job.folder / STOP).exists)
    began = time.process_time(), time.perf_counter()
    outcome = Outcome()
    with (
        _kept_error(outcome, group),
        warnings.catch_warnings(record=True) as warned,
        torch_threads(job.n_threads),
    ):
        warnings.simplefilter("always")
        _note_start(job, group)
        options = dict(job.options)
        if "observers" in references:  # the others do not evaluate
            own = ray.get(references["observers"][0]) if group.is_first else Observers()
            options["observers"] = own
        # training changes weights in place, and objects of Ray's are not to be changed
        networks = [copy.deepcopy(network).to(job.device) for network in job.networks]
        rows = [_on_device(own, job.device) for own in job.rows]
        best, history = TRAININGS[job.name](
            *networks, *rows, *job.others, **options, checkpoints=job.stage, group=group
        )
        outcome.weights = {name: value.cpu().numpy() for name, value in best.state_dict().items()}
        outcome.history = history
        if "observers" in options:
            outcome.memory = options["observers"].memory
        outcome.traffic = {
            "steps": max(map(len, history.steps.values()), default=0),
            "messages": group.n_messages,
            "bytes": group.n_bytes,
            "cpu_seconds": group.total(time.process_time() - began[0]),
            "wall_seconds": time.perf_counter() - began[1],
        }
    outcome.warned = [own.message for own in warned if isinstance(own.message, Warning)]
    return outcome


@contextlib.contextmanager
def _kept_error(outcome: Outcome, group: ProcessGroup) -> Iterator[None]:
    """Keep an error that another try would bring again; let through that a peer was lost, after which Ray starts anew.

    The others are told: they would wait for the gradients of a worker that has ended and whose process stays.
    """

    def kept(
        kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        group.leave(error)
        outcome.error = error.with_traceback(None)
        # without a word from its peers NCCL waits on: there Ray must see that a worker failed
        is_seen = group.device == "cpu" or group.is_everybodys(error)
        return is_seen and not isinstance(error, PeerLostError)

    with contextlib.ExitStack() as stack:
        stack.push(kept)
        yield


def _note_start(job: Job, group: ProcessGroup) -> None:
    """One line more, where the folder is this machine's too."""
    if group.is_first and job.folder.is_dir():
        with (job.folder / STARTS).open("a", encoding="utf-8") as file:
            file.write("started\n")


def _on_device(rows: np.ndarray | RowShards, device: str) -> Tensor | RowShards:
    if isinstance(rows, RowShards):
        return rows.to(device)
    with (
        warnings.catch_warnings()
    ):  # rows lie in Ray's shared memory, which nobody may write, and nobody does
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(rows).to(device)
