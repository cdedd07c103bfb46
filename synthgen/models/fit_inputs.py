"""Where `fit` goes: a table in memory, files that are streamed, or one genotype file; alone or with other processes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import Any

from synthgen.exceptions import ParameterError
from synthgen.models.estimate import Estimate
from synthgen.models.fit_run import FitRun
from synthgen.table.sources import is_files
from synthgen.training.team import Team
from synthgen.validation import Choice, Constraint, Instance, Interval, Nothing, validate_parameters

ENGINES = ("local", "ray", "torchrun")
_RULES: dict[str, list[Constraint]] = {
    "max_memory": [Instance((str, int), "a size such as '4GiB', or bytes"), Nothing()],
    "engine": [Choice(ENGINES)],
    "address": [Instance(str, "an address"), Nothing()],
    "workers": [Interval("int", 1, float("inf")), Nothing()],
}


def check_scale(
    X: Any, y: Any, max_memory: str | int | None, engine: str, address: str | None, workers: int | None
) -> None:
    """Hold what `fit` was given besides the table to its rules.

    Raises
    ------
    ParameterError
        If one is out of range, or does not go with the others.
    """
    _check_list(X)
    given = {"max_memory": max_memory, "engine": engine, "address": address, "workers": workers}
    validate_parameters("fit", _RULES, given)
    for name, value in (("address", address), ("workers", workers)):
        if value is not None and engine != "ray":
            raise ParameterError(f"The `{name}` parameter of fit needs engine='ray'. Got engine={engine!r}.")
    if is_files(X) and y is not None:
        raise ParameterError("`y` goes with a table in memory; of files, the target is one of the columns.")
    if max_memory is not None and not is_files(X):
        raise ParameterError(
            "The `max_memory` parameter of fit is for files; this table is in memory already."
        )


def _check_list(X: Any) -> None:
    """Refuse lists that are neither files nor rows."""
    if not isinstance(X, (list, tuple)):
        return
    if not X:
        raise ParameterError("A list of files must name at least one. Got an empty list.")
    if any(hasattr(x, "columns") for x in X):
        raise ParameterError(
            f"A list of tables is not joined by fit: give pandas.concat(tables). Got {len(X)} of {type(X[0]).__name__}."
        )
    other = next((x for x in X if not isinstance(x, (str, os.PathLike))), None)
    if other is not None and any(isinstance(x, (str, os.PathLike)) for x in X):
        raise ParameterError(
            f"A list of files must name files alone. Got {type(other).__name__} among them; give one table, or files."
        )


def fit_any(model: Any, X: Any, y: Any, run: FitRun, max_memory: str | int | None) -> None:
    """Fit a model to a table or to files."""
    _check_reach(run)
    if not is_files(X):
        model._fit(X, y, run)
    elif isinstance(X, (str, os.PathLike)) and PurePath(X).suffix.lower() == ".bed":
        from synthgen.models.bed_fit import fit_bed

        fit_bed(model, X, run, max_memory)
    else:
        from synthgen.models.file_fit import fit_files

        fit_files(model, X, run, max_memory)


def _check_reach(run: FitRun) -> None:
    """Refuse workers on other machines that could not see what this process writes for them."""
    n_machines = 1 if run.team is None else run.team.n_machines
    if n_machines > 1 and run.checkpoints is None:
        raise ParameterError(
            f"The Ray cluster has {n_machines} machines, and workers on another one do not see the temporary files of this one: "
            "give `checkpoint`, a folder that all machines share."
        )


def estimate_any(model: Any, X: Any, max_memory: str | int | None) -> Estimate:
    """What a fit from files will take."""
    if isinstance(X, (str, os.PathLike)) and PurePath(X).suffix.lower() == ".bed":
        raise ParameterError(
            "What a fit from a .bed file takes is not estimated; read it: estimate(synthgen.table.plink.read_plink(path))."
        )
    from synthgen.models.file_fit_estimate import estimate_files

    return estimate_files(model, X, max_memory)


def leads(engine: str) -> bool:
    """Whether this process writes and reads checkpoints: of torchrun's, the first one alone."""
    if engine != "torchrun":
        return True
    from synthgen.distributed.teams import is_first

    return is_first()


def check_trains(owner: str, parameters: Iterable[str], engine: str) -> None:
    """Refuse several processes for a model that has no networks to train.

    Raises
    ------
    ParameterError
        If there are none.
    """
    if engine != "local" and "max_steps" not in parameters:
        raise ParameterError(
            f"The `engine` parameter of fit is for models that train networks, SynthGAN and SynthVAE; {owner} is fitted in one "
            f"go: leave it out. Got engine={engine!r}."
        )


@contextlib.contextmanager
def open_team(engine: str, address: str | None, workers: int | None) -> Iterator[Team | None]:
    """The processes that train together; None for this one alone."""
    if engine == "local":
        yield None
        return
    from synthgen.distributed.teams import team

    with team(engine, address, workers) as found:
        yield found
