"""Samples as folders of files: as many rows as a disk holds, in the memory of a few thousand."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from tqdm import tqdm

from synthgen.archive import library_versions, state_digest
from synthgen.engines.engine import Engine, check_engine, open_engine
from synthgen.exceptions import ConditionError, ParameterError
from synthgen.files import check_writable
from synthgen.models.conditions import parse_conditions
from synthgen.models.content import check_missing, drawing
from synthgen.models.drawing import Source, batch_rows, draw_in_parts, draw_matching_in_parts
from synthgen.models.sample_files_checks import RULES, check_name, check_rules, whole
from synthgen.rng import derived_seed, resolve_seed
from synthgen.table.annotated import AnnotatedTable
from synthgen.table.manifest import FileRecord, Manifest, SampleRequest
from synthgen.table.part_folder import part_folder
from synthgen.table.part_writer import write_parts
from synthgen.table.sample_folder import SampleFolder
from synthgen.table.write import write_annotated
from synthgen.training.threads import at_most_cores
from synthgen.validation import validate_parameters

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
        Of the folder; None of a ``.bed`` file.
    """
    n, rows_per_file = whole(n), whole(rows_per_file)
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
    validate_parameters("sample_to", RULES, given)
    check_engine("sample_to", engine, address, workers)
    check_name(os.fspath(out))
    if os.fspath(out).lower().endswith(".bed"):
        for name, value, default in (
            ("rows_per_file", rows_per_file, 1_000_000),
            ("format", format, "parquet"),
        ):
            if value != default:
                raise ParameterError(
                    f"The `{name}` parameter of sample_to is for a folder of files, and {out} is one PLINK file; leave it out. "
                    f"Got {value!r}."
                )
        how = {"batch_size": batch_size, **({} if refine == "auto" else {"refine": refine})}
        return _bed(model, out, n, random_state, conditions, engine, overwrite, how)
    check_rules(model, n, rows_per_file, conditions)
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
            function = partial(
                _write_there, _Sent(request.model, model.file_, type(model), model.to_state()), job
            )
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
    streams = "one a file" if request.n_files > 1 and _has_streams(model, job.conditions) else "one"
    return kept.finish(request, records, len(missing), streams)


@dataclass(frozen=True)
class _Sent:
    """A model on its way to a worker; two of one digest and file are the same.

    Parameters
    ----------
    digest : str
        SHA-256 of the state.
    file : str
        `AbstractSynthesizer.file_`.
    kind : type
        Of the model.
    state : dict
        What `to_state` gives.
    """

    digest: str
    file: str
    kind: type = field(compare=False)
    state: dict[str, Any] = field(compare=False, repr=False)


@lru_cache(maxsize=1)
def _received(sent: _Sent) -> Any:
    """The model in a worker, which writes many files of it."""
    # the arrays that came are shared by all workers, and may not be written to
    model = sent.kind.from_state(copy.deepcopy(sent.state))  # type: ignore[attr-defined]
    model.file_ = sent.file
    return model


def _write_there(sent: _Sent, job: _Job, number: int) -> FileRecord:
    """One file, in a worker."""
    with at_most_cores(1):
        return _write(_received(sent), job, number)


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
    if not _has_streams(model, job.conditions):
        yield from draw_in_parts(source, first, last, together)
        return
    # of rows that are dropped nobody knows how many come before: each file has a stream of its own
    seed = derived_seed(request.seed, "sample file", number) if number else request.seed
    wanted = [] if job.conditions is None else parse_conditions(job.conditions, model.encoder_)
    yield from draw_matching_in_parts(source, seed, first, last, wanted, together)


def _has_streams(model: Any, conditions: Any) -> bool:
    """Whether rows are dropped, so that each file but the first is drawn from a stream of its own."""
    return conditions is not None or bool(model.encoder_.row_checks)


def _told(frames: Iterator[pd.DataFrame], model: Any, tell: Tell | None) -> Iterator[pd.DataFrame]:
    for frame in frames:
        if model.file_:
            check_missing(frame, model.schema_)
        yield frame
        if tell is not None:
            tell(len(frame))


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
    how: dict[str, Any],
) -> Any:
    """One PLINK file in place of a folder; `how` goes to `sample`, and variants that are streamed do not depend on it."""
    if conditions is not None:
        raise ConditionError(
            f"{out}: rows under `conditions` are not written to a .bed file; give a folder, or use `sample`."
        )
    if engine != "local":
        raise ParameterError(f"{out}: one .bed file is written by one process; leave the engine out.")
    from synthgen.models.bed_sample import is_of_bed, sample_to_bed

    annotation = model.annotation_
    if annotation is not None and annotation.container == "plink" and not is_of_bed(model):
        # few variants, or rules that drop rows: a table in between, as the command line has it
        check_writable(out, overwrite=overwrite)
        table = AnnotatedTable(model.sample(n, random_state=random_state, **how), annotation)
        return write_annotated(table, out, schema=model.schema_, overwrite=overwrite)
    return sample_to_bed(model, out, n, seed=random_state, overwrite=overwrite, verbose=model.verbose)
