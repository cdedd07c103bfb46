"""The processes that ``torchrun`` started: each runs the whole program, and they train together."""

from __future__ import annotations

import atexit
import contextlib
import os
from collections.abc import Iterator
from datetime import timedelta
from types import TracebackType
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from synthgen.distributed.process_group import PeerLostError, ProcessGroup
from synthgen.exceptions import ParameterError, TrainingError
from synthgen.networks.discriminator import AbstractDiscriminator
from synthgen.networks.generator import AbstractGenerator
from synthgen.networks.output_heads import OutputHeads
from synthgen.training.checkpoint import Stage
from synthgen.training.config import TrainingConfig
from synthgen.training.elbo import Vae
from synthgen.training.history import History
from synthgen.training.loop import Observers, train
from synthgen.training.row_shards import RowShards
from synthgen.training.vae import VaeConfig, train_vae

ANSWER_WITHIN = timedelta(minutes=30)
"""How long a process waits for the others: encoding a table, or an evaluation, must not take longer."""
_VARIABLES = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


class TorchrunTeam:
    """The processes that torchrun started, as one of them sees them.

    All of them call `train` with the same arguments; all have the same result.

    Parameters
    ----------
    group : ProcessGroup
        Of all of them.
    """

    n_machines = 1
    """Each process makes the files that it reads."""

    def __init__(self, group: ProcessGroup) -> None:
        self.group = group

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and speaks."""
        return self.group.is_first

    def agreed(self, values: dict[str, Any]) -> dict[str, Any]:
        """The first process's values."""
        return self.group.said(values)

    def train(
        self,
        generator: AbstractGenerator,
        discriminator: AbstractDiscriminator,
        heads: OutputHeads,
        matrix: Tensor | RowShards,
        cond_columns: list[int],
        config: TrainingConfig,
        *,
        seed: int,
        observers: Observers,
        verbose: int,
        checkpoints: Stage | None = None,
    ) -> tuple[AbstractGenerator, History]:
        """As `synthgen.training.loop.train`."""
        return train(
            generator, discriminator, heads, matrix, cond_columns, config,
            seed=seed, observers=observers, verbose=verbose, checkpoints=checkpoints, group=self.group,
        )  # fmt: skip

    def train_vae(
        self,
        vae: Vae,
        matrix: Tensor | RowShards,
        validation: Tensor,
        config: VaeConfig,
        *,
        seed: int,
        verbose: int,
        checkpoints: Stage | None = None,
    ) -> tuple[Vae, History]:
        """As `synthgen.training.vae.train_vae`."""
        return train_vae(
            vae, matrix, validation, config,
            seed=seed, verbose=verbose, checkpoints=checkpoints, group=self.group,
        )  # fmt: skip


@contextlib.contextmanager
def torchrun_team() -> Iterator[TorchrunTeam]:
    """Join the processes that torchrun started, until this one ends: torchrun lets its processes meet once.

    Yields
    ------
    TorchrunTeam
        With NCCL where there is CUDA, each process on the GPU of its local rank; else with gloo.

    Raises
    ------
    ParameterError
        If torchrun did not start this process.
    TrainingError
        If they parted before, after an error that one of them met.
    PeerLostError
        If the others cannot be met.

    Notes
    -----
    An error that this process meets alone ends the others too, with its words: none waits for what will not come.
    """
    if not is_under_torchrun():
        raise ParameterError(
            "engine='torchrun' is for a process that torchrun started, as in `torchrun --nproc-per-node 2 -m synthgen fit ...`; "
            "this one was started otherwise."
        )
    if _Parted.here:
        raise TrainingError(
            "The processes of torchrun parted after an error of one of them, and cannot meet again; start torchrun anew."
        )
    if not dist.is_initialized():  # as it is after an earlier fit, or by the caller's script
        _meet()
    group = ProcessGroup()
    with contextlib.ExitStack() as stack:

        def part(
            kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None:
            if error is not None and group.size > 1 and not group.is_everybodys(error):
                _Parted.here = True
                group.leave(error)

        stack.push(part)
        yield TorchrunTeam(group)


class _Parted:
    """Whether this process has left the others."""

    here = False


def _meet() -> None:
    """Let torch's process group begin, and end with this process."""
    backend = "gloo"
    if torch.cuda.is_available():
        backend = "nccl"
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    try:
        dist.init_process_group(backend, timeout=ANSWER_WITHIN)
    except RuntimeError as error:
        raise PeerLostError(
            f"The processes of torchrun could not meet: {' '.join(str(error).split())[:200]}"
        ) from error
    atexit.register(_part)


def _part() -> None:
    if dist.is_initialized() and not _Parted.here:  # what was not answered would be waited for
        dist.destroy_process_group()


def is_under_torchrun() -> bool:
    """Whether torchrun, or what sets the same variables, started this process."""
    return all(name in os.environ for name in _VARIABLES)
