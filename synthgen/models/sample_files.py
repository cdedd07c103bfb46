"""Samples as folders of files: as many rows as a disk holds, in the memory of a few thousand."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import Any

import pandas as pd
import torch
from tqdm import tqdm

from synthgen.archive import library_versions, state_digest
from synthgen.constraints.rules import Unique
from synthgen.engines.engine import ENGINES, Engine, check_engine, open_engine
from synthgen.exceptions import ConditionError, ParameterError
from synthgen.models.conditions import parse_conditions
from synthgen.models.content import check_missing, drawing
from synthgen.models.drawing import Source, batch_rows, draw_in_parts, draw_matching_in_parts
from synthgen.rng import derived_seed, resolve_seed
from synthgen.table.manifest import FileRecord, Manifest, SampleFolder, SampleRequest
from synthgen.table.part_folder import part_folder
from synthgen.table.part_writer import SUFFIXES, write_parts
from synthgen.training.threads import at_most_cores
from synthgen.validation import Choice, Constraint, Instance, Interval, Nothing, validate_parameters

_RULES: dict[str, list[Constraint]] = {
    "out": [Instance((str, os.PathLike), "a path or an address")],
    "n": [Interval("int", 1, float("inf"))],
    "rows_per_file": [Interval("int", 1, float("inf"))],
    "format": [Choice(tuple(SUFFIXES))],
    "random_state": [Interval("int", 0, 2**63), Nothing()],
    "batch_size": [Interval("int", 1, float("inf")), Nothing()],
    "engine": [Choice(ENGINES)],
    "overwrite": [Choice((True, False))],
}
Tell = Callable[[int], object]
"""Called with the rows that were written."""


@dataclass(frozen=True)
class _Job:
    """What every file of a sample needs besides the model.

    Parameters
    ----------
    address : str
        Of the folder.
    request : SampleRequest
        What is to be written.
    conditions : mapping or None
        What rows must hold.
    batch_size : int or None
        Rows drawn together.
    """

    address: str
    request: SampleRequest
    conditions: Mapping[str, Any] | None
    batch_size: int | None


def sample_files(
    model: Any,
    out: str | os.PathLike[str],
    n: int,
    *,
    rows_per_file: int,
    format: str,
    random_state: int | None,
    conditions: Any,
    batch_size: int | None,
    refine: str | int | None,
    engine: str,
    address: str | None,
    workers: int | None,
    overwrite: bool,
) -> Any:
    """Write a sample of a fitted model into a folder. See `AbstractSynthesizer.sample_to`.

    Parameters
    ----------
    model : AbstractSynthesizer
        Fitted.
    refine : str, int or None
        As for `SynthGAN.sample`; nothing to models that never choose among their rows.
    out, n, rows_per_file, format, random_state, conditions, batch_size, engine, address, workers, overwrite
        As for `AbstractSynthesizer.sample_to`.

    Returns
    -------
    Manifest
        Of the folder; of a ``.bed`` file what `sample_to_bed` gives.
    """
    given = {
        "out": out,
        "n": n,
        "rows_per_file": rows_per_file,
        "format": format,
        "random_state": random_state,
        "batch_size": batch_size,
        "engine": engine,
        "overwrite": overwrite,
    }
    validate_parameters("sample_to", _RULES, given)
    check_engine("sample_to", engine, address, workers)
    if PurePath(out).suffix.lower() == ".bed":
        return _bed(model, out, n, random_state, conditions, engine, overwrite)
    _check_rules(model, n, rows_per_file, conditions)
    request = SampleRequest(
        model=state_digest(model.to_state()),
        seed=resolve_seed(random_state),
        n=int(n),
        rows_per_file=int(rows_per_file),
        format=format,
        conditions=None if conditions is None else {str(k): repr(v) for k, v in sorted(conditions.items())},
        refine=refine,
        versions=library_versions(pandas=pd.__version__, pyarrow=version("pyarrow"), torch=torch.__version__),
    )
    folder = part_folder(out)
    with open_engine(engine, address, workers) as tasks:
        folder.make()
        with folder.locked():
            kept = SampleFolder(folder)
            request = kept.begin(request, any_seed=random_state is None, overwrite=overwrite)
            job = _Job(_everywhere(os.fspath(out)), request, conditions, batch_size)
            return _run(model, job, kept, tasks)


def _run(model: Any, job: _Job, kept: SampleFolder, tasks: Engine) -> Manifest:
    """Write the files that are missing."""
    request = job.request
    records = kept.whole(request)
    missing = [number for number in range(request.n_files) if number not in records]
    there = sum(record.rows for record in records.values())
    hidden = None if model.verbose else True
    with tqdm(
        total=request.n, initial=there, desc="sample", unit="row", unit_scale=True, disable=hidden
    ) as bar:
        if tasks.name == "local":
            function: Any = partial(_write, model, job, tell=bar.update)
        else:
            function = partial(_write_there, type(model), model.to_state(), model.file_, job)
        try:
            for place, record in tasks.map(function, missing):
                records[missing[place]] = record
                if tasks.name != "local":
                    bar.update(record.rows)
        except KeyboardInterrupt as error:
            raise KeyboardInterrupt(
                f"{len(records):,} of {request.n_files:,} files are whole in {kept.folder.address}; "
                "the same call writes the rest"
                f" (seed {request.seed}, which the folder remembers)."
            ) from error
    return kept.finish(request, records, len(missing))


_LOADED: dict[str, Any] = {}
"""The last model of a worker, by its digest: a worker writes many files of one model."""


def _write_there(kind: type, state: dict[str, Any], file: str, job: _Job, number: int) -> FileRecord:
    """One file, in a worker."""
    if job.request.model not in _LOADED:
        _LOADED.clear()
        # the arrays that came are shared by all workers, and may not be written to
        model = kind.from_state(copy.deepcopy(state))  # type: ignore[attr-defined]
        model.file_ = file
        _LOADED[job.request.model] = model
    with at_most_cores(1):
        return _write(_LOADED[job.request.model], job, number)


def _write(model: Any, job: _Job, number: int, tell: Tell | None = None) -> FileRecord:
    """One file of the sample."""
    request = job.request
    folder = part_folder(job.address)
    kept, name = SampleFolder(folder), f"{folder.address.rstrip('/')}/{request.name(number)}"
    with drawing(model.file_):
        frames = _told(_frames(model, job, number), model, tell)
        return kept.write(
            request,
            number,
            lambda sink: write_parts(frames, sink, model.schema_, request.format, name),
        )


def _frames(model: Any, job: _Job, number: int) -> Iterator[pd.DataFrame]:
    """The rows of one file, some at a time; how many at a time depends on the table alone."""
    request, together = job.request, batch_rows(len(model.schema_))
    first, last = request.rows(number)
    matrix_model = model._selected(request.refine)
    source = Source(matrix_model, model.encoder_, request.seed, job.batch_size or together, 0)
    if job.conditions is None and not model.encoder_.row_checks:
        yield from draw_in_parts(source, first, last, together)
        return
    # of rows that are dropped nobody knows how many come before: each file has a stream of its own
    seed = derived_seed(request.seed, "sample file", number) if number else request.seed
    wanted = [] if job.conditions is None else parse_conditions(job.conditions, model.encoder_)
    yield from draw_matching_in_parts(source, seed, first, last, wanted, together)


def _told(frames: Iterator[pd.DataFrame], model: Any, tell: Tell | None) -> Iterator[pd.DataFrame]:
    for frame in frames:
        if model.file_:
            check_missing(frame, model.schema_)
        yield frame
        if tell is not None:
            tell(len(frame))


def _check_rules(model: Any, n: int, rows_per_file: int, conditions: Any) -> None:
    """Refuse what cannot be held over several files, or is no condition."""
    if isinstance(conditions, pd.DataFrame) or not (conditions is None or isinstance(conditions, Mapping)):
        raise ConditionError(
            f"`conditions` of sample_to must be a mapping. Got {type(conditions).__name__}; a frame that says what each row "
            "must hold goes to `sample`, some rows at a time."
        )
    if conditions is not None:
        parse_conditions(conditions, model.encoder_)
    unique = [c.rule.words() for c in model.encoder_.row_checks if isinstance(c.rule, Unique)]
    if unique and n > rows_per_file:
        raise ParameterError(
            f"The constraint {unique[0]!r} can only be held within a file, and n={n:,} rows need several of "
            f"rows_per_file={rows_per_file:,}; give rows_per_file={n}, or fit without the constraint."
        )


def _everywhere(address: str) -> str:
    """The folder's name for processes that run elsewhere."""
    return address if "://" in address else str(Path(address).absolute())


def _bed(
    model: Any,
    out: str | os.PathLike[str],
    n: int,
    random_state: int | None,
    conditions: Any,
    engine: str,
    overwrite: bool,
) -> Any:
    """One PLINK file in place of a folder."""
    if conditions is not None:
        raise ConditionError(
            f"{out}: rows under `conditions` are not written to a .bed file; give a folder, or use `sample`."
        )
    if engine != "local":
        raise ParameterError(f"{out}: one .bed file is written by one process; leave the engine out.")
    from synthgen.models.bed_sample import sample_to_bed

    return sample_to_bed(model, out, n, seed=random_state, overwrite=overwrite, verbose=model.verbose)
