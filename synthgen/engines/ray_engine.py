"""Tasks on a Ray cluster: begun again where a worker died, and ended by the first error of a task."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from synthgen.engines.ray_cluster import import_ray
from synthgen.exceptions import SynthgenError

In = TypeVar("In")


@dataclass(frozen=True)
class _Refusal:
    """An error of synthgen's that a task ended with, as data: not every error survives being sent."""

    kind: type[SynthgenError]
    message: str
    details: dict[str, Any]

    def error(self) -> SynthgenError:
        """The error itself."""
        found = self.kind.__new__(self.kind, self.message)
        found.args = (self.message,)
        found.__dict__.update(self.details)
        return found


class RayEngine:
    """Remote tasks of one processor each, in processes with one thread for arithmetic.

    Parameters
    ----------
    workers : int
        Tasks at the same time.
    """

    name = "ray"

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def map(
        self,
        function: Callable[[In], Any],
        items: Iterable[In],
        *,
        retries: int = 3,
        progress: Callable[[int, Any], object] | None = None,
    ) -> Iterator[tuple[int, Any]]:
        """Apply a function to items, as workers are free. See `synthgen.engines.engine.Engine`."""
        ray = import_ray()
        task = ray.remote(_call).options(
            num_cpus=1,
            max_retries=retries,
            runtime_env={"env_vars": {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}},
        )
        shared, waiting = ray.put(function), enumerate(items)
        running: dict[Any, int] = {}
        try:
            while True:
                for number, item in islice(waiting, self.workers - len(running)):
                    running[task.remote(shared, item)] = number
                if not running:
                    return
                done, _ = ray.wait(list(running), num_returns=1)
                for reference in done:
                    number = running.pop(reference)
                    result = _result(ray, reference, number, retries)
                    if progress is not None:
                        progress(number, result)
                    yield number, result
        finally:
            for reference in running:
                ray.cancel(reference, force=True)


def _call(function: Callable[[In], Any], item: In) -> Any:
    """One task, in a worker."""
    try:
        return function(item)
    except SynthgenError as error:
        return _Refusal(type(error), str(error), dict(vars(error)))


def _result(ray: Any, reference: Any, number: int, retries: int) -> Any:
    """What a task gave; its error is raised as it was."""
    try:
        found = ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    except (
        ray.exceptions.WorkerCrashedError,
        ray.exceptions.OutOfMemoryError,
        ray.exceptions.NodeDiedError,
    ) as error:
        reason = " ".join(str(error).split())[:200].rstrip(".")
        raise SynthgenError(
            f"Task {number} was given up: its worker died {retries + 1} times ({reason}). Memory may be too small for "
            "so many workers at once."
        ) from error
    except (
        ray.exceptions.RayError
    ) as error:  # lost objects, nodes that no task fits on, environments that fail
        reason = " ".join(str(error).split())[:200].rstrip(".")
        raise SynthgenError(
            f"Task {number} could not be run by Ray: {type(error).__name__}: {reason}."
        ) from error
    if isinstance(found, _Refusal):
        raise found.error()
    return found
