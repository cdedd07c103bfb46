"""Workers of a Ray cluster that train together, started anew from the last checkpoint where one is lost."""

from __future__ import annotations

import concurrent.futures
import contextlib
import copy
import shutil
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from synthgen.distributed.ray_worker import STARTS, STOP, Job, Outcome, work
from synthgen.engines.ray_cluster import RayCluster
from synthgen.exceptions import ParameterError, TrainingError
from synthgen.networks.discriminator import AbstractDiscriminator
from synthgen.networks.generator import AbstractGenerator
from synthgen.networks.output_heads import OutputHeads
from synthgen.training.checkpoint import Checkpoints, Stage
from synthgen.training.config import TrainingConfig
from synthgen.training.elbo import Vae
from synthgen.training.history import History
from synthgen.training.interruption import Interruption, interruptible
from synthgen.training.loop import Observers
from synthgen.training.row_shards import RowShards
from synthgen.training.vae import VaeConfig

Network = TypeVar("Network", bound=nn.Module)

MAX_FAILURES = 3
"""How often the workers are started anew."""
ANSWER_WITHIN = 600
"""Seconds that a worker waits for the others: an evaluation must not take longer."""
GRACE = 120.0
"""Seconds that workers have to end after Ctrl-C: they look for it between steps."""
_POLL = 0.2
"""Seconds between two looks whether the user wants to stop."""


class RayTeam:
    """Workers of a Ray cluster; this process only prepares the training and takes what comes of it.

    Parameters
    ----------
    cluster : RayCluster
        That this process has joined.
    workers : int or None
        How many. None: one for each GPU where networks are trained on GPUs, else for each processor.

    Attributes
    ----------
    is_first : bool
        Always.
    n_machines : int
        Of the cluster.
    traffic : dict of str to float
        Of the last training, see `Outcome`.

    Notes
    -----
    Workers on other machines must have the same synthgen, and see the folder of the checkpoints, if the fit has one.
    Callbacks run in the first worker: what they remember stays there.
    """

    is_first = True

    def __init__(self, cluster: RayCluster, workers: int | None) -> None:
        self.cluster, self.workers = cluster, workers
        self.n_machines = cluster.n_machines
        self.traffic: dict[str, float] = {}

    def agreed(self, values: dict[str, Any]) -> dict[str, Any]:
        """The values: this process alone has any."""
        return values

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
        options = {"seed": seed, "verbose": verbose}
        networks = (generator, discriminator, heads)
        outcome = self._run(
            "gan", networks, (matrix,), (cond_columns, config), options, checkpoints, observers
        )
        observers.memory.clear()
        observers.memory.update(outcome.memory)
        return self._finished(generator, outcome)

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
        options = {"seed": seed, "verbose": verbose}
        outcome = self._run("vae", (vae,), (matrix, validation), (config,), options, checkpoints, None)
        return self._finished(vae, outcome)

    def _finished(self, network: Network, outcome: Outcome) -> tuple[Network, History]:
        """What the workers give, in this process."""
        best = copy.deepcopy(network).requires_grad_(False)
        best.load_state_dict({name: torch.tensor(value) for name, value in outcome.weights.items()})
        if outcome.history is None:
            raise TrainingError("The workers of Ray ended without a result.")
        return best, outcome.history

    def _run(
        self,
        name: str,
        networks: tuple[nn.Module, ...],
        rows: tuple[Tensor | RowShards, ...],
        others: tuple[Any, ...],
        options: dict[str, Any],
        stage: Stage | None,
        observers: Observers | None,
    ) -> Outcome:
        from ray import put

        device = rows[0].device.type
        workers = self._n_workers(device)
        # workers on other machines see no folder of this one's but that of the checkpoints
        shared = stage.checkpoints.folder.absolute() if stage is not None and self.n_machines > 1 else None
        with _scratch(shared) as folder:
            job = Job(
                name,
                tuple(copy.deepcopy(network).cpu() for network in networks),
                tuple(_without_device(own) for own in rows),
                others,
                options,
                _lent(stage, folder, name, options["seed"]),
                folder,
                device,
                torch.get_num_threads(),
            )
            try:
                given: dict[str, list[Any]] = {"job": [put(job)]}
                if observers is not None:
                    given["observers"] = [put(observers)]
            except TypeError as error:
                raise ParameterError(
                    f"What is called while training must go to Ray's workers, and cannot: {' '.join(str(error).split())[:200]}. "
                    "Leave out `callbacks` that hold files, locks or the like."
                ) from error
            outcome = _trained(given, workers, device == "cuda", folder)
            n_starts = (
                len((folder / STARTS).read_text(encoding="utf-8").split())
                if (folder / STARTS).exists()
                else 1
            )
        for warning in outcome.warned:
            warnings.warn(warning, stacklevel=2)
        if outcome.error is not None:
            raise outcome.error
        if outcome.history is not None:
            outcome.history.restarts = n_starts - 1
        self.traffic = outcome.traffic
        return outcome

    def _n_workers(self, device: str) -> int:
        there, what = (
            (self.cluster.n_gpus, "GPUs") if device == "cuda" else (self.cluster.n_cpus, "processors")
        )
        workers = self.workers or there
        if workers > there:
            raise ParameterError(
                f"The `workers` parameter of fit is {workers}, but the Ray cluster has {there} {what}; take fewer."
            )
        return workers


def _trained(given: dict[str, Any], workers: int, use_gpu: bool, folder: Path) -> Outcome:
    """Run the workers; Ctrl-C lets them end at their next look."""
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchConfig, TorchTrainer

    loop: Any = work  # what it gives, Ray hands on
    trainer = TorchTrainer(
        loop,
        train_loop_config=given,
        torch_config=TorchConfig(timeout_s=ANSWER_WITHIN),
        scaling_config=ScalingConfig(num_workers=workers, use_gpu=use_gpu),
        run_config=RunConfig(
            name="fit",
            storage_path=str(folder / "ray"),
            failure_config=FailureConfig(max_failures=MAX_FAILURES),
        ),
    )
    # in a thread of its own, since in the main one Ray would take Ctrl-C for an order to kill
    running: concurrent.futures.Future[Any] = concurrent.futures.Future()
    fitting = threading.Thread(
        target=_fulfil, args=(running, trainer.fit), name="synthgen-ray-train", daemon=True
    )
    with interruptible() as interruption:
        fitting.start()
        _await(running, interruption, folder / STOP)
    return _outcome(running)


def _fulfil(promise: concurrent.futures.Future[Any], find: Callable[[], Any]) -> None:
    """Give a future what a function gives, from a thread that the end of the program need not wait for."""

    def failed(
        kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        promise.set_exception(error)
        return True

    with contextlib.ExitStack() as stack:
        stack.push(failed)
        promise.set_result(find())
        stack.pop_all()


def _await(running: concurrent.futures.Future[Any], interruption: Interruption, stop: Path) -> None:
    """Wait for the workers; after Ctrl-C no longer than `GRACE`.

    Raises
    ------
    TrainingError
        If they have not ended by then.
    """
    left = GRACE
    while not concurrent.futures.wait([running], timeout=_POLL).done:
        if interruption.asked:
            stop.touch()
            left -= _POLL
        if left <= 0:
            raise TrainingError(
                f"The workers of Ray did not end within {GRACE:.0f} seconds of Ctrl-C, and are given up. A fit with `checkpoint` "
                "can be taken up by resume=True."
            )


def _outcome(running: concurrent.futures.Future[Any]) -> Outcome:
    from ray.exceptions import RayError
    from ray.train import TrainingFailedError

    try:
        found = running.result().return_value
    except (TrainingFailedError, RayError) as error:
        reason = " ".join(str(error).split())[:300].rstrip(".")
        raise TrainingError(
            f"The workers of Ray could not end the training, after {MAX_FAILURES} new starts where those could help: {reason}. "
            "A fit with `checkpoint` can be taken up by resume=True."
        ) from error
    if not isinstance(found, Outcome):
        raise TrainingError("The workers of Ray ended without a result.")
    return found


@contextlib.contextmanager
def _scratch(inside: Path | None) -> Iterator[Path]:
    """A folder of this run: Ray's own files, notes, and checkpoints where the fit has no folder for them."""
    folder = Path(tempfile.mkdtemp(prefix="synthgen-ray-", dir=inside))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _lent(stage: Stage | None, folder: Path, name: str, seed: int) -> Stage:
    """The stage for the first worker; of a fit without checkpoints one for the time of this run."""
    if stage is not None:
        return Stage(stage.checkpoints.lent(), stage.name)
    own = Checkpoints(folder / "checkpoints", None, True)
    try:
        own.fit = {"seed": seed}
        return Stage(own.lent(), name)
    finally:
        own.close()


def _without_device(rows: Tensor | RowShards) -> Any:
    if isinstance(rows, RowShards):
        return replace(rows.to("cpu"), folder=rows.folder.absolute())
    return rows.cpu().numpy()
