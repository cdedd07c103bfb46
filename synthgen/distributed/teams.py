"""Who trains together: workers of a Ray cluster, or the processes that torchrun started."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from synthgen.distributed.torchrun_team import is_under_torchrun, torchrun_team
from synthgen.training.team import Team


@contextlib.contextmanager
def team(engine: str, address: str | None = None, workers: int | None = None) -> Iterator[Team]:
    """The processes that train together, as long as the block lasts.

    Parameters
    ----------
    engine : {"ray", "torchrun"}
        Ray: this process prepares and finishes, workers train. torchrun: every process runs the whole program.
    address : str, optional
        Of the Ray cluster. None: what the environment names, or a local one, which is started.
    workers : int, optional
        Of Ray. None: one for each GPU of the cluster if networks are trained on GPUs, else for each processor.

    Yields
    ------
    Team
        With `train`.

    Raises
    ------
    ParameterError
        If no Ray answers, or torchrun did not start this process.
    FileError
        If Ray is not installed.
    """
    if engine == "torchrun":
        with torchrun_team() as found:
            yield found
        return
    from synthgen.distributed.ray_team import RayTeam
    from synthgen.engines.ray_cluster import ray_cluster

    with ray_cluster(address, workers) as cluster:
        yield RayTeam(cluster, workers)


def is_first() -> bool:
    """Whether this process writes files and speaks: every process but torchrun's second and later ones."""
    return not is_under_torchrun() or os.environ.get("RANK", "0") == "0"
