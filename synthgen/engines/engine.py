"""Who runs tasks that do not depend on each other: this process, or a Ray cluster."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, TypeVar

from synthgen.exceptions import ParameterError
from synthgen.validation import Choice, Constraint, Instance, Interval, Nothing, validate_parameters

ENGINES = ("local", "ray")
_RULES: dict[str, list[Constraint]] = {
    "engine": [Choice(ENGINES)],
    "address": [Instance(str, "an address"), Nothing()],
    "workers": [Interval("int", 1, float("inf")), Nothing()],
}

In = TypeVar("In")
Progress = Callable[[int, Any], object]
"""Called in the driver with the number and the result of every task that is done."""


class Engine(Protocol):
    """Runs tasks.

    Attributes
    ----------
    name : {"local", "ray"}
        Which engine it is.
    workers : int
        How many tasks may run at the same time.
    """

    name: str
    workers: int

    def map(
        self,
        function: Callable[[In], Any],
        items: Iterable[In],
        *,
        retries: int = 3,
        progress: Progress | None = None,
    ) -> Iterator[tuple[int, Any]]:
        """Apply a function to items, each by itself.

        Parameters
        ----------
        function : callable
            What a task does. It must give the same result whoever runs it and however often. What all tasks need, such as a
            model, goes into it (`functools.partial`): it is sent once.
        items : iterable
            One for each task, small.
        retries : int
            How often a task is begun again whose worker died.
        progress : callable, optional
            Called with the number and the result of every task that is done.

        Yields
        ------
        (int, object)
            The number of a task and its result, as they end.

        Raises
        ------
        SynthgenError
            The first one that a task raises; or if the workers of one task died more than `retries` times.
        """


class LocalEngine:
    """Tasks in this process, one after the other."""

    name = "local"
    workers = 1

    def map(
        self,
        function: Callable[[In], Any],
        items: Iterable[In],
        *,
        retries: int = 3,
        progress: Progress | None = None,
    ) -> Iterator[tuple[int, Any]]:
        """Apply a function to items in order. See `Engine`; nothing is begun again here."""
        for number, item in enumerate(items):
            result = function(item)
            if progress is not None:
                progress(number, result)
            yield number, result


def check_engine(owner: str, engine: str, address: str | None, workers: int | None) -> None:
    """Hold the parameters of an engine to their rules.

    Parameters
    ----------
    owner : str
        The function whose parameters they are, for the message.
    engine, address, workers
        As for `open_engine`.

    Raises
    ------
    ParameterError
        If one is out of range, or is for Ray alone and the engine is another.
    """
    validate_parameters(owner, _RULES, {"engine": engine, "address": address, "workers": workers})
    for name, value in (("address", address), ("workers", workers)):
        if value is not None and engine != "ray":
            raise ParameterError(
                f"The `{name}` parameter of {owner} needs engine='ray'. Got engine={engine!r}."
            )


@contextlib.contextmanager
def open_engine(
    name: str = "local", address: str | None = None, workers: int | None = None
) -> Iterator[Engine]:
    """Who is to run tasks.

    Parameters
    ----------
    name : {"local", "ray"}
        This process, or processes of a Ray cluster.
    address : str, optional
        Of the Ray cluster. None: the one that the environment's RAY_ADDRESS names, or a local one, which is started
        and ended.
    workers : int, optional
        Tasks at the same time. None: one for each processor.

    Yields
    ------
    Engine
        Runs tasks.

    Raises
    ------
    ParameterError
        If a parameter is out of range, or no Ray answers at the address.
    FileError
        If Ray is not installed.
    """
    check_engine("open_engine", name, address, workers)
    if name == "local":
        yield LocalEngine()
        return
    from synthgen.engines.ray_cluster import ray_cluster
    from synthgen.engines.ray_engine import RayEngine

    with ray_cluster(address, workers) as cluster:
        yield RayEngine(workers or cluster.n_cpus)
